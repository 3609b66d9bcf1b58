"""The server that the other tests trust does what it is told, byte for byte."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, IncompleteRead
from typing import TYPE_CHECKING

import pytest

from tests.servers.openai_wire import sse
from tests.servers.wire import (
    End,
    Framing,
    Pause,
    Reply,
    Request,
    WireServer,
    event_stream_reply,
    json_reply,
    split,
    split_every,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.wire import Exchange


@pytest.fixture
def client(wire: WireServer) -> Iterator[HTTPConnection]:
    connection = HTTPConnection(wire.origin.removeprefix("http://"), timeout=10)
    yield connection
    connection.close()


def _post(client: HTTPConnection, body: bytes = b"{}") -> bytes:
    client.request("POST", "/v2/ext/openai/v1/chat/completions", body)
    return client.getresponse().read()


def _connect(wire: WireServer) -> socket.socket:
    host, port = wire.origin.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.sendall(b"POST /x HTTP/1.1\r\n\r\n")
    return connection


def test_request_is_recorded_as_it_came(
    wire: WireServer, client: HTTPConnection
) -> None:
    """Method, path, headers, bytes and JSON are kept."""
    wire.reply(json_reply({"answer": "é"}))

    assert _post(client, b'{"a": 1}').decode() == '{"answer": "é"}'

    request = wire.last_request
    assert (request.method, request.path) == (
        "POST",
        "/v2/ext/openai/v1/chat/completions",
    )
    assert request.headers["content-length"] == "8"
    assert request.body == b'{"a": 1}'
    assert request.json == {"a": 1}


def test_chunked_request_is_read_whole(
    wire: WireServer, client: HTTPConnection
) -> None:
    """Some clients send their body in chunks."""
    wire.reply(json_reply({}))
    client.request("POST", "/x", iter([b"ab", b"c"]), encode_chunked=True)
    client.getresponse().read()

    assert wire.last_request.body == b"abc"


@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.LENGTH, Framing.CLOSE])
def test_body_arrives_whole_in_every_framing(
    wire: WireServer, client: HTTPConnection, framing: Framing
) -> None:
    """However the end of the body is told, the body is the same."""
    wire.reply(Reply(body=[b"one", b"", b"two"], framing=framing))

    assert _post(client) == b"onetwo"


def test_connection_is_used_again_after_a_complete_reply(
    wire: WireServer, client: HTTPConnection
) -> None:
    """Keep-alive works."""
    wire.reply(json_reply(1), event_stream_reply(b"x"), json_reply(2))

    assert [_post(client) for _ in range(3)] == [b"1", b"x", b"2"]
    assert [exchange.connection for exchange in wire.exchanges] == [1, 1, 1]
    assert wire.connections == 1


def test_raw_bytes_are_all_that_is_sent(wire: WireServer) -> None:
    """Nothing is added to a raw reply."""
    wire.reply(Reply(body=[b"no ", b"HTTP"], framing=Framing.RAW))

    with _connect(wire) as connection, connection.makefile("rb") as stream:
        assert stream.read() == b"no HTTP"


@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.LENGTH])
def test_fin_cuts_the_body_off(
    wire: WireServer, client: HTTPConnection, framing: Framing
) -> None:
    """A client can tell that there should have been more."""
    wire.reply(Reply(body=[b"x"], framing=framing, end=End.FIN))

    with pytest.raises(IncompleteRead):
        _post(client)


def test_reset_is_a_reset(wire: WireServer) -> None:
    """The client's next read fails."""
    wire.reply(event_stream_reply(b"x", end=End.RESET))

    with (
        _connect(wire) as connection,
        connection.makefile("rb") as stream,
        pytest.raises(ConnectionResetError),
    ):
        stream.read()


@pytest.mark.parametrize(
    "reply",
    [
        event_stream_reply(b"x", end=End.SILENCE),
        event_stream_reply(b"x", Pause(600), b"y"),
        event_stream_reply(b"x", threading.Event(), b"y"),
        Reply(before=[threading.Event()]),
    ],
    ids=["silence", "pause", "event", "before"],
)
def test_client_that_leaves_is_noticed(wire: WireServer, reply: Reply) -> None:
    """Whatever the server is waiting for, it sees the client go."""
    wire.reply(reply)
    with _connect(wire) as connection, connection.makefile("rb") as stream:
        while not reply.before and stream.readline() != b"x\r\n":
            pass

    exchange = _wait_for_exchange(wire)
    assert exchange.client_left.wait(10)
    assert exchange.finished.wait(10)
    assert len(exchange.sent_at) == (not reply.before)


def _wait_for_exchange(wire: WireServer) -> Exchange:
    while not wire.exchanges:
        threading.Event().wait(0.01)
    return wire.exchanges[0]


def test_event_holds_the_next_piece_back(
    wire: WireServer, client: HTTPConnection
) -> None:
    """A test decides when the stream goes on."""
    gate = threading.Event()
    wire.reply(event_stream_reply(b"one", gate, b"two"))
    client.request("POST", "/x")
    response = client.getresponse()

    assert response.read(3) == b"one"
    assert len(wire.exchanges[0].sent_at) == 1
    gate.set()
    assert response.read() == b"two"
    assert wire.exchanges[0].finished.wait(10)
    assert not wire.exchanges[0].client_left.is_set()


def test_many_clients_are_served_at_once(wire: WireServer) -> None:
    """A handler answers each of them with its own."""
    together = threading.Barrier(20)

    def echo(request: Request) -> Reply:
        together.wait(10)
        return json_reply(request.json)

    wire.handler = echo
    host = wire.origin.removeprefix("http://")

    def ask(number: int) -> bytes:
        client = HTTPConnection(host, timeout=10)
        try:
            return _post(client, str(number).encode())
        finally:
            client.close()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(20)))

    assert answers == [str(number).encode() for number in range(20)]
    assert wire.connections == 20


def test_unforeseen_request_is_a_failure() -> None:
    """A request too many is answered with a status that no client retries."""
    with WireServer() as server:
        client = HTTPConnection(server.origin.removeprefix("http://"), timeout=10)
        client.request("GET", "/x")
        assert client.getresponse().status == 418
        client.close()

    assert server.failures == ["No reply was left for GET /x."]
    assert server.open_connections == 0


@pytest.mark.parametrize(
    ("at", "pieces"),
    [
        ([], [b"abcd"]),
        ([0, 4, 9, -1], [b"abcd"]),
        ([3, 1, 1], [b"a", b"bc", b"d"]),
    ],
)
def test_split_cuts_at_the_offsets(at: list[int], pieces: list[bytes]) -> None:
    """Offsets may be in any order; no piece is empty."""
    assert split(b"abcd", at) == pieces


def test_split_every_cuts_in_equal_pieces() -> None:
    """The last piece may be shorter."""
    assert split_every(b"abcde", 2) == [b"ab", b"cd", b"e"]
    assert split_every(b"", 2) == []


def test_sse_writes_events() -> None:
    """JSON, text and bytes become events, in any of the three line ends."""
    assert sse({"a": "é"}, "x", b"y") == (
        'data: {"a": "é"}\n\ndata: x\n\ndata: y\n\ndata: [DONE]\n\n'.encode()
    )
    assert sse("x", done=False, line_end=b"\r\n") == b"data: x\r\n\r\n"
