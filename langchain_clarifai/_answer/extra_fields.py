"""Fields of an answer that nobody defined → what is kept of them, bounded.

Merged by type: of scalars the last one counts, objects are merged key by key, and
lists grow, unless one only repeats what came before it.
"""

from __future__ import annotations

import json
from typing import Any, Final

MAX_EXTRA_BYTES: Final = 64 * 1024
"""How much is kept of one answer at most, in bytes of JSON."""

CUT_KEY: Final = "truncated"
"""The key of a list: the paths of fields that were too long, and are cut off."""

# How many bytes are measured in all before nothing more is kept. An answer whose fields
# exceed the limit again and again is made to cost time.
_MOST_MEASURED: Final = 100 * MAX_EXTRA_BYTES
_LONGEST_PATH: Final = 200
_ALL_ELSE: Final = "…"

# What a comma, or a colon and two quotes, adds to a value.
_SEPARATOR: Final = 4


class ExtraFields:
    """Collects fields by the part of the answer that held them.

    The parts are `completion` (also a chunk of one), `choice` and `message` (also a
    delta).
    """

    def __init__(self) -> None:
        self._fields: dict[str, dict[str, Any]] = {}
        self._size = 0
        self._measured = 0
        self._cut: list[str] = []

    def keep(self, part: str, name: str, value: Any) -> None:
        """Take a field, unless it is null."""
        path = f"{part}.{name}"[:_LONGEST_PATH]
        if value is None or path in self._cut or self._measured > _MOST_MEASURED:
            return
        fields = self._fields.setdefault(part, {})
        old = fields.get(name)
        value, size = _leave_out_repetition(old, value)
        self._size += size + (0 if name in fields else len(name))
        fields[name] = merge(old, value)
        if self._size > MAX_EXTRA_BYTES:
            # The sum counts replaced values as well, so it is an upper bound.
            self._measure_all()
        if self._size > MAX_EXTRA_BYTES:
            self._cut.append(path)
            others = self._size - _measure(fields[name])
            kept = _cut_to(fields.pop(name), MAX_EXTRA_BYTES - others)
            if kept is not None:
                fields[name] = kept
            self._measure_all()
        if self._measured > _MOST_MEASURED:
            self._cut.append(_ALL_ELSE)

    def _measure_all(self) -> None:
        self._size = _measure(self._fields)
        self._measured += min(self._size, MAX_EXTRA_BYTES)

    def build(self, others: ExtraFields) -> dict[str, Any]:
        """Build what stands in a message's metadata: these, then others that fit in."""
        if not (self._fields or others._fields):
            return {}
        joined = ExtraFields()
        joined._cut = [*self._cut, *others._cut]
        for source in (self, others):
            for part, fields in source._fields.items():
                for name, value in fields.items():
                    joined._add(part, name, value)
        built: dict[str, Any] = {part: f for part, f in joined._fields.items() if f}
        if joined._cut:
            built[CUT_KEY] = joined._cut
        return built

    def _add(self, part: str, name: str, value: Any) -> None:
        cut, self._cut = self._cut, []
        self.keep(part, name, value)
        self._cut = list(dict.fromkeys((*cut, *self._cut)))


def merge(old: Any, new: Any) -> Any:
    """Merge a value into an older one by their type, in place where it can grow."""
    if new is None:
        return old
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in new.items():
            old[key] = merge(old.get(key), value)
        return old
    if isinstance(old, list) and isinstance(new, list):
        _, repeated = _find_repetition(old, new)
        old.extend(new[repeated:])
        return old
    # Values that may grow are copied, so that the parsed event itself does not change.
    if isinstance(new, dict):
        return {key: merge(None, value) for key, value in new.items()}
    return [*new] if isinstance(new, list) else new


def _find_repetition(old: list[Any], new: list[Any]) -> tuple[bool, int]:
    """Return whether a list begins as an older one does, and how long that is."""
    is_repeated = len(new) >= len(old) and new[: len(old)] == old
    return is_repeated, len(old) if is_repeated else 0


def _leave_out_repetition(old: Any, new: Any) -> tuple[Any, int]:
    if isinstance(old, list) and isinstance(new, list):
        _, repeated = _find_repetition(old, new)
        new = new[repeated:]
        return new, sum(_measure(element) for element in new)
    return new, _measure(new)


def _measure(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _cut_to(value: Any, size: int) -> Any:
    """Return the beginning of a value that fits; None where nothing does."""
    if isinstance(value, str):
        return value.encode()[: max(0, size - 2)].decode("utf-8", "ignore") or None
    if isinstance(value, list):
        kept_elements: list[Any] = []
        for element in value:
            size -= _measure(element) + _SEPARATOR
            if size < 0:
                break
            kept_elements.append(element)
        return kept_elements or None
    if isinstance(value, dict):
        kept: dict[str, Any] = {}
        for key, entry in value.items():
            left = size - len(key) - _SEPARATOR
            part = entry if _measure(entry) <= left else _cut_to(entry, left)
            if part is None:
                break
            kept[key] = part
            size = left - _measure(part)
        return kept or None
    return None
