"""Classes of every kind, each with an answer that fits it, and one that does not."""

from __future__ import annotations

import dataclasses
import datetime as dt  # noqa: TC003 - pydantic reads it
import decimal  # noqa: TC003 - as above
import enum
import uuid  # noqa: TC003 - as above
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NotRequired,
    Required,
    TypedDict,
    TypeVar,
)

from pydantic import BaseModel, Field, computed_field
from typing_extensions import ReadOnly  # noqa: TC002 - as above

T = TypeVar("T")


class Leaf(BaseModel):
    x: int


class Nested(BaseModel):
    leaf: Leaf
    leaves: list[Leaf]


class Node(BaseModel):
    value: int
    children: list[Node]


class Left(BaseModel):
    right: Right | None


class Right(BaseModel):
    left: Left | None


class Box(BaseModel, Generic[T]):
    content: T


class Either(BaseModel):
    either: int | Leaf | None


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    tail: Leaf


class Owner(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class Pair(BaseModel):
    pair: tuple[int, Leaf]


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Painted(BaseModel):
    color: Color


class Chosen(BaseModel):
    size: Literal["s", "m", 3]


class Dated(BaseModel):
    day: dt.date
    at: dt.datetime


class Priced(BaseModel):
    price: decimal.Decimal


class Known(BaseModel):
    id: uuid.UUID


class Raw(BaseModel):
    raw: bytes


class Aliased(BaseModel):
    from_: str = Field(alias="from")


class Defaulted(BaseModel):
    size: int | None = None
    name: str = "x"


class Computed(BaseModel):
    side: int

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own way
    @property
    def area(self) -> int:
        return self.side**2


class Limited(BaseModel):
    share: Annotated[float, Field(ge=0, le=1, description="of the whole")]


class Open(BaseModel):
    counts: dict[str, Leaf]


class Movie(TypedDict):
    """A movie."""

    name: str
    year: NotRequired[int]


class Cinema(TypedDict, total=False):
    """A cinema."""

    main: Required[Movie]
    shown: list[Movie]
    by_day: ReadOnly[dict[str, Movie | None]]


class Shelf(TypedDict, Generic[T]):
    """A shelf."""

    items: list[T]
    label: Annotated[NotRequired[str], ..., "what it says"]


class Folder(TypedDict):
    """A folder."""

    name: str
    folders: NotRequired[list[Folder]]


@dataclasses.dataclass
class Point:
    """A point."""

    x: int
    y: int


LEAF = {"x": 1}
MOVIE = {"name": "x", "year": 1}
CASES: list[tuple[Any, Any, Any]] = [
    (Nested, {"leaf": LEAF, "leaves": [LEAF]}, {"leaf": LEAF, "leaves": [{"x": "a"}]}),
    (
        Node,
        {"value": 1, "children": [{"value": 2, "children": []}]},
        {"value": 1, "children": [{"value": "a", "children": []}]},
    ),
    (Left, {"right": {"left": {"right": None}}}, {"right": {"left": {"right": 1}}}),
    (Box[Leaf], {"content": LEAF}, {"content": 1}),
    (Either, {"either": LEAF}, {"either": "a"}),
    (
        Owner,
        {"pet": {"kind": "dog", "tail": LEAF}},
        {"pet": {"kind": "cat", "tail": LEAF}},
    ),
    (Pair, {"pair": [1, LEAF]}, {"pair": [1, 2]}),
    (Painted, {"color": "red"}, {"color": "green"}),
    (Chosen, {"size": 3}, {"size": 4}),
    (Dated, {"day": "2026-01-01", "at": "2026-01-01T00:00:00Z"}, {"day": 1, "at": 2}),
    (Priced, {"price": "1.5"}, {"price": []}),
    (Known, {"id": "3fa85f64-5717-4562-b3fc-2c963f66afa6"}, {"id": 1}),
    (Raw, {"raw": "x"}, {"raw": 1}),
    (Aliased, {"from": "x"}, {"from_": "x"}),
    (Defaulted, {"size": None, "name": "x"}, {"size": "a", "name": "x"}),
    (Computed, {"side": 1}, {"side": "a"}),
    (Limited, {"share": 0.5}, {"share": 2}),
    (Open, {"counts": {"a": LEAF}}, {"counts": {"a": 1}}),
    (Movie, {"name": "x", "year": 1}, {"name": 1, "year": 1}),
    (
        Cinema,
        {"main": MOVIE, "shown": [MOVIE], "by_day": {"monday": None, "friday": MOVIE}},
        {"main": MOVIE, "shown": [{"year": 1}], "by_day": {}},
    ),
    (
        Shelf[Movie],
        {"items": [MOVIE], "label": "x"},
        {"items": [MOVIE, "x"], "label": "x"},
    ),
    (
        Folder,
        {"name": "a", "folders": [{"name": "b", "folders": []}]},
        {"name": "a", "folders": [{"name": 1, "folders": []}]},
    ),
    (Point, {"x": 1, "y": 2}, {"x": "a", "y": 2}),
]
"""A class, an answer that fits it, and one that does not."""
