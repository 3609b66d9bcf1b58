"""The URL of a request → its parts, as they are sent.

A URL is parsed once and kept, since a model sends all its requests to the same one. A
URL that is sent exactly as it is written is split here. All others, with a query, an
IPv6 address, letters beyond ASCII or anything to normalise, are left to the HTTP
library, which takes a while to import.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._connections.http_library import import_http_library

if TYPE_CHECKING:
    from collections.abc import Mapping

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_PLAIN: Final = re.compile(
    rf"(https?)://([a-z][a-z0-9.-]*|{_OCTET}(?:\.{_OCTET}){{3}})(?::([1-9]\d{{0,4}}))?"
    # No segment may begin with a dot here: `.` and `..` have to be resolved.
    r"((?:/(?!\.)[A-Za-z0-9._~-]*)+)",
    re.ASCII,
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, eq=False)
class Address:
    """Where a request goes.

    An address is equal to none but itself, which makes it a cheap key of dicts.

    Attributes:
        url: All of it, as a text.
        scheme: "http" or "https".
        host: Whom to connect to.
        port: The one that the URL names, unless it is the scheme's own.
        target: The path and the query.
        authority: Host and port, as the header `Host` has them.
    """

    url: str
    scheme: bytes
    host: bytes
    port: int | None
    target: bytes
    authority: bytes


@lru_cache(maxsize=256)
def read_address(url: str) -> Address:
    """Split a URL into its parts."""
    match = _PLAIN.fullmatch(url)
    if match is None:
        return _convert(import_http_library().URL(url))
    scheme, host, port_text, path = match.groups()
    port = int(port_text) if port_text else None
    if port == _DEFAULT_PORTS[scheme]:
        return _convert(import_http_library().URL(url))
    return Address(
        url=url,
        scheme=scheme.encode(),
        host=host.encode(),
        port=port,
        target=path.encode(),
        authority=(host if port is None else f"{host}:{port}").encode(),
    )


def add_query(url: str, query: Mapping[str, Any]) -> Address:
    """Split a URL into its parts, with a query in place of its own."""
    return _convert(import_http_library().URL(url, params=query))


def _convert(url: Any) -> Address:
    return Address(
        url=str(url),
        scheme=url.raw_scheme,
        host=url.raw_host,
        port=url.port,
        target=url.raw_path,
        authority=url.netloc,
    )
