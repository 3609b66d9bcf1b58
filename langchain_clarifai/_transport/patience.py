"""HTTP clients → clients that keep to the read timeout, and keep answers apart.

The HTTP libraries limit each read from the network, not all of them together: a server
that sends its headers byte by byte could keep a client waiting for ever. Here the
headers as a whole have as long as the read timeout says, from the moment on that the
request is on its way. And they keep what comes after one answer, by cookies or by bytes
too many, away from the next.

The private names are httpx's and httpcore's, and there are no public ones for this.
Where they are missing, as in a client of the user's with a transport of another kind,
requests work all the same, with the libraries' own limits.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self

from langchain_clarifai._transport.framing import ChunkMerger, merge_first_chunks

if TYPE_CHECKING:
    from types import TracebackType

# The least that a read waits for, in seconds: zero would mean not to wait at all, which
# is no timeout but another error.
_LEAST_TIMEOUT: Final = 0.001

# Bytes that all heads of an answer may have, `100 Continue` and its like included. One
# read may bring 64 KiB of the body on top; the HTTP library allows one head 100 KiB.
_LARGEST_HEAD: Final = 256 * 1024
_HEAD_END: Final = b"\r\n\r\n"
# An informational head (1xx), which another follows, except for 101.
_INFORMATION: Final = re.compile(rb"HTTP/1\.\d 1(?!01)\d\d\b")


def prepare_transport(transport: Any) -> None:
    """Make a sync transport limit the time in which headers arrive."""
    pool: Any = getattr(transport, "_pool", None)
    backend = getattr(pool, "_network_backend", None)
    if backend is not None:
        pool._network_backend = _PatientBackend(backend)  # noqa: SLF001 - see above


def take_headers(response: Any) -> None:
    """Tell the connection of a sync response that its headers are complete."""
    network_stream = response.extensions.get("network_stream")
    if isinstance(network_stream, _PatientStream):
        network_stream.take_headers(response.headers)


def limit_body(response: Any, seconds: float) -> None:
    """Give the body of a sync response some seconds in all, on a connection of ours."""
    network_stream = response.extensions.get("network_stream")
    if isinstance(network_stream, _PatientStream):
        network_stream.limit_rest(seconds)


def limit_rest(response: Any, seconds: float) -> bool:
    """Give the rest of a sync response's body some seconds in all, if that is possible.

    The limit ends with the answer: it is kept by whoever reads, and nothing is left
    that could strike when the connection is in other hands.
    """
    network_stream = response.extensions.get("network_stream")
    if response.http_version != "HTTP/1.1":
        return False
    if isinstance(network_stream, _PatientStream):
        network_stream.limit_rest(seconds)
        return True
    return _limit_reads(response, seconds)


def _limit_reads(response: Any, seconds: float) -> bool:
    """Do the same with a client of the user's, whose connection tells nothing of it.

    The HTTP library's `trace` extension says when the connection is about to be given
    back. Until then a timer may shut it down; whoever comes first takes the other's
    chance away.
    """
    network_stream = response.extensions.get("network_stream")
    connection = network_stream and network_stream.get_extra_info("socket")
    if connection is None:
        return False
    chance = threading.Lock()

    def hang_up() -> None:
        if chance.acquire(blocking=False):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True

    def give_back(event: str, _: Any) -> None:
        if event == "http11.response_closed.started":
            chance.acquire(blocking=False)
            timer.cancel()

    response.request.extensions["trace"] = give_back
    timer.start()
    return True


class _PatientBackend:
    """A network backend of httpcore's whose connections limit their headers."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def connect_tcp(self, *arguments: Any, **settings: Any) -> _PatientStream:
        return _PatientStream(self._backend.connect_tcp(*arguments, **settings))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


class _PatientStream:
    """A connection that waits for headers as long as for a single read, in all.

    It counts the bytes of the body, too. What comes on top of the announced length
    would be read as the answer to the next request: a connection with such bytes claims
    to be readable while it is idle, which to httpcore means that it is used up. Since
    httpcore looks first and takes it a moment later, it takes no request either.
    """

    __slots__ = ("_deadline", "_has_head", "_head", "_left", "_merger", "_stream")

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        # When what is read must be there, on the clock; zero while the time of the
        # headers has not begun, None where there is no limit but that of each read.
        self._deadline: float | None = 0.0
        # What has come while headers are waited for, None when they are complete.
        self._head: bytearray | None = None
        self._has_head = False  # the first, of which there may be several
        # Bytes of the body that are to come, None where it has no announced length.
        self._left: int | None = None
        self._merger: ChunkMerger | None = None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._is_spoilt:
            raise ConnectionError("The connection holds bytes of another answer.")
        self._stream.write(buffer, timeout)
        self._deadline = 0.0
        self._head = bytearray()
        self._has_head = False
        self._left = None
        self._merger = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._deadline is not None and timeout is not None:
            timeout = self._shorten(timeout)
        if self._head is not None:
            return self._read_head(self._head, max_bytes, timeout)
        while True:
            piece: bytes = self._stream.read(max_bytes, timeout)
            if self._left is not None:
                self._left -= len(piece)
            if self._merger is None:
                return piece
            if not piece:
                return self._merger.flush()
            if merged := self._merger.feed(piece):
                return merged
            if self._deadline is not None and timeout is not None:
                timeout = self._shorten(timeout)

    def _read_head(
        self, head: bytearray, max_bytes: int, timeout: float | None
    ) -> bytes:
        piece: bytes = self._stream.read(max_bytes, timeout)
        before = len(head)
        head += piece
        if len(head) > _LARGEST_HEAD:
            raise ConnectionError("The answer's headers did not end.")
        if self._has_head or head.find(_HEAD_END, max(before - 3, 0)) < 0:
            return piece
        self._has_head = True
        merged, self._merger = merge_first_chunks(bytes(head))
        return merged[before:]

    def take_headers(self, headers: Any) -> None:
        """End the time of the headers, and begin to count the body."""
        rest, self._head = bytes(self._head or b""), None
        self._deadline = None
        if not rest.startswith(b"HTTP/"):
            # These headers came before the request was written: they, and what follows,
            # are left over from an answer without an announced length.
            raise ConnectionError("The connection held bytes of another answer.")
        length = headers.get("content-length", "")
        if length.isdecimal():
            while _INFORMATION.match(rest):
                _, _, rest = rest.partition(_HEAD_END)
            _, _, body = rest.partition(_HEAD_END)
            self._left = int(length) - len(body)

    def limit_rest(self, seconds: float) -> None:
        """Give what is still to be read of the answer some seconds in all."""
        self._deadline = time.monotonic() + seconds

    def _shorten(self, timeout: float) -> float:
        now = time.monotonic()
        self._deadline = self._deadline or now + timeout
        if now > self._deadline:
            # A read that always finds bytes would never look at the clock.
            raise TimeoutError
        return max(self._deadline - now, _LEAST_TIMEOUT)

    def start_tls(self, *arguments: Any, **settings: Any) -> _PatientStream:
        return _PatientStream(self._stream.start_tls(*arguments, **settings))

    def get_extra_info(self, name: str) -> Any:
        if name == "is_readable" and self._is_spoilt:
            return True
        return self._stream.get_extra_info(name)

    @property
    def _is_spoilt(self) -> bool:
        if self._merger is not None:
            return self._merger.is_overfull
        return self._left is not None and self._left < 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class HeaderTimeout:
    """Limit the time in which the headers of an async response arrive.

    The time runs once the request is sent: waiting for a connection has a limit of its
    own.

    Raises:
        TimeoutError: When it leaves, if the time was over.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timeout = asyncio.timeout(None)

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self,
        error_class: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._timeout.__aexit__(error_class, error, traceback)

    def begin(self) -> None:
        """Let the time run."""
        now = asyncio.get_running_loop().time()
        self._timeout.reschedule(now + self._seconds)
