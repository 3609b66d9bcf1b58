"""Bytes of an event stream become the events that the WHATWG standard says."""

from __future__ import annotations

import itertools
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from langchain_clarifai._answer import events
from langchain_clarifai._answer.events import Event, EventDecoder
from langchain_clarifai._answer.faults import EventTooLong

if TYPE_CHECKING:
    from collections.abc import Iterable

BOM = b"\xef\xbb\xbf"


def _decode(pieces: Iterable[bytes]) -> list[Event]:
    decoder = EventDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)]


# What the standard says, case by case; the names are those of its parsing rules.
CASES: dict[str, tuple[bytes, list[Event]]] = {
    "data": (b"data:test\n\n", [Event(b"test")]),
    "one space is dropped": (b"data: test\n\n", [Event(b"test")]),
    "only one space is dropped": (b"data:  test \n\n", [Event(b" test ")]),
    "a tab is no space": (b"data:\ttest\n\n", [Event(b"\ttest")]),
    "data lines are joined": (b"data:a\ndata:b\n\n", [Event(b"a\nb")]),
    "empty data lines are lines": (b"data\ndata\n\n", [Event(b"\n")]),
    "empty data is an event": (b"data\n\n", [Event(b"")]),
    "empty data with a colon": (b"data:\n\n", [Event(b"")]),
    "no data is no event": (b"event: x\n\nid: 1\n\n\n\n", []),
    "the standard's example": (
        (
            b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
            b"data:  third event\n\n"
        ),
        [Event(b"first event"), Event(b"second event"), Event(b" third event")],
    ),
    "the standard's second example": (
        b"data\n\ndata\ndata\n\ndata:",
        [Event(b""), Event(b"\n")],
    ),
    "the standard's third example": (
        b"data:test\n\ndata: test\n\n",
        [Event(b"test"), Event(b"test")],
    ),
    "comments": (b":\n:x\ndata:a\n: data:b\n\n", [Event(b"a")]),
    "a comment in an event": (b"data:a\n:\ndata:b\n\n", [Event(b"a\nb")]),
    "type": (b"event: error\ndata:a\n\n", [Event(b"a", "error")]),
    "type after data": (b"data:a\nevent:b\n\n", [Event(b"a", "b")]),
    "the last type counts": (b"event:a\nevent:b\ndata:c\n\n", [Event(b"c", "b")]),
    "an empty type is message": (b"event:a\nevent:\ndata:c\n\n", [Event(b"c")]),
    "type lasts for one event": (
        b"event:a\ndata:b\n\ndata:c\n\n",
        [Event(b"b", "a"), Event(b"c")],
    ),
    "type without data is forgotten": (b"event:a\n\ndata:b\n\n", [Event(b"b")]),
    "type is UTF-8": ("event:ä\ndata:b\n\n".encode(), [Event(b"b", "ä")]),
    "type is broken UTF-8": (b"event:\xff\ndata:b\n\n", [Event(b"b", "\ufffd")]),
    "names are case-sensitive": (b"Data:a\nDATA:b\ndata:c\n\n", [Event(b"c")]),
    "a name has no blanks": (b" data:a\ndata :b\ndata:c\n\n", [Event(b"c")]),
    "unknown fields": (b"foo:a\nbar\ndata:b\n\n", [Event(b"b")]),
    "id and retry": (b"id:1\nretry:1000\ndata:a\n\n", [Event(b"a")]),
    "NUL in a value": (b"data:\0\nid:\0\n\n", [Event(b"\0")]),
    "a colon in a value": (b"data:a:b\n\n", [Event(b"a:b")]),
    "LF": (b"data:a\n\ndata:b\n\n", [Event(b"a"), Event(b"b")]),
    "CR": (b"data:a\r\rdata:b\r\r", [Event(b"a"), Event(b"b")]),
    "CRLF": (b"data:a\r\n\r\ndata:b\r\n\r\n", [Event(b"a"), Event(b"b")]),
    "CRLF, LF": (b"data:a\r\n\ndata:b\n\r\n", [Event(b"a"), Event(b"b")]),
    "LF, CR": (b"data:a\n\rdata:b\r\r", [Event(b"a"), Event(b"b")]),
    "CR ends at once": (b"data:a\r\r", [Event(b"a")]),
    "other line separators": (
        "data:a\u2028b\u2029c\x85d\x0be\x0cf\n\n".encode(),
        [Event("a\u2028b\u2029c\x85d\x0be\x0cf".encode())],
    ),
    "BOM": (BOM + b"data:a\n\n", [Event(b"a")]),
    "only one BOM": (BOM + BOM + b"data:a\n\ndata:b\n\n", [Event(b"b")]),
    "a BOM later": (b"data:a\n\n" + BOM + b"data:b\n\n", [Event(b"a")]),
    "half a BOM": (b"\xef\xbbdata:a\n\ndata:b\n\n", [Event(b"b")]),
    "an event that is not finished": (b"data:a\n\ndata:b\n", [Event(b"a")]),
    "a line that is not finished": (b"data:a\n\ndata:b", [Event(b"a")]),
}


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(("stream", "expected"), CASES.values(), ids=CASES.keys())
def test_stream_becomes_the_events_of_the_standard(
    stream: bytes, expected: list[Event], size: int
) -> None:
    """However it is cut."""
    pieces = (stream[start : start + size] for start in range(0, len(stream), size))
    assert _decode(pieces) == expected


_PARTS = st.sampled_from(
    [
        *(b"data", b"data:", b"data: ", b"event:", b"id:", b"retry:", b":", b" "),
        *(b"\n", b"\r", b"\r\n", b"\n\n", BOM, b"\xef", b"\xbb", b"\xbf", b"\0"),
        *("é".encode(), "\u2028".encode(), b"[DONE]", b"{}", b"x"),
    ]
)
_STREAMS = st.lists(_PARTS | st.binary(max_size=5), max_size=30).map(b"".join)


@given(stream=_STREAMS, cuts=st.lists(st.integers(0, 150), max_size=20))
def test_any_cut_gives_the_same_events(stream: bytes, cuts: list[int]) -> None:
    """Also between CR and LF, in a BOM and in a character; empty pieces, too."""
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:stop] for start, stop in itertools.pairwise(places)]
    whole, cut = EventDecoder(), EventDecoder()
    expected = [*whole.feed(stream), *whole.flush()]
    found = [event for piece in pieces for event in cut.feed(piece)]
    assert [*found, *cut.flush()] == expected


_TEXTS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))


@given(
    events=st.lists(st.tuples(st.lists(_TEXTS, min_size=1), _TEXTS)),
    line_end=st.sampled_from(["\n", "\r", "\r\n"]),
)
def test_events_that_are_written_are_read(
    events: list[tuple[list[str], str]], line_end: str
) -> None:
    """Whatever text is in them, and whichever line end the writer chose."""
    text = "".join(
        f"event: {name}{line_end}"
        + "".join(f"data: {line}{line_end}" for line in lines)
        + line_end
        for lines, name in events
    )
    assert _decode([text.encode()]) == [
        Event("\n".join(lines).encode(), name or "message") for lines, name in events
    ]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a", [Event(b"a")]),
        (b"data: a\n", [Event(b"a")]),
        (b"data: a\r", [Event(b"a")]),
        (b"data: a\r\n", [Event(b"a")]),
        (b"data: a\n\n", []),
        (b"event: error\ndata: a", [Event(b"a", "error")]),
        (b"", []),
        (b"\xef\xbb", []),
        (BOM, []),
        (b": a", []),
    ],
)
def test_end_hands_out_the_event_that_it_interrupts(
    stream: bytes, expected: list[Event]
) -> None:
    """Servers leave out the last blank line."""
    decoder = EventDecoder()
    decoder.feed(stream)
    assert decoder.flush() == expected
    assert decoder.flush() == []


PROGRESS: dict[str, tuple[list[bytes], list[bool]]] = {
    "data": ([b"data: a\n\n"], [True]),
    "comments": ([b": a\n\n", b":", b"x", b"\n"], [False] * 4),
    "blank lines": ([b"\n", b"\r\n", b"\r"], [False] * 3),
    "empty data": ([b"data:\n\n", b"data: \n\n"], [False] * 2),
    "other fields": ([b"event: ping\n\n", b"id: 1\n", b"retry: 1\n"], [False] * 3),
    "a part of a line": ([b"d", b"ata: ", b"x", b"y"], [True] * 4),
    "the end of a line": ([b"data: x", b"\n", b"\n"], [True, True, False]),
    "empty data in parts": (
        [b"data", b":\n\n", b"data", b":\n\n", b"data: x"],
        [True, False, False, False, True],
    ),
    "nothing": ([b""], [False]),
}


@pytest.mark.parametrize(("pieces", "expected"), PROGRESS.values(), ids=PROGRESS.keys())
def test_only_data_is_progress(pieces: list[bytes], expected: list[bool]) -> None:
    """Keep-alives are not, in whatever form, but for the first half of the first."""
    decoder = EventDecoder()
    found: list[bool] = []
    for piece in pieces:
        decoder.feed(piece)
        found.append(decoder.made_progress)
    assert found == expected


@pytest.mark.parametrize(
    "unit", [b"x", b": xx", b"data: xxxxx\n", b"data:\n", b"data: " + b"x" * 3000]
)
def test_event_that_is_too_long_is_refused(
    unit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line, a comment, many lines, empty ones and one big piece."""
    monkeypatch.setattr(events, "MAX_EVENT_BYTES", 2000)
    with pytest.raises(EventTooLong, match="2,000 bytes"):
        _decode([unit] * 2001)
    with pytest.raises(EventTooLong):
        _decode([unit * 2001 + b"\n"])


@given(pieces=st.lists(_STREAMS))
def test_any_bytes_are_events_or_too_long(pieces: list[bytes]) -> None:
    """Nothing else is ever raised."""
    assert isinstance(_decode(pieces), list)


@pytest.mark.slow
def test_memory_stays_within_the_line() -> None:
    """A long line in small pieces takes little more than its length."""
    decoder = EventDecoder()
    tracemalloc.start()
    for _ in range(100_000):
        decoder.feed(b"0123456789")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
