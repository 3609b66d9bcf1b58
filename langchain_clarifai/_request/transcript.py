"""Messages, calls and results, as they come → wire messages, each result by its call.

Every call is followed by exactly one result, in the order of the calls, right after
the assistant message that made them. What a result shows besides text follows in one
user message after all results of that turn.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_clarifai._request.tool_names import ToolNames


@dataclass(slots=True)
class Result:
    """What a tool gave back, apart from which call it answers."""

    content: str | list[dict[str, Any]]
    media: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Call:
    """A tool call and its result; until one comes, it says that there is none."""

    given_id: str
    wire_call: dict[str, Any]
    result: Result
    result_name: str = ""


@dataclass(slots=True)
class _Turn:
    """The results that follow an assistant message, before any other message."""

    calls: list[Call]
    media: list[dict[str, Any]]

    def build(self) -> Iterator[dict[str, Any]]:
        """Build the results in the order of the calls, and what they show."""
        media = self.media[:]
        for call in self.calls:
            media += call.result.media
            yield {
                "role": "tool",
                "tool_call_id": call.wire_call["id"],
                # Gemini refuses a result that does not name its tool.
                "name": call.result_name or _read_call_name(call.wire_call),
                "content": call.result.content,
            }
        if media:
            yield {"role": "user", "content": media}


class Transcript:
    """The wire messages so far, and the calls that still wait for a result."""

    def __init__(self, *, image_tool_message: bool, names: ToolNames) -> None:
        self.image_tool_message = image_tool_message
        self._names = names
        self._entries: list[dict[str, Any] | _Turn] = []
        # By the id that was given, then by turn (the latest last), then by call.
        self._waiting: dict[str, list[deque[Call]]] = {}
        self._answers: dict[str, Result] = {}

    def add(self, wire_message: dict[str, Any]) -> None:
        """Add a message."""
        self._entries.append(wire_message)

    def open_turn(self, calls: list[Call], media: list[dict[str, Any]]) -> None:
        """Reserve the place for the results of calls, after the message just added."""
        self._entries.append(_Turn(calls, media))
        waiting: dict[str, deque[Call]] = {}
        for call in calls:
            self._rename(call.wire_call)
            waiting.setdefault(call.given_id, deque()).append(call)
        for given_id, calls_of_id in waiting.items():
            self._waiting.setdefault(given_id, []).append(calls_of_id)

    def answer(self, given_id: str, name: str | None, result: Result) -> None:
        """Put a result with its call, or quote it where there is none."""
        call = self._take(given_id if given_id in self._waiting else "")
        if call is not None:
            call.result = self._answers[given_id] = result
            call.result_name = self._names.convert_to_wire(name) if name else ""
        elif self._answers.get(given_id) != result:
            self.add(_build_quotation(given_id, name, result))

    def _rename(self, wire_call: dict[str, Any]) -> None:
        """Give a call the name under which the wire knows its tool."""
        function = wire_call[_read_kind(wire_call)]
        function["name"] = self._names.convert_to_wire(function["name"])

    def _take(self, given_id: str) -> Call | None:
        turns = self._waiting.get(given_id)
        if not turns:
            return None
        call = turns[-1].popleft()
        if not turns[-1]:
            turns.pop()
        return call

    def build(self) -> list[dict[str, Any]]:
        """Build the wire messages, every result behind its call."""
        wire_messages: list[dict[str, Any]] = []
        for entry in self._entries:
            if isinstance(entry, _Turn):
                wire_messages.extend(entry.build())
            else:
                wire_messages.append(entry)
        return wire_messages


def _read_call_name(wire_call: dict[str, Any]) -> str:
    name: str = wire_call[_read_kind(wire_call)]["name"]
    return name


def _read_kind(wire_call: dict[str, Any]) -> str:
    """Read where a call keeps its name: under `function`, or under `custom`."""
    return "function" if "function" in wire_call else "custom"


def _build_quotation(given_id: str, name: str | None, result: Result) -> dict[str, Any]:
    origin = ", ".join(part for part in (name, given_id) if part) or "unknown"
    text = f"Result of an earlier tool call ({origin}):"
    parts = result.media
    if isinstance(result.content, str):
        text = f"{text}\n{result.content}"
    else:
        parts = [*result.content, *parts]
    content = [{"type": "text", "text": text}, *parts] if parts else text
    return {"role": "user", "content": content}
