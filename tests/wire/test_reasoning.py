"""Thoughts in fields, in parts and in tags → reasoning, text and calls, apart.

All bytes are constructed, after the issue that each file names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from tests.servers.openai_wire import (
    choice,
    chunk,
    completion,
    sse,
    text_chunks,
    tool_call,
)
from tests.servers.wire import Pause, event_stream_reply, json_reply
from tests.wire.replaying import READERS, load, read_blocks, read_calls, replay
from tests.wire.ways import PLAIN, Way, build_model, call

if TYPE_CHECKING:
    from tests.servers.wire import WireServer

every_reader = pytest.mark.parametrize("reader", READERS)
plain = pytest.mark.parametrize("way", PLAIN, ids=lambda way: way.value)

THOUGHT = "Let me think."
QWQ = {"model": "https://clarifai.com/qwen/qwenLM/models/QwQ-32B-AWQ"}
TAGS = {"reasoning_format": "tags"}
OFF = {"reasoning_format": "off"}
F = ("f", {"a": 1}, "call_1")
G = ("g", {"b": 2}, "call_2")

ROWS: dict[str, tuple[str, dict[str, Any], str | None, str, str | None, list[Any]]] = {
    "field": ("reasoning_content", {}, THOUGHT, "42", None, []),
    "other-field": ("reasoning", {}, THOUGHT, "42", "reasoning", []),
    "both-fields": ("both_fields", {}, THOUGHT, "42", None, []),
    "field-of-qwq": ("reasoning_content", QWQ, THOUGHT, "42", None, []),
    "field-tags": ("both_fields", TAGS, THOUGHT, "42", None, []),
    "field-off": ("reasoning", OFF, THOUGHT, "42", "reasoning", []),
    "parts": ("parts", {}, THOUGHT, "42", "thinking_parts", []),
    "tags": ("tags", {}, THOUGHT, "42", "content", []),
    "tags-of-qwq": ("tags", QWQ, THOUGHT, "42", "content", []),
    "tags-tags": ("tags", TAGS, THOUGHT, "42", "content", []),
    "tags-off": ("tags", OFF, None, f"<think>\n{THOUGHT}\n</think>\n\n42", None, []),
    "never-closed": ("tags_never_closed", {}, THOUGHT, "", "content", []),
    "quoted-later": (
        "tags_quoted_later",
        {},
        None,
        "Write <think>a</think>.",
        None,
        [],
    ),
    "only-closed": ("tag_only_closed", QWQ, THOUGHT, "42", "content", []),
    "only-closed-tags": ("tag_only_closed", TAGS, THOUGHT, "42", "content", []),
    "only-closed-auto": (
        "tag_only_closed",
        {},
        None,
        f"{THOUGHT}</think>\n\n42",
        None,
        [],
    ),
    "tags-and-field": ("tags_and_field", {}, THOUGHT, "42", None, []),
    "all-in-one-chunk": ("all_in_one_chunk", {}, THOUGHT, "42", None, [F, G]),
    "all-in-turn": ("all_in_turn", {}, THOUGHT, "42", None, [F, G]),
    "tags-then-calls": ("tags_then_calls", {}, THOUGHT, "42", "content", [F, G]),
}
"""File, settings; and the reasoning, text, field and calls that a reader gets."""


@every_reader
@pytest.mark.parametrize("row", ROWS)
def test_thoughts_text_and_calls_come_apart(
    row: str, reader: str, wire: WireServer
) -> None:
    """Each has its place and its block, and nothing is doubled, lost or mixed."""
    name, settings, thought, text, field, calls = ROWS[row]
    message = replay(wire, f"reasoning/{name}", reader, **settings)
    assert message.text == text
    assert message.additional_kwargs.get("reasoning_content") == thought
    assert message.additional_kwargs.get("reasoning_field") == field
    assert read_calls(message) == calls
    blocks: list[Any] = []
    if thought:
        blocks.append({"type": "reasoning", "reasoning": thought})
    if text:
        blocks.append({"type": "text", "text": text})
    blocks += [
        {"type": "tool_call", "name": name, "args": arguments, "id": call_id}
        for name, arguments, call_id in calls
    ]
    assert read_blocks(message) == blocks


@plain
@pytest.mark.parametrize("row", ROWS)
def test_plain_thoughts_are_the_streamed_ones(
    row: str, way: Way, wire: WireServer
) -> None:
    """An answer without streaming gives the same message."""
    name, settings, *_ = ROWS[row]
    streamed = replay(wire, f"reasoning/{name}", "stream", **settings)
    wire.reply(json_reply(_build_completion(name, streamed)))
    message = call(way, wire, **settings).message
    assert message.model_copy(update={"id": streamed.id}) == streamed


RAW: dict[str, dict[str, Any]] = {
    "reasoning_content": {"content": "42", "reasoning_content": THOUGHT},
    "reasoning": {"content": "42", "reasoning": THOUGHT},
    "both_fields": {
        "content": "42",
        "reasoning": THOUGHT,
        "reasoning_content": THOUGHT,
    },
    "parts": {
        "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]},
            {"type": "text", "text": "42"},
        ]
    },
    "tags": {"content": f"<think>\n{THOUGHT}\n</think>\n\n42"},
    "tags_never_closed": {"content": f"<think>{THOUGHT}"},
    "tags_quoted_later": {"content": "Write <think>a</think>."},
    "tag_only_closed": {"content": f"{THOUGHT}</think>\n\n42"},
    "tags_and_field": {
        "content": f"<think>{THOUGHT}</think>\n\n42",
        "reasoning_content": THOUGHT,
    },
    "all_in_one_chunk": {"content": "42", "reasoning_content": THOUGHT},
    "all_in_turn": {"content": "42", "reasoning_content": THOUGHT},
    "tags_then_calls": {"content": f"<think>{THOUGHT}</think>42"},
}


def _build_completion(name: str, streamed: AIMessage) -> dict[str, Any]:
    calls = [
        tool_call(call["name"], call["args"], call_id=str(call["id"]))
        for call in streamed.tool_calls
    ]
    reason = streamed.response_metadata["finish_reason"]
    return completion(choice(finish_reason=reason, tool_calls=calls, **RAW[name]))


# --- as they come -------------------------------------------------------------------


def test_a_thought_is_streamed_while_the_model_thinks(wire: WireServer) -> None:
    """An opened thought is not held back until it closes."""
    wire.reply(event_stream_reply(*_split_events("reasoning/tags")))
    chunks = call(Way.STREAM, wire).chunks
    thoughts = [chunk.additional_kwargs.get("reasoning_content") for chunk in chunks]
    assert [thought for thought in thoughts if thought] == ["Let me", " think."]


def test_nothing_is_yielded_while_a_stream_is_closed(wire: WireServer) -> None:
    """A reader who leaves in the middle of a thought is not held up."""
    events = [chunk("<think>Let me "), chunk("think </thi")]
    wire.reply(event_stream_reply(sse(*events, done=False), Pause(20)))
    stream = build_model(wire).stream("Hi")
    assert next(stream).additional_kwargs["reasoning_content"] == "Let me"
    stream.close()  # type: ignore[attr-defined]
    assert list(stream) == []
    assert wire.exchanges[0].client_left.wait(5)


async def test_nothing_is_yielded_while_an_async_stream_is_closed(
    wire: WireServer,
) -> None:
    """Nor is an async reader: a generator that yields in its end would raise."""
    events = [chunk("<think>Let me "), chunk("think </thi")]
    wire.reply(event_stream_reply(sse(*events, done=False), Pause(20)))
    stream = build_model(wire).astream("Hi")
    first = await anext(stream)
    assert first.additional_kwargs["reasoning_content"] == "Let me"
    await stream.aclose()  # type: ignore[attr-defined]
    assert wire.exchanges[0].client_left.wait(5)


def _split_events(name: str) -> list[bytes]:
    return [event + b"\n\n" for event in load(name).split(b"\n\n") if event]


# --- sent back ----------------------------------------------------------------------

SENT: dict[str, dict[str, Any]] = {
    "reasoning_content": {"content": "42", "reasoning_content": THOUGHT},
    "reasoning": {"content": "42", "reasoning": THOUGHT},
    "both_fields": {"content": "42", "reasoning_content": THOUGHT},
    "tags": {"content": f"<think>{THOUGHT}</think>\n\n42"},
}


@every_reader
@pytest.mark.parametrize("name", SENT)
def test_a_thought_goes_back_where_it_came_from(
    name: str, reader: str, wire: WireServer
) -> None:
    """Several backends refuse a tool loop without it."""
    message = replay(wire, f"reasoning/{name}", reader)
    wire.reply(event_stream_reply(sse(*text_chunks("Fine."))))
    history = [HumanMessage("Hi"), message, HumanMessage("And?")]
    build_model(wire, streaming=True).invoke(history)
    sent = wire.last_request.json["messages"][1]
    assert sent == {"role": "assistant", **SENT[name]}


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_thought_of_another_provider_stays_behind(
    provider: str, wire: WireServer
) -> None:
    """What another provider's model thought is none of this one's business."""
    message = AIMessage(
        "42",
        additional_kwargs={"reasoning_content": THOUGHT},
        response_metadata={"model_provider": provider},
    )
    wire.reply(json_reply(completion()))
    build_model(wire).invoke([HumanMessage("Hi"), message, HumanMessage("And?")])
    sent = wire.last_request.json["messages"][1]
    assert sent == {"role": "assistant", "content": "42"}
