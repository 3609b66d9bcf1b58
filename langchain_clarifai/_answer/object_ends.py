"""JSON that grows piece by piece → whether it may have ended, each piece seen once.

It spares parsing all that has come of a call's arguments each time a piece ends like an
object, as pieces of program code often do: that would take quadratic time.
"""

from __future__ import annotations

import re
from typing import Final

# Marks that begin or end a string, an object or a list; and escapes, which do neither.
_MARKS: Final = re.compile(r'\\(?:.|\Z)|["{}\[\]]', re.DOTALL)


class ObjectEnd:
    """Follows the strings and brackets of one text."""

    __slots__ = ("_depth", "_ends", "_escape", "_is_in_string")

    def __init__(self) -> None:
        self._depth = 0
        self._ends = 0
        self._is_in_string = False
        self._escape = (
            ""  # the backslash at the end of the last piece, if there was one
        )

    def feed(self, piece: str) -> None:
        """Take the next piece of the text."""
        piece = self._escape + piece
        self._escape = ""
        mark = ""
        for match in _MARKS.finditer(piece):
            mark = match[0]
            if mark == '"':
                self._is_in_string = not self._is_in_string
                self._ends += not (self._is_in_string or self._depth)
            elif self._is_in_string or mark[0] == "\\":
                continue
            elif mark in "{[":
                self._depth += 1
            else:
                self._depth -= 1
                self._ends += not self._depth
        if mark == "\\":
            self._escape = mark

    @property
    def is_reached(self) -> bool:
        """Whether the text may be one value that has ended; parsing tells if it is."""
        return self._ends == 1 and not self._depth and not self._is_in_string
