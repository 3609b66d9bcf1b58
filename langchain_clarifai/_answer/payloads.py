"""An event of a stream → the JSON object in it, or a fault."""

from __future__ import annotations

from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

from langchain_clarifai._answer.bodies import (
    parse_error,
    parse_json,
    parse_quickly,
    restore_integers,
)
from langchain_clarifai._answer.faults import ErrorBody, MalformedAnswer, is_error_body
from langchain_clarifai._answer.halves import HalfJoiner

if TYPE_CHECKING:
    from langchain_clarifai._answer.events import Event


class PayloadReader:
    """Reads the events of one stream."""

    def __init__(self) -> None:
        self._halves = HalfJoiner()
        self._is_exact = False

    def read(self, event: Event, *, is_flushed: bool) -> dict[str, Any] | None:
        """Return the JSON object of an event; None where it is to be left out.

        Integers beyond 64 bits may be floats, see `complete`.

        Args:
            event: The event.
            is_flushed: Whether the end of the stream interrupted it.

        Raises:
            ErrorBody: If it reports an error.
            MalformedAnswer: If it holds no JSON object.
        """
        if event.type == "error":
            raise ErrorBody(parse_error(event.data))
        if not event.data:
            return None
        try:
            payload = self._parse(event.data)
        except ValueError:
            # It was cut off in the middle, or is of a kind that we never asked for.
            if is_flushed or event.type != "message":
                return None
            raise MalformedAnswer("An event is no JSON.", event.data) from None
        if payload is None or isinstance(payload, dict):
            return payload
        if is_error_body(payload):
            raise ErrorBody(payload)
        raise MalformedAnswer("An event is no JSON object.", event.data)

    def complete(self, payload: dict[str, Any], event: Event) -> dict[str, Any]:
        """Return the object of an event with its long integers exact.

        This is a step of its own because most events bring nothing but text, and need
        not be searched for such integers.
        """
        return payload if self._is_exact else restore_integers(payload, event.data)

    def flush(self) -> dict[str, str]:
        """Return, as fields of a delta, halves of characters that nothing followed."""
        return self._halves.flush()

    def _parse(self, text: bytes) -> Any:
        """Parse an event; half of a character at an end waits for the next event."""
        self._is_exact = False
        if not self._halves.waiting:
            try:
                return parse_quickly(text)
            except JSONDecodeError:
                pass
        self._is_exact = True
        return self._halves.mend(parse_json(text, keep_halves=True))
