"""Tool calls go back as their server had them, and broken ones as JSON objects."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from langchain_clarifai._request.messages import convert_to_wire_messages
from tests.unit.request.histories import (
    CACHED,
    OURS,
    call,
    invalid_call,
    wire_call,
    wire_calls,
)

CALLS: list[tuple[str, AIMessage, dict[str, Any]]] = [
    (
        "arguments that are not ASCII",
        AIMessage("", tool_calls=[call("1", city="Zürich")]),
        wire_calls(wire_call("1", '{"city": "Zürich"}')),
    ),
    (
        "an id that carries a signature",
        AIMessage("", tool_calls=[call("call_1__thought__a/b+c=" * 9)]),
        wire_calls(wire_call("call_1__thought__a/b+c=" * 9)),
    ),
    (
        "text beside the call",
        AIMessage("a", tool_calls=[call("1")]),
        {**wire_calls(wire_call("1")), "content": "a"},
    ),
    (
        "blanks beside the call",
        AIMessage("\n\n", tool_calls=[call("1")]),
        wire_calls(wire_call("1")),
    ),
    (
        "no blocks beside the call",
        AIMessage([], tool_calls=[call("1")]),
        wire_calls(wire_call("1")),
    ),
    (
        "cached text beside the call",
        AIMessage([CACHED], tool_calls=[call("1")]),
        {**wire_calls(wire_call("1")), "content": [CACHED]},
    ),
    (
        "a chunk",
        AIMessageChunk(content="", tool_calls=[call("1", a=1)]),
        wire_calls(wire_call("1", '{"a": 1}')),
    ),
    (
        "the call in a block as well (Anthropic)",
        AIMessage(
            [{"type": "tool_use", "id": "1", "name": "look", "input": {}}],
            tool_calls=[call("1")],
        ),
        wire_calls(wire_call("1")),
    ),
    (
        "the call in a block alone (Anthropic)",
        AIMessage([{"type": "tool_use", "id": "1", "name": "look", "input": {"a": 1}}]),
        wire_calls(wire_call("1", '{"a": 1}')),
    ),
    (
        "the call in a block as well (v1)",
        AIMessage(
            content_blocks=[
                {"type": "tool_call", "id": "1", "name": "look", "args": {}}
            ]
        ),
        wire_calls(wire_call("1")),
    ),
    (
        "the call in a block alone (v1)",
        AIMessage([{"type": "tool_call", "id": "1", "name": "look", "args": {}}]),
        wire_calls(wire_call("1")),
    ),
    (
        "extra content",
        AIMessage(
            "",
            tool_calls=[call("1"), call("2")],
            additional_kwargs={
                "tool_call_extra_content": {"2": {"google": {"thought_signature": "x"}}}
            },
        ),
        wire_calls(
            wire_call("1"),
            wire_call("2", extra_content={"google": {"thought_signature": "x"}}),
        ),
    ),
    (
        "reasoning beside the call",
        AIMessage(
            "",
            tool_calls=[call("1")],
            additional_kwargs={"reasoning_content": "hm"},
            response_metadata=OURS,
        ),
        {**wire_calls(wire_call("1")), "reasoning_content": "hm"},
    ),
    (
        "tags beside the call",
        AIMessage(
            "",
            tool_calls=[call("1")],
            additional_kwargs={"reasoning_content": "hm", "reasoning_field": "content"},
            response_metadata=OURS,
        ),
        {**wire_calls(wire_call("1")), "content": "<think>hm</think>"},
    ),
    (
        "calls without an id",
        AIMessage("", tool_calls=[call(None), call("")]),
        wire_calls(wire_call("call_0_0"), wire_call("call_0_1")),
    ),
    (
        "valid and invalid calls",
        AIMessage(
            "",
            tool_calls=[call("2")],
            invalid_tool_calls=[invalid_call("1", '{"a": ')],
        ),
        wire_calls(wire_call("2"), wire_call("1", json.dumps({"__raw__": '{"a": '}))),
    ),
    (
        "a call of nothing",
        AIMessage("", invalid_tool_calls=[invalid_call("1", None, name=None)]),
        wire_calls(
            {
                "id": "1",
                "type": "function",
                "function": {"name": "unknown", "arguments": "{}"},
            }
        ),
    ),
]


@pytest.mark.parametrize(
    ("message", "wire_message"),
    [row[1:] for row in CALLS],
    ids=[row[0] for row in CALLS],
)
def test_tool_calls_go_back_as_they_came(
    message: AIMessage, wire_message: dict[str, Any]
) -> None:
    """Calls keep ids, order and extras, and stand without empty content beside them."""
    assert convert_to_wire_messages([message])[0] == wire_message


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"a": ', {"__raw__": '{"a": '}),
        ("ä plain word", {"__raw__": "ä plain word"}),
        ("[1]", {"__raw__": "[1]"}),
        ('{"a": NaN}', {"__raw__": '{"a": NaN}'}),
        ('{"a": 1}', {"a": 1}),
        (" ", {}),
        ("", {}),
        (None, {}),
    ],
)
def test_invalid_arguments_go_back_as_a_json_object(
    arguments: str | None, expected: dict[str, Any]
) -> None:
    """A server that parses old arguments is not tripped up by a broken call."""
    message = AIMessage("", invalid_tool_calls=[invalid_call("1", arguments)])

    (sent,) = convert_to_wire_messages([message])[0]["tool_calls"]

    assert json.loads(sent["function"]["arguments"]) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"a": math.nan}, {"__raw__": "{'a': nan}"}),
        ({"a": {(1, 2): 3}}, {"__raw__": "{'a': {(1, 2): 3}}"}),
        ({"a": {1}}, {"a": "{1}"}),
    ],
)
def test_arguments_that_json_does_not_know_go_back_as_text(
    arguments: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Whatever arguments a program made up, the wire has a JSON object."""
    message = AIMessage("", tool_calls=[call("1", **arguments)])

    (sent,) = convert_to_wire_messages([message])[0]["tool_calls"]

    assert json.loads(sent["function"]["arguments"]) == expected


def test_fields_that_a_provider_attached_to_a_call_go_back() -> None:
    """A signature of a provider's own stands where it came, on call and function."""
    message = AIMessage(
        content="",
        tool_calls=[{"name": "f", "args": {}, "id": "call_1", "type": "tool_call"}],
        additional_kwargs={
            "tool_call_extra_fields": {
                "call_1": {"thought_signature": "abc", "function": {"title": "F"}}
            }
        },
        response_metadata={"model_provider": "clarifai"},
    )

    [wire_message, _] = convert_to_wire_messages([message])

    assert wire_message["tool_calls"] == [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "f", "arguments": "{}", "title": "F"},
            "thought_signature": "abc",
        }
    ]
