"""The environment's proxies → the one that requests to an origin go through."""

from __future__ import annotations

import ipaddress
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

_SCHEMES: Final = ("http", "https", "socks5", "socks5h")
_SOCKS: Final = ("socks5", "socks5h")


def find_proxy(origin: str) -> str | None:
    """Return the URL of the proxy for an origin; None where it is reached directly.

    As usual, that is HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, unless NO_PROXY names the
    host; on macOS and Windows also what the system's settings say. Requests to this
    machine never go through a proxy, which would see the token of plain HTTP, and would
    reach another machine. Whoever wants that gives an HTTP client of their own.

    Raises:
        ValueError: If it is no proxy that requests can go through.
    """
    parts = urlsplit(origin)
    if is_this_machine(parts.hostname or ""):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    _check_proxy(proxy)
    return proxy


def speaks_tls(origin: str, proxy: str | None) -> bool:
    """Tell whether requests to an origin need certificates, its proxy's included."""
    return any(url.startswith("https:") for url in (origin, proxy or ""))


def check_socks(proxy: str | None, package: str) -> None:
    """Check that the package is there that speaks SOCKS, if the proxy does.

    Raises:
        ImportError: If it is not; the text says what to install.
    """
    if is_socks(proxy) and find_spec(package) is None:
        raise ImportError(
            f"The environment names a SOCKS proxy (ALL_PROXY or HTTPS_PROXY), for "
            f"which the package `{package}` is missing. Install it with `pip install "
            f"'langchain-clarifai[socks]'`, or exempt the host with NO_PROXY."
        )


def is_socks(proxy: str | None) -> bool:
    """Tell whether a proxy speaks SOCKS."""
    return proxy is not None and urlsplit(proxy).scheme in _SOCKS


def is_this_machine(host: str) -> bool:
    """Tell whether a host is this machine, by its name or address."""
    host = host.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f".{host}".endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _check_proxy(proxy: str) -> None:
    try:
        parts = urlsplit(proxy)
        is_sound = parts.scheme in _SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound:
        # Its text may hold a password, so it is not shown.
        raise ValueError(
            "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names a proxy that is none. Write "
            f"it like http://proxy.example:8080; known are {', '.join(_SCHEMES)}."
        )
