"""A compressed body → its bytes, in steps of a bounded size.

A megabyte of zeros takes a kilobyte when it is compressed. httpx, which openai 2 stands
on, unpacks each piece of the network at once, whatever comes out of it. Here a step is
unpacked only after the reader has looked at the one before, so that limits of the
body's size hold between steps.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

# What one step unpacks at most, in bytes.
_LARGEST_STEP: Final = 256 * 1024

# By content encoding: what zlib calls it. `deflate` comes in two forms; see below.
_WINDOWS: Final = {
    "gzip": zlib.MAX_WBITS | 16,
    "x-gzip": zlib.MAX_WBITS | 16,
    "deflate": zlib.MAX_WBITS,
}
# Others that HTTP libraries unpack where a package for them is installed.
_REFUSED: Final = frozenset({"br", "compress", "x-compress", "zstd"})
# So many bytes tell zlib's format from others.
_SIGN: Final = 2
_GZIP_SIGN: Final = b"\x1f\x8b"
# Gzip files in one body, which are read as one. Servers that flush by ending the file
# send dozens; empty ones, of which each takes time, could come without an end.
_MOST_MEMBERS: Final = 10_000
_MARK: Final = "langchain_clarifai.unpacked"


def limit_unpacking(response: Any) -> None:
    """Make a response, sync or async, unpack its body in bounded steps.

    Raises:
        ConnectionError: If the body is compressed more than once, 2.6 kB of which can
            unpack to gigabytes, or in a way that nobody asked for.
    """
    encoding = response.headers.get("content-encoding")
    if not encoding or _MARK in response.extensions:
        return
    word = _read_encoding(encoding)
    if word not in _WINDOWS or response.is_stream_consumed:
        # There is no compression, as in "utf-8"; or the body was never on a network,
        # and is in memory, unpacked.
        return
    unpacker = _Unpacker(_WINDOWS[word])

    def iter_bytes() -> Iterator[bytes]:
        for piece in response.iter_raw():
            yield from unpacker.feed(piece)

    async def aiter_bytes() -> AsyncIterator[bytes]:
        async for piece in response.aiter_raw():
            for unpacked in unpacker.feed(piece):
                yield unpacked

    response.iter_bytes = iter_bytes
    response.aiter_bytes = aiter_bytes
    response.extensions[_MARK] = True


def _read_encoding(encoding: str) -> str:
    """Return how a body is encoded, where that is once and as it was asked for."""
    words = [word.strip().lower() for word in encoding.split(",")]
    words = [word for word in words if word not in {"", "identity"}]
    if len(words) > 1:
        raise ConnectionError("The answer is compressed more than once.")
    if words and words[0] in _REFUSED:
        raise ConnectionError(
            f"The answer is compressed as {words[0]}; only gzip and deflate are read."
        )
    return words[0] if words else ""


class _Unpacker:
    """What is unpacked of one body so far."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._unpack: Any = None
        self._start = b""  # too few bytes to tell what they begin
        self._members = 0
        self._has_ended = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield what the next bytes of the body unpack to, never an empty piece.

        Raises:
            ConnectionError: If they are not what the headers say.
        """
        piece = self._start + piece
        self._start = b""
        while piece and not self._has_ended:
            if self._unpack is None:
                if len(piece) < _SIGN:
                    self._start = piece
                    return
                self._begin(piece)
                continue
            yield from self._feed_member(piece)
            if not self._unpack.eof:
                return
            piece, self._unpack = self._unpack.unused_data, None

    def _begin(self, start: bytes) -> None:
        """Begin a member, of which a gzip file may have several; the rest is padding.

        See https://www.rfc-editor.org/rfc/rfc1952#section-2.2.
        """
        if self._members and not (
            self._window == _WINDOWS["gzip"] and start.startswith(_GZIP_SIGN)
        ):
            self._has_ended = True
            return
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise ConnectionError("The answer's compression has too many parts.")
        self._unpack = zlib.decompressobj(self._choose_window(start))

    def _feed_member(self, piece: bytes) -> Iterator[bytes]:
        while not self._unpack.eof:
            try:
                unpacked = self._unpack.decompress(piece, _LARGEST_STEP)
            except zlib.error as error:
                raise ConnectionError("The answer's compression is broken.") from error
            if unpacked:
                yield unpacked
            piece = self._unpack.unconsumed_tail
            if not piece and len(unpacked) < _LARGEST_STEP:
                return

    def _choose_window(self, start: bytes) -> int:
        """Tell by its first two bytes which `deflate` it is, of zlib's format or bare.

        HTTP defines the former, and some servers send the latter.
        """
        if self._window == zlib.MAX_WBITS and int.from_bytes(start[:_SIGN]) % 31:
            return -zlib.MAX_WBITS
        return self._window
