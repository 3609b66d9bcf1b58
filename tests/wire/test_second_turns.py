"""Thoughts and a call, in any form → the second turn's request, over the wire.

A tool loop's second turn is refused by some servers unless the thoughts of the first
come back in the form they had. All bytes are constructed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from tests.servers.openai_wire import choice, chunk, completion, sse, tool_call
from tests.servers.wire import Reply, event_stream_reply, json_reply
from tests.wire.replaying import READERS, read_blocks
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from tests.servers.wire import WireServer

DETAILS: Final = [
    {"type": "reasoning.text", "text": "ab", "index": 0, "signature": "S"},
    {"type": "reasoning.encrypted", "data": "E", "index": 1, "id": "r"},
]
DETAIL_PIECES: Final[list[Any]] = [
    [{**DETAILS[0], "text": "a", "signature": None}],
    [{"type": "reasoning.text", "text": "b", "index": 0}, DETAILS[1]],
    [{"type": "reasoning.text", "signature": "S", "index": 0}],
]
BLOCKS: Final = [{"type": "thinking", "thinking": "ab", "signature": "S"}]
PARTS: Final = [{"type": "thinking", "thinking": [{"type": "text", "text": "ab"}]}]
GEMINI: Final = {"google": {"thought_signature": "S"}}


@dataclass(frozen=True)
class Form:
    """Thoughts as they come, whole and in deltas, and as they go back."""

    whole: dict[str, Any]
    deltas: list[dict[str, Any]]
    sent: dict[str, Any]


def build_form(*names: str) -> Form:
    """Build the form of thoughts in fields of text, of which the first goes back."""
    return Form(
        {"content": "Hi", **dict.fromkeys(names, "ab")},
        [*(dict.fromkeys(names, text) for text in "ab"), {"content": "Hi"}],
        {"content": "Hi", names[0]: "ab"},
    )


FORMS: Final[dict[str, Form]] = {
    "reasoning_content": build_form("reasoning_content"),
    "reasoning": build_form("reasoning"),
    "both fields": build_form("reasoning_content", "reasoning"),
    "reasoning_details": Form(
        {"content": "Hi", "reasoning_details": DETAILS},
        [*({"reasoning_details": one} for one in DETAIL_PIECES), {"content": "Hi"}],
        {"content": "Hi", "reasoning_details": DETAILS},
    ),
    "details beside a field": Form(
        {"content": "Hi", "reasoning": "ab", "reasoning_details": DETAILS},
        [
            {"reasoning": "a", "reasoning_details": DETAIL_PIECES[0]},
            {"reasoning": "b", "reasoning_details": DETAIL_PIECES[1]},
            {"content": "Hi", "reasoning_details": DETAIL_PIECES[2]},
        ],
        {"content": "Hi", "reasoning": "ab", "reasoning_details": DETAILS},
    ),
    "thinking_blocks": Form(
        {"content": "Hi", "thinking_blocks": BLOCKS, "reasoning_content": "ab"},
        [
            *(
                {
                    "thinking_blocks": [{"type": "thinking", "thinking": text}],
                    "reasoning_content": text,
                }
                for text in "ab"
            ),
            {"thinking_blocks": [{"type": "thinking", "signature": "S"}]},
            {"content": "Hi"},
        ],
        {"content": "Hi", "thinking_blocks": BLOCKS, "reasoning_content": "ab"},
    ),
    "extra_content": Form(
        {"content": "Hi", "reasoning": "ab", "extra_content": GEMINI},
        [
            {"reasoning": "ab"},
            {"content": "Hi"},
            {"content": "", "extra_content": GEMINI},
        ],
        {"content": "Hi", "reasoning": "ab", "extra_content": GEMINI},
    ),
    "parts": Form(
        {"content": [*PARTS, {"type": "text", "text": "Hi"}]},
        [
            *(
                {
                    "content": [
                        {
                            "type": "thinking",
                            "thinking": [{"type": "text", "text": text}],
                        }
                    ]
                }
                for text in "ab"
            ),
            {"content": "Hi"},
        ],
        {"content": [*PARTS, {"type": "text", "text": "Hi"}]},
    ),
    "tags": Form(
        {"content": "<think>ab</think>\n\nHi"},
        [{"content": text} for text in ("<thi", "nk>a", "b</th", "ink>\n\n", "Hi")],
        {"content": "<think>ab</think>\n\nHi"},
    ),
}

CALL: Final = tool_call("f", {"a": 1})
FIRST_READERS: Final[dict[str, dict[str, Any]]] = {
    "invoke": {},
    "ainvoke": {},
    "invoke-v1": {"output_version": "v1"},
    "ainvoke-v1": {"output_version": "v1"},
}
STREAM_READERS: Final = (
    "stream",
    "stream-by-byte",
    "astream",
    "stream-v1",
    "astream-v1",
    "events-v3",
    "aevents-v3",
)
every_form = pytest.mark.parametrize("form", FORMS)
every_reader = pytest.mark.parametrize("reader", [*FIRST_READERS, *STREAM_READERS])


def read_first_turn(wire: WireServer, form: Form, reader: str) -> AIMessage:
    """Read the thoughts and the call, plain or from a stream."""
    if reader in FIRST_READERS:
        answer = {**form.whole, "tool_calls": [CALL]}
        wire.reply(json_reply(completion(choice(**answer, finish_reason="tool_calls"))))
        model = build_model(wire, **FIRST_READERS[reader])
        is_async = reader.startswith("a")
        return asyncio.run(model.ainvoke("Hi")) if is_async else model.invoke("Hi")
    cut, read, settings = READERS[reader]
    calls = {"tool_calls": [{"index": 0, **CALL}]}
    events = [chunk(delta) for delta in (*form.deltas, calls)]
    body = sse(*events, chunk(finish_reason="tool_calls"))
    wire.reply(event_stream_reply(*cut(body)))
    return read(build_model(wire, **settings))


def send_second_turn(wire: WireServer, message: AIMessage, reader: str) -> Any:
    """Send a result of the call; return what was sent for the first answer."""
    wire.reply(answer_fine())
    history = [HumanMessage("Hi"), message, ToolMessage("7", tool_call_id="call_1")]
    model = build_model(wire)
    if reader.startswith("a"):
        asyncio.run(model.ainvoke(history))
    else:
        model.invoke(history)
    sent = wire.last_request.json["messages"]
    assert sent[2] == {
        "role": "tool",
        "content": "7",
        "tool_call_id": "call_1",
        "name": "f",
    }
    return sent[1]


def answer_fine() -> Reply:
    """Answer the second turn."""
    return json_reply(completion(choice("Fine.")))


@every_reader
@every_form
def test_thoughts_beside_a_call_go_back_in_the_form_they_came_in(
    wire: WireServer, form: str, reader: str
) -> None:
    """Whole, with signatures and encrypted parts, and under no other name."""
    message = read_first_turn(wire, FORMS[form], reader)
    assert read_blocks(message) == [
        {"type": "reasoning", "reasoning": "ab"},
        {"type": "text", "text": "Hi"},
        {"type": "tool_call", "name": "f", "args": {"a": 1}, "id": "call_1"},
    ]
    sent = send_second_turn(wire, message, reader)
    assert sent == {"role": "assistant", **FORMS[form].sent, "tool_calls": [CALL]}


@pytest.mark.parametrize("reader", ["ainvoke-v1", "stream"])
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@every_form
def test_thoughts_of_another_provider_stay_behind_in_any_form(
    wire: WireServer, form: str, provider: str, reader: str
) -> None:
    """Text and call go; signatures are another house's, and refused in this one."""
    message = read_first_turn(wire, FORMS[form], reader)
    message.response_metadata["model_provider"] = provider
    sent = send_second_turn(wire, message, reader)
    assert sent == {"role": "assistant", "content": "Hi", "tool_calls": [CALL]}


@pytest.mark.parametrize("reader", ["invoke", "aevents-v3"])
@every_form
def test_thoughts_of_another_model_of_clarifai_go_back(
    wire: WireServer, form: str, reader: str
) -> None:
    """The provider counts: an agent whose model is changed keeps its thoughts."""
    message = read_first_turn(wire, FORMS[form], reader)
    message.response_metadata["model_name"] = "other/app/models/other"
    message.response_metadata["backend_model"] = "other"
    sent = send_second_turn(wire, message, reader)
    assert sent == {"role": "assistant", **FORMS[form].sent, "tool_calls": [CALL]}
