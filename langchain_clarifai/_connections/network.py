"""Sockets → connections that keep to the read timeout, and keep answers apart.

The HTTP library limits each read from the network, not all of them together: a server
that sends its headers byte by byte could keep a client waiting for ever. Here the
headers as a whole have as long as the read timeout says, from the moment on that the
request is sent. And bytes that follow an answer are never taken for the next one.

The core of the HTTP library opens its connections through a network backend, which its
users may replace. This one leaves connecting and TLS to the core's own.
"""

# The classes of the library's core are found at run time, so that pyright knows none of
# the methods that are overridden here.
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

import re
import ssl
import time
from typing import Any, Final

from typing_extensions import override

from langchain_clarifai._connections.framing import ChunkMerger, merge_first_chunks
from langchain_clarifai._connections.http_library import import_core
from langchain_clarifai._connections.patience import PatientConnection

# The least that a read waits for, in seconds: zero would mean not to wait at all, which
# is no timeout but another error.
_LEAST_TIMEOUT: Final = 0.001

# Bytes that all heads of an answer may have, `100 Continue` and its like included. One
# read may bring 64 KiB of the body on top; the HTTP library allows one head 100 KiB.
_LARGEST_HEAD: Final = 256 * 1024
_HEAD_END: Final = b"\r\n\r\n"
# An informational head (1xx), which another follows, except for 101.
_INFORMATION: Final = re.compile(rb"HTTP/1\.\d 1(?!01)\d\d\b")
# A head that no body follows, whatever length it announces.
_BODILESS: Final = re.compile(rb"HTTP/1\.\d (?:204|304)\b")

# Bytes of a request that are sent at once; copying more costs more than another call.
_LARGEST_JOINED: Final = 64 * 1024

_core: Any = import_core()


class PatientBackend(_core.NetworkBackend):  # type: ignore[misc]  # one of two
    """A network backend whose connections limit their headers."""

    def __init__(self) -> None:
        self._backend = _core.SyncBackend()

    @override
    def connect_tcp(self, *arguments: Any, **settings: Any) -> PatientStream:
        return PatientStream(self._backend.connect_tcp(*arguments, **settings))


class PatientStream(PatientConnection, _core.NetworkStream):  # type: ignore[misc]
    """A connection that waits for headers as long as for a single read, in all.

    It counts the bytes of the body, too. Bytes beyond the announced length would be
    read as the answer to the next request. While it is idle, a connection with such
    bytes says that it is readable, which means that it is used up. It also takes no
    request: the bytes may come between the look at it and the request.

    Args:
        stream: A connection of the core's.
        is_direct: Whether its socket takes and gives exactly the bytes of HTTP. They
            are then written and read there, without the core's steps between.
    """

    __slots__ = (
        "_deadline",
        "_early",
        "_has_head",
        "_head",
        "_left",
        "_merger",
        "_socket",
        "_stream",
        "_unsent",
    )

    def __init__(self, stream: Any, *, is_direct: bool = True) -> None:
        self._stream = stream
        self._socket: Any = stream.get_extra_info("socket") if is_direct else None
        # The head of a request, which is sent together with its body.
        self._unsent = b""
        # Until when the headers, or the rest of a body, must be there, on the clock.
        # Zero before the time of the headers begins; None if only reads are limited.
        self._deadline: float | None = 0.0
        # What has come while headers are waited for, None when they are complete.
        self._head: bytearray | None = None
        self._has_head = False  # whether the first head came; there may be several
        # Bytes of the body that are to come, None where it has no announced length.
        self._left: int | None = None
        self._merger: ChunkMerger | None = None
        # What came of the answer before the request was written.
        self._early = b""

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._head is None or self._head:
            # This is the first write, or the first one after something was read.
            self._begin()
        unsent, self._unsent = self._unsent, b""
        if len(buffer) > _LARGEST_JOINED:
            self._send(unsent, timeout)
            self._send(buffer, timeout)
        elif unsent:
            # The head is sent with the body, or with the empty write at the end.
            self._send(unsent + buffer, timeout)
        else:
            self._unsent = buffer

    def _begin(self) -> None:
        """Begin a request, of which nothing was written yet."""
        if self._is_spoilt:
            raise ConnectionError("The connection holds bytes of another answer.")
        self._deadline = 0.0
        self._head = bytearray()
        self._has_head = False
        self._left = None
        self._merger = None

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._unsent:
            # What was written is no HTTP but the greeting of a SOCKS proxy, which no
            # empty write ends: it is sent now.
            self.write(b"", timeout)
        if self._deadline is not None and timeout is not None:
            timeout = self._shorten(timeout)
        if self._head is not None:
            return self._read_head(self._head, max_bytes, timeout)
        while True:
            piece = self._receive(max_bytes, timeout)
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

    def _send(self, content: bytes, timeout: float | None) -> None:
        """Write to the socket, with the core's errors."""
        connection = self._socket
        if connection is None:
            self._stream.write(content, timeout)
            return
        rest = memoryview(content)
        try:
            if connection.gettimeout() != timeout:
                connection.settimeout(timeout)
            while rest:
                rest = rest[connection.send(rest) :]
        except TimeoutError as error:
            if self._has_early_answer():
                # After this error, unlike the other, the core reads the answer.
                raise _core.WriteError(error) from error
            raise _core.WriteTimeout(error) from error
        except OSError as error:
            raise _core.WriteError(error) from error

    def _has_early_answer(self) -> bool:
        """Look for an answer to a request that the server reads no further."""
        self._socket.settimeout(0)
        try:
            self._early = self._socket.recv(_LARGEST_JOINED)
        except OSError:
            return False  # nothing is there, or what is there belongs to TLS
        return bool(self._early)

    def _receive(self, max_bytes: int, timeout: float | None) -> bytes:
        """Read from the socket, likewise."""
        connection = self._socket
        if connection is None:
            piece: bytes = self._stream.read(max_bytes, timeout)
            return piece
        if self._early:
            early, self._early = self._early, b""
            return early
        try:
            if connection.gettimeout() != timeout:
                connection.settimeout(timeout)
            piece = connection.recv(max_bytes)
        except TimeoutError as error:
            raise _core.ReadTimeout(error) from error
        except OSError as error:
            raise _core.ReadError(error) from error
        return piece

    def _read_head(
        self, head: bytearray, max_bytes: int, timeout: float | None
    ) -> bytes:
        piece = self._receive(max_bytes, timeout)
        before = len(head)
        head += piece
        if len(head) > _LARGEST_HEAD:
            raise ConnectionError("The answer's headers did not end.")
        if self._has_head or head.find(_HEAD_END, max(before - 3, 0)) < 0:
            return piece
        self._has_head = True
        merged, self._merger = merge_first_chunks(bytes(head))
        return merged[before:]

    @override
    def take_headers(self, headers: Any) -> None:
        rest, self._head = bytes(self._head or b""), None
        self._deadline = None
        if not rest.startswith(b"HTTP/"):
            # These headers came before the request was written: they, and what follows,
            # are left over from an answer without an announced length.
            raise ConnectionError("The connection held bytes of another answer.")
        while _INFORMATION.match(rest):
            _, _, rest = rest.partition(_HEAD_END)
        length = headers.get("content-length", "")
        if _BODILESS.match(rest):
            length = "0"
        if length.isdecimal():
            _, _, body = rest.partition(_HEAD_END)
            self._left = int(length) - len(body)

    @override
    def limit_rest(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds

    def _shorten(self, timeout: float) -> float:
        now = time.monotonic()
        if not self._deadline:
            self._deadline = now + timeout
            return timeout
        if now > self._deadline:
            # A read that always finds bytes would never look at the clock.
            raise TimeoutError
        return max(self._deadline - now, _LEAST_TIMEOUT)

    @override
    def start_tls(self, *arguments: Any, **settings: Any) -> PatientStream:
        # Where TLS runs inside of a proxy's TLS, the socket knows only the outer one.
        is_direct = not isinstance(self._socket, ssl.SSLSocket)
        stream = self._stream.start_tls(*arguments, **settings)
        return PatientStream(stream, is_direct=is_direct)

    @override
    def close(self) -> None:
        self._stream.close()

    @override
    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and self._is_spoilt:
            return True
        return self._stream.get_extra_info(info)

    @property
    def _is_spoilt(self) -> bool:
        if self._merger is not None:
            return self._merger.is_overfull
        return self._left is not None and self._left < 0
