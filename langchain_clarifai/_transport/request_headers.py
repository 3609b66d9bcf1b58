"""The token's header and the user's headers, laid over ours → those of one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from langchain_clarifai._connections.http_library import read_sdk_version
from langchain_clarifai._settings.credentials import Masked
from langchain_clarifai._settings.headers import merge_headers
from langchain_clarifai._version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/json",
    "User-Agent": (
        f"langchain-clarifai/{__version__} openai-python/{read_sdk_version()}"
    ),
    "X-Clarifai-Request-Id-Prefix": f"langchain-clarifai-{__version__}",
}
"""The headers of every request."""


def build_headers(
    authorization: Mapping[str, str], headers: Mapping[str, str]
) -> dict[str, str]:
    """Lay the user's headers over ours, whatever their case."""
    ours = {**HEADERS, **authorization}
    if not headers:
        return ours
    return merge_headers(ours, {name: Masked(value) for name, value in headers.items()})
