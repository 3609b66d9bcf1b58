"""HTTP chunks as they came → the same bytes in as few chunks as can be.

Servers send each event in an HTTP chunk of its own, and one read from the network may
bring hundreds. The HTTP library hands each of them through a dozen functions, which
costs more than all that is done with the event. So what one read has brought is framed
anew, as one chunk, before the library sees it.

RFC 9112, section 7.1. Whatever is unusual (extensions of chunks, trailers, mistakes) is
passed on as it came, for the library to judge.
"""

from __future__ import annotations

import re
from typing import Final

_SIZE_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
# What may be the beginning of such a line.
_PART_OF_SIZE_LINE: Final = re.compile(rb"[0-9A-Fa-f]{0,8}\r?")
_LAST_CHUNK: Final = re.compile(rb"0+\r\n")
_LINE_BREAK: Final = b"\r\n"
_HEAD_END: Final = b"\r\n\r\n"
_IS_CHUNKED: Final = re.compile(
    rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE
)
_FINAL_STATUS: Final = re.compile(rb"HTTP/1\.1 [2-5]")


class ChunkMerger:
    """Merges the chunks of one chunked body, read by read."""

    def __init__(self) -> None:
        self._is_off = False  # from the last chunk on, or from what is unusual
        self._rest = b""  # the beginning of a line
        self._left = 0  # bytes that the current chunk has yet to bring
        self._is_open = False  # a chunk's data were handed out, not its line break
        self._end = b""  # the last chunk, and all that came after it

    @property
    def is_overfull(self) -> bool:
        """Whether bytes have come after the body, which belong to no answer."""
        end = self._end.find(_HEAD_END)
        return 0 <= end < len(self._end) - len(_HEAD_END)

    def feed(self, piece: bytes) -> bytes:
        """Frame anew what one read has brought; b"" where that is a part of a line."""
        if self._is_off:
            if self._end and not self.is_overfull:
                self._end += piece
            return piece
        piece = self._rest + piece
        self._rest = b""
        bodies: list[bytes] = []
        at = self._read_open_chunk(piece, bodies)
        if not self._is_open:
            at = self._read_chunks(piece, at, bodies)
        body = b"".join(bodies)
        tail = self._keep(piece[at:])
        return b"%x\r\n%b\r\n%b" % (len(body), body, tail) if body else tail

    def flush(self) -> bytes:
        """Return what was kept back, at the end of the connection."""
        rest, self._rest = self._rest, b""
        return rest

    def _read_open_chunk(self, piece: bytes, bodies: list[bytes]) -> int:
        """Read the end of a chunk that an earlier read began; return where it is."""
        if not self._is_open:
            return 0
        at = min(self._left, len(piece))
        if at:
            bodies.append(piece[:at])
            self._left -= at
        if not self._left and piece.startswith(_LINE_BREAK, at):
            self._is_open = False
            at += 2
        return at

    def _read_chunks(self, piece: bytes, at: int, bodies: list[bytes]) -> int:
        """Read chunks from a place on; return the place of what is left."""
        while line := _SIZE_LINE.match(piece, at):
            size = int(line[1], 16)
            start = line.end()
            end = start + size
            if not size:
                return at  # the last chunk, and trailers
            if piece.startswith(_LINE_BREAK, end):
                bodies.append(piece[start:end])
                at = end + 2
                continue
            # Its end is yet to come.
            self._is_open = True
            data = piece[start:end]
            self._left = size - len(data)
            if data:
                bodies.append(data)
            return start + len(data)
        return at

    def _keep(self, rest: bytes) -> bytes:
        """Keep the beginning of a line that is to come.

        Anything else is handed on, and so is all that follows it.
        """
        if self._is_open:
            may_go_on = _LINE_BREAK.startswith(rest)
        else:
            may_go_on = _PART_OF_SIZE_LINE.fullmatch(rest) is not None
        if may_go_on:
            self._rest = rest
            return b""
        self._is_off = True
        if not self._is_open and _LAST_CHUNK.match(rest):
            self._end = rest
        # An open chunk was handed out as if the line break came that must end it. If
        # something else comes, the library shall see the mistake: another line break
        # makes an empty line, and no chunk begins with one.
        return _LINE_BREAK + rest if self._is_open else rest


def merge_first_chunks(head: bytes) -> tuple[bytes, ChunkMerger | None]:
    """Merge the chunks that came along with the headers of an answer.

    Args:
        head: The first bytes of the answer, with the end of its headers.

    Returns:
        The bytes with the chunks merged, and what merges those to come; None where the
        body is not chunked.
    """
    end = head.find(_HEAD_END) + len(_HEAD_END)
    if not (_FINAL_STATUS.match(head) and _IS_CHUNKED.search(head, 0, end)):
        return head, None
    merger = ChunkMerger()
    return head[:end] + merger.feed(head[end:]), merger
