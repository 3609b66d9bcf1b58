"""Readers who take their time over a chunk → no silence of the server's."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from langchain_clarifai import ClarifaiStreamIdleTimeoutError
from tests.servers.openai_wire import sse, text_chunks
from tests.servers.wire import End, Pause, event_stream_reply
from tests.wire.ways import STREAMED, Way, build_model

if TYPE_CHECKING:
    from langchain_clarifai import ChatClarifai
    from tests.servers.wire import WireServer

pytestmark = pytest.mark.slow

# Seconds: the setting, and for how long the reader is away.
_IDLE = 0.6
_AWAY = 1.0

streamed = pytest.mark.parametrize("way", STREAMED, ids=lambda way: way.value)


def _read_slowly(way: Way, model: ChatClarifai, *, blocks: bool = False) -> str:
    """Read a stream, with a long rest after its first text."""
    texts: list[str] = []

    async def read() -> None:
        async for piece in model.astream("a"):
            if piece.text and not texts:
                if blocks:
                    time.sleep(_AWAY)  # noqa: ASYNC251 - as careless programs do
                else:
                    await asyncio.sleep(_AWAY)
            texts.append(piece.text)

    if way is Way.ASTREAM:
        asyncio.run(read())
    else:
        for piece in model.stream("a"):
            if piece.text and not texts:
                time.sleep(_AWAY)
            texts.append(piece.text)
    return "".join(texts)


@pytest.mark.parametrize("size", [1, 100_000], ids=["small", "two megabytes"])
@pytest.mark.parametrize(
    ("way", "blocks"),
    [(Way.STREAM, False), (Way.ASTREAM, False), (Way.ASTREAM, True)],
    ids=["stream", "astream", "astream whose loop is held up"],
)
def test_answer_that_waits_for_its_reader_is_whole(
    wire: WireServer, way: Way, size: int, *, blocks: bool
) -> None:
    """All of it came while the reader was away, for longer than silence may last.

    What the buffers of both sides do not hold is sent when the reader is back.
    """
    first, *rest = [
        sse(event, done=False) for event in text_chunks("a", *["b" * size] * 20)
    ]
    wire.reply(event_stream_reply(first, Pause(0.05), *rest, sse()))
    model = build_model(wire, stream_idle_timeout=_IDLE)
    text = _read_slowly(way, model, blocks=blocks)
    assert text == "a" + "b" * size * 20


@streamed
def test_end_that_follows_when_the_reader_is_back_is_in_time(
    wire: WireServer, way: Way
) -> None:
    """Most of a long silence passed while nobody waited for more."""
    events = [sse(event, done=False) for event in text_chunks("a", "b", "c")]
    wire.reply(event_stream_reply(*events[:3], Pause(_AWAY + 0.1), *events[3:], sse()))
    model = build_model(wire, stream_idle_timeout=_IDLE)
    assert _read_slowly(way, model) == "abc"


@streamed
def test_server_that_is_silent_to_a_slow_reader_is_a_timeout(
    wire: WireServer, way: Way
) -> None:
    """Its time begins when the reader is back, and ends as with any other reader."""
    first = [sse(event, done=False) for event in text_chunks("a", "b")[:-1]]
    wire.reply(event_stream_reply(*first, end=End.SILENCE))
    model = build_model(wire, stream_idle_timeout=_IDLE)
    started = time.monotonic()
    with pytest.raises(ClarifaiStreamIdleTimeoutError) as raised:
        _read_slowly(way, model)
    assert time.monotonic() - started >= _AWAY + _IDLE
    error: Any = raised.value
    assert error.partial_message.text == "ab"
    assert f"silent for {_IDLE:g} seconds" in str(error)
    assert "`stream_idle_timeout`" in str(error)
    assert wire.exchanges[0].client_left.wait(5)


async def test_answer_that_came_while_the_loop_was_held_up_is_read(
    wire: WireServer,
) -> None:
    """Another task blocks the loop, in which the bytes come that a reader waits for."""
    first, *rest = [sse(event, done=False) for event in text_chunks("a", "b")]
    wire.reply(event_stream_reply(first, Pause(0.1), *rest, sse()))
    model = build_model(wire, stream_idle_timeout=_IDLE)
    texts: list[str] = []
    async for piece in model.astream("a"):
        if not texts:
            asyncio.get_running_loop().call_soon(time.sleep, _AWAY)
        texts.append(piece.text)
    assert "".join(texts) == "ab"
    await model.aclose()
