"""What of a recording's thoughts is to go back, read by rules of its own."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.recordings.reading import join_thoughts

ENTRIES: Final = ("reasoning_details", "thinking_blocks")
_GROWING: Final = frozenset({"text", "summary", "thinking", "data", "signature"})


def read_field_of_thoughts(messages: list[dict[str, Any]]) -> tuple[str, str]:
    """Read under which text field thoughts came, and which: of several the first."""
    for name in ("reasoning_content", "reasoning"):
        if thoughts := "".join(join_thoughts(one.get(name)) for one in messages):
            return name, thoughts
    return "", ""


def read_entries(messages: list[dict[str, Any]], name: str) -> tuple[Any, ...]:
    """Read entries: their texts, joined by kind, and what else they say, unordered."""
    entries = [
        entry
        for message in messages
        for entry in message.get(name) or []
        if isinstance(entry, dict)
    ]
    texts = {
        key: "".join(str(entry.get(key) or "") for entry in entries)
        for key in sorted(_GROWING)
    }
    others = {
        (key, json.dumps(value))
        for entry in entries
        for key, value in entry.items()
        if key not in _GROWING and value not in (None, "")
    }
    return texts, others


def read_thinking_parts(messages: list[dict[str, Any]]) -> str:
    """Read the thoughts that are parts of content."""
    return "".join(
        join_thoughts(part.get("thinking"))
        for message in messages
        for part in (message.get("content") or [])
        if isinstance(part, dict) and part.get("type") == "thinking"
    )


def split_tags(text: str) -> tuple[str, str]:
    """Split a text that begins with a thought in tags; else there is no thought."""
    if not text.lstrip().startswith("<think>"):
        return "", text.strip()
    thought, _, rest = text.lstrip().removeprefix("<think>").partition("</think>")
    return thought.strip(), rest.strip()


def read_thoughts_that_go_back(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Read the thoughts of messages by their form, as far as they have it."""
    field, words = read_field_of_thoughts(messages)
    return {
        "field": (field, words),
        "parts": read_thinking_parts(messages),
        **{name: read_entries(messages, name) for name in ENTRIES},
    }


def unwrap(arguments: str) -> str:
    """Return the raw text of broken arguments, and others as they are."""
    try:
        parsed = json.loads(arguments or "{}")
    except ValueError:
        return arguments
    is_wrapped = isinstance(parsed, dict) and parsed.keys() == {"__raw__"}
    return parsed["__raw__"] if is_wrapped else arguments
