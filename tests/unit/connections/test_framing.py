"""Merging HTTP chunks: the library sees the same body, in fewer pieces."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given, strategies as st

from langchain_clarifai._connections.framing import merge_first_chunks

HEAD = b"HTTP/1.1 200 OK\r\nx: y\r\nTransfer-Encoding: chunked\r\n\r\n"


def _frame(*bodies: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(body), body) for body in bodies)


def _read(pieces: list[bytes]) -> tuple[list[bytes], bool]:
    """Return the pieces of the body, and whether all was well, as h11 sees it."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "a")]))
    connection.send(h11.EndOfMessage())
    bodies: list[bytes] = []
    try:
        for piece in [*pieces, b""]:
            connection.receive_data(piece)
            while (event := connection.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Data):
                    bodies.append(bytes(event.data))
                if isinstance(event, h11.EndOfMessage):
                    return bodies, True
    except h11.RemoteProtocolError:
        pass
    return bodies, False


def _merge(pieces: list[bytes]) -> list[bytes]:
    """Merge pieces of which the first holds the headers, as a connection does."""
    first, merger = merge_first_chunks(pieces[0])
    if merger is None:
        return [first, *pieces[1:]]
    merged = [first, *(merger.feed(piece) for piece in pieces[1:]), merger.flush()]
    return [piece for piece in merged if piece]


def _cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(stream) + 1) for cut in cuts})
    return [
        stream[start:end]
        for start, end in zip([0, *places], [*places, len(stream)], strict=True)
    ]


def test_chunks_of_one_read_become_one() -> None:
    """Hundreds of events reach us as one piece."""
    events = [b"data: %d\n\n" % number for number in range(500)]
    second = _frame(*events[200:]) + b"0\r\n\r\n"
    merged = _merge([HEAD + _frame(*events[:200]), second])
    bodies, is_whole = _read(merged)
    assert bodies == [b"".join(events[:200]), b"".join(events[200:])]
    assert is_whole


TAILS = [
    b"0\r\n\r\n",
    b"0\r\ntrailer: yes\r\n\r\n",
    b"000\r\n\r\n",
    b"0;name=value\r\n\r\n",
    b"0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    b"5;name=value\r\nhello\r\n0\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n",
    b"000000000005\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello5\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\n5\r\nhello\r\n0\r\n\r\n",
    b"5\nhello\r\n0\r\n\r\n",
    b"4\r\nhello\r\n0\r\n\r\n",
    b"6\r\nhello\r\n0\r\n\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n",
    b"\r\n5\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffffffffffffffff\r\nhello",
    b"5\r\nhel",
    b"5\r\nhello\r",
    b"5\r",
    b"",
]


@pytest.mark.parametrize("tail", TAILS)
@given(
    bodies=st.lists(st.binary(min_size=1, max_size=40), max_size=6),
    cuts=st.lists(st.integers(0, 500), max_size=6),
)
def test_library_reads_what_it_would_have_read(
    tail: bytes, bodies: list[bytes], cuts: list[int]
) -> None:
    """Wherever reads cut it: the same body, the same end, or the same mistake."""
    first, *pieces = _cut(_frame(*bodies) + tail, cuts)
    pieces = [HEAD + first, *pieces]
    expected, was_whole = _read(pieces)
    found, is_whole = _read(_merge(pieces))
    assert (b"".join(found), is_whole) == (b"".join(expected), was_whole)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-transfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked",
    ],
)
def test_body_that_is_not_simply_chunked_is_left_alone(head: bytes) -> None:
    """Whatever it holds, it may look like chunks."""
    assert merge_first_chunks(head + _frame(b"a", b"b")) == (
        head + _frame(b"a", b"b"),
        None,
    )
