"""Bytes of an event stream → events, by the rules of the WHATWG standard.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

There is one deliberate departure: `EventDecoder.flush` hands out the event that the
end of the stream interrupted, where the standard throws it away. OpenAI-compatible
servers often leave out the last blank line.
"""

from __future__ import annotations

from typing import Final, NamedTuple

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""Longest line, and longest sum of an event's `data` lines, in bytes."""

# Python refuses to convert thousands of digits, and no server means a million years.
_MAX_RETRY_DIGITS: Final = 15

_BOM: Final = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One dispatched event. `data` is undecoded, so that JSON is parsed from bytes."""

    data: bytes
    type: str = "message"


class EventTooLongError(ValueError):
    """A line or an event is longer than `MAX_EVENT_BYTES`."""

    def __init__(self) -> None:
        super().__init__(
            f"The event stream holds a line or an event of over {MAX_EVENT_BYTES:,} "
            "bytes."
        )


class EventDecoder:
    """Turns pieces of a byte stream, cut anywhere, into events.

    Attributes:
        made_progress: Whether the last piece brought anything but comments, blank
            lines and empty events. Keep-alives are no progress.
        last_event_id: Value of the last `id` field.
        reconnection_time: Value of the last `retry` field, in milliseconds.
    """

    def __init__(self) -> None:
        self.made_progress = False
        self.last_event_id = ""
        self.reconnection_time: int | None = None
        self._at_start = True
        self._skip_line_feed = False
        self._line: list[bytes] = []
        self._line_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._type = ""

    def feed(self, piece: bytes) -> list[Event]:
        """Decode the next piece of the stream.

        Raises:
            EventTooLongError: If a line or an event exceeds `MAX_EVENT_BYTES`.
        """
        if self._at_start:
            piece = self._strip_bom(piece)
        if self._skip_line_feed and piece:
            self._skip_line_feed = False
            if piece.startswith(b"\n"):
                piece = piece[1:]
        if b"\r" in piece:
            # A CR ends its line at once; the LF of a CRLF may be in the next piece.
            self._skip_line_feed = piece.endswith(b"\r")
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = piece.split(b"\n")
        if lines and self._line:
            self._line.append(lines[0])
            lines[0] = b"".join(self._line)
            self._line = []
            self._line_size = 0
        events = self._read_lines(lines)
        if rest:
            self._keep(rest)
        return events

    def flush(self) -> list[Event]:
        """Return the event that the end of the stream interrupted, if there is one.

        Raises:
            EventTooLongError: If the event exceeds `MAX_EVENT_BYTES`.
        """
        if self._at_start:
            # Up to two bytes were held back because they could have begun a BOM.
            self._at_start = False
        return self.feed(b"\n\n")

    def _strip_bom(self, piece: bytes) -> bytes:
        start = b"".join(self._line) + piece
        self._line = []
        self._line_size = 0
        if len(start) < len(_BOM) and _BOM.startswith(start):
            self._line = [start]
            return b""
        self._at_start = False
        return start.removeprefix(_BOM)

    def _keep(self, rest: bytes) -> None:
        self._line.append(rest)
        self._line_size += len(rest)
        if self._line_size > MAX_EVENT_BYTES:
            raise EventTooLongError
        if not self._line[0].startswith(b":"):
            self.made_progress = True

    def _read_lines(self, lines: list[bytes]) -> list[Event]:
        events: list[Event] = []
        self.made_progress = False
        for line in lines:
            if len(line) > MAX_EVENT_BYTES:
                raise EventTooLongError
            if not line:
                if self._data:
                    events.append(self._dispatch())
                self._type = ""
            elif line.startswith(b"data: "):
                self._add_data(line[6:])
            else:
                self._read_field(line)
        return events

    def _dispatch(self) -> Event:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data = []
        self._data_size = 0
        return Event(data, self._type) if self._type else Event(data)

    def _add_data(self, value: bytes) -> None:
        self._data_size += len(value)
        if self._data_size > MAX_EVENT_BYTES:
            raise EventTooLongError
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
        elif name == b"id" and b"\0" not in value:
            self.last_event_id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _MAX_RETRY_DIGITS:
            self.reconnection_time = int(value)
