"""Answers of shapes that are rare: sources, and what is nested deeply."""

from __future__ import annotations

import json
from typing import Any

import pytest

from langchain_clarifai import ClarifaiError
from tests.servers.openai_wire import (
    choice,
    chunk,
    completion,
    sse,
    text_chunks,
    tool_call,
)
from tests.servers.wire import Framing, Reply, WireServer, event_stream_reply
from tests.wire.ways import STREAMED, Way, call

SOURCES = ["https://a.example", "https://b.example"]
RESULTS = [{"title": "A", "url": "https://a.example", "date": None}]
ways = pytest.mark.parametrize("way", list(Way), ids=lambda way: way.value)


def answer(way: Way, body: bytes) -> Any:
    """Reply with a body, as an event stream where the way is one."""
    if way in STREAMED:
        return event_stream_reply(body)
    return Reply(
        body=[body],
        headers={"content-type": "application/json"},
        framing=Framing.LENGTH,
    )


def build_body(way: Way, **fields: Any) -> bytes:
    """Build an answer with fields at its top, in a stream on each chunk."""
    if way in STREAMED:
        return sse(*({**event, **fields} for event in text_chunks("a", "b")))
    return json.dumps({**completion(choice("ab")), **fields}).encode()


@ways
def test_lists_of_sources_beside_the_choices_are_kept_once(
    wire: WireServer, way: Way
) -> None:
    """Perplexity and xAI repeat them on each chunk of a stream."""
    wire.reply(answer(way, build_body(way, citations=SOURCES, search_results=RESULTS)))
    kwargs = call(way, wire).message.additional_kwargs
    assert kwargs["citations"] == SOURCES
    assert kwargs["search_results"] == RESULTS


@pytest.mark.parametrize("way", STREAMED, ids=lambda way: way.value)
@pytest.mark.parametrize("is_growing", [False, True])
def test_sources_that_come_in_a_stream_are_added_up(
    wire: WireServer, way: Way, *, is_growing: bool
) -> None:
    """One by one, or as a list that grows; on the last event alone as well."""
    chunks = text_chunks("a", "b")
    chunks[1]["citations"] = SOURCES[:1]
    chunks[-1]["citations"] = SOURCES if is_growing else SOURCES[1:]
    wire.reply(event_stream_reply(sse(*chunks)))
    assert call(way, wire).message.additional_kwargs["citations"] == SOURCES


@ways
@pytest.mark.parametrize("number", [2**63, 2**64, 2**80 + 1, -(2**70)])
def test_integers_beyond_64_bits_are_exact_in_arguments(
    wire: WireServer, way: Way, number: int
) -> None:
    """They are ids as a rule, and a rounded one is another one's."""
    wire_call = tool_call("f", {"id": number})
    if way in STREAMED:
        delta = {"tool_calls": [{"index": 0, **wire_call}]}
        body = sse(chunk(delta), chunk(finish_reason="tool_calls"))
    else:
        body = json.dumps(
            completion(choice("", tool_calls=[wire_call], finish_reason="tool_calls"))
        ).encode()
    wire.reply(answer(way, body))
    (read,) = call(way, wire).message.tool_calls
    assert read["args"] == {"id": number}


@ways
@pytest.mark.parametrize("number", [2**64, -(2**70), 10**400])
def test_integers_beyond_64_bits_are_exact_wherever_they_are_kept(
    wire: WireServer, way: Way, number: int
) -> None:
    """In fields that nobody defined, beside log probabilities, and in JSON content."""
    message = {"content": {"id": number}, "their_id": number}
    logprobs = {"content": [{"token": "a", "logprob": -0.1, "token_id": number}]}
    told: dict[str, Any] = {"index": 0, "logprobs": logprobs, "choice_id": number}
    if way in STREAMED:
        body = sse(
            chunk({"content": "", "role": "assistant"}),
            {**chunk(), "choices": [{**told, "delta": message}], "their_id": number},
            chunk(finish_reason="stop"),
        )
    else:
        told |= {"message": message, "finish_reason": "stop"}
        whole = {**completion(), "choices": [told], "their_id": number}
        body = json.dumps(whole).encode()
    wire.reply(answer(way, body))
    read = call(way, wire).message
    assert json.loads(read.text) == {"id": number}
    assert read.response_metadata["logprobs"] == logprobs
    assert read.response_metadata["extra_fields"] == {
        "completion": {"their_id": number},
        "choice": {"choice_id": number},
        "message": {"their_id": number},
    }


@pytest.mark.parametrize("way", STREAMED, ids=lambda way: way.value)
def test_a_character_cut_in_two_beside_a_long_integer_is_joined(
    wire: WireServer, way: Way
) -> None:
    """What was read leniently has its integers already."""
    first, second = chunk("\ud83d"), chunk("\ude00")
    second["their_id"] = first["their_id"] = 2**64
    last = {**chunk("!"), "their_id": 2**65}
    events = map(json.dumps, (first, second, last, chunk(finish_reason="stop")))
    wire.reply(event_stream_reply(sse(*events)))
    read = call(way, wire).message
    assert read.text == "\U0001f600!"
    extra_fields = read.response_metadata["extra_fields"]
    assert extra_fields["completion"] == {"their_id": 2**65}


BROKEN = {
    "nested request id": '{"status": {"code": 21313, "req_id": DEEP}}',
    "list alone": "DEEP",
    "thoughts": '{"choices": [{"delta": {"reasoning_content": DEEP}, '
    '"message": {"reasoning_content": DEEP}, "finish_reason": "stop"}]}',
    "details of thoughts": '{"choices": [{"delta": {"reasoning_details": DEEP}, '
    '"message": {"reasoning_details": DEEP}, "finish_reason": "stop"}]}',
    "finish reason": '{"choices": [{"delta": {}, "message": {"content": "a"}, '
    '"finish_reason": DEEP}]}',
}


@ways
@pytest.mark.parametrize("name", BROKEN)
def test_answer_nested_1_000_deep_is_an_error(
    wire: WireServer, way: Way, name: str
) -> None:
    """Never an overflow of the reader's stack."""
    deep = "[" * 1000 + "]" * 1000
    body = BROKEN[name].replace("DEEP", deep)
    if way in STREAMED:
        body = f"data: {body}\n\ndata: [DONE]\n\n"
    wire.reply(answer(way, body.encode()))
    assert isinstance(call(way, wire).error, ClarifaiError)


@ways
@pytest.mark.parametrize("value", [[], {}, [["a"]], {"a": {"b": ["c"]}}], ids=str)
def test_request_id_that_is_no_text_harms_no_error(
    wire: WireServer, way: Way, value: Any
) -> None:
    """The failure is told all the same."""
    status = {"code": 21313, "description": "Model failed", "req_id": value}
    body = json.dumps({"status": status})
    if way in STREAMED:
        body = f"data: {body}\n\n"
    wire.reply(answer(way, body.encode()))
    assert "Model failed" in str(call(way, wire).error)


@ways
@pytest.mark.parametrize("value", [[["stop"]], {"type": "stop"}], ids=str)
def test_finish_reason_that_is_no_text_becomes_text(
    wire: WireServer, way: Way, value: Any
) -> None:
    """The answer is whole."""
    if way in STREAMED:
        chunks = text_chunks("a", "b")
        chunks[-2]["choices"][0]["finish_reason"] = value
        body = sse(*chunks)
    else:
        told = {**choice("ab"), "finish_reason": value}
        body = json.dumps({**completion(), "choices": [told]}).encode()
    wire.reply(answer(way, body))
    read = call(way, wire).message
    assert read.text == "ab"
    assert read.response_metadata["finish_reason"] == str(value)
