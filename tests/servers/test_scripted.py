"""The model that behaves behaves: the rules that other tests lean on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.servers.answering import answer_request, split_tokens
from tests.servers.checking import RefusedError
from tests.servers.invention import invent

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Look up the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
CLOCK = {"type": "function", "function": {"name": "clock"}}


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def _body(text: str, **fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [_user(text)], **fields}


def _call(call_id: str = "a", arguments: str = "{}") -> dict[str, Any]:
    function = {"name": "get_weather", "arguments": arguments}
    call = {"id": call_id, "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _result(call_id: str = "a") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": "sunny"}


NAMED = {"type": "function", "function": {"name": "clock"}}


@pytest.mark.parametrize(
    ("text", "choice", "calls"),
    [
        ("How is the weather in Rome?", None, [("get_weather", {"city": "Rome"})]),
        ("How is the weather in Rome?", "none", []),
        ("Hello", "auto", []),
        ("Hello", "required", [("get_weather", {"city": "City for: Hello"})]),
        ("How is the weather in Rome?", NAMED, [("clock", {})]),
        (
            "Compare the weather in Rome and Oslo.",
            "auto",
            [("get_weather", {"city": "Rome"}), ("get_weather", {"city": "Oslo"})],
        ),
    ],
    ids=["fits", "none", "fits-not", "required", "named", "two-cities"],
)
def test_tools_are_called_as_the_choice_says(
    text: str, choice: Any, calls: list[tuple[str, dict[str, str]]]
) -> None:
    """The tool that the prompt is about is called, unless the choice says otherwise."""
    answer = answer_request(_body(text, tools=[WEATHER, CLOCK], tool_choice=choice))

    made = [(call.name, json.loads(call.arguments)) for call in answer.tool_calls]
    assert made == calls
    assert answer.finish_reason == ("tool_calls" if calls else "stop")


def test_tool_result_is_answered_with_text() -> None:
    """A loop ends: after the result comes an answer."""
    messages = [_user("The weather in Rome?"), _call(), _result()]

    answer = answer_request({"model": "m", "messages": messages, "tools": [WEATHER]})

    assert answer.content == "The tool says: sunny"


def test_required_tool_is_one_not_yet_called() -> None:
    """A loop in which a call is always required ends with another tool."""
    messages = [_user("The weather in Rome?"), _call(), _result()]

    answer = answer_request(
        {
            "model": "m",
            "messages": messages,
            "tools": [WEATHER, CLOCK],
            "tool_choice": "required",
        }
    )

    assert [call.name for call in answer.tool_calls] == ["clock"]


@pytest.mark.parametrize(
    "body",
    [
        {"messages": []},
        _body("x", tools=[]),
        _body("x", tool_choice="auto"),
        _body("x", tools=[CLOCK], tool_choice=WEATHER),
        _body("x", response_format={"type": "json_object"}),
        {"messages": [{"role": "robot", "content": "x"}]},
        {"messages": [{"role": "user", "content": None}]},
        {"messages": [{"role": "user", "content": []}]},
        {"messages": [{"role": "user", "content": "x", "name": "a b"}]},
        {"messages": [{"role": "user", "content": [{"type": "tool_use"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
        {"messages": [_call(), {**_result(), "content": [{"type": "image_url"}]}]},
        {"messages": [_call(arguments="{")]},
        {"messages": [_call(arguments="[]")]},
        {"messages": [_call()]},
        {"messages": [_call(), _user("x")]},
        {"messages": [_user("x"), _result()]},
        {"messages": [_call("a"), _result("b")]},
    ],
    ids=str,
)
def test_request_that_backends_refuse_is_refused(body: dict[str, Any]) -> None:
    """A mistake in a request shows here, not first in production."""
    with pytest.raises(RefusedError):
        answer_request(body)


@pytest.mark.parametrize(
    ("fields", "content", "finish_reason"),
    [
        ({}, "Hello, thank you for writing: hi", "stop"),
        ({"stop": "you"}, "Hello, thank ", "stop"),
        ({"stop": ["nothing", "thank"]}, "Hello, ", "stop"),
        ({"max_tokens": 2}, "Hello,", "length"),
        ({"max_completion_tokens": 100}, "Hello, thank you for writing: hi", "stop"),
    ],
)
def test_text_ends_where_it_is_told_to(
    fields: dict[str, Any], content: str, finish_reason: str
) -> None:
    """Stop words and limits cut the text."""
    answer = answer_request(_body("hi", **fields))

    assert (answer.content, answer.finish_reason) == (content, finish_reason)


def test_limit_cuts_arguments_off() -> None:
    """A limit in the middle of a call leaves JSON that is none."""
    body = _body("The weather in Rome?", tools=[WEATHER], max_tokens=6)

    answer = answer_request(body)

    assert answer.finish_reason == "length"
    assert answer.tool_calls[0].arguments == '{"city"'


def test_reasoning_is_there_when_asked_for() -> None:
    """Only a request with an effort is answered with reasoning."""
    assert answer_request(_body("hi")).reasoning == ""
    assert answer_request(_body("hi", reasoning_effort="none")).reasoning == ""
    assert answer_request(_body("hi", reasoning_effort="low")).reasoning


@pytest.mark.parametrize("text", ["", " a  b\n", "it's 3.5, 你好啊集团 🙂 "])
def test_tokens_add_up_to_the_text(text: str) -> None:
    """Nothing is lost between the tokens."""
    assert "".join(split_tokens(text)) == text


TREE = {
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            },
            "required": ["name"],
        }
    },
    "$ref": "#/$defs/Node",
}


PROMPT = "Paint it blue, in 7 layers."


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer", "minimum": 10, "maximum": 12}, 10),
        ({"type": "number", "exclusiveMinimum": -9, "exclusiveMaximum": 3}, 2.0),
        ({"enum": ["red", "blue"]}, "blue"),
        ({"enum": [5, 6]}, 5),
        ({"const": 5}, 5),
        ({"type": ["null", "integer"]}, 7),
        ({"type": "null"}, None),
        ({"type": "boolean"}, True),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 7),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 3}, [7, 1, 1]),
        ({"allOf": [{"properties": {"a": {"const": 1}}}]}, {"a": 1}),
        ({"type": "string", "format": "date"}, "2026-01-31"),
        ({"type": "string"}, f"Value for: {PROMPT}"),
        (
            TREE,
            {
                "name": f"Name for: {PROMPT}",
                "children": [
                    {
                        "name": f"Name for: {PROMPT}",
                        "children": [{"name": f"Name for: {PROMPT}"}],
                    }
                ],
            },
        ),
    ],
    ids=str,
)
def test_invented_value_fits_its_schema(schema: dict[str, Any], expected: Any) -> None:
    """What a schema demands is what is made up."""
    assert invent(schema, PROMPT) == expected


def test_invented_value_has_the_words_of_the_prompt() -> None:
    """Names and numbers of the prompt are used in their order."""
    properties = {
        "who": {"type": "string"},
        "where": {"type": "string"},
        "colour": {"enum": ["red", "blue"]},
        "count": {"type": "integer"},
    }
    schema = {"type": "object", "properties": properties}

    value = invent(schema, "Send 12 blue flowers from 'Ann Lee' to Rome, please.")

    assert value == {"who": "Ann Lee", "where": "Rome", "colour": "blue", "count": 12}
