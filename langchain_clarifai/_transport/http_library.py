"""The HTTP library that the installed SDK stands on, found without importing the SDK.

openai 2 uses httpx, openai 3 httpx2. The same library is used here, so that the SDK's
errors can hold its responses, and users can give us the SDK's clients and timeouts.
This is the only module that names either; all others take what it hands out.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module, metadata
from typing import Any, Final

_SDK: Final = "openai"
# By the SDK's major version.
_LIBRARIES: Final = {"2": "httpx", "3": "httpx2"}


@cache
def read_sdk_version() -> str:
    """Return the version of the installed SDK, without importing it."""
    try:
        return metadata.version(_SDK)
    except metadata.PackageNotFoundError:
        # It was packed without its metadata, as frozen applications are.
        return str(import_module(_SDK).__version__)


@cache
def import_http_library() -> Any:
    """Import the HTTP library that the installed SDK stands on."""
    name = _LIBRARIES.get(read_sdk_version().partition(".")[0])
    if name is None:
        # A version that is not known here: ask it.
        name = import_module(_SDK).Timeout.__module__.partition(".")[0]
    return import_module(name)
