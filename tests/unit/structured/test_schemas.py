"""Schemas of any form become response formats."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from langchain_clarifai._structured.schemas import build_response_format
from tests.unit.structured.jokes import JOKE, SCHEMAS, Joke


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_any_schema_becomes_a_response_format(schema: Any) -> None:
    """Every kind of schema is sent with name, description and properties, no strict."""
    response_format = build_response_format(schema, strict=None)
    wanted = response_format["json_schema"]
    assert response_format["type"] == "json_schema"
    assert wanted["description"] == "Joke to tell user."
    assert wanted["schema"]["properties"].keys() == JOKE.keys()
    assert wanted["schema"]["required"] == ["setup", "punchline"]
    assert wanted.keys() == {"name", "description", "schema"}


@pytest.mark.parametrize("strict", [True, False])
def test_strict_is_sent_when_asked_for(strict: bool) -> None:  # noqa: FBT001
    """`strict` goes out as given; only a strict schema closes its objects."""
    wanted = build_response_format(Joke, strict=strict)["json_schema"]
    assert wanted["strict"] is strict
    assert ("additionalProperties" in wanted["schema"]) is strict


@pytest.mark.parametrize(
    ("schema", "strict", "expected"),
    [
        pytest.param(
            {"title": "Cities", "type": "array", "items": {"type": "string"}},
            True,
            {
                "name": "Cities",
                "schema": {"type": "array", "items": {"type": "string"}},
                "strict": True,
            },
            id="a root without properties is kept",
        ),
        pytest.param(
            {"title": "A list: of {cities}!", "description": "d", "anyOf": []},
            None,
            {
                "name": "A_list_of_cities_634e289a",
                "description": "d",
                "schema": {"anyOf": []},
            },
            id="a name the API refuses is made safe",
        ),
        pytest.param(
            {"name": "ping", "description": "d"},
            True,
            {
                "name": "ping",
                "description": "d",
                "schema": {
                    "type": "object",
                    "properties": {},
                    "additionalProperties": False,
                },
                "strict": True,
            },
            id="a function without parameters",
        ),
        pytest.param(
            {"type": "function", "function": {"name": "f", "parameters": {"a": 1}}},
            False,
            {"name": "f", "schema": {"a": 1}, "strict": False},
            id="an OpenAI tool",
        ),
        pytest.param(
            {
                "type": "json_schema",
                "json_schema": {
                    "name": "joke",
                    "strict": False,
                    "schema": {"type": "object", "properties": {"a": {}}},
                },
            },
            None,
            {
                "name": "joke",
                "schema": {"type": "object", "properties": {"a": {}}},
                "strict": False,
            },
            id="a response_format",
        ),
        pytest.param(
            {"name": "j", "description": "d", "schema": {"properties": {"a": {}}}},
            None,
            {"name": "j", "description": "d", "schema": {"properties": {"a": {}}}},
            id="the inner part of a response_format",
        ),
    ],
)
def test_dict_schema_keeps_what_it_says(
    schema: dict[str, Any],
    strict: bool | None,  # noqa: FBT001
    expected: dict[str, Any],
) -> None:
    """Dicts of every shape are sent whole, and are not changed themselves."""
    before = copy.deepcopy(schema)
    response_format = build_response_format(schema, strict=strict)
    assert response_format == {"type": "json_schema", "json_schema": expected}
    assert schema == before


@pytest.mark.parametrize(
    ("schema", "words"),
    [({"type": "web_search"}, "'web_search' runs at the provider")],
    ids=["a provider's tool"],
)
def test_unusable_schema_is_refused(schema: dict[str, Any], words: str) -> None:
    """A dict that is no schema, or has no name, is a ValueError that says so."""
    with pytest.raises(ValueError, match=words):
        build_response_format(schema, strict=None)
