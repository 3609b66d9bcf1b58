"""A base URL → whose server it is.

This decides whether a token that was found, not passed, may be sent there. Only the
host is compared, never a path, a prefix or a part of the URL that only looks like one.
"""

from __future__ import annotations

import ipaddress
import os
from functools import lru_cache
from urllib.parse import urlsplit

from langchain_clarifai._settings.credentials import (
    BASE_VARIABLE,
    OPENAI_PATH,
    is_clarifai_host,
    is_loopback,
    read_current_context,
)


@lru_cache(maxsize=256)
def read_host(url: str) -> str:
    """Return the host of a URL in the one form that is compared; "" for none.

    Without user info, port, brackets, a final dot; in lower case, and for an
    international name in punycode.
    """
    try:
        host = urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""
    if any(character in host for character in "\\%@ ") or not host.isprintable():
        return ""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return host.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        return ""


def is_clarifais(base_url: str) -> bool:
    """Tell whether a server is Clarifai's, or what the user has named as such.

    That is a host that CLARIFAI_API_BASE or the context of Clarifai's CLI names.
    """
    host = read_host(base_url)
    return bool(host) and (is_clarifai_host(host) or host in _list_named_hosts())


def may_have_found_token(base_url: str) -> bool:
    """Tell whether a token that was found, not passed, may be sent to a server."""
    host = read_host(base_url)
    is_near = is_clarifai_host(host) or is_loopback(host)
    return bool(host) and (is_near or is_clarifais(base_url))


def speaks_for_clarifai(base_url: str) -> bool:
    """Tell whether advice may name Clarifai's plans, ids and login.

    A server on this machine counts as Clarifai's if its path is Clarifai's: it may be a
    tunnel. No file is read to find out.
    """
    host = read_host(base_url)
    if is_loopback(host):
        return base_url.rstrip("/").endswith(OPENAI_PATH)
    return is_clarifai_host(host) or host in _list_hosts_of_environment()


def _list_named_hosts() -> set[str]:
    named = _list_hosts_of_environment()
    if base_url := read_current_context().get(BASE_VARIABLE):
        named.add(read_host(base_url))
    return named - {""}


def _list_hosts_of_environment() -> set[str]:
    return {read_host(os.environ.get(BASE_VARIABLE, ""))} - {""}
