"""An event of a stream → its text, where it brings nothing else.

Most events do, and most of what streaming costs is spent on them.
"""

from __future__ import annotations

from typing import Any, Final

from langchain_clarifai._answer.metadata import KNOWN_FIELDS

TEXT_FIELDS: Final = frozenset({"content", "role"})
"""The keys of a delta that brings text and nothing else."""

BARE_CHOICE: Final = frozenset({"delta", "finish_reason", "index", "logprobs"})
"""The keys of the choice around most deltas; the last is null unless asked for."""

# What a server repeats on every event, or leaves empty until the last one.
_REPEATED: Final = KNOWN_FIELDS - {"status"}


def find_text(payload: dict[str, Any], index: Any) -> str | None:
    """Return the text of an event that has a text and nothing else; else None.

    Args:
        payload: The event, not the first of its stream.
        index: The answer's index among the choices.
    """
    choices: Any = payload.get("choices")
    if choices.__class__ is not list or len(choices) != 1:
        return None
    choice: Any = choices[0]
    delta: Any = choice.get("delta") if choice.__class__ is dict else None
    content = delta.get("content") if delta.__class__ is dict else None
    if content.__class__ is not str or not content or choice.get("finish_reason"):
        return None
    has_more = (
        choice.get("index") != index
        or payload.get("usage")
        or not TEXT_FIELDS.issuperset(delta)
        or not BARE_CHOICE.issuperset(choice)
        or choice.get("logprobs")
        or not _REPEATED.issuperset(payload)
    )
    return None if has_more else content
