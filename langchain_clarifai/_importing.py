"""The name of a module → the module, imported with room for the frames of its import.

CPython keeps frames in chunks of 16 kB. Where a call needs a new one, its return frees
it, so a loop that calls across the end of a chunk asks the system for memory and gives
it back at every turn. An import runs deep, and millions of calls: how many of them
cross is a matter of luck, and changes with each frame above. Importing langchain-core
from here took thirteen thousand such turns, a tenth of a second.

So what takes long to import is imported below a frame that is as large as many chunks.
Python gives it a chunk of its own, in which there is room for all that it calls. Memory
that is not written to costs nothing.

https://github.com/python/cpython/issues/142183: Python keeps a chunk for the next call
from 3.15 on, and in later releases of 3.13 and 3.14. This can go with 3.12.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import ModuleType

# In slots of 8 bytes. Python allots twice as much, in powers of two.
_ROOM: Final = 32 * 1024


def import_with_room(name: str) -> ModuleType:
    """Import a module below a large frame; one that is there already costs nothing."""
    return import_module(name)


import_with_room.__code__ = import_with_room.__code__.replace(co_stacksize=_ROOM)
