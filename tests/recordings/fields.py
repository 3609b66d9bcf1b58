"""Every field of a recording, whether anybody defined it or not → names and values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tests.recordings.reading import list_events

if TYPE_CHECKING:
    from collections.abc import Iterator

SAYS_NOTHING: Final = frozenset({"created", "object", "obfuscation", "role", "index"})
"""What is left out on purpose: it says nothing of the answer."""

READ_BY_SENSE: Final = frozenset(
    {"content", "function_call", "reasoning", "reasoning_content", "tool_calls"}
)
"""Fields of a message that are compared by what they say: their form may change."""

Pair: TypeAlias = tuple[str, str]
"""The name that stands nearest to a scalar, and the scalar as JSON."""


def list_fields(recording: dict[str, Any]) -> set[Pair]:
    """List what the fields of an answer say; of one that a stream repeats, the last.

    The backend's model is left out, since a message may name it differently, and so
    are zeros in a usage, which say no more than their absence.
    """
    last: dict[Pair, Any] = {}
    for part, name, value in _list_values(recording):
        if name == "id" and (part, name) in last:
            continue  # some give each chunk an id of its own
        if value is not None and name not in SAYS_NOTHING:
            last[part, name] = value
    pairs = {
        pair
        for (_, name), value in last.items()
        if name != "usage"
        for pair in walk(name, value)
    }
    usage = walk("usage", last.get(("", "usage")))
    return pairs | {pair for pair in usage if pair[1] not in {"0", "0.0"}}


def _list_values(recording: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    body = recording["body"]
    for event in list_events(body) if recording["is_stream"] else [json.loads(body)]:
        for choice in (event.get("choices") or [])[:1]:
            if not choice.get("index"):
                yield from _list_values_of_choice(choice)
        for name, value in event.items():
            if name not in {"choices", "model"}:
                yield "", name, value


def _list_values_of_choice(choice: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for part in ("message", "delta"):
        for name, value in (choice.get(part) or {}).items():
            if name not in READ_BY_SENSE:
                yield part, name, value
    for name, value in choice.items():
        if name not in {"message", "delta"}:
            yield "choice", name, value


def walk(name: str, value: Any) -> set[Pair]:
    """List all scalars in a value but nulls and empty texts."""
    if isinstance(value, dict):
        return {pair for key, one in value.items() for pair in walk(key, one)}
    if isinstance(value, list):
        return {pair for one in value for pair in walk(name, one)}
    return set() if value in (None, "") else {(name, json.dumps(value))}


def find_missing(told: set[Pair], message: Any) -> set[Pair]:
    """Find what a message does not hold, under the same name; texts may have grown."""
    held = walk("", message.model_dump())
    texts: dict[str, str] = {}
    for name, value in held:
        texts[name] = texts.get(name, "") + value
    return {
        (name, value)
        for name, value in told - held
        if not (value.startswith('"') and value[1:-1] in texts.get(name, ""))
    }
