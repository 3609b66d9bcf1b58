"""The name of a module → the module, imported without blocking the event loop.

The modules that send requests import HTTP libraries, which takes a while. So the first
request imports them, and the package does not.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from langchain_clarifai._importing import import_with_room

_CALLS: Final = "langchain_clarifai._transport.calls"


def has_calls() -> bool:
    """Tell whether the module that sends requests has been imported."""
    return _CALLS in sys.modules


async def import_calls() -> None:
    """Import the module that sends requests."""
    await import_in_thread(_CALLS)


async def import_in_thread(module_name: str) -> None:
    """Import a module, once, in a thread: reading files would block the loop."""
    if module_name not in sys.modules:
        await asyncio.to_thread(import_with_room, module_name)
