"""Bytes of a stream, cut anywhere and ended anyhow → what its reader gets.

All bytes here are constructed: each shows one fault that some server has.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import openai
import pytest
from langchain_core.exceptions import ModelConnectionError, ModelTimeoutError
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser

from tests.servers.openai_wire import (
    choice,
    chunk,
    completion,
    openai_error,
    platform_error,
    sse,
    text_chunks,
    tool_call,
    tool_call_delta,
    usage,
    usage_chunk,
)
from tests.servers.wire import (
    End,
    Framing,
    Pause,
    Reply,
    event_stream_reply,
    json_reply,
    split_every,
)
from tests.wire.ways import PLAIN, STREAMED, Way, build_model, build_own_clients, call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.wire import WireServer

TEXT = "Héllo 😀\u2028\u2029\x85, “wörld”."
CHUNKS = text_chunks("Héllo 😀\u2028", "\u2029\x85, “wörld”.")
BODY = sse(*CHUNKS)
BOM = b"\xef\xbb\xbf"
SOON = 5.0
"""Seconds that nothing here takes, however busy the machine is."""

streamed = pytest.mark.parametrize("way", STREAMED, ids=lambda way: way.value)
every_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)


def _assert_connection_error(error: Any) -> None:
    """It is the SDK's and LangChain's, and no timeout."""
    assert isinstance(error, openai.APIConnectionError)
    assert isinstance(error, ModelConnectionError)
    assert not isinstance(error, openai.APITimeoutError)


def _assert_timeout(error: Any) -> None:
    """It is the SDK's and LangChain's."""
    assert isinstance(error, openai.APITimeoutError)
    assert isinstance(error, ModelTimeoutError)


def _spread_over_lines(event: bytes) -> bytes:
    """Write one event's JSON as several data lines."""
    return event.replace(b'"choices": ', b'"choices":\ndata: ')


LEGAL_FORMS = {
    "LF": BODY,
    "CR": BODY.replace(b"\n", b"\r"),
    "CRLF": BODY.replace(b"\n", b"\r\n"),
    "mixed line ends": BODY.replace(b"\n\n", b"\r\n\r", 3),
    "BOM": BOM + BODY,
    "BOM and CRLF": BOM + BODY.replace(b"\n", b"\r\n"),
    "no space": BODY.replace(b"data: ", b"data:"),
    "several data lines": _spread_over_lines(BODY),
    "comments": b": hello\n\n" + BODY.replace(b"\n\n", b"\n\n:\n: keep-alive\n\n"),
    "other fields": BODY.replace(b"data:", b"id: 7\nretry: 10\nfoo: x\nbar\ndata:"),
    "event names": BODY.replace(b"data:", b"event: message\ndata:"),
    "foreign events": b"event: ping\ndata: pong\n\nevent: x\ndata: {}\n\n" + BODY,
    "empty data": BODY.replace(b"\n\n", b"\n\ndata:\n\ndata: \n\ndata\n\nid: 3\n\n"),
    "null data": b"data: null\n\n" + BODY,
    "blank lines first": b"\n\r\n\r" + BODY,
    "DONE with blanks": BODY.replace(b"[DONE]", b"[DONE] \t"),
    "DONE after blanks": BODY.replace(b"[DONE]", b"  [DONE]"),
    "DONE without a blank line": BODY.rstrip(b"\n"),
    "DONE with half a blank line": BODY[:-1],
    "DONE with a CR": BODY.rstrip(b"\n") + b"\r",
    "no DONE": sse(*CHUNKS, done=False),
    "no DONE and no blank line": sse(*CHUNKS, done=False).rstrip(b"\n"),
    "more after DONE": BODY + sse(chunk("no"), openai_error("no"), b"{"),
    "DONE twice": BODY + b"data: [DONE]\n\n",
}


@streamed
@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("body", LEGAL_FORMS.values(), ids=LEGAL_FORMS.keys())
def test_event_stream_of_any_legal_form_is_read(
    wire: WireServer, way: Way, body: bytes, size: int
) -> None:
    """Line ends, fields, comments and cuts change nothing."""
    wire.reply(event_stream_reply(*split_every(body, size)))

    message = call(way, wire).message

    assert message.content == TEXT
    assert message.response_metadata["finish_reason"] == "stop"
    assert message.usage_metadata["total_tokens"] == usage()["total_tokens"]
    assert message.chunk_position == "last"


REPLIES = {
    "no content type": Reply(body=[BODY]),
    "content type of JSON": Reply(
        body=[BODY], headers={"content-type": "application/json"}
    ),
    "content type of HTML": Reply(body=[BODY], headers={"content-type": "text/html"}),
    "content length": Reply(body=[BODY], framing=Framing.LENGTH),
    "until the connection closes": Reply(body=[BODY], framing=Framing.CLOSE),
    "gzip": Reply(body=[gzip.compress(BODY)], headers={"content-encoding": "gzip"}),
}


@streamed
@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES.keys())
def test_event_stream_is_told_by_its_bytes(
    wire: WireServer, way: Way, reply: Reply
) -> None:
    """Neither the content type nor the framing matters."""
    wire.reply(reply)

    assert call(way, wire).message.content == TEXT


ODD_CHUNKS = {
    "choices null": {"choices": None},
    "choices empty": {"choices": []},
    "choices missing": {"id": "x"},
    "delta null": {"choices": [{"index": 0, "delta": None}]},
    "delta missing": {"choices": [{"index": 0}]},
    "delta empty": chunk({}),
    "content null": chunk({"content": None}),
    "role missing": chunk({"content": ""}),
    "role empty": chunk({"role": "", "content": ""}),
    "role null": chunk({"role": None}),
    "finish_reason empty": chunk({}, finish_reason=""),
    "another answer": chunk("no", index=1, finish_reason="length"),
    "error null": chunk({}, error=None),
    "status of success": chunk({}, status={"code": 10000, "description": "Ok"}),
    "status that is a word": chunk({}, status="in_progress"),
}


@streamed
@pytest.mark.parametrize("odd", ODD_CHUNKS.values(), ids=ODD_CHUNKS.keys())
def test_odd_chunk_is_read_over(
    wire: WireServer, way: Way, odd: dict[str, Any]
) -> None:
    """It brings no text, does no harm, and is no chunk of ours."""
    first, *rest = text_chunks("Hel", "lo")
    wire.reply(event_stream_reply(sse(first, odd, *rest)))

    outcome = call(way, wire)

    assert outcome.texts == ["Hel", "lo"]
    assert len(outcome.chunks) == 3
    assert outcome.message.response_metadata["finish_reason"] == "stop"


@streamed
@pytest.mark.parametrize("choices", [None, [], [{"index": 0, "delta": None}]])
def test_usage_and_finish_of_an_odd_chunk_are_read(
    wire: WireServer, way: Way, choices: Any
) -> None:
    """A chunk without text may hold what ends the answer."""
    last = {"choices": choices, "usage": usage(3, 4)}
    if choices:
        choices[0]["finish_reason"] = "length"
        wire.reply(event_stream_reply(sse(chunk("Hel"), last)))
    else:
        wire.reply(event_stream_reply(sse(chunk("H", finish_reason="length"), last)))

    message = call(way, wire).message

    assert message.usage_metadata["total_tokens"] == 7
    assert message.response_metadata["finish_reason"] == "length"


@streamed
def test_index_that_is_left_out_later_belongs_to_the_same_answer(
    wire: WireServer, way: Way
) -> None:
    """Only another index is another answer."""
    rest = {"choices": [{"delta": {"content": "lo"}, "finish_reason": "stop"}]}
    wire.reply(event_stream_reply(sse(rest, chunk("!"), rest, chunk("no", index=1))))

    assert call(way, wire).message.content == "lo!lo"


@streamed
def test_content_in_parts_is_joined(wire: WireServer, way: Way) -> None:
    """Some servers stream a list of parts."""
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
    wire.reply(event_stream_reply(sse(chunk({"content": parts}))))

    assert call(way, wire).message.content == "Hello"


CUTS = {
    "nothing": b"",
    "comments only": b": keep-alive\n\n" * 3,
    "a comment": b": keep",
    "role only": sse(chunk({"role": "assistant"}), done=False),
    "after an event": sse(chunk("Hé"), done=False),
    "without the blank line": sse(chunk("Hé"), done=False).rstrip(),
    "in an event": sse(chunk("Hé"), chunk("llo"), done=False)[:-30],
    "in a line": sse(chunk("Hé"), done=False) + b"dat",
    "in a character": sse(chunk("Hé"), chunk("é"), done=False).rpartition(b"\xa9")[0],
    "in DONE": sse(chunk("Hé"), done=False) + b"data: [DO",
    "in the first event": b'data: {"choices": [{"del',
    "usage but no finish": sse(chunk("Hé"), usage_chunk(), done=False),
}


@streamed
@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.CLOSE])
@pytest.mark.parametrize("body", CUTS.values(), ids=CUTS.keys())
def test_stream_that_ends_unfinished_is_an_error(
    wire: WireServer, way: Way, body: bytes, framing: Framing
) -> None:
    """The half answer is not passed off as a whole one, and is not lost either."""
    wire.reply(Reply(body=[body], framing=framing))

    error: Any = call(way, wire).error

    has_text = "H" in body.decode("utf-8", "ignore")
    _assert_connection_error(error)
    assert error.is_retryable
    assert "without a finish reason" in str(error)
    assert (error.partial_message is not None) == has_text
    if has_text:
        assert error.partial_message.content == "Hé"


@streamed
def test_unfinished_stream_is_tried_again_before_the_first_chunk(
    wire: WireServer, way: Way
) -> None:
    """Nothing was handed out, so nothing is lost."""
    wire.reply(Reply(), event_stream_reply(BODY))

    assert call(way, wire, max_retries=1).message.content == TEXT
    assert len(wire.exchanges) == 2


@streamed
def test_unfinished_stream_is_taken_as_complete_where_the_user_says_so(
    wire: WireServer, way: Way
) -> None:
    """Some servers never finish a stream."""
    wire.reply(event_stream_reply(sse(chunk("Hello"), done=False)))

    message = call(way, wire, allow_unfinished_stream=True).message

    assert message.content == "Hello"
    assert message.response_metadata["finish_reason"] is None
    assert message.chunk_position == "last"


@streamed
def test_nothing_is_no_answer_even_where_unfinished_ones_are(
    wire: WireServer, way: Way
) -> None:
    """An empty body holds nothing to be taken as complete."""
    wire.reply(Reply())

    error: Any = call(way, wire, allow_unfinished_stream=True).error

    assert isinstance(error, openai.APIResponseValidationError)


@streamed
def test_call_in_an_unfinished_stream_is_invalid_in_the_partial_message(
    wire: WireServer, way: Way
) -> None:
    """Nobody executes half a call."""
    delta = tool_call_delta('{"a": ', call_id="c", name="f")
    wire.reply(event_stream_reply(sse(chunk({"tool_calls": [delta]}), done=False)))

    partial = call(way, wire).error.partial_message

    assert partial.tool_calls == []
    assert partial.invalid_tool_calls[0]["args"] == '{"a": '


@every_way
@pytest.mark.parametrize("end", [End.RESET, End.FIN])
def test_connection_lost_before_the_headers_is_a_connection_error(
    wire: WireServer, way: Way, end: End
) -> None:
    """It is the SDK's class and LangChain's, and no timeout."""
    wire.reply(Reply(framing=Framing.RAW, end=end))

    error: Any = call(way, wire).error

    _assert_connection_error(error)
    assert error.is_retryable
    assert "Check `base_url`" in str(error)


@every_way
@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.LENGTH])
@pytest.mark.parametrize("end", [End.RESET, End.FIN])
def test_connection_lost_after_the_headers_is_a_connection_error(
    wire: WireServer, way: Way, end: End, framing: Framing
) -> None:
    """A body cut short, whatever its framing, is no answer."""
    body = json_reply(completion()).body if way in PLAIN else [sse(chunk("Hello"))[:40]]
    wire.reply(Reply(body=[*body, Pause(0.05)], framing=framing, end=end))

    error: Any = call(way, wire).error

    _assert_connection_error(error)
    assert error.response.status_code == 200
    assert error.partial_message is None


@every_way
def test_connection_lost_before_the_first_chunk_is_tried_again(
    wire: WireServer, way: Way
) -> None:
    """Up to `max_retries` times."""
    good = json_reply(completion()) if way in PLAIN else event_stream_reply(BODY)
    wire.reply(Reply(framing=Framing.RAW, end=End.FIN), good)

    assert call(way, wire, max_retries=1).message.content
    assert len(wire.exchanges) == 2


@streamed
@pytest.mark.parametrize("end", [End.RESET, End.FIN])
def test_connection_lost_in_mid_stream_is_an_error_with_what_had_come(
    wire: WireServer, way: Way, end: End
) -> None:
    """Never tried again, because a chunk was handed out."""
    body = sse(chunk("Hel"), chunk("lo"), done=False)
    wire.reply(event_stream_reply(body, Pause(0.1), end=end))

    outcome = call(way, wire, max_retries=3)

    assert outcome.texts == ["Hel", "lo"]
    _assert_connection_error(outcome.error)
    assert outcome.error.partial_message.content == "Hello"
    assert "after 2 chunks" in str(outcome.error)
    assert len(wire.exchanges) == 1


@streamed
@pytest.mark.parametrize("end", [End.RESET, End.FIN, End.SILENCE])
def test_what_happens_after_done_does_not_count(
    wire: WireServer, way: Way, end: End
) -> None:
    """The answer is whole, and its reader does not wait for the connection's end."""
    wire.reply(event_stream_reply(BODY, Pause(0.05), end=end))
    started = time.monotonic()

    assert call(way, wire, stream_idle_timeout=60).message.content == TEXT
    assert time.monotonic() - started < SOON


@streamed
def test_flood_after_done_is_not_read_for_ever(wire: WireServer, way: Way) -> None:
    """The connection is closed on a server that goes on and on."""
    flood = [piece for _ in range(500) for piece in (b": more\n\n", Pause(0.02))]
    wire.reply(event_stream_reply(BODY, *flood))
    started = time.monotonic()

    assert call(way, wire).message.content == TEXT
    assert time.monotonic() - started < SOON
    assert wire.exchanges[0].client_left.wait(SOON)


@streamed
def test_connection_is_used_again_after_a_stream(wire: WireServer, way: Way) -> None:
    """The end of a body is read, though nothing in it counts."""
    reply = event_stream_reply(BODY, Pause(0.02))
    wire.reply(reply, reply, reply)
    model = build_model(wire)

    async def astream_all() -> None:
        for _ in range(3):
            assert [chunk async for chunk in model.astream("Hi")]

    if way is Way.ASTREAM:
        asyncio.run(astream_all())
    else:
        for _ in range(3):
            assert list(model.stream("Hi"))

    assert wire.connections == 1


@streamed
@pytest.mark.parametrize(
    ("pieces", "count"),
    [
        ((), "0 chunks"),
        ((sse(chunk("Hel"), done=False),), "1 chunk"),
        ((sse(chunk("Hel"), chunk("lo"), done=False),), "2 chunks"),
    ],
)
def test_silence_is_a_timeout_that_says_how_much_had_come(
    wire: WireServer, way: Way, pieces: tuple[bytes, ...], count: str
) -> None:
    """It is typed, sync and async, and never tried again by itself."""
    wire.reply(event_stream_reply(*pieces, end=End.SILENCE))

    error: Any = call(way, wire, stream_idle_timeout=0.2, max_retries=2).error

    _assert_timeout(error)
    assert error.is_retryable
    assert error.chunks_received == int(count[0])
    assert f"silent for 0.2 seconds, after {count}." in str(error)
    assert "`stream_idle_timeout`" in str(error)
    assert len(wire.exchanges) == 1
    assert wire.exchanges[0].client_left.wait(SOON)


@streamed
def test_silence_before_the_headers_is_a_timeout_as_well(
    wire: WireServer, way: Way
) -> None:
    """Nothing has come at all."""
    wire.reply(Reply(before=[Pause(30)]))

    error: Any = call(way, wire, stream_idle_timeout=0.2).error

    _assert_timeout(error)
    assert error.chunks_received == 0
    assert error.response is None


@streamed
def test_silence_that_the_timeout_ends_names_the_timeout(
    wire: WireServer, way: Way
) -> None:
    """The advice is about the setting that was the shorter one."""
    wire.reply(event_stream_reply(end=End.SILENCE))

    error: Any = call(way, wire, timeout=0.2).error

    assert "Raise `timeout`" in str(error)


KEEP_ALIVES = {
    "comments": [b": keep-alive\n\n"],
    "empty data": [b"data:\n\n"],
    "comments in pieces": [b": kee", b"p-alive\n\n"],
    "empty data in pieces": [b"da", b"ta:\n\n"],
    "blank lines": [b"\n"],
    "names of events": [b"event: ping\n\n"],
    "ids": [b"id: 7\n\n"],
    "ids without an end": [b"id: 7\n"],
    "times to reconnect": [b"retry: 100\n\n"],
}


@streamed
@pytest.mark.parametrize("text", ["", "Hel"], ids=["before a chunk", "after a chunk"])
@pytest.mark.parametrize("alive", KEEP_ALIVES.values(), ids=KEEP_ALIVES.keys())
def test_keep_alives_are_no_progress(
    wire: WireServer, way: Way, alive: list[bytes], text: str
) -> None:
    """A server that only says that it is there is silent all the same."""
    start = [sse(chunk(text), done=False)] if text else []
    pieces = [one for piece in alive * 600 for one in (Pause(0.02), piece)]
    wire.reply(event_stream_reply(*start, *pieces))
    started = time.monotonic()

    error: Any = call(way, wire, stream_idle_timeout=0.1).error

    _assert_timeout(error)
    assert time.monotonic() - started < SOON


@pytest.mark.slow
@streamed
@pytest.mark.parametrize("size", [1, 60], ids=["byte by byte", "event by event"])
def test_slow_live_stream_is_no_silence(wire: WireServer, way: Way, size: int) -> None:
    """Neither slow events nor one event that drips in."""
    body = sse(chunk("Hello", finish_reason="stop"))
    pieces = [one for piece in split_every(body, size) for one in (piece, Pause(0.01))]
    if size > 1:
        pieces = [one for piece in pieces for one in (piece, Pause(0.1))]
    wire.reply(event_stream_reply(*pieces))

    assert call(way, wire, stream_idle_timeout=0.5).message.content == "Hello"


@streamed
def test_silence_is_waited_out_where_the_user_says_so(
    wire: WireServer, way: Way
) -> None:
    """None turns the timeout off."""
    wire.reply(event_stream_reply(Pause(0.3), BODY))

    assert call(way, wire, stream_idle_timeout=None).message.content == TEXT


@streamed
def test_silence_ends_with_the_timeout_where_there_is_no_idle_one(
    wire: WireServer, way: Way
) -> None:
    """`timeout` limits each wait for bytes."""
    wire.reply(event_stream_reply(sse(chunk("H"), done=False), end=End.SILENCE))

    error: Any = call(way, wire, stream_idle_timeout=None, timeout=0.2).error

    _assert_timeout(error)
    assert error.partial_message.content == "H"


WHOLE = json_reply(
    completion(choice("Hello!", tool_calls=[tool_call("f", {"a": 1})]))
).body[0]
assert isinstance(WHOLE, bytes)
WHOLE_BODIES = {
    "JSON": WHOLE,
    "JSON with a BOM": BOM + WHOLE,
    "JSON after blank lines": b"\n" * 5000 + WHOLE,
    "JSON after comments": b": waiting\n\n" * 200 + WHOLE,
    "JSON after one long comment": b":" + b"x" * 9000 + b"\r\n" + WHOLE,
    "an event": b"data: " + WHOLE + b"\n\ndata: [DONE]\n\n",
    "an event without DONE": b"data: " + WHOLE + b"\n\n",
}


@streamed
@pytest.mark.parametrize("size", [1, 300, 100_000])
@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("body", WHOLE_BODIES.values(), ids=WHOLE_BODIES.keys())
def test_whole_completion_is_a_stream_of_one_chunk(
    wire: WireServer, way: Way, body: bytes, content_type: str, size: int
) -> None:
    """Some servers ignore that a stream was asked for."""
    pieces = split_every(body, max(size, len(body) // 500))
    wire.reply(Reply(body=pieces, headers={"content-type": content_type}))

    outcome = call(way, wire)

    assert outcome.texts == ["Hello!"]
    assert outcome.message.tool_calls[0]["args"] == {"a": 1}
    assert outcome.message.response_metadata["finish_reason"] == "stop"
    assert outcome.message.usage_metadata["total_tokens"] == usage()["total_tokens"]


@streamed
@pytest.mark.parametrize("size", [1, 100_000])
@pytest.mark.parametrize("start", [b"", BOM, b": waiting\n\n"])
def test_error_instead_of_a_stream_is_raised(
    wire: WireServer, way: Way, start: bytes, size: int
) -> None:
    """Whatever the content type says."""
    body = json_reply(platform_error(21353, "Not deployed")).body[0]
    assert isinstance(body, bytes)
    wire.reply(event_stream_reply(*split_every(start + body, size)))

    error: Any = call(way, wire).error

    assert type(error).__name__ == "ClarifaiNotDeployedError"
    assert error.code == 21353
    assert error.request_id == "req-1"


@streamed
def test_chunks_before_an_error_are_read_however_the_bytes_are_cut(
    wire: WireServer, way: Way
) -> None:
    """An error in the same piece of bytes does not swallow what came before it."""
    delta = tool_call_delta("{", call_id="c", name="f")
    error = platform_error(21355, "loading")
    body = sse(chunk("Hel"), chunk({"tool_calls": [delta]}), error)
    wire.reply(event_stream_reply(body))

    outcome = call(way, wire, max_retries=3, cold_start_timeout=30)

    assert outcome.texts == ["Hel"]
    assert outcome.chunks[1].tool_call_chunks[0]["name"] == "f"
    assert outcome.error.partial_message.content == "Hel"
    assert len(wire.exchanges) == 1


@streamed
def test_first_chunk_is_a_real_one(wire: WireServer, way: Way) -> None:
    """A role, and empty text, are no chunk: an error after them can be tried again."""
    empty = sse(
        chunk({"role": "assistant", "content": ""}), chunk({"content": ""}), done=False
    )
    wire.reply(
        event_stream_reply(empty, Pause(0.05), sse(platform_error(21355, "loading"))),
        event_stream_reply(BODY),
    )

    outcome = call(way, wire, cold_start_timeout=30)

    assert outcome.message.content == TEXT
    assert len(wire.exchanges) == 2


@streamed
@pytest.mark.parametrize(
    "reply",
    [
        event_stream_reply(sse(chunk({"role": "assistant"}), openai_error("no"))),
        json_reply(openai_error("no"), status=400),
        Reply(framing=Framing.RAW, end=End.FIN),
        event_stream_reply(end=End.SILENCE),
    ],
    ids=["error event", "error status", "no connection", "silence"],
)
def test_fallback_steps_in_before_the_first_chunk(
    wire: WireServer, way: Way, reply: Reply
) -> None:
    """The first `next()` has already read a real chunk."""
    wire.reply(reply)
    fallback = FakeListChatModel(responses=["B"])
    chain = build_model(wire, stream_idle_timeout=0.2).with_fallbacks([fallback])

    async def aread() -> str:
        return "".join([str(one.content) async for one in chain.astream("Hi")])

    if way is Way.ASTREAM:
        assert asyncio.run(aread()) == "B"
    else:
        assert "".join(str(one.content) for one in chain.stream("Hi")) == "B"


# --- The reader stops -----------------------------------------------------------


def _endless() -> Reply:
    more = [
        one for _ in range(500) for one in (sse(chunk("x"), done=False), Pause(0.02))
    ]
    return event_stream_reply(*more)


def _assert_left_at_once(wire: WireServer, stopped: float) -> None:
    [exchange] = wire.exchanges
    assert exchange.client_left.wait(SOON)
    assert exchange.client_left_at is not None
    assert exchange.client_left_at - stopped < 1


def test_server_sees_a_loop_that_breaks(wire: WireServer) -> None:
    """The connection closes, so that generation stops being paid for."""
    wire.reply(_endless())

    for _ in build_model(wire).stream("Hi"):
        break

    _assert_left_at_once(wire, time.monotonic())


def test_server_sees_a_stream_that_is_closed(wire: WireServer) -> None:
    """Closing yields nothing more."""
    wire.reply(_endless())
    stream: Any = build_model(wire).stream("Hi")
    next(stream)
    stream.close()

    assert list(stream) == []
    _assert_left_at_once(wire, time.monotonic())


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Let SIGINT interrupt, which a shell turns off for what it runs behind itself."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_server_sees_ctrl_c(wire: WireServer) -> None:
    """Also while nothing comes."""
    wire.reply(event_stream_reply(sse(chunk("x"), done=False), end=End.SILENCE))
    stream = build_model(wire).stream("Hi")
    next(stream)
    interrupt = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()

    with pytest.raises(KeyboardInterrupt):
        next(stream)

    _assert_left_at_once(wire, time.monotonic())


async def test_server_sees_an_async_stream_that_is_closed(wire: WireServer) -> None:
    """Before `aclose` returns."""
    wire.reply(_endless())
    stream: Any = build_model(wire).astream("Hi")
    await anext(stream)
    await stream.aclose()

    assert [one async for one in stream] == []
    await asyncio.to_thread(_assert_left_at_once, wire, time.monotonic())


async def test_server_sees_an_async_chain_that_is_closed(wire: WireServer) -> None:
    """The model is not alone in a chain."""
    wire.reply(_endless())
    stream: Any = (build_model(wire) | StrOutputParser()).astream("Hi")
    await anext(stream)
    await stream.aclose()

    await asyncio.to_thread(_assert_left_at_once, wire, time.monotonic())


@pytest.mark.parametrize("is_silent", [False, True])
@pytest.mark.parametrize("name", ["astream", "ainvoke"])
async def test_server_sees_a_task_that_is_cancelled(
    wire: WireServer, name: str, *, is_silent: bool
) -> None:
    """Cancellation is not swallowed, and closes the connection."""
    silence = event_stream_reply(sse(chunk("x"), done=False), end=End.SILENCE)
    wire.reply(silence if is_silent else _endless())
    model = build_model(wire)

    async def read() -> None:
        if name == "ainvoke":
            await model.ainvoke("Hi")
        async for _ in model.astream("Hi"):
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0.2)
    stopped = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await asyncio.to_thread(_assert_left_at_once, wire, stopped)


async def test_two_streams_of_one_model_share_nothing(wire: WireServer) -> None:
    """Their calls, ids and texts stay apart."""

    def build_reply(text: str) -> Reply:
        deltas = [
            tool_call_delta(
                part, call_id=f"{text}{index}", name=text if not index else ""
            )
            for index, part in enumerate(['{"a"', ": ", f'"{text}"', "}"])
        ]
        events = [chunk({"tool_calls": [delta]}) for delta in deltas]
        pieces = split_every(sse(chunk(text), *events), 30)
        return event_stream_reply(
            *(p for piece in pieces for p in (piece, Pause(0.005)))
        )

    wire.reply(build_reply("one"), build_reply("two"))
    model = build_model(wire)

    async def read() -> Any:
        total: Any = None
        async for one in model.astream("Hi"):
            total = one if total is None else total + one
        return total

    totals = await asyncio.gather(read(), read())

    assert {total.content for total in totals} == {"one", "two"}
    for total in totals:
        [one] = total.tool_calls
        assert (one["name"], one["args"]) == (total.content, {"a": total.content})


@streamed
def test_event_that_is_too_long_is_an_error(
    wire: WireServer, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is not for the server to fill."""
    monkeypatch.setattr("langchain_clarifai._answer.events.MAX_EVENT_BYTES", 1000)
    wire.reply(event_stream_reply(b"data: " + b"x" * 2000))

    error: Any = call(way, wire).error

    assert isinstance(error, openai.APIResponseValidationError)
    assert "bytes" in str(error)


@every_way
def test_answer_that_is_too_long_is_an_error(
    wire: WireServer, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor in a body without events."""
    monkeypatch.setattr("langchain_clarifai._answer.bodies.MAX_BODY_BYTES", 100)
    wire.reply(json_reply(completion()))

    error: Any = call(way, wire).error

    assert isinstance(error, openai.APIResponseValidationError)
    assert "too long" in str(error)


def test_stream_over_a_foreign_transport_is_read(wire: WireServer) -> None:
    """A transport that knows no sockets, such as a recorder's, is closed after it."""
    wire.reply(event_stream_reply(BODY, Pause(0.05)))
    clients = build_own_clients()
    http_client = clients["http_client"]

    def hide_socket(response: Any) -> None:
        del response.extensions["network_stream"]

    http_client.event_hooks["response"].append(hide_socket)
    with http_client:
        assert call(Way.STREAM, wire, **clients).message.content == TEXT
