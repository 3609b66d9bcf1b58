"""Pieces of a body become chunks, however they are cut."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from langchain_clarifai._answer.faults import (
    ErrorBody,
    Fault,
    MalformedAnswer,
    UnfinishedStream,
)
from langchain_clarifai._answer.metadata import AnswerMetadata
from langchain_clarifai._answer.stream import StreamAccumulator
from tests.servers.openai_wire import (
    chunk,
    completion,
    openai_error,
    sse,
    text_chunks,
    tool_call_delta,
    usage,
    usage_chunk,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_core.outputs import ChatGenerationChunk

BODY = sse(*text_chunks("Hel", "lo"))


def _build() -> StreamAccumulator:
    return StreamAccumulator(AnswerMetadata("m"), None, allow_unfinished=False)


def _feed(accumulator: StreamAccumulator, *pieces: bytes) -> list[ChatGenerationChunk]:
    return [chunk for piece in pieces for chunk in accumulator.feed(piece)]


def _read_texts(generation_chunks: Iterable[ChatGenerationChunk]) -> list[str]:
    return [generation_chunk.text for generation_chunk in generation_chunks]


def test_chunks_come_as_soon_as_their_bytes() -> None:
    """One at a time, and the last one with `[DONE]`."""
    accumulator = _build()
    first, second = sse(chunk("Hel"), done=False), sse(chunk("lo"))

    assert _read_texts(_feed(accumulator, first[:-1])) == []
    assert not accumulator.has_yielded
    assert _read_texts(_feed(accumulator, first[-1:])) == ["Hel"]
    assert accumulator.has_yielded
    assert not accumulator.is_done
    assert _read_texts(_feed(accumulator, second)) == ["lo", ""]
    assert accumulator.is_done
    assert accumulator.chunks_received == 2
    assert _read_texts(_feed(accumulator, first)) == []
    assert _read_texts(accumulator.finish()) == []


@given(cuts=st.lists(st.integers(0, len(BODY)), max_size=10))
def test_any_cut_gives_the_same_chunks(cuts: list[int]) -> None:
    """Text is not joined and not torn."""
    places = [0, *sorted(cuts), len(BODY)]
    accumulator = _build()
    pieces = [BODY[a:b] for a, b in itertools.pairwise(places)]

    assert _read_texts(_feed(accumulator, *pieces)) == ["Hel", "lo", ""]


def test_fault_comes_after_the_chunks_before_it() -> None:
    """And after the calls that had begun."""
    delta = tool_call_delta("{", call_id="c", name="f")
    body = sse(chunk("Hel"), chunk({"tool_calls": [delta]}), openai_error("no"))
    accumulator = _build()
    found: list[ChatGenerationChunk] = []

    with pytest.raises(ErrorBody) as caught:
        _collect(accumulator.feed(body), found)

    assert caught.value.body == openai_error("no")
    assert _read_texts(found) == ["Hel", ""]
    assert accumulator.chunks_received == 2
    partial = accumulator.build_partial_message()
    assert partial is not None
    assert partial.text == "Hel"
    assert partial.invalid_tool_calls


def _collect(
    generation_chunks: Iterable[ChatGenerationChunk], found: list[ChatGenerationChunk]
) -> None:
    found.extend(generation_chunks)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([b": a\n\n"], [False]),
        ([b"\n", b"data", b": {", b"}"], [False, True, True, True]),
        ([b": a", b"b\n", b"{", b" "], [False, False, True, True]),
        ([b"\xef", b"\xbb\xbf", b"<"], [False, False, True]),
        ([BODY, b": a\n\n"], [True, True]),
        ([sse(chunk("a"), done=False), b": a\n\n"], [True, False]),
    ],
)
def test_progress_is_what_may_be_an_answer(
    pieces: list[bytes], expected: list[bool]
) -> None:
    """Keep-alives are not, before the answer nor in it."""
    accumulator = _build()
    found: list[bool] = []
    for piece in pieces:
        _feed(accumulator, piece)
        found.append(accumulator.made_progress)
    assert found == expected


@pytest.mark.parametrize(
    "body",
    [
        sse("[" + json.dumps(openai_error("no")) + "]"),
        sse({"choices": [{"index": 0, "error": {"message": "no"}}]}),
        b"event: error\ndata: no\n\n",
    ],
)
def test_error_of_any_form_is_a_fault_that_holds_it(body: bytes) -> None:
    """In a list, in a choice, as the event's name says."""
    with pytest.raises(ErrorBody) as caught:
        _feed(_build(), body)
    assert "no" in json.dumps(caught.value.body)


@pytest.mark.parametrize("is_inside", [False, True])
def test_usage_beside_or_inside_a_choice_is_read(*, is_inside: bool) -> None:
    """On any chunk; the last one counts."""
    last = chunk("b")
    (last["choices"][0] if is_inside else last)["usage"] = usage(3, 4)
    found = _feed(_build(), sse(chunk("a", usage=usage()), last))
    counts = [getattr(one.message, "usage_metadata", None) for one in found]
    assert counts[:-1] == [None, None]
    assert counts[-1] is not None
    assert counts[-1]["total_tokens"] == 7


def test_nothing_that_came_is_no_partial_message() -> None:
    """A role is nothing, and neither is usage."""
    accumulator = _build()
    _feed(accumulator, sse(chunk({"role": "assistant"}), usage_chunk(), done=False))

    assert accumulator.chunks_received == 2
    assert accumulator.build_partial_message() is None
    with pytest.raises(UnfinishedStream):
        list(accumulator.finish())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"Internal error", "no event stream"),
        (b"Internal\nerror\n\n", "no event stream"),
        (b"<html>", "no JSON"),
        (b"data: <html>\n\n", "no JSON"),
        (b"data: [1]\n\n", "no JSON object"),
        (b'data: {"choices": 5}\n\n', "no choice"),
        (b'data: {"choices": [5]}\n\n', "no choice"),
        (b"data: {}\n\ndata: [DONE]\n\n", "no answer"),
        (b"data: [DONE]\n\n", "no answer"),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_what_is_no_answer_is_a_fault(body: bytes, reason: str, size: int) -> None:
    """With the start of it, however it was cut."""
    accumulator = _build()
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    with pytest.raises(MalformedAnswer, match=reason) as caught:
        list(itertools.chain(_feed(accumulator, *pieces), accumulator.finish()))
    assert caught.value.start in body.decode()
    assert len(caught.value.start) >= 1


def test_whole_completion_is_read_when_it_is_whole() -> None:
    """Which only the end of the body tells."""
    accumulator = _build()
    [body] = [sse(completion(), done=False).removeprefix(b"data: ")]

    assert _feed(accumulator, body[:10], body[10:]) == []
    assert _read_texts(accumulator.finish()) == ["Hello!", ""]
    assert accumulator.is_done
    assert accumulator.chunks_received == 1


@given(pieces=st.lists(st.binary(max_size=30) | st.just(BODY[:200])))
def test_any_bytes_are_chunks_or_a_fault(pieces: list[bytes]) -> None:
    """Nothing else is raised."""
    accumulator = _build()
    try:
        _feed(accumulator, *pieces)
        list(accumulator.finish())
    except Fault:
        accumulator.build_partial_message()
    else:
        assert accumulator.is_done
