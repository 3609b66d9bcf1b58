"""Histories from anywhere become wire messages that a strict backend accepts."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, strategies as st
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    ChatMessageChunk,
    FunctionMessage,
    HumanMessage,
    HumanMessageChunk,
    InvalidToolCall,
    RemoveMessage,
    SystemMessage,
    SystemMessageChunk,
    ToolCall,
    ToolMessage,
    ToolMessageChunk,
)

from langchain_clarifai._request.messages import convert_to_wire_messages

OURS = {"model_provider": "clarifai"}
IMAGE = {"type": "image", "url": "https://a.b/c.png"}
IMAGE_PART = {"type": "image_url", "image_url": {"url": "https://a.b/c.png"}}
FILE = {"type": "file", "file_id": "file-1"}
FILE_PART = {"type": "file", "file": {"file_id": "file-1"}}
CACHED = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}
UNANSWERED = "No result: this call was not run, or its result was lost."
MALFORMED = (
    "No result: this call was malformed and was not run. "
    "The arguments of a call must be a JSON object."
)


def call(call_id: str | None, **args: Any) -> ToolCall:
    return ToolCall(name="look", args=args, id=call_id)


def invalid_call(
    call_id: str | None, args: str | None, name: str | None = "look"
) -> InvalidToolCall:
    return InvalidToolCall(
        type="invalid_tool_call", name=name, args=args, id=call_id, error=None
    )


def wire_call(call_id: str, arguments: str = "{}", **more: Any) -> dict[str, Any]:
    function = {"name": "look", "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function, **more}


def wire_calls(*calls: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "tool_calls": list(calls)}


def wire_result(call_id: str, content: Any, name: str = "look") -> dict[str, Any]:
    return {
        "role": "tool",
        "tool_call_id": call_id,
        "name": name,
        "content": content,
    }


def wire_user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def wire_assistant(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def convert_one(message: BaseMessage) -> dict[str, Any]:
    (wire_message,) = convert_to_wire_messages([message])
    return wire_message


class HumanAlias(HumanMessage):
    """A message class of somebody's own."""


ROLES: list[tuple[str, BaseMessage, dict[str, Any]]] = [
    ("system", SystemMessage("a"), {"role": "system", "content": "a"}),
    (
        "system chunk",
        SystemMessageChunk(content="a"),
        {"role": "system", "content": "a"},
    ),
    (
        "developer",
        SystemMessage("a", additional_kwargs={"__openai_role__": "developer"}),
        {"role": "developer", "content": "a"},
    ),
    (
        "system in blocks",
        SystemMessage(["a", {"type": "text", "text": "b"}]),
        {"role": "system", "content": "a\nb"},
    ),
    (
        "system with cache_control",
        SystemMessage([CACHED]),
        {"role": "system", "content": [CACHED]},
    ),
    ("user", HumanMessage("a"), wire_user("a")),
    ("user chunk", HumanMessageChunk(content="a"), wire_user("a")),
    ("user of a subclass", HumanAlias(content="a"), wire_user("a")),
    (
        "user in blocks",
        HumanMessage(["a", IMAGE]),
        wire_user([{"type": "text", "text": "a"}, IMAGE_PART]),
    ),
    ("user with nothing to say", HumanMessage([]), wire_user("")),
    (
        "notification",
        HumanMessage("a", additional_kwargs={"lc_source": "x", "lc_data": {"y": 1}}),
        wire_user("a"),
    ),
    ("assistant", AIMessage("a"), wire_assistant("a")),
    ("assistant chunk", AIMessageChunk(content="a"), wire_assistant("a")),
    ("assistant with nothing to say", AIMessage([]), wire_assistant("")),
    (
        "assistant in pieces",
        AIMessage(["a", " ", {"type": "text", "text": "b", "annotations": []}]),
        wire_assistant("a b"),
    ),
    (
        "assistant with cache_control",
        AIMessage([CACHED]),
        wire_assistant([CACHED]),
    ),
    ("assistant that is blank", AIMessage("\n"), wire_assistant("\n")),
    (
        "chat",
        ChatMessage(role="critic", content=["a", "b"]),
        {"role": "critic", "content": "a\nb"},
    ),
    (
        "chat chunk of a user",
        ChatMessageChunk(role="user", content=["a"]),
        wire_user([{"type": "text", "text": "a"}]),
    ),
    ("name", HumanMessage("a", name="Ann"), {**wire_user("a"), "name": "Ann"}),
    (
        "name with spaces and more",
        AIMessage("a", name="My agent №1"),
        wire_assistant("a", name="My_agent__1"),
    ),
    (
        "name that is too long",
        HumanMessage("a", name="n" * 65),
        {**wire_user("a"), "name": "n" * 64},
    ),
    (
        "name that is not the message's own",
        HumanMessage("a", additional_kwargs={"name": "Ann"}),
        wire_user("a"),
    ),
]


@pytest.mark.parametrize(
    ("message", "wire_message"),
    [row[1:] for row in ROLES],
    ids=[row[0] for row in ROLES],
)
def test_message_of_any_role_becomes_its_wire_message(
    message: BaseMessage, wire_message: dict[str, Any]
) -> None:
    """Role, content and name are sent, and nothing else that a message carries."""
    assert convert_one(message) == wire_message


@pytest.mark.parametrize(
    "message", [RemoveMessage(id="1"), FunctionMessage(content="a", name="f")]
)
def test_message_without_a_role_on_the_wire_is_refused(message: BaseMessage) -> None:
    """The error names the class, its place, and what to use instead."""
    with pytest.raises(ValueError, match=r"messages\[1\] is a .*Use .*ToolMessage"):
        convert_to_wire_messages([HumanMessage("a"), message])


@pytest.mark.parametrize(
    "message",
    [
        HumanMessage(["a", {"type": "hologram"}]),
        SystemMessage(["a", {"type": "hologram"}]),
        AIMessage([{"type": "reasoning"}, {"type": "hologram"}]),
        HumanMessage(
            [{"type": "tool_result", "tool_use_id": "1"}, {"type": "hologram"}]
        ),
    ],
)
def test_unknown_block_is_refused_with_its_place(message: BaseMessage) -> None:
    """In any role, a block that nobody knows is an error that names it."""
    with pytest.raises(ValueError, match=r"messages\[1\]\.content\[1\]: .*'hologram'"):
        convert_to_wire_messages([HumanMessage("a"), message])


# --- what an assistant said ---------------------------------------------------------

ASSISTANTS: list[tuple[str, AIMessage, dict[str, Any]]] = [
    (
        "Anthropic's thoughts and calls",
        AIMessage(
            [
                {"type": "thinking", "thinking": "hm", "signature": "x"},
                {"type": "redacted_thinking", "data": "x"},
                {"type": "text", "text": "a", "citations": []},
                {"type": "server_tool_use", "id": "s", "name": "web_search"},
                {"type": "web_search_tool_result", "tool_use_id": "s"},
            ],
            response_metadata={"model_provider": "anthropic"},
        ),
        wire_assistant("a"),
    ),
    (
        "OpenAI's Responses",
        AIMessage(
            [
                {"type": "reasoning", "id": "rs_1", "summary": []},
                {"type": "web_search_call", "id": "ws_1"},
                {"type": "text", "text": "a", "annotations": [], "id": "msg_1"},
            ],
            additional_kwargs={"reasoning": {"id": "rs_1"}},
            response_metadata={"model_provider": "openai"},
        ),
        wire_assistant("a"),
    ),
    (
        "Gemini's own",
        AIMessage(
            [
                {"type": "executable_code", "executable_code": "1"},
                {"type": "speciality", "of": "the house"},
                "a",
            ],
            response_metadata={"model_provider": "google_genai"},
        ),
        wire_assistant("a"),
    ),
    (
        "Groq's reasoning",
        AIMessage(
            "a",
            additional_kwargs={"reasoning_content": "hm"},
            response_metadata={"model_provider": "groq"},
        ),
        wire_assistant("a"),
    ),
    (
        "v1 of another provider",
        AIMessage(
            [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "a"}],
            response_metadata={"model_provider": "anthropic", "output_version": "v1"},
        ),
        wire_assistant("a"),
    ),
    (
        "wrapped by core",
        AIMessage([{"type": "non_standard", "value": {"type": "x"}}, "a"]),
        wire_assistant("a"),
    ),
    (
        "our reasoning",
        AIMessage(
            "a",
            additional_kwargs={"reasoning_content": "hm"},
            response_metadata=OURS,
        ),
        wire_assistant("a", reasoning_content="hm"),
    ),
    (
        "our reasoning that is empty",
        AIMessage(
            "a", additional_kwargs={"reasoning_content": ""}, response_metadata=OURS
        ),
        wire_assistant("a", reasoning_content=""),
    ),
    (
        "reasoning of nobody in particular",
        AIMessage("a", additional_kwargs={"reasoning": "hm"}),
        wire_assistant("a", reasoning_content="hm"),
    ),
    (
        "reasoning that is no text",
        AIMessage("a", additional_kwargs={"reasoning_content": ["hm"]}),
        wire_assistant("a"),
    ),
    (
        "reasoning from a field of another name",
        AIMessage(
            "a",
            additional_kwargs={
                "reasoning_content": "hm",
                "reasoning_field": "reasoning",
            },
            response_metadata=OURS,
        ),
        wire_assistant("a", reasoning="hm"),
    ),
    (
        "reasoning field that is unheard of",
        AIMessage(
            "a",
            additional_kwargs={"reasoning_content": "hm", "reasoning_field": "role"},
            response_metadata=OURS,
        ),
        wire_assistant("a", reasoning_content="hm"),
    ),
    (
        "our reasoning in v1 blocks, once",
        AIMessage(
            [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "a"}],
            additional_kwargs={"reasoning_content": "hm"},
            response_metadata=OURS,
        ),
        wire_assistant("a", reasoning_content="hm"),
    ),
    (
        "our reasoning in v1 blocks alone",
        AIMessage(
            [
                {"type": "reasoning", "reasoning": "h", "index": "lc_r_0"},
                {"type": "reasoning", "reasoning": "m"},
                {"type": "reasoning"},
            ],
            response_metadata=OURS,
        ),
        wire_assistant("", reasoning_content="hm"),
    ),
    (
        "reasoning that came as tags",
        AIMessage(
            "a",
            additional_kwargs={"reasoning_content": "hm", "reasoning_field": "content"},
            response_metadata=OURS,
        ),
        wire_assistant("<think>hm</think>\n\na"),
    ),
    (
        "reasoning that came as tags, and nothing else",
        AIMessage(
            "",
            additional_kwargs={"reasoning_content": "hm", "reasoning_field": "content"},
            response_metadata=OURS,
        ),
        wire_assistant("<think>hm</think>"),
    ),
    (
        "tags without a thought",
        AIMessage(
            "a",
            additional_kwargs={"reasoning_content": "", "reasoning_field": "content"},
            response_metadata=OURS,
        ),
        wire_assistant("a"),
    ),
    (
        "tags before cached text",
        AIMessage(
            [CACHED],
            additional_kwargs={"reasoning_content": "hm", "reasoning_field": "content"},
        ),
        wire_assistant([{"type": "text", "text": "<think>hm</think>\n\n"}, CACHED]),
    ),
    (
        "refusal",
        AIMessage("", additional_kwargs={"refusal": "no"}),
        wire_assistant("", refusal="no"),
    ),
    (
        "refusal in a block",
        AIMessage([{"type": "refusal", "refusal": "no"}]),
        wire_assistant("", refusal="no"),
    ),
    (
        "refusal that is none",
        AIMessage("a", additional_kwargs={"refusal": None}),
        wire_assistant("a"),
    ),
    (
        "raw leftovers of others",
        AIMessage("a", additional_kwargs={"function_call": {"name": "x"}, "audio": {}}),
        wire_assistant("a"),
    ),
]


@pytest.mark.parametrize(
    ("message", "wire_message"),
    [row[1:] for row in ASSISTANTS],
    ids=[row[0] for row in ASSISTANTS],
)
def test_assistant_message_keeps_what_is_ours_to_send(
    message: AIMessage, wire_message: dict[str, Any]
) -> None:
    """Text and our reasoning go back; what only its provider understands does not."""
    assert convert_one(message) == wire_message


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


# --- what tools said -----------------------------------------------------------------

RESULTS: list[tuple[str, Any, str]] = [
    ("a string", "a", "a"),
    ("text blocks", [{"type": "text", "text": "a"}, "b"], "a\nb"),
    ("nothing", "", "(no output)"),
    ("blanks", [{"type": "text", "text": " "}], "(no output)"),
    ("no blocks", [], "(no output)"),
    ("data", [{"a": "ü"}, {"type": 1}], '[{"a": "ü"}, {"type": 1}]'),
    ("a JSON block", [{"type": "json", "json": {"a": 1}}], '{"a": 1}'),
]


@pytest.mark.parametrize(
    ("content", "sent"), [row[1:] for row in RESULTS], ids=[row[0] for row in RESULTS]
)
@pytest.mark.parametrize("message_class", [ToolMessage, ToolMessageChunk])
@pytest.mark.parametrize("status", ["success", "error"])
def test_tool_result_is_sent_as_one_string(
    content: Any, sent: str, message_class: type[ToolMessage], status: str
) -> None:
    """A result is text, never empty; its status, name and artifact stay at home."""
    result = message_class(
        content, tool_call_id="1", status=status, name="look", artifact={"x": 1}
    )

    wire_messages = convert_to_wire_messages(
        [AIMessage("", tool_calls=[call("1")]), result]
    )

    assert wire_messages[1:] == [wire_result("1", sent)]


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


def test_images_stay_in_the_result_where_the_model_takes_them() -> None:
    """With image_tool_message images stay, and other media still move."""
    wire_messages = convert_to_wire_messages(
        [
            AIMessage("", tool_calls=[call("1"), call("2")]),
            ToolMessage(["a", IMAGE, FILE], tool_call_id="1"),
            ToolMessage([{"type": "text", "text": "b"}], tool_call_id="2"),
        ],
        image_tool_message=True,
    )

    assert wire_messages[1:] == [
        wire_result("1", [{"type": "text", "text": "a"}, IMAGE_PART]),
        wire_result("2", "b"),
        wire_user([FILE_PART]),
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


# --- calls and results that do not match ----------------------------------------------

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
