"""Classes as schemas, beside what the SDK sends for them.

The SDK's own rewriting closes what it knows of; both must take the same answers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import openai
import pytest
from pydantic import BaseModel

from langchain_clarifai._request.tools import convert_to_wire_tools
from langchain_clarifai._structured.schemas import build_response_format
from tests.servers.openai_wire import choice, completion
from tests.servers.wire import WireServer, json_reply
from tests.unit.structured.classes import CASES

if TYPE_CHECKING:
    from collections.abc import Iterator

every_class = pytest.mark.parametrize(
    ("schema", "fitting", "unfitting"),
    [case for case in CASES if isinstance(case[0], type(BaseModel))],
    ids=lambda value: getattr(value, "__name__", ""),
)


def ask_sdk(wire: WireServer, schema: Any, answer: Any) -> tuple[Any, Any]:
    """Let the SDK ask for a class as a format and as a tool."""
    wire.reply(json_reply(completion(choice(json.dumps(answer)))))
    with openai.OpenAI(api_key="a-token", base_url=wire.url) as client:
        client.chat.completions.parse(
            model="m",
            messages=[{"role": "user", "content": "hi"}],
            response_format=schema,
        )
    tool = openai.pydantic_function_tool(schema)
    return wire.last_request.json["response_format"], tool


def insert_keys(value: Any) -> Iterator[Any]:
    """Give each object within a value, one at a time, a key that nobody knows."""
    if isinstance(value, dict):
        yield {**value, "unknown": "?"}
        for key in value:
            yield from ({**value, key: changed} for changed in insert_keys(value[key]))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            for changed in insert_keys(element):
                yield [*value[:index], changed, *value[index + 1 :]]


def remove_keys(value: Any) -> Iterator[Any]:
    """Take each key of each object within a value away, one at a time."""
    if isinstance(value, dict):
        for key in value:
            yield {other: value[other] for other in value if other != key}
            yield from ({**value, key: changed} for changed in remove_keys(value[key]))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            for changed in remove_keys(element):
                yield [*value[:index], changed, *value[index + 1 :]]


@every_class
def test_strict_schema_takes_the_answers_that_the_sdks_takes(
    wire: WireServer, schema: Any, fitting: Any, unfitting: Any
) -> None:
    """As a format and as a tool, with keys too few and too many at every depth."""
    their_format, their_tool = ask_sdk(wire, schema, fitting)
    theirs = (
        their_format["json_schema"]["schema"],
        their_tool["function"]["parameters"],
    )
    (tool,) = convert_to_wire_tools([schema], strict=True)
    wanted = build_response_format(schema, strict=True)["json_schema"]
    ours = (wanted["schema"], tool["function"]["parameters"])
    answers = [fitting, unfitting, {}, [], *insert_keys(fitting), *remove_keys(fitting)]
    for schema_of_ours, schema_of_theirs in zip(ours, theirs, strict=True):
        mine = jsonschema.Draft202012Validator(schema_of_ours)
        other = jsonschema.Draft202012Validator(schema_of_theirs)
        for answer in answers:
            assert mine.is_valid(answer) == other.is_valid(answer), answer


@every_class
def test_the_rest_of_a_strict_format_is_the_sdks(
    wire: WireServer, schema: Any, fitting: Any, unfitting: Any
) -> None:
    """But for a generic class's name: the API refuses the SDK's, for its brackets.

    A description is one of the class; the SDK leaves it in the schema.
    """
    del unfitting
    theirs, their_tool = ask_sdk(wire, schema, fitting)
    ours = build_response_format(schema, strict=True)
    (tool,) = convert_to_wire_tools([schema], strict=True)
    assert ours["type"] == theirs["type"]
    assert ours["json_schema"]["strict"] is theirs["json_schema"]["strict"] is True
    assert tool["function"]["strict"] is their_tool["function"]["strict"] is True
    name = ours["json_schema"]["name"]
    assert name == theirs["json_schema"]["name"] or "[" in schema.__name__
    assert name.replace("_", "").isalnum()
