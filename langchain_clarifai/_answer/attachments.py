"""What stands in a message besides text, thoughts and calls → its additional kwargs.

All of it is handed out once, on the last chunk.
"""

from __future__ import annotations

from typing import Any, Final

from langchain_clarifai._answer.call_slots import merge_fields
from langchain_clarifai._answer.extra_fields import merge
from langchain_clarifai._answer.fragments import Fragments
from langchain_clarifai._answer.reasoning import ENTRY_FIELDS

THINKING_PARTS: Final = "thinking_parts"
"""The key of thoughts that came as parts of the content."""

ATTACHED_FIELDS: Final = (
    *ENTRY_FIELDS,
    "annotations",
    "audio",
    "citations",
    "extra_content",
    "images",
    "search_results",
)
"""Fields that are kept whole, under their own names."""

_ENTRIES: Final = frozenset({*ENTRY_FIELDS, THINKING_PARTS})
_GROWING: Final = ("data", "transcript")


class Attachments:
    """Collects what is attached to one message."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._entries: dict[str, Fragments] = {}
        # Sound comes in pieces, which are joined once.
        self._audio: dict[str, list[str]] = {}

    def __contains__(self, name: str) -> bool:
        """Tell whether anything came under a name."""
        return name in self._values or name in self._entries

    def attach(self, name: str, value: Any, *, is_whole: bool = False) -> None:
        """Take a value that came under a name; `is_whole` says it is no fragment."""
        if name in _ENTRIES and isinstance(value, list):
            fragments = self._entries.setdefault(name, Fragments())
            fragments.add(value, are_whole=is_whole)
        elif name == "audio" and isinstance(value, dict):
            self._attach_audio(value)
        elif name == "extra_content" and isinstance(value, dict):
            known = self._values.get(name)
            if not isinstance(known, dict):
                known = self._values[name] = {}
            merge_fields(known, value)
        else:
            self._values[name] = merge(self._values.get(name), value)

    def _attach_audio(self, audio: dict[str, Any]) -> None:
        known = self._values.get("audio")
        if not isinstance(known, dict):
            known = self._values["audio"] = {}
        for key, value in audio.items():
            if key in _GROWING and isinstance(value, str):
                self._audio.setdefault(key, []).append(value)
                known[key] = value
            elif value is not None or key not in known:
                known[key] = value

    def build(self) -> dict[str, Any]:
        """Build the additional kwargs."""
        for key, pieces in self._audio.items():
            self._audio[key] = ["".join(pieces)]
            self._values["audio"][key] = self._audio[key][0]
        return {
            **self._values,
            **{name: entries.build() for name, entries in self._entries.items()},
        }
