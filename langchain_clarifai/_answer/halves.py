r"""Halves of surrogate pairs, cut apart between two events → the character.

Gateways written in JavaScript cut texts between UTF-16 units, and JSON escapes carry
the halves: `"\ud83d"` at the end of a delta, `"\ude00"` at the start of the next one.
"""

from __future__ import annotations

import re
from typing import Any, Final

Path = tuple[Any, ...]

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_HIGH_AT_END: Final = re.compile("[\ud800-\udbff]\\Z")
_HALF: Final = re.compile("[\ud800-\udfff]")


class HalfJoiner:
    """Holds back the first half of a pair until the text it belongs to goes on."""

    def __init__(self) -> None:
        self.waiting: dict[Path, str] = {}

    def mend(self, payload: Any) -> Any:
        """Return an event with every pair joined, and without lone halves."""
        choices = payload.get("choices") if isinstance(payload, dict) else None
        if not isinstance(choices, list):
            return replace_halves(payload)
        mended = [
            self._mend(choice, (_find_key(choice, position),))
            for position, choice in enumerate(choices)
        ]
        others = {key: payload[key] for key in payload if key != "choices"}
        return {**replace_halves(others), "choices": mended}

    def flush(self) -> dict[str, str]:
        """Return the fields of a delta for halves that nothing followed."""
        waiting, self.waiting = self.waiting, {}
        names = [path[-1] for path in waiting if path[1:-1] == ("delta",)]
        return dict.fromkeys(names, _REPLACEMENT)

    def _mend(self, value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: self._mend(value[key], (*path, key)) for key in value}
        if isinstance(value, list):
            return [
                self._mend(element, (*path, _find_key(element, position)))
                for position, element in enumerate(value)
            ]
        return self._mend_text(value, path) if isinstance(value, str) else value

    def _mend_text(self, text: str, path: Path) -> str:
        if not text:
            return text
        text = self.waiting.pop(path, "") + text
        if _HIGH_AT_END.search(text):
            self.waiting[path] = text[-1]
            text = text[:-1]
        return _join_halves(text)


def replace_halves(value: Any) -> Any:
    """Replace lone halves at any depth by U+FFFD: UTF-8 cannot hold them."""
    if isinstance(value, dict):
        return {_join_halves(key): replace_halves(value[key]) for key in value}
    if isinstance(value, list):
        return [replace_halves(element) for element in value]
    return _join_halves(value) if isinstance(value, str) else value


def _join_halves(text: str) -> str:
    if _HALF.search(text) is None:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _find_key(element: Any, position: int) -> Any:
    """Return a key by which an element of a list is found again in later events."""
    index = element.get("index") if isinstance(element, dict) else None
    return position if index is None else str(index)
