"""Classes of any kind → schemas: what fits the class fits the schema, and no other."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt  # noqa: TC003 - pydantic reads it
import decimal  # noqa: TC003 - as above
import enum
import json
import uuid  # noqa: TC003 - as above
from typing import Annotated, Any, Generic, Literal, NotRequired, TypedDict, TypeVar

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest
from openai import pydantic_function_tool
from pydantic import BaseModel, Field, RootModel, computed_field

from langchain_clarifai._request.tools import convert_to_wire_tools
from langchain_clarifai._structured.schemas import build_response_format

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


@dataclasses.dataclass
class Point:
    """A point."""

    x: int
    y: int


LEAF = {"x": 1}
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
    (Point, {"x": 1, "y": 2}, {"x": "a", "y": 2}),
]
every_case = pytest.mark.parametrize(
    ("schema", "fitting", "unfitting"), CASES, ids=[case[0].__name__ for case in CASES]
)
by_strictness = pytest.mark.parametrize("strict", [None, True, False])


def build_schemas(schema: Any, strict: bool | None) -> list[dict[str, Any]]:  # noqa: FBT001 - as the wire has it
    """Build it as a format and as a tool."""
    wanted = build_response_format(schema, strict=strict)["json_schema"]
    (tool,) = convert_to_wire_tools([schema], strict=strict)
    return [wanted["schema"], tool["function"]["parameters"]]


def find_schemas(node: Any) -> list[dict[str, Any]]:
    """Find every dict in a schema."""
    if isinstance(node, list):
        return [found for element in node for found in find_schemas(element)]
    if not isinstance(node, dict):
        return []
    return [node, *(found for value in node.values() for found in find_schemas(value))]


@every_case
@by_strictness
def test_answers_fit_the_schema_as_they_fit_the_class(
    schema: Any,
    fitting: Any,
    unfitting: Any,
    strict: bool | None,  # noqa: FBT001
) -> None:
    """As a format and as a tool, strict or not."""
    for built in build_schemas(schema, strict):
        validator = jsonschema.Draft202012Validator(built)
        validator.check_schema(built)
        assert built["type"] == "object"
        assert validator.is_valid(fitting), list(validator.iter_errors(fitting))
        assert not validator.is_valid(unfitting)


@every_case
def test_strict_schema_is_closed_at_every_depth(
    schema: Any, fitting: Any, unfitting: Any
) -> None:
    """No default, no pointer to nowhere, and no object that takes what it likes."""
    del unfitting
    for built in build_schemas(schema, True):  # noqa: FBT003
        text = json.dumps(built)
        assert '"default"' not in text
        assert '"discriminator"' not in text
        assert '"oneOf"' not in text
        for found in find_schemas(built):
            if isinstance(found.get("properties"), dict) and "type" in found:
                assert found["additionalProperties"] is False
                assert found["required"] == list(found["properties"])
            if "$ref" in found:
                assert found["$ref"].removeprefix("#/$defs/") in built["$defs"]
        extra = copy.deepcopy(fitting) | {"unknown": 1}
        assert not jsonschema.Draft202012Validator(built).is_valid(extra)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if isinstance(case[0], type(BaseModel))],
    ids=lambda case: case[0].__name__,
)
def test_strict_schema_takes_what_the_sdks_takes(case: Any) -> None:
    """The SDK keeps `$defs`, titles and `oneOf`; both take the same answers."""
    schema, fitting, unfitting = case
    tool: Any = pydantic_function_tool(schema)
    theirs = jsonschema.Draft202012Validator(tool["function"]["parameters"])
    for built in build_schemas(schema, True):  # noqa: FBT003
        ours = jsonschema.Draft202012Validator(built)
        answers: tuple[Any, ...] = (fitting, unfitting, {}, [])
        for answer in answers:
            assert ours.is_valid(answer) == theirs.is_valid(answer)


@pytest.mark.parametrize("schema", [Node, Left])
@by_strictness
def test_recursive_schema_keeps_its_definitions(
    schema: Any,
    strict: bool | None,  # noqa: FBT001
) -> None:
    """What refers to itself cannot be inlined; the root is an object all the same."""
    for built in build_schemas(schema, strict):
        assert schema.__name__ in built["$defs"]
        assert "$ref" not in built
        assert "$ref" in json.dumps(built["properties"])


def test_schema_that_is_inlined_points_nowhere() -> None:
    """A discriminator's mapping goes with the definitions that it points into."""
    for built in build_schemas(Owner, None):
        assert "#/$defs" not in json.dumps(built)
        assert "$defs" not in built


def test_strict_inside_a_function_counts() -> None:
    """A dict in OpenAI's form is closed as well, and not changed itself."""
    parameters = {"type": "object", "properties": {"a": {"type": "string"}}}
    function = {"name": "f", "strict": True, "parameters": parameters}
    before = copy.deepcopy(function)

    (tool,) = convert_to_wire_tools([{"type": "function", "function": function}])

    assert tool["function"]["parameters"] == {
        **parameters,
        "additionalProperties": False,
        "required": ["a"],
    }
    assert function == before


@pytest.mark.parametrize("kind", ["object", "array"])
def test_untitled_schema_gets_a_name(kind: str) -> None:
    """The API wants one, and the same each time spoils no cache."""
    schema = {"type": kind, "items": {}, "properties": {}}

    built = build_response_format(schema, strict=None)

    assert built["json_schema"]["name"] == "response_format"


class Names(RootModel[list[str]]):
    pass


def test_root_model_keeps_its_type() -> None:
    """An array stays one."""
    built = build_response_format(Names, strict=None)
    assert built["json_schema"]["schema"]["type"] == "array"
