"""Classes of any kind → schemas: what fits the class fits the schema, and no other."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest
from pydantic import RootModel

from langchain_clarifai._request.tools import convert_to_wire_tools
from langchain_clarifai._structured.schemas import build_response_format
from tests.unit.structured.classes import CASES, Left, Node, Owner

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
