"""Section 4: the stream itself, by the rules of the WHATWG and by how streams end."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain_core.exceptions import (
    ModelConnectionError,
    ModelError,
    ModelTimeoutError,
)
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableLambda
from payloads import (
    JSON,
    build_chunk,
    chunk,
    completion,
    dump,
    error,
    events,
    role,
    text_stream,
    usage,
)
from servers.wire import (
    End,
    Pause,
    Reply,
    WireServer,
    event_stream_reply,
    split,
    split_every,
)
from stage import Bytes, Played, Stage, check, expect, expect_equal

TEXTS = ("Ärger", " über ", "Öl: ", "日本語", " 🚂", ".")
TEXT = "".join(TEXTS)
STREAM = text_stream(*TEXTS, usage=usage(5, 6))
DONE = b"data: [DONE]\n\n"


def expect_text(stage: Stage, *replies: Bytes, text: str = TEXT) -> None:
    """Expect a text and a finish reason, whole."""
    for played in stage.stream(*replies):
        expect_equal(played.text, text, "text")
        reason = played.message.response_metadata.get("finish_reason")
        expect_equal(reason, "stop", "finish_reason")


@check(4)
def lines_end_in_crlf(stage: Stage) -> None:
    """Lines may end in CRLF."""
    expect_text(stage, STREAM.replace(b"\n", b"\r\n"))


@check(4)
def lines_end_in_cr(stage: Stage) -> None:
    """Lines may end in CR."""
    expect_text(stage, STREAM.replace(b"\n", b"\r"))


@check(4)
def every_byte_comes_alone(stage: Stage) -> None:
    """Bytes may be split anywhere: in a CRLF, in a letter, in a word."""
    stream = text_stream("Ö", "l", usage=None).replace(b"\n", b"\r\n")
    expect_text(stage, event_stream_reply(*split_every(stream, 1)), text="Öl")


@check(4)
def split_in_letters(stage: Stage) -> None:
    """Bytes may be split in the middle of a letter of two, three or four bytes."""
    inside = [
        n
        for n, byte in enumerate(STREAM)
        if 0x80 <= byte < 0xC0  # continuations
    ]
    pieces = [p for one in split(STREAM, inside) for p in (one, Pause(0.002))]
    expect_text(stage, event_stream_reply(*pieces))


@check(4)
def byte_order_mark(stage: Stage) -> None:
    """A byte order mark before the first line is skipped."""
    stream = events(*map(chunk, TEXTS), chunk(finish="stop"))
    expect_text(stage, b"\xef\xbb\xbf" + stream)


@check(4)
def no_space_after_the_colon(stage: Stage) -> None:
    """`data:` may come without a space."""
    expect_text(stage, STREAM.replace(b"data: ", b"data:"))


@check(4)
def event_over_several_lines(stage: Stage) -> None:
    """An event may be spread over several `data:` lines."""
    spread = STREAM.replace(b'"choices": ', b'"choices":\ndata: ')
    expect(spread != STREAM, "nothing is spread")
    expect_text(stage, spread.replace(b'"delta"', b'\ndata: "delta"'))


@check(4)
def comments(stage: Stage) -> None:
    """Comments are skipped, between events and within them."""
    commented = STREAM.replace(b"data: {", b": PROCESSING\n\n:\ndata: {")
    expect_text(stage, b": connected\n\n" + commented)


@check(4)
def ids_and_comments(stage: Stage) -> None:
    """A comment or blank line after an `id:` is no event."""
    expect_text(stage, STREAM.replace(b"data: {", b"id: 41\n\n: ping\n\ndata: {"))


@check(4)
def retry_alone(stage: Stage) -> None:
    """A `retry:` line alone is no event."""
    expect_text(stage, b"retry: 3000\n\n" + STREAM)


@check(4)
def event_names(stage: Stage) -> None:
    """Events with a name are read like the rest."""
    named = STREAM.replace(b"data: {", b"event: completion.chunk\ndata: {")
    expect_text(stage, named)


@check(4)
def empty_data(stage: Stage) -> None:
    """Events with empty data are no events."""
    expect_text(stage, STREAM.replace(b"data: {", b"data:\n\ndata: \n\ndata: {"))


@check(4)
def line_separators_of_unicode(stage: Stage) -> None:
    """U+2028, U+2029 and U+0085 inside a string are text."""
    text = "erste\u2028zweite\u2029dritte\u0085vierte"
    stream = events(role(), chunk(text), chunk(finish="stop"))
    expect_text(stage, stream, text=text)


@check(4)
def done_with_blanks(stage: Stage) -> None:
    """`[DONE]` may have blanks after it."""
    expect_text(stage, STREAM.replace(b"[DONE]", b"[DONE]  \t"))


@check(4)
def done_is_missing(stage: Stage) -> None:
    """`[DONE]` may be missing when there was a finish reason."""
    expect_text(stage, STREAM.removesuffix(DONE))


@check(4)
def done_without_a_blank_line(stage: Stage) -> None:
    """`[DONE]` may come without its blank line, or without any line end."""
    expect_text(stage, STREAM.removesuffix(b"\n"))
    expect_text(stage, STREAM.removesuffix(b"\n\n"))


@check(4)
def nothing_counts_after_done(stage: Stage) -> None:
    """What follows `[DONE]` does not count."""
    more = events(chunk(" Und mehr.", "length", usage=usage(99, 99)), "kein JSON")
    for played in stage.stream(STREAM + more):
        expect_equal(played.text, TEXT, "text")
        found: Any = played.message.usage_metadata
        expect_equal(found["total_tokens"], 11, "total_tokens")


@check(4)
def choices_are_null(stage: Stage) -> None:
    """A chunk whose choices are null is skipped, but its usage is read."""
    stream = events(
        build_chunk(None),
        chunk("Ja"),
        build_chunk(None, usage=usage(4, 1)),
        chunk(finish="stop"),
    )
    for played in stage.stream(stream):
        expect_equal(played.text, "Ja", "text")
        found: Any = played.message.usage_metadata or {}
        expect_equal(found.get("total_tokens"), 5, "total_tokens")


@check(4)
def delta_is_null(stage: Stage) -> None:
    """A chunk whose delta is null is skipped, but its finish reason is read."""
    last = chunk(finish="stop")
    last["choices"][0]["delta"] = None
    silent = chunk()
    silent["choices"][0]["delta"] = None
    expect_text(stage, events(silent, chunk("Ja"), last), text="Ja")


@check(4)
def role_is_missing(stage: Stage) -> None:
    """A role that is missing, empty or null is the assistant's."""
    for first in ({"content": "J"}, {"role": "", "content": "J"}):
        stream = events(
            chunk(first), chunk({"role": None, "content": "a"}), chunk(finish="stop")
        )
        for played in stage.stream(stream):
            expect_equal(played.text, "Ja", "text")
            expect_equal(played.message.type, "ai", "type of message")


@check(4)
def content_is_a_list(stage: Stage) -> None:
    """Content that is a list of parts is joined to text, streamed and plain."""

    def build(*texts: str) -> list[JSON]:
        return [{"type": "text", "text": text} for text in texts]

    stream = events(
        chunk({"role": "assistant", "content": build("Gue", "te ")}),
        chunk({"content": build("Morge")}),
        chunk(finish="stop"),
    )
    for played in stage.stream(stream):
        expect_equal(played.text, "Guete Morge", "text")
        expect_equal(played.message.content, "Guete Morge", "content")
    for played in stage.answer(completion(build("Guete ", "Morge"))):
        expect_equal(played.text, "Guete Morge", "text")


def find_partial_text(raised: BaseException) -> str:
    """Find the text of a message that an error carries."""
    carried = [v for v in vars(raised).values() if isinstance(v, BaseMessage)]
    return str(carried[0].text) if carried else ""


UNFINISHED = events(role(), chunk("Es war "), chunk("einmal"), done=False)


@check(4)
def end_without_finish(stage: Stage) -> None:
    """The end without finish and `[DONE]` is a retryable error with what arrived."""
    for played in stage.fail_stream(UNFINISHED):
        raised = played.error
        expect(isinstance(raised, ModelError), f"it is a {type(raised).__name__}")
        expect(getattr(raised, "is_retryable", False), "it is not retryable")
        expect_equal(find_partial_text(raised), "Es war einmal", "the partial message")


@check(4)
def end_without_finish_allowed(stage: Stage) -> None:
    """Such an end is an answer where the user said so."""
    for played in stage.stream(UNFINISHED, allow_unfinished=True):
        expect_equal(played.text, "Es war einmal", "text")


@check(4)
def end_with_done_only(stage: Stage) -> None:
    """`[DONE]` without a finish reason is an end like any other."""
    for played in stage.stream(UNFINISHED + DONE):
        expect_equal(played.text, "Es war einmal", "text")


def expect_connection_error(stage: Stage, end: End) -> None:
    """Expect an error that is LangChain's and the SDK's, with what arrived."""
    reply = event_stream_reply(UNFINISHED, Pause(0.15), end=end)
    for played in stage.fail_stream(reply):
        raised = played.error
        name = type(raised).__name__
        expect(isinstance(raised, ModelConnectionError), f"it is a {name}")
        expect(getattr(raised, "is_retryable", False), "it is not retryable")
        names = [cls.__name__ for cls in type(raised).__mro__]
        expect("APIConnectionError" in names, f"{name} is not the SDK's")
        expect_equal(len(played.exchanges), 1, "number of requests")


@check(4)
def connection_is_closed(stage: Stage) -> None:
    """A connection closed in mid-body is a connection error."""
    expect_connection_error(stage, End.FIN)


@check(4)
def connection_is_reset(stage: Stage) -> None:
    """A connection reset in mid-body is a connection error."""
    expect_connection_error(stage, End.RESET)


def expect_idle_timeout(played: Played, chunks: int | None = None) -> None:
    """Expect a typed timeout, in time."""
    raised = played.error
    expect(raised is not None, "raised nothing")
    name = type(raised).__name__
    expect(isinstance(raised, (ModelTimeoutError, TimeoutError)), f"it is a {name}")
    expect(played.seconds < 6, f"it took {played.seconds:.1f} s")
    if chunks is not None:
        expect(str(chunks) in str(raised), f"it does not say {chunks}: {raised}")


SILENT = event_stream_reply(
    events(role(), chunk("Einen "), chunk("Moment"), done=False), end=End.SILENCE
)


@check(4, seconds=8)
def silence(stage: Stage) -> None:
    """Silence in `stream` is a typed timeout that counts the chunks received."""
    expect_idle_timeout(stage.play("stream", SILENT, idle=0.7), 3)


@check(4, seconds=8)
def silence_in_async(stage: Stage) -> None:
    """Silence in `astream` is a typed timeout that counts the chunks received."""
    expect_idle_timeout(stage.play("astream", SILENT, idle=0.7), 3)


@check(4, seconds=16)
def comments_are_silence(stage: Stage) -> None:
    """Comments that keep the connection alive are no progress."""
    pings = [part for _ in range(40) for part in (b": ping\n\n", Pause(0.2))]
    start = events(role(), chunk("Einen "), done=False)
    for how in ("stream", "astream"):
        reply = event_stream_reply(start, *pings)
        played = stage.play(how, reply, idle=0.7)
        expect_idle_timeout(played)


@check(4)
def slow_but_alive(stage: Stage) -> None:
    """A slow stream that lasts longer than the limit never trips it."""
    lines = STREAM.split(b"\n\n")
    pieces: list[Any] = [p for one in lines for p in (one + b"\n\n", Pause(0.25))]
    for played in stage.stream(event_stream_reply(*pieces), idle=1.2):
        expect_equal(played.text, TEXT, "text")


@check(4)
def completion_instead_of_a_stream(stage: Stage) -> None:
    """A whole JSON completion instead of a stream is a stream."""
    for played in stage.stream(completion("Alles auf einmal.")):
        expect_equal(played.text, "Alles auf einmal.", "text")
        found: Any = played.message.usage_metadata or {}
        expect_equal(found.get("total_tokens"), 15, "total_tokens")


def build_endless() -> Reply:
    """Build a stream that would go on for half a minute."""
    one = events(chunk("la "), done=False)
    more = [part for _ in range(300) for part in (one, Pause(0.1))]
    return event_stream_reply(events(role(), chunk("la "), done=False), *more)


def expect_hang_up(server: WireServer) -> None:
    """Expect that the server sees the end at once."""
    left = server.exchanges[0].client_left.wait(1.5)
    expect(left, "the server saw no end within 1.5 s")


@check(4)
def reader_breaks_off(stage: Stage) -> None:
    """A `break` closes the connection at once."""
    with WireServer() as server:
        server.reply(build_endless())
        read = stage.build_model(origin=server.origin).stream("Sing")
        for count, _ in enumerate(read):
            if count == 2:
                break
        del read
        expect_hang_up(server)


@check(4)
def reader_closes(stage: Stage) -> None:
    """`close()` of a stream closes the connection at once."""
    with WireServer() as server:
        server.reply(build_endless())
        read = stage.build_model(origin=server.origin).stream("Sing")
        next(read)
        read.close()
        expect_hang_up(server)


async def look_at(server: WireServer) -> None:
    """Look for the end while the event loop goes on."""
    await asyncio.to_thread(expect_hang_up, server)


@check(4)
def reader_closes_in_async(stage: Stage) -> None:
    """`aclose()` of a stream closes the connection at once."""

    async def read(server: WireServer) -> None:
        chunks = stage.build_model(origin=server.origin).astream("Sing")
        await anext(chunks)
        await chunks.aclose()
        await look_at(server)

    with WireServer() as server:
        server.reply(build_endless())
        asyncio.run(read(server))


@check(4)
def reader_is_cancelled(stage: Stage) -> None:
    """Cancellation of the reader's task closes the connection at once."""

    async def read(server: WireServer) -> None:
        model = stage.build_model(origin=server.origin)
        begun = asyncio.Event()

        async def sing() -> None:
            async for _ in model.astream("Sing"):
                begun.set()

        task = asyncio.create_task(sing())
        await asyncio.wait_for(begun.wait(), 5)
        await asyncio.sleep(0.05)  # in the pause between two events
        task.cancel()
        await asyncio.wait({task}, timeout=3)
        expect(task.cancelled(), "the cancellation is swallowed")
        await look_at(server)

    with WireServer() as server:
        server.reply(build_endless())
        asyncio.run(read(server))


@check(4)
def chain_is_closed(stage: Stage) -> None:
    """`aclose()` of a chain's stream closes the connection at once."""

    async def read(server: WireServer) -> None:
        model = stage.build_model(origin=server.origin)
        chain = RunnableLambda(lambda text: f"Sing {text}") | model
        chunks = chain.astream("laut")
        await anext(chunks)
        await chunks.aclose()
        await look_at(server)

    with WireServer() as server:
        server.reply(build_endless())
        asyncio.run(read(server))


@check(4)
def fallback_when_the_first_event_fails(stage: Stage) -> None:
    """An error after an empty first chunk still lets the fallback answer."""
    broken = event_stream_reply(
        events(role(), done=False), Pause(0.05), events(error("kaputt"), done=False)
    )
    with WireServer() as server:
        server.reply(event_stream_reply(STREAM))
        second = stage.build_model(origin=server.origin)
        for played in stage.stream(
            broken, prepare=lambda model: model.with_fallbacks([second])
        ):
            expect_equal(played.text, TEXT, "text")
            server.reply(event_stream_reply(STREAM))


@check(4)
def fallback_when_the_server_fails(stage: Stage) -> None:
    """A server that answers a stream with an error lets the fallback answer."""
    reply = Reply(
        body=[dump(error("overloaded")).encode()],
        status=500,
        headers={"content-type": "application/json"},
    )
    for played in stage.stream(
        reply,
        event_stream_reply(STREAM),
        prepare=lambda model: model.with_fallbacks([model]),
    ):
        expect_equal(played.text, TEXT, "text")
