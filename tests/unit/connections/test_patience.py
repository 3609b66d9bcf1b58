"""HTTP clients wait for headers no longer than told, and drop spoilt connections."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import openai
import pytest
from langchain_core.messages import BaseMessage, HumanMessage

from langchain_clarifai import ClarifaiTimeoutError
from langchain_clarifai._connections.http_library import import_core
from langchain_clarifai._connections.network import PatientBackend, PatientStream
from langchain_clarifai._transport import attempts, posting
from tests.servers.openai_wire import choice, completion, sse, text_chunks
from tests.servers.wire import (
    End,
    Framing,
    Pause,
    Reply,
    event_stream_reply,
    json_reply,
    split_every,
)
from tests.wire.ways import PLAIN, STREAMED, Way, build_model, call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from tests.servers.wire import Piece, WireServer

    _Connected: TypeAlias = AbstractContextManager[tuple[PatientStream, socket.socket]]

_CORE = import_core()

every_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)


@contextmanager
def _connected() -> Iterator[tuple[PatientStream, socket.socket]]:
    """Connect as the pool does; yield the connection and the server's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = PatientBackend().connect_tcp(*server.getsockname(), timeout=5)
        theirs, _ = server.accept()
        with theirs, closing(ours):
            yield ours, theirs


@contextmanager
def _connected_over_tls() -> Iterator[tuple[PatientStream, socket.socket]]:
    """Connect likewise; the tickets of TLS 1.3 lie unread at our end then."""
    trustme = pytest.importorskip("trustme")
    authority, ours_trusts = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(ours_trusts)
    theirs_shows = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(theirs_shows)
    with _connected() as (plain, bare), ThreadPoolExecutor(1) as thread:
        shaking = thread.submit(theirs_shows.wrap_socket, bare, server_side=True)
        ours = plain.start_tls(ours_trusts, server_hostname="localhost", timeout=5)
        with shaking.result() as theirs, closing(ours):
            yield ours, theirs


over_both = pytest.mark.parametrize("connect", [_connected, _connected_over_tls])


def _drip(content: bytes, seconds: float) -> list[Piece]:
    pieces: list[Piece] = []
    for piece in split_every(content, 4):
        pieces += [piece, Pause(seconds)]
    return pieces


@every_way
def test_headers_that_come_byte_by_byte_are_a_timeout(
    wire: WireServer, way: Way
) -> None:
    """Each byte comes soon, but all of them together take too long."""
    head = b"HTTP/1.1 200 OK\r\nx-padding: " + b"x" * 400
    wire.reply(Reply(body=_drip(head, 0.1), framing=Framing.RAW))
    started = time.monotonic()

    error = call(way, wire, timeout=0.4).error

    assert isinstance(error, ClarifaiTimeoutError)
    # Ten seconds would be the libraries' own limits on this server.
    assert time.monotonic() - started < 5
    assert wire.exchanges[0].client_left.wait(5)


@every_way
def test_slow_headers_in_time_are_an_answer(wire: WireServer, way: Way) -> None:
    """Every request has the whole time, also on a connection that was used before."""
    body = json.dumps(completion(choice("Hi"))).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
    if way not in PLAIN:
        body = sse(*text_chunks("Hi"))
        head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"
    end = End.KEEP if way in PLAIN else End.COMPLETE
    slow = Reply(body=[*_drip(head, 0.02), body], framing=Framing.RAW, end=end)
    wire.reply(slow, slow)
    for _ in range(2):
        assert call(way, wire, timeout=5).message.text == "Hi"


@pytest.mark.slow
@pytest.mark.parametrize("way", PLAIN)
def test_time_for_a_body_begins_with_it(wire: WireServer, way: Way) -> None:
    """What it took to get a connection, and the headers, is not taken from it."""
    body = json.dumps(completion(choice("Hi"))).encode()
    wire.reply(Reply(before=[Pause(0.7)], body=[body[:9], Pause(0.7), body[9:]]))
    assert call(way, wire, timeout=1).message.text == "Hi"


@pytest.mark.slow
@pytest.mark.parametrize("way", STREAMED)
def test_stream_may_take_longer_than_its_headers(wire: WireServer, way: Way) -> None:
    """Streams are limited by their silences only."""
    pieces: list[Piece] = [Pause(0.2), sse(*text_chunks("a"), done=False)] * 5
    wire.reply(event_stream_reply(*pieces, Pause(0.2), sse()))
    assert call(way, wire, timeout=0.6).message.text == "aaaaa"


@every_way
def test_connection_of_a_broken_answer_is_not_used_again(
    wire: WireServer, way: Way
) -> None:
    """What follows of a body that was announced too short answers no other request."""
    whole = json.dumps(completion(choice("mine"))).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (len(whole) // 2)
    wire.reply(
        Reply(body=[head + whole, Pause(0.5)], framing=Framing.RAW),
        json_reply(completion(choice("next"))),
    )
    assert call(way, wire).error is not None
    assert call(way, wire).message.text == "next"
    assert len(wire.exchanges) == 2


@every_way
@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
@pytest.mark.parametrize("length", [b"content-length: 31\r\n", b""])
def test_body_where_there_can_be_none_answers_no_other_request(
    wire: WireServer, way: Way, status: bytes, length: bytes
) -> None:
    """Bytes after such a head, announced or not, end their connection."""
    head = b"HTTP/1.1 " + status + b"\r\n" + length + b"\r\n"
    glued = b"HTTP/1.1 500 Not yours\r\nx-more: "
    wire.reply(
        Reply(body=[head + glued], framing=Framing.RAW, end=End.KEEP),
        json_reply(completion(choice("next")))
        if way in PLAIN
        else event_stream_reply(sse(*text_chunks("next"))),
    )
    assert call(way, wire).error is not None
    assert call(way, wire).message.text == "next"
    assert wire.connections == 2


def test_answer_that_is_whole_keeps_its_connection(wire: WireServer) -> None:
    """Also when it is an error with a body of its own."""
    model = build_model(wire)
    wire.reply(
        json_reply({"error": {"message": "no"}}, status=400),
        json_reply(completion(choice("yes"))),
    )
    with pytest.raises(Exception, match="no"):
        model.invoke("a")
    assert model.invoke("a").text == "yes"
    assert wire.exchanges[0].connection == wire.exchanges[1].connection
    model.close()


def test_connection_with_bytes_left_takes_no_request() -> None:
    """It may have been chosen just before the answer in it had ended."""
    with _connected() as (connection, theirs):
        connection.write(b"GET")
        theirs.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n12")
        connection.read(100)
        connection.take_headers({"content-length": "1"})
        assert connection.get_extra_info("is_readable")
        with pytest.raises(ConnectionError, match="another answer"):
            connection.write(b"GET")
        assert theirs.recv(100) == b"GET"


def test_answer_that_was_there_before_the_request_is_not_taken(
    wire: WireServer,
) -> None:
    """Bytes too many after a chunked body answer no other request."""
    whole, extra = (
        json.dumps(completion(choice(text))).encode() for text in ("mine", "smuggled")
    )
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(whole), whole)
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    more = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(extra), extra)
    both = Reply(body=[head + body + more, Pause(0.2)], framing=Framing.RAW)
    wire.handler = lambda request: (
        both
        if request.json["messages"][0]["content"] == "first"
        else json_reply(completion(choice("next")))
    )
    with build_model(wire, max_retries=1) as model:
        assert model.invoke("first").text == "mine"
        assert model.invoke("second").text == "next"


async def test_large_body_has_time_to_be_written(wire: WireServer) -> None:
    """It is not taken from the time that the headers of the answer have."""
    timeout = {"read": 1, "write": 60}
    for size, seconds in ((1_000, 1), (200_000, 61)):
        messages: list[BaseMessage] = [HumanMessage("a" * size)]
        model = build_model(wire, timeout=timeout)
        request = model._build_request(messages, None, {}, stream=False)
        attempt = attempts.ChatAttempt(request, "token")
        assert attempt.header_timeout == seconds


@pytest.mark.parametrize("way", [Way.INVOKE, Way.AINVOKE])
def test_flood_of_informational_heads_ends_in_time(wire: WireServer, way: Way) -> None:
    """Each read finds bytes, so that no single read would ever be too late."""
    flood = b"HTTP/1.1 100 Continue\r\n\r\n" * 4
    pieces: list[Piece] = []
    for _ in range(4_000):
        pieces += [flood, Pause(0.0005)]
    wire.reply(Reply(body=pieces, framing=Framing.RAW))
    started = time.monotonic()
    assert call(way, wire, timeout=0.5).error is not None
    assert time.monotonic() - started < 5


@over_both
def test_answer_to_a_request_that_is_read_no_further_is_taken(
    connect: Callable[[], _Connected],
) -> None:
    """A `413` says more than that the rest could not be written in time."""
    refusal = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n"
    with connect() as (ours, theirs):
        theirs.sendall(refusal)
        ours.write(b"POST / HTTP/1.1\r\n\r\n", timeout=5)
        with pytest.raises(_CORE.WriteError):
            ours.write(b"x" * 20_000_000, timeout=0.2)
        assert ours.read(1024, timeout=5) == refusal


@over_both
def test_request_that_is_read_no_further_without_an_answer_is_a_timeout(
    connect: Callable[[], _Connected],
) -> None:
    """There is nothing then that would say more."""
    with connect() as (ours, _):
        ours.write(b"POST / HTTP/1.1\r\n\r\n", timeout=5)
        with pytest.raises(_CORE.WriteTimeout):
            ours.write(b"x" * 20_000_000, timeout=0.2)


def test_heads_without_end_are_bounded_in_memory() -> None:
    """The headers of an answer have 256 KiB, however many heads there are."""
    with _connected() as (connection, theirs):
        connection.write(b"GET")
        flood = b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000

        def read_on() -> None:
            for _ in range(100):
                theirs.sendall(flood)
                connection.read(len(flood), 1)

        with pytest.raises(ConnectionError, match="did not end"):
            read_on()


def test_headers_whose_time_is_over_are_not_read_on() -> None:
    """A byte that lies there already is no reason to go on."""
    with _connected() as (connection, theirs):
        connection.write(b"GET")
        theirs.sendall(b"HTTP/1.1")
        connection.read(1, 0.01)
        time.sleep(0.02)
        with pytest.raises(TimeoutError):
            connection.read(1, 0.01)


@pytest.mark.parametrize("size", [0, 100, 100_000])
def test_request_goes_out_whole_before_its_answer_is_read(size: int) -> None:
    """Its head waits for the body that follows, or for the end where there is none."""
    with _connected() as (connection, theirs):
        for part in (b"head", b"x" * size, b""):
            connection.write(part, 5)
        expected = b"head" + b"x" * size
        assert theirs.recv(len(expected), socket.MSG_WAITALL) == expected


def test_words_without_an_end_go_out_before_the_reply_is_read() -> None:
    """A SOCKS proxy is greeted so."""
    with _connected() as (connection, theirs):
        connection.write(b"hello", 5)
        theirs.sendall(b"yes")
        assert connection.read(100, 5) == b"yes"
        assert theirs.recv(100) == b"hello"


def test_informational_heads_do_not_defeat_reuse() -> None:
    """`100 Continue` before an answer is no byte of its body."""
    with _connected() as (connection, theirs):
        connection.write(b"GET")
        answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n12"
        theirs.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 2 + answer)
        connection.read(1_000)
        connection.take_headers({"content-length": "2"})
        assert not connection.get_extra_info("is_readable")
        connection.write(b"GET")


def test_end_of_body_that_is_kept_back_ends_with_its_own_limit(
    wire: WireServer,
) -> None:
    """No timer is left that could strike when another request has the connection."""
    whole = sse(*text_chunks("Hi"))
    wire.reply(event_stream_reply(whole, Pause(3)))
    started = time.monotonic()
    assert call(Way.STREAM, wire).message.text == "Hi"
    assert time.monotonic() - started < 2.5
    assert wire.exchanges[0].client_left.wait(5)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["stream", "astream", "stream with a client"])
async def test_end_of_a_body_at_the_limit_of_its_time_harms_no_other_request(
    wire: WireServer, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends the wait does so before the connection is lent out, or not at all.

    In 300 streams, 20 at once, the body ends just when its time does.
    """
    monkeypatch.setattr(posting, "_DRAIN_TIMEOUT", 0.1)
    delays = itertools.cycle([0.08, 0.095, 0.099, 0.1, 0.101, 0.105])
    wire.handler = lambda request: event_stream_reply(
        sse(*text_chunks(request.json["messages"][-1]["content"])), Pause(next(delays))
    )
    client = openai.DefaultHttpxClient() if "client" in way else None
    model = build_model(wire)
    model.http_client = client

    def read(words: str) -> str:
        return "".join(chunk.text for chunk in model.stream(words))

    async def aread(words: str) -> str:
        async with turns:
            return "".join([chunk.text async for chunk in model.astream(words)])

    turns = asyncio.Semaphore(20)
    words = [str(number) for number in range(300)]
    if way == "astream":
        texts = await asyncio.gather(*map(aread, words))
    else:
        with ThreadPoolExecutor(20) as executor:
            texts = await asyncio.to_thread(lambda: [*executor.map(read, words)])
    assert texts == words
    await model.aclose()
    if client is not None:
        client.close()
