"""Bytes that a test has written → an HTTP/1.1 answer on loopback, piece by piece.

A test says what the next answers are, byte for byte, how they are cut into pieces,
what happens between the pieces and how they end:

    with WireServer() as server:
        server.reply(event_stream_reply(*split_every(text, 7), end=End.RESET))
        ...
        assert server.last_request.json == {...}
        assert server.exchanges[0].client_left.wait(5)
"""

from __future__ import annotations

import contextlib
import enum
import http
import http.client
import itertools
import json
import socket
import struct
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO, Final, Self, TypeAlias

OPENAI_PATH: Final = "/v2/ext/openai/v1"

_POLL_SECONDS: Final = 0.005
_JOIN_SECONDS: Final = 5.0


class End(enum.Enum):
    """How an answer ends, once all of its pieces are sent."""

    COMPLETE = "as HTTP wants it; the connection can be used again"
    KEEP = "the bytes said themselves where they end; the connection can be used again"
    FIN = "the connection is closed in mid-body"
    RESET = "the connection is reset in mid-body"
    SILENCE = "nothing more comes, and the connection stays open until the client goes"


class Framing(enum.Enum):
    """How the client can tell where the body ends."""

    CHUNKED = "each piece is one chunk of a chunked body"
    LENGTH = "a content-length, one byte too long when the answer is to be cut off"
    CLOSE = "no length: the body ends with the connection"
    RAW = "the pieces are all that is sent, status line and headers included"


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before the next piece, for as long as the client stays."""

    seconds: float


Piece: TypeAlias = bytes | Pause | threading.Event
"""Bytes are sent at once as a segment of their own; an event is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server does with one request.

    `before` is waited for before the status line is sent.
    """

    body: Sequence[Piece] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    before: Sequence[Pause | threading.Event] = ()
    framing: Framing = Framing.CHUNKED
    end: End = End.COMPLETE


def json_reply(
    body: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    """Answer with a JSON document."""
    return Reply(
        body=[json.dumps(body, ensure_ascii=False).encode()],
        status=status,
        headers={"content-type": "application/json", **(headers or {})},
        framing=Framing.LENGTH,
    )


def event_stream_reply(
    *pieces: Piece,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    end: End = End.COMPLETE,
) -> Reply:
    """Answer with an event stream, cut into the given pieces."""
    return Reply(
        body=pieces,
        status=status,
        headers={"content-type": "text/event-stream", **(headers or {})},
        end=end,
    )


def split(content: bytes, at: Iterable[int]) -> list[bytes]:
    """Cut bytes at the given offsets; no piece is empty."""
    cuts = sorted({0, len(content), *(max(0, min(cut, len(content))) for cut in at)})
    return [content[start:stop] for start, stop in itertools.pairwise(cuts)]


def split_every(content: bytes, size: int) -> list[bytes]:
    """Cut bytes into pieces of `size`; the last one may be shorter."""
    return split(content, range(0, len(content), size))


@dataclass(frozen=True)
class Request:
    """One request as it came in. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    header_names: tuple[str, ...] = ()
    """As often as they came, in lower case, in the order of the alphabet."""

    @cached_property
    def json(self) -> Any:
        """The parsed body; `None` when there is none."""
        return json.loads(self.body) if self.body else None


@dataclass(slots=True)
class Exchange:
    """A request, and what became of the answer. Times are `time.monotonic()`."""

    request: Request
    connection: int
    """Which connection it came on, counted from 1."""
    started_at: float = field(default_factory=time.monotonic)
    sent_at: list[float] = field(default_factory=list[float])
    """When each piece of bytes was handed to the socket."""
    client_left: threading.Event = field(default_factory=threading.Event)
    """Set when the client closed the connection before the answer had ended."""
    client_left_at: float | None = None
    finished: threading.Event = field(default_factory=threading.Event)
    """Set when the server is done with it, whichever way it went."""

    def notice_client_left(self) -> None:
        """Record that the client is gone, and when."""
        self.client_left_at = time.monotonic()
        self.client_left.set()


Handler: TypeAlias = Callable[[Request], Reply]


class WireServer:
    """An HTTP/1.1 server on loopback that sends what it is told, byte for byte.

    Answers come from `handler` when there is one, else from the queue that `reply`
    fills. A request that nobody foresaw gets a 418, which no client retries, and is
    kept in `failures`.
    """

    def __init__(self, handler: Handler | None = None) -> None:
        self.handler = handler
        self.exchanges: list[Exchange] = []
        self.failures: list[str] = []
        self.connections = 0
        """How many connections were ever opened."""
        self._replies: deque[Reply] = deque()
        self._lock = threading.Lock()
        self._stopping = False
        self._open: dict[int, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._start_thread(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The port on loopback."""
        port: int = self._listener.getsockname()[1]
        return port

    @cached_property
    def url(self) -> str:
        """The base URL as Clarifai's would be."""
        return self.origin + OPENAI_PATH

    @property
    def requests(self) -> list[Request]:
        """All requests so far, in the order in which they came in."""
        return [exchange.request for exchange in self.exchanges]

    @property
    def last_request(self) -> Request:
        """The request that came in last."""
        return self.exchanges[-1].request

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        with self._lock:
            return len(self._open)

    def reply(self, *replies: Reply) -> None:
        """Answer the next requests with these, each with one, in this order."""
        self._replies.extend(replies)

    def close(self) -> None:
        """Close all connections and wait until the server's threads have ended."""
        if self._stopping:
            return
        self._stopping = True
        address = self._listener.getsockname()
        with contextlib.suppress(OSError):
            # `accept` does not return when its socket is closed: call it instead.
            socket.create_connection(address).close()
        with self._lock:
            for connection in self._open.values():
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)
        self._listener.close()

    def _start_thread(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with self._lock:
                if self._stopping:
                    connection.close()
                    return
                self.connections += 1
                number = self.connections
                self._open[number] = connection
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._start_thread(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            # The file first: a socket closes only when no file of it is left open.
            with connection, connection.makefile("rb") as stream:
                self._serve_requests(connection, stream, number)
        except OSError:
            pass  # the client is gone, and its exchange, if there was one, says so
        finally:
            with self._lock:
                del self._open[number]

    def _serve_requests(
        self, connection: socket.socket, stream: BinaryIO, number: int
    ) -> None:
        while (request := _read_request(stream)) is not None:
            exchange = Exchange(request, number)
            with self._lock:
                self.exchanges.append(exchange)
            try:
                reusable = self._answer(connection, exchange)
            finally:
                exchange.finished.set()
            if not reusable or request.headers.get("connection") == "close":
                return

    def _answer(self, connection: socket.socket, exchange: Exchange) -> bool:
        reply = self._choose_reply(exchange.request)
        try:
            return _send_reply(connection, reply, exchange)
        except OSError:
            if not self._stopping:
                exchange.notice_client_left()
            return False

    def _choose_reply(self, request: Request) -> Reply:
        try:
            if self.handler is not None:
                return self.handler(request)
            return self._replies.popleft()
        except IndexError:
            failure = f"No reply was left for {request.method} {request.path}."
        except Exception:  # noqa: BLE001 - a handler may fail in any way; the test says so
            failure = traceback.format_exc()
        self.failures.append(failure)
        return json_reply({"error": {"message": failure}}, status=418)


class _ClientLeftError(ConnectionError):
    """The client closed the connection while the server had more to say."""


def _send_reply(connection: socket.socket, reply: Reply, exchange: Exchange) -> bool:
    """Send a reply and tell whether the connection can be used again.

    Raises:
        OSError: The client is gone.
    """
    for delay in reply.before:
        _wait_for(connection, delay)
    if reply.framing is not Framing.RAW:
        connection.sendall(_build_head(reply))
    for piece in reply.body:
        if isinstance(piece, bytes):
            _watch(connection, 0)
            exchange.sent_at.append(time.monotonic())
            connection.sendall(_frame(piece, reply.framing))
        else:
            _wait_for(connection, piece)
    return _end_reply(connection, reply)


def _end_reply(connection: socket.socket, reply: Reply) -> bool:
    match reply.end:
        case End.COMPLETE:
            if reply.framing is Framing.CHUNKED:
                connection.sendall(b"0\r\n\r\n")
            return reply.framing in {Framing.CHUNKED, Framing.LENGTH}
        case End.KEEP:
            return True
        case End.FIN:
            return False
        case End.RESET:
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        case End.SILENCE:
            while True:
                _watch(connection, 60)


def _build_head(reply: Reply) -> bytes:
    framing_headers = {
        Framing.CHUNKED: {"transfer-encoding": "chunked"},
        Framing.LENGTH: {},
        Framing.CLOSE: {"connection": "close"},
        Framing.RAW: {},
    }[reply.framing]
    if reply.framing is Framing.LENGTH:  # a body of another kind may have no end
        length = sum(len(piece) for piece in reply.body if isinstance(piece, bytes))
        framing_headers["content-length"] = str(length + (reply.end != End.COMPLETE))
    lines = [
        f"HTTP/1.1 {reply.status} {_find_phrase(reply.status)}",
        *(f"{name}: {value}" for name, value in reply.headers.items()),
        *(f"{name}: {value}" for name, value in framing_headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _find_phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _frame(piece: bytes, framing: Framing) -> bytes:
    """Wrap a piece as a chunk, where the body is chunked.

    An empty chunk would end the body, so an empty piece sends nothing.
    """
    if framing is Framing.CHUNKED and piece:
        return b"%x\r\n%b\r\n" % (len(piece), piece)
    return piece


def _wait_for(connection: socket.socket, delay: Pause | threading.Event) -> None:
    if isinstance(delay, Pause):
        until = time.monotonic() + delay.seconds
        while (left := until - time.monotonic()) > 0:
            _watch(connection, left)
        return
    while not delay.is_set():
        _watch(connection, _POLL_SECONDS)


def _watch(connection: socket.socket, seconds: float) -> None:
    """Wait a while, but not longer than the client stays.

    Raises:
        OSError: The client is gone.
    """
    connection.settimeout(seconds)
    try:
        if not connection.recv(1, socket.MSG_PEEK):
            raise _ClientLeftError
        time.sleep(seconds)  # the client sends its next request already: let it wait
    except (BlockingIOError, TimeoutError):
        return
    finally:
        connection.settimeout(None)


def _read_request(stream: BinaryIO) -> Request | None:
    """Read the next request; `None` when the client has no more."""
    try:
        start = stream.readline().decode("latin-1").split()
        if not start:
            return None
        fields = http.client.parse_headers(stream)
        headers = {name.lower(): value for name, value in fields.items()}
        body = _read_body(stream, headers)
    except ConnectionError:
        return None
    return Request(
        method=start[0],
        path=start[1],
        headers=headers,
        body=body,
        header_names=tuple(sorted(name.lower() for name, _ in fields.items())),
    )


def _read_body(stream: BinaryIO, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return stream.read(int(headers.get("content-length", "0")))
    body = b""
    while size := int(stream.readline().split(b";")[0], 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body
