"""Tool calls in a stream → the calls that the model meant.

All bytes are constructed, after the issue that each file names.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import HumanMessage, ToolMessage

from tests.servers.openai_wire import (
    choice,
    chunk,
    completion,
    sse,
    text_chunks,
    tool_call,
    tool_call_delta,
)
from tests.servers.wire import event_stream_reply, json_reply, split_every
from tests.wire.replaying import READERS, load, read_blocks, read_calls, replay
from tests.wire.ways import Way, build_model, call

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from tests.servers.wire import WireServer

every_reader = pytest.mark.parametrize("reader", READERS)

ANY_ID = object()
OSLO = ("get_weather", {"city": "Oslo"}, "call_1")
ROME = ("get_weather", {"city": "Rome"}, "call_2")
CUT = '{"city": "Os'

CALLS: dict[str, list[tuple[Any, ...]]] = {
    "name_repeated": [OSLO],
    "id_new_in_every_delta": [OSLO],
    "id_missing": [
        ("get_weather", {"city": "Oslo"}, ANY_ID),
        ("get_weather", {"city": "Rome"}, ANY_ID),
    ],
    "index_missing": [OSLO, ROME],
    "index_and_id_missing": [
        ("get_weather", {"city": "Oslo"}, ANY_ID),
        ("get_time", {"zone": "CET"}, ANY_ID),
        ("get_time", {"zone": "UTC"}, ANY_ID),
    ],
    "index_always_0": [OSLO, ("get_time", {"zone": "CET"}, "call_2")],
    "index_always_0_one_tool": [OSLO, ROME],
    "index_always_0_no_arguments": [("roll", {}, "call_1"), ("roll", {}, "call_2")],
    "interleaved": [OSLO, ("get_time", {"zone": "CET"}, "call_2")],
    "many_in_one_delta": [OSLO, ROME, ("roll", {}, "call_3")],
    "name_late": [OSLO],
    "name_never": [(None, '{"city": "Oslo"}', "call_1")],
    "arguments_object": [("get_weather", {"city": "Tromsø"}, "call_1")],
    "arguments_null": [("roll", {}, "call_1")],
    "function_null": [OSLO],
    "cut_by_length": [("roll", {}, "call_1"), ("get_weather", CUT, "call_2")],
    "cut_and_reason_rewritten": [("get_weather", CUT, "call_1")],
    "cut_before_arguments": [("get_weather", "", "call_1")],
    "cut_by_the_end": [("get_weather", CUT, "call_1")],
    "empty_lists": [OSLO],
    "finish_with_calls": [OSLO],
    "finish_stop": [OSLO],
    "finish_repeats_call": [OSLO],
    "extra_content_first": [OSLO],
    "extra_content_last": [OSLO],
    "thought_signature": [OSLO],
    "id_with_signature": [
        ("get_weather", {"city": "Oslo"}, "call_1__thought__c2lnbmF0dXJl+/=")
    ],
}
"""The calls of each file: name, arguments (text where they are broken) and id."""
WITH_IDS = [name for name, calls in CALLS.items() if ANY_ID not in calls[0]]

TEXTS = {"empty_lists": "Let me see. Wait."}
REASONS = {
    "cut_by_length": "length",
    "cut_before_arguments": "length",
    "cut_by_the_end": None,
    "finish_stop": "stop",
}


def check_calls(message: AIMessage, expected: list[tuple[Any, ...]]) -> None:
    """Compare calls, and make sure that ids are there and differ."""
    calls = read_calls(message)
    ids = [call_id for _, _, call_id in calls]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    assert [
        (name, arguments, call_id if expected_id is not ANY_ID else ANY_ID)
        for (name, arguments, call_id), (_, _, expected_id) in zip(
            calls, expected, strict=True
        )
    ] == expected


@every_reader
@pytest.mark.parametrize("name", CALLS)
def test_calls_are_those_that_were_meant(
    name: str, reader: str, wire: WireServer
) -> None:
    """Whatever its dialect, a stream gives the same calls to every reader."""
    message = replay(wire, f"tool_calls/{name}", reader)
    check_calls(message, CALLS[name])
    assert message.text == TEXTS.get(name, "")
    assert message.response_metadata["finish_reason"] == REASONS.get(name, "tool_calls")
    blocks = [
        (block["name"], "" if block["args"] is None else block["args"], block["id"])
        for block in read_blocks(message)
        if block["type"] in {"invalid_tool_call", "tool_call"}
    ]
    assert blocks == read_calls(message)


@pytest.mark.parametrize("way", [Way.INVOKE, Way.AINVOKE], ids=lambda way: way.value)
@pytest.mark.parametrize("name", WITH_IDS)
def test_plain_calls_are_the_streamed_ones(
    name: str, way: Way, wire: WireServer
) -> None:
    """An answer without streaming gives the same message, broken calls included."""
    streamed = replay(wire, f"tool_calls/{name}", "stream")
    given = read_calls(streamed)
    calls = [
        tool_call(
            one[0] or "",
            one[1] if isinstance(one[1], str) else json.dumps(one[1]),
            call_id=one[2],
            **ATTACHED.get(name, {}),
        )
        for one in given
    ]
    reason = REASONS.get(name, "tool_calls")
    plain_choice = choice(TEXTS.get(name), finish_reason=reason, tool_calls=calls)
    wire.reply(json_reply(completion(plain_choice)))
    plain = call(way, wire).message
    assert plain.model_copy(update={"id": streamed.id}) == streamed


# --- as they come -------------------------------------------------------------------


def test_an_id_is_stable_from_the_first_chunk_on(wire: WireServer) -> None:
    """A made-up id is on the call's first chunk, and is that of the finished call."""
    deltas = [tool_call_delta("", name="f"), *map(tool_call_delta, ('{"a"', ": 1}"))]
    events = [chunk({"tool_calls": [delta]}) for delta in deltas]
    body = sse(*events, chunk(finish_reason="tool_calls"))
    wire.reply(event_stream_reply(*split_every(body, 200)))
    outcome = call(Way.STREAM, wire)
    ids = [
        tool_call_chunk["id"]
        for one in outcome.chunks
        for tool_call_chunk in one.tool_call_chunks
        if tool_call_chunk["id"]
    ]
    assert ids == [outcome.message.tool_calls[0]["id"]]


def test_no_chunk_shows_a_call_without_its_name(wire: WireServer) -> None:
    """A call is held until its name is there, and the name comes once."""
    for name in ("name_late", "name_repeated"):
        wire.reply(event_stream_reply(*split_every(load(f"tool_calls/{name}"), 100)))
        chunks = call(Way.STREAM, wire).chunks
        names = [c["name"] for one in chunks for c in one.tool_call_chunks]
        assert names[0] == "get_weather"
        assert not any(names[1:])


def test_thousands_of_deltas_are_a_few_chunks(wire: WireServer) -> None:
    """Deltas of one network read are one chunk, so that adding chunks stays fast."""
    text = json.dumps({"text": "x" * 5000})
    deltas = [tool_call_delta("", name="f", call_id="a"), *map(tool_call_delta, text)]
    events = [chunk({"tool_calls": [delta]}) for delta in deltas]
    wire.reply(event_stream_reply(sse(*events, chunk(finish_reason="tool_calls"))))
    outcome = call(Way.STREAM, wire)
    assert outcome.message.tool_calls[0]["args"] == {"text": "x" * 5000}
    assert len(outcome.chunks) < 500


async def test_concurrent_streams_share_nothing(wire: WireServer) -> None:
    """Two streams of one model, both at index 0, do not mix."""
    for letter in "ab":
        deltas = [
            tool_call_delta("", name=f"f_{letter}", call_id=f"call_{letter}"),
            tool_call_delta('{"x": '),
            tool_call_delta(f'"{letter}"}}'),
        ]
        events = [chunk({"tool_calls": [delta]}) for delta in deltas]
        body = sse(*events, chunk(finish_reason="tool_calls"))
        wire.reply(event_stream_reply(*split_every(body, 50)))
    model = build_model(wire, streaming=True)
    messages = await asyncio.gather(model.ainvoke("Hi"), model.ainvoke("Hi"))
    calls = sorted(read_calls(message)[0] for message in messages)
    assert calls == [("f_a", {"x": "a"}, "call_a"), ("f_b", {"x": "b"}, "call_b")]


# --- sent back ----------------------------------------------------------------------

SIGNATURE = "c2lnbmF0dXJl"
ATTACHED: dict[str, dict[str, Any]] = {
    "extra_content_first": {
        "extra_content": {"google": {"thought_signature": SIGNATURE}}
    },
    "extra_content_last": {
        "extra_content": {"google": {"thought_signature": SIGNATURE}}
    },
    "thought_signature": {"thought_signature": SIGNATURE},
}


@every_reader
@pytest.mark.parametrize(
    "name", ["extra_content_first", "extra_content_last", "id_with_signature"]
)
def test_what_a_provider_attached_goes_back_verbatim(
    name: str, reader: str, wire: WireServer
) -> None:
    """A thought signature is sent with its call again, and ids are as they came."""
    message = replay(wire, f"tool_calls/{name}", reader)
    call_id = message.tool_calls[0]["id"]
    wire.reply(event_stream_reply(sse(*text_chunks("Cold."))))
    model = build_model(wire, streaming=True)
    model.invoke(
        [HumanMessage("Hi"), message, ToolMessage("-3 °C", tool_call_id=call_id)]
    )
    [sent] = wire.last_request.json["messages"][1]["tool_calls"]
    assert sent == {
        "id": call_id,
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
        **ATTACHED.get(name, {}),
    }
