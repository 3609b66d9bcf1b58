"""What we keep of a stream whose reader keeps nothing: its text, and no chunk of it."""

from __future__ import annotations

import gc
import tracemalloc
from typing import TYPE_CHECKING, Any, Final

import pytest
from langchain_core.messages import HumanMessage

from tests.servers.openai_wire import chunk, sse, tool_call_delta, usage
from tests.servers.wire import event_stream_reply
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.wire import WireServer

_COUNT: Final = 2_000
_AT_ONCE: Final = 200
_MARK: Final = "the half"
_OURS: Final = tracemalloc.Filter(
    inclusive=True, filename_pattern="*langchain_clarifai*"
)

_TEXT: Final = 100
"""Bytes an event: Python takes some 60 for a text of five letters in a list."""

_NOTHING: Final = 30
"""Bytes an event: less than a number in a list takes. In a process that has run other
tests, some of what they left comes and goes meanwhile."""

KINDS: Final[dict[str, tuple[Callable[[int], bytes], int]]] = {
    "text": (lambda _: _write(" word"), _TEXT),
    "thoughts": (lambda _: _write({"reasoning_content": " word"}), _TEXT),
    "arguments": (lambda _: _write({"tool_calls": [tool_call_delta(" word")]}), _TEXT),
    "comments": (lambda _: b": keep-alive\n\n", _NOTHING),
    "empty deltas": (lambda _: _write({}), _NOTHING),
    "usage": (lambda n: _write({}, usage=usage(7, n)), _NOTHING),
    "ids": (lambda n: _write({}, id=f"chatcmpl-{n}"), _NOTHING),
    "unknown fields": (lambda n: _write({"mine": n}, yours=[n] * 20), _NOTHING),
}


def _write(delta: Any, **fields: Any) -> bytes:
    return sse(chunk(delta, **fields), done=False)


def _write_half(build: Callable[[int], bytes], start: int) -> list[bytes]:
    events = [build(start + number) for number in range(_COUNT)]
    return [
        *(b"".join(events[n : n + _AT_ONCE]) for n in range(0, _COUNT, _AT_ONCE)),
        _write(_MARK),
    ]


def _measure_ours() -> int:
    gc.collect()
    traces = tracemalloc.take_snapshot().filter_traces([_OURS]).traces
    return sum(trace.size for trace in traces)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_stream_whose_chunks_are_discarded_leaves_its_text_behind(
    wire: WireServer, kind: str
) -> None:
    """From one half to the next grows what an error would show as the partial message.

    The lists that `stream` and `astream` of langchain-core keep are not ours: here its
    chunks are read where they come out of this package.
    """
    build, most = KINDS[kind]
    start = _write({"tool_calls": [tool_call_delta('{"a": "', call_id="c", name="f")]})
    halves = [*_write_half(build, 0), *_write_half(build, _COUNT)]
    wire.reply(event_stream_reply(start, *halves, sse(chunk(finish_reason="stop"))))
    model = build_model(wire)
    tracemalloc.start()
    kept = [
        _measure_ours()
        for generation_chunk in model._stream([HumanMessage("Hi")])
        if generation_chunk.text == _MARK
    ]
    tracemalloc.stop()
    assert len(kept) == 2
    assert (kept[1] - kept[0]) / _COUNT < most
