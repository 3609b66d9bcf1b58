"""Entries that come in pieces, such as `reasoning_details` → the entries, whole.

Entries of a plain answer are kept as they came. In a stream, a piece belongs to the
entry with the same index and type. A piece without an index belongs to the last entry,
if that is of its type and not signed yet.
"""

from __future__ import annotations

from typing import Any, Final

# Keys whose values come in pieces, which are joined; of others the last value counts.
_GROWING: Final = ("text", "thinking", "reasoning", "content", "summary", "data")
# Keys whose values end an entry; they come as a whole or in pieces.
_SEALS: Final = ("signature",)


class _Entry:
    """One entry, its growing texts in pieces: joining each time would be quadratic."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = dict(fields)
        self._pieces: dict[str, list[Any]] = {}

    def add(self, fields: dict[str, Any]) -> None:
        for key, value in fields.items():
            old = self.fields.get(key)
            if value is None or value == "":
                self.fields.setdefault(key, value)
            elif key in _GROWING and _can_grow(old, value):
                self._pieces.setdefault(key, [old]).append(value)
            elif key in _SEALS and isinstance(old, str) and isinstance(value, str):
                self.fields[key] = value if value.startswith(old) else old + value
            else:
                self.fields[key] = value

    def fits(self, fields: dict[str, Any]) -> bool:
        """Tell whether a piece continues this entry."""
        if self.fields.get("type") != fields.get("type"):
            return False
        ids = (self.fields.get("id"), fields.get("id"))
        if all(ids) and ids[0] != ids[1]:
            return False
        if fields.get("index") is not None:
            return True
        is_whole = fields.get("data") or any(self.fields.get(seal) for seal in _SEALS)
        return self.fields.get("index") is None and not is_whole

    def build(self) -> dict[str, Any]:
        for key, pieces in self._pieces.items():
            self.fields[key] = _join(pieces)
        self._pieces.clear()
        return dict(self.fields)


class Fragments:
    """Collects the entries of one field."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._by_key: dict[tuple[Any, Any], _Entry] = {}
        self._others: list[Any] = []

    def __bool__(self) -> bool:
        """Whether anything has come."""
        return bool(self._entries or self._others)

    def add(self, entries: list[Any], *, are_whole: bool = False) -> None:
        """Take the entries of one delta, or of a whole message."""
        for fields in entries:
            if not isinstance(fields, dict):
                self._others.append(fields)
            elif are_whole or (entry := self._find(fields)) is None:
                self._open(fields)
            else:
                entry.add(fields)

    def build(self) -> list[Any]:
        """Build the entries in the order in which they began."""
        return [*(entry.build() for entry in self._entries), *self._others]

    def _find(self, fields: dict[str, Any]) -> _Entry | None:
        entry = self._by_key.get(_build_key(fields))
        if entry is None and fields.get("index") is None and self._entries:
            entry = self._entries[-1]
        return entry if entry is not None and entry.fits(fields) else None

    def _open(self, fields: dict[str, Any]) -> None:
        entry = _Entry(fields)
        self._entries.append(entry)
        if fields.get("index") is not None:
            self._by_key[_build_key(fields)] = entry


def _build_key(fields: dict[str, Any]) -> tuple[Any, Any]:
    return str(fields.get("index")), str(fields.get("type"))


def _can_grow(old: Any, new: Any) -> bool:
    return (isinstance(old, str) and isinstance(new, str)) or (
        isinstance(old, list) and isinstance(new, list)
    )


def _join(pieces: list[Any]) -> Any:
    """Join texts; or lists of parts, in which neighbouring texts become one."""
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(pieces)
    parts = Fragments()
    for piece in pieces:
        parts.add(piece)
    return parts.build()
