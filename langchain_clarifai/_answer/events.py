"""Bytes of an event stream → events, by the rules of the WHATWG standard.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

There are two deliberate departures. `EventDecoder.flush` hands out the event that the
end of the stream interrupted, where the standard throws it away: OpenAI-compatible
servers often leave out the last blank line. And `id` and `retry` are ignored like any
unknown field, because they serve to reconnect, which an answer to a POST cannot.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from langchain_clarifai._answer.faults import EventTooLong

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""Longest line, and longest sum of an event's `data` lines, in bytes."""

# How many bytes a line of an event counts besides its text: what a list needs for it.
_SIZE_OF_LINE: Final = 8

_BOM: Final = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One dispatched event. `data` is undecoded, so that JSON is parsed from bytes."""

    data: bytes
    type: str = "message"


class EventDecoder:
    """Turns pieces of a byte stream, cut anywhere, into events.

    Attributes:
        made_progress: Whether the last piece brought data, or a part of a line that
            may yet be data. Comments, blank lines and empty events are no progress.
    """

    def __init__(self) -> None:
        self.made_progress = False
        self._at_start = True
        self._skip_line_feed = False
        self._line = bytearray()
        self._data: list[bytes] = []
        self._data_size = 0
        self._type = ""
        # Whether the last line with data was an empty one, as keep-alives have it.
        self._is_kept_alive = False

    def feed(self, piece: bytes) -> list[Event]:
        """Decode the next piece of the stream.

        Raises:
            EventTooLong: If a line or an event exceeds `MAX_EVENT_BYTES`.
        """
        if self._at_start:
            piece = self._strip_bom(piece)
        if self._skip_line_feed and piece:
            self._skip_line_feed = False
            piece = piece.removeprefix(b"\n")
        if b"\r" in piece:
            # A CR ends its line at once; the LF of a CRLF may be in the next piece.
            self._skip_line_feed = piece.endswith(b"\r")
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = piece.split(b"\n")
        rest = lines.pop()
        if lines and self._line:
            lines[0] = bytes(self._line + lines[0])
            self._line.clear()
        self.made_progress = False
        events = self._read_lines(lines)
        if rest:
            self._keep(rest)
        return events

    def flush(self) -> list[Event]:
        """Return the event that the end of the stream interrupted, if there is one.

        Raises:
            EventTooLong: If the event exceeds `MAX_EVENT_BYTES`.
        """
        # Up to two bytes were held back because they could have begun a BOM.
        self._at_start = False
        return self.feed(b"\n\n")

    def _strip_bom(self, piece: bytes) -> bytes:
        start = bytes(self._line + piece)
        self._line.clear()
        if len(start) < len(_BOM) and _BOM.startswith(start):
            self._line += start
            return b""
        self._at_start = False
        return start.removeprefix(_BOM)

    def _keep(self, rest: bytes) -> None:
        self._line += rest
        if len(self._line) > MAX_EVENT_BYTES:
            raise EventTooLong(MAX_EVENT_BYTES)
        # Some servers keep a stream open with lines that hold `data:` and no data.
        # After such a line, the field's name alone does not count as progress.
        is_data = not self._is_kept_alive or len(self._line) > len(b"data: ")
        # Only what is, or may become, a line of data: servers send ids and comments to
        # keep a stream open that has nothing to say.
        self.made_progress |= is_data and b"data".startswith(bytes(self._line[:4]))

    def _read_lines(self, lines: list[bytes]) -> list[Event]:
        events: list[Event] = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(self._dispatch())
                self._type = ""
            elif line.startswith(b"data: "):
                self._add_data(line[6:])
            elif len(line) > MAX_EVENT_BYTES:
                raise EventTooLong(MAX_EVENT_BYTES)
            else:
                self._read_field(line)
        return events

    def _dispatch(self) -> Event:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data = []
        self._data_size = 0
        return Event(data, self._type) if self._type else Event(data)

    def _add_data(self, value: bytes) -> None:
        self._data_size += len(value) + _SIZE_OF_LINE
        if self._data_size > MAX_EVENT_BYTES:
            raise EventTooLong(MAX_EVENT_BYTES)
        self._is_kept_alive = not value
        if value:
            self.made_progress = True
        self._data.append(value)

    def _read_field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._add_data(value)
        elif name == b"event":
            self._type = value.decode("utf-8", "replace")
