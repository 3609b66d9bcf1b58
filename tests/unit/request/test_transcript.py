"""Every call is followed by its one result, whatever the history looks like."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from langchain_clarifai._request.messages import convert_to_wire_messages
from tests.unit.request.histories import (
    CACHED,
    FILE,
    FILE_PART,
    IMAGE,
    IMAGE_PART,
    call,
    invalid_call,
    wire_assistant,
    wire_call,
    wire_calls,
    wire_result,
    wire_user,
)

UNANSWERED = "No result: this call was not run, or its result was lost."
MALFORMED = (
    "No result: this call was malformed and was not run. "
    "The arguments of a call must be a JSON object."
)


def test_media_of_results_follow_after_all_results_of_the_turn() -> None:
    """Text stays with the call; what is to be seen comes in one user message."""
    wire_messages = convert_to_wire_messages(
        [
            AIMessage("", tool_calls=[call("1"), call("2"), call("3")]),
            ToolMessage(["a", IMAGE], tool_call_id="1"),
            ToolMessage([FILE, IMAGE], tool_call_id="2"),
            ToolMessage("c", tool_call_id="3"),
            HumanMessage("d"),
        ]
    )

    assert wire_messages[1:] == [
        wire_result("1", "a"),
        wire_result("2", "See the attached file and image below."),
        wire_result("3", "c"),
        wire_user([IMAGE_PART, FILE_PART, IMAGE_PART]),
        wire_user("d"),
    ]


def test_media_of_an_assistant_follow_its_message() -> None:
    """An image that another model drew is shown by the user, after the results."""
    wire_messages = convert_to_wire_messages(
        [
            AIMessage(["a", IMAGE]),
            AIMessage([IMAGE], tool_calls=[call("1")]),
            ToolMessage("b", tool_call_id="1"),
        ]
    )

    assert wire_messages == [
        wire_assistant("a"),
        wire_user([IMAGE_PART]),
        wire_calls(wire_call("1")),
        wire_result("1", "b"),
        wire_user([IMAGE_PART]),
    ]


PAIRS: list[tuple[str, list[BaseMessage], list[dict[str, Any]]]] = [
    (
        "results out of order",
        [
            AIMessage("", tool_calls=[call("1"), call("2")]),
            ToolMessage("b", tool_call_id="2"),
            ToolMessage("a", tool_call_id="1"),
        ],
        [
            wire_calls(wire_call("1"), wire_call("2")),
            wire_result("1", "a"),
            wire_result("2", "b"),
        ],
    ),
    (
        "a result after the next question",
        [
            AIMessage("", tool_calls=[call("1")]),
            HumanMessage("b"),
            ToolMessage("a", tool_call_id="1"),
        ],
        [wire_calls(wire_call("1")), wire_result("1", "a"), wire_user("b")],
    ),
    (
        "results of two turns after both",
        [
            AIMessage("", tool_calls=[call("1")]),
            AIMessage("", tool_calls=[call("2")]),
            ToolMessage("a", tool_call_id="1"),
            ToolMessage("b", tool_call_id="2"),
        ],
        [
            wire_calls(wire_call("1")),
            wire_result("1", "a"),
            wire_calls(wire_call("2")),
            wire_result("2", "b"),
        ],
    ),
    (
        "a call without a result",
        [
            AIMessage("", tool_calls=[call("1"), call("2")]),
            ToolMessage("b", tool_call_id="2"),
            HumanMessage("c"),
        ],
        [
            wire_calls(wire_call("1"), wire_call("2")),
            wire_result("1", UNANSWERED),
            wire_result("2", "b"),
            wire_user("c"),
        ],
    ),
    (
        "a call at the very end",
        [AIMessage("", tool_calls=[call("1")])],
        [wire_calls(wire_call("1")), wire_result("1", UNANSWERED)],
    ),
    (
        "an invalid call",
        [AIMessage("", invalid_tool_calls=[invalid_call("1", "{")]), HumanMessage("b")],
        [
            wire_calls(wire_call("1", '{"__raw__": "{"}')),
            wire_result("1", MALFORMED),
            wire_user("b"),
        ],
    ),
    (
        "an invalid call that was answered",
        [
            AIMessage("", invalid_tool_calls=[invalid_call("1", "{")]),
            ToolMessage("try again", tool_call_id="1", status="error"),
        ],
        [
            wire_calls(wire_call("1", '{"__raw__": "{"}')),
            wire_result("1", "try again"),
        ],
    ),
    (
        "a result without a call",
        [ToolMessage("a", tool_call_id="1", name="look"), HumanMessage("b")],
        [
            wire_user("Result of an earlier tool call (look, 1):\na"),
            wire_user("b"),
        ],
    ),
    (
        "a result without a call, an id or a name",
        [ToolMessage("a", tool_call_id="")],
        [wire_user("Result of an earlier tool call (unknown):\na")],
    ),
    (
        "a result without a call, with an image",
        [ToolMessage(["a", IMAGE], tool_call_id="1")],
        [
            wire_user(
                [
                    {
                        "type": "text",
                        "text": "Result of an earlier tool call (1):\na",
                    },
                    IMAGE_PART,
                ]
            )
        ],
    ),
    (
        "a result without a call, with cached text",
        [ToolMessage([CACHED], tool_call_id="1")],
        [
            wire_user(
                [
                    {"type": "text", "text": "Result of an earlier tool call (1):"},
                    CACHED,
                ]
            )
        ],
    ),
    (
        "a result without a call among others",
        [
            AIMessage("", tool_calls=[call("1")]),
            ToolMessage("x", tool_call_id="0"),
            ToolMessage("a", tool_call_id="1"),
        ],
        [
            wire_calls(wire_call("1")),
            wire_result("1", "a"),
            wire_user("Result of an earlier tool call (0):\nx"),
        ],
    ),
    (
        "the same result twice",
        [
            AIMessage("", tool_calls=[call("1")]),
            ToolMessage("a", tool_call_id="1"),
            ToolMessage("a", tool_call_id="1"),
        ],
        [wire_calls(wire_call("1")), wire_result("1", "a")],
    ),
    (
        "another result for the same call",
        [
            AIMessage("", tool_calls=[call("1")]),
            ToolMessage("pending", tool_call_id="1"),
            HumanMessage("well?"),
            ToolMessage("done", tool_call_id="1"),
        ],
        [
            wire_calls(wire_call("1")),
            wire_result("1", "pending"),
            wire_user("well?"),
            wire_user("Result of an earlier tool call (1):\ndone"),
        ],
    ),
    (
        "an id used twice in one turn",
        [
            AIMessage("", tool_calls=[call("1"), call("1")]),
            ToolMessage("a", tool_call_id="1"),
            ToolMessage("b", tool_call_id="1"),
        ],
        [
            wire_calls(wire_call("1"), wire_call("1")),
            wire_result("1", "a"),
            wire_result("1", "b"),
        ],
    ),
    (
        "an id used again in a later turn",
        [
            AIMessage("", tool_calls=[call("1")]),
            AIMessage("", tool_calls=[call("1")]),
            ToolMessage("b", tool_call_id="1"),
            ToolMessage("a", tool_call_id="1"),
        ],
        [
            wire_calls(wire_call("1")),
            wire_result("1", "a"),
            wire_calls(wire_call("1")),
            wire_result("1", "b"),
        ],
    ),
    (
        "calls without ids, answered in order",
        [
            HumanMessage("q"),
            AIMessage("", tool_calls=[call(None), call("2"), call(None)]),
            ToolMessage("a", tool_call_id=""),
            ToolMessage("b", tool_call_id="2"),
            ToolMessage("c", tool_call_id="made-up"),
        ],
        [
            wire_user("q"),
            wire_calls(wire_call("call_1_0"), wire_call("2"), wire_call("call_1_2")),
            wire_result("call_1_0", "a"),
            wire_result("2", "b"),
            wire_result("call_1_2", "c"),
        ],
    ),
    (
        "another result for the same call, beside a call without an id",
        [
            AIMessage("", tool_calls=[call("1"), call(None)]),
            ToolMessage("a", tool_call_id="1"),
            ToolMessage("b", tool_call_id="1"),
        ],
        [
            wire_calls(wire_call("1"), wire_call("call_0_1")),
            wire_result("1", "a"),
            wire_result("call_0_1", UNANSWERED),
            wire_user("Result of an earlier tool call (1):\nb"),
        ],
    ),
    (
        "Anthropic's results in user messages",
        [
            AIMessage(
                [{"type": "tool_use", "id": "1", "name": "look", "input": {}}],
            ),
            HumanMessage(
                [
                    {
                        "type": "tool_result",
                        "tool_use_id": "1",
                        "content": [{"type": "text", "text": "a"}, IMAGE],
                        "is_error": False,
                    },
                    {"type": "text", "text": "b"},
                ]
            ),
            AIMessage("c", tool_calls=[call("2")]),
            HumanMessage([{"type": "tool_result", "tool_use_id": "2"}]),
        ],
        [
            wire_calls(wire_call("1")),
            wire_result("1", "a"),
            wire_user([IMAGE_PART]),
            wire_user([{"type": "text", "text": "b"}]),
            {**wire_calls(wire_call("2")), "content": "c"},
            wire_result("2", "(no output)"),
        ],
    ),
]


@pytest.mark.parametrize(
    ("messages", "wire_messages"),
    [row[1:] for row in PAIRS],
    ids=[row[0] for row in PAIRS],
)
def test_every_call_is_followed_by_its_one_result(
    messages: list[BaseMessage], wire_messages: list[dict[str, Any]]
) -> None:
    """However calls and results lie in the history, the wire has them in pairs."""
    assert convert_to_wire_messages(messages) == wire_messages


TEXTS = st.text(alphabet="ab", min_size=1, max_size=3)
IDS = st.sampled_from(["1", "2", "3", ""])


def _build_result_message(text: str, call_id: str) -> ToolMessage:
    content: list[Any] = [text, IMAGE] if text == "a" else [text]
    return ToolMessage(content, tool_call_id=call_id)


def _build_call_message(ids: list[str], broken_ids: list[str]) -> AIMessage:
    return AIMessage(
        "",
        tool_calls=[call(call_id, a=1) for call_id in ids],
        invalid_tool_calls=[invalid_call(call_id, "{") for call_id in broken_ids],
    )


HISTORIES = st.lists(
    st.one_of(
        st.builds(HumanMessage, TEXTS),
        st.builds(
            _build_call_message,
            st.lists(IDS, max_size=3),
            st.lists(IDS, max_size=1),
        ),
        st.builds(_build_result_message, TEXTS, IDS),
    ),
    min_size=1,
    max_size=12,
)


@given(HISTORIES)
def test_any_history_becomes_one_that_strict_backends_accept(
    messages: list[BaseMessage],
) -> None:
    """Calls and results pair off, no word is lost, and the history is unchanged."""
    before = [message.model_dump_json() for message in messages]

    wire_messages = convert_to_wire_messages(messages)

    assert [message.model_dump_json() for message in messages] == before
    expected_ids: list[str] = []
    for wire_message in wire_messages:
        if wire_message["role"] == "tool":
            assert wire_message["tool_call_id"] == expected_ids.pop(0)
            assert isinstance(wire_message["content"], str)
        else:
            assert not expected_ids
        calls = wire_message.get("tool_calls", [])
        assert all(json.loads(sent["function"]["arguments"]) for sent in calls)
        expected_ids += [sent["id"] for sent in calls]
        assert wire_message.get("content") != []
    assert not expected_ids
    sent_text = json.dumps(wire_messages)
    assert all(message.text in sent_text for message in messages)
