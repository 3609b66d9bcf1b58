"""Counts what is in use by what exists, so that no count can be lost.

A signal handler may raise between any two steps (Ctrl-C does), also between taking
something and the `try` that would give it back. So nothing is added and subtracted: a
use is an object, and those that still exist are counted.
"""

from __future__ import annotations

import weakref
from typing import Any, TypeAlias

_Reference: TypeAlias = "weakref.ref[Any]"


class Living:
    """Objects that are counted until they are removed, or nobody refers to them.

    Threads and signal handlers may use it at any time: each change is a single
    operation of a set, which nothing can interrupt.
    """

    __slots__ = ("_references",)

    def __init__(self) -> None:
        self._references: set[_Reference] = set()

    def __len__(self) -> int:
        return len(self._references)

    def add(self, owner: object) -> None:
        """Count an object from now on."""
        references = self._references
        references.add(weakref.ref(owner, references.discard))

    def discard(self, owner: object) -> None:
        """Count an object no longer, though it still exists."""
        self._references.discard(weakref.ref(owner))
