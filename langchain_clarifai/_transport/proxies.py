"""The environment's proxies → the one that requests to an origin go through."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def find_proxy(origin: str) -> str | None:
    """Return the URL of the proxy for an origin; None where it is reached directly.

    As usual, that is HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, unless NO_PROXY names the
    host; on macOS and Windows also what the system's settings say.
    """
    proxies = getproxies()
    parts = urlsplit(origin)
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
