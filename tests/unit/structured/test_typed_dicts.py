"""TypedDicts become classes with the same schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, Required, TypedDict

import pytest
import typing_extensions
from pydantic import Field

from langchain_clarifai._structured.json_schemas import convert_to_function_tool
from langchain_clarifai._structured.typed_dicts import convert_typed_dict
from tests.unit.structured.classes import Cinema, Folder, Movie, Shelf


def convert(typed_dict: Any) -> dict[str, Any]:
    """Convert one to the parameters of a function."""
    parameters = convert_to_function_tool(typed_dict)["function"]["parameters"]
    return dict(parameters)


class Inherited(Movie, total=False):
    """It has what its parent has."""

    rating: int
    director: Required[str]


class Extended(typing_extensions.TypedDict):
    """That of typing_extensions is another class on some versions of Python."""

    a: typing_extensions.Required[int]
    b: NotRequired[typing_extensions.ReadOnly[int]]
    c: typing_extensions.ReadOnly[NotRequired[int]]


class Marked(TypedDict):
    """Marks may stand in and around annotations."""

    a: Annotated[NotRequired[int], ..., "the a"]
    b: NotRequired[Annotated[int, ..., "the b"]]
    c: Annotated[Required[int], ...]


@pytest.mark.parametrize(
    ("typed_dict", "required"),
    [
        (Movie, ["name"]),
        (Cinema, ["main"]),
        (Shelf[int], ["items"]),
        (Shelf, ["items"]),
        (Folder, ["name"]),
        (Inherited, ["name", "director"]),
        (Extended, ["a"]),
        (Marked, ["c"]),
    ],
)
def test_keys_are_required_as_marked(typed_dict: Any, required: list[str]) -> None:
    """In strings too, which is where `__required_keys__` misses the marks."""
    assert convert(typed_dict)["required"] == required


def test_keys_within_are_required_as_marked() -> None:
    """At every depth."""
    properties = convert(Cinema)["properties"]
    movies = (properties["main"], properties["shown"]["items"])
    assert [movie["required"] for movie in movies] == [["name"], ["name"]]


class Described(TypedDict):
    """A described one.

    Args:
        a: from the docstring
    """

    a: Annotated[int, ..., "not this one"]
    b: Annotated[int | None, None, "from the annotation"]
    c: Annotated[int, Field(ge=0, description="from the field")]
    d: Annotated[Literal["x", "y"], "x"]


def test_descriptions_and_defaults_are_kept() -> None:
    """From LangChain's annotations, pydantic's, and the docstring."""
    function = convert_to_function_tool(Described)["function"]
    assert function["description"] == "A described one."
    properties = function["parameters"]["properties"]
    assert properties["a"] == {"type": "integer", "description": "from the docstring"}
    assert properties["b"] == {
        "anyOf": [{"type": "integer"}, {"type": "null"}],
        "default": None,
        "description": "from the annotation",
    }
    assert properties["c"]["minimum"] == 0
    assert properties["c"]["description"] == "from the field"
    assert properties["d"]["default"] == "x"
    assert function["parameters"]["required"] == ["a", "c"]


def test_any_key_may_be_one_of_a_typed_dict() -> None:
    """Also those that pydantic takes for no field, or means something by."""
    keys = ["from", "a-b", "_hidden", "model_config", "schema", "copy"]
    build: Any = TypedDict
    assert list(convert(build("Odd", dict.fromkeys(keys, int)))["properties"]) == keys


def test_a_typed_dict_without_a_docstring_has_no_description() -> None:
    """`dict` has one, which says nothing of it."""
    build: Any = TypedDict
    function = convert_to_function_tool(build("Bare", {"a": int}))["function"]
    assert not function["description"]


def test_a_description_that_is_no_text_is_refused() -> None:
    """With the form that is right."""
    build: Any = TypedDict
    with pytest.raises(ValueError, match=r"'a' is no text: 5\. Write Annotated"):
        convert_typed_dict(build("Wrong", {"a": Annotated[int, ..., 5]}))
