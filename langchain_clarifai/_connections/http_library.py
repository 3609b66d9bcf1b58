"""The HTTP library that the installed SDK stands on, found without importing the SDK.

openai 2 uses httpx, openai 3 httpx2. The same library is used here, so that the SDK's
errors can hold its responses, and users can give us the SDK's clients and timeouts.
Each stands on a core of its own, a package with a public interface, that does the
networking. This is the only module that names any; all others take what it hands out.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module, metadata
from typing import Any, Final

MAX_CONNECTIONS: Final = 1000
"""How many connections a client has at most: the SDK's own limit, of `_constants`."""

KEEPALIVE_EXPIRY: Final = 5.0
"""Seconds until an idle connection is closed: the HTTP library's default."""

_SDK: Final = "openai"
# By the SDK's major version.
_LIBRARIES: Final = {"2": "httpx", "3": "httpx2"}
_CORES: Final = {"httpx": "httpcore", "httpx2": "httpcore2"}


@cache
def read_sdk_version() -> str:
    """Return the version of the installed SDK, without importing it."""
    try:
        return metadata.version(_SDK)
    except metadata.PackageNotFoundError:
        # The SDK was packed without its metadata, as in frozen applications.
        return str(import_module(_SDK).__version__)


@cache
def import_http_library() -> Any:
    """Import the HTTP library that the installed SDK stands on."""
    return import_module(_find_library())


@cache
def import_core() -> Any:
    """Import the core of that library: connections, and their pool."""
    return import_module(_CORES[_find_library()])


def _find_library() -> str:
    known = _LIBRARIES.get(read_sdk_version().partition(".")[0])
    if known is not None:
        return known
    # The SDK's version is not known here: see what its own client is derived from.
    bases = import_module(_SDK).DefaultHttpxClient.__mro__
    names: list[str] = [base.__module__.partition(".")[0] for base in bases]
    return next(name for name in names if name in _CORES)
