"""The client of sync calls, on the pool of connections that the HTTP library stands on.

What the library puts around that pool takes as long as the pool itself: it builds URL,
headers, request and response anew for each step. None of that does a warm connection
need. The pool is the core's, by its public interface, with the SDK's limits.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from langchain_clarifai._transport.clients import MAX_CONNECTIONS, MAX_KEPT_CONNECTIONS
from langchain_clarifai._transport.http_library import (
    import_core,
    import_http_library,
)
from langchain_clarifai._transport.http_messages import (
    HttpRequest,
    HttpResponse,
    build_request,
)
from langchain_clarifai._transport.network import PatientBackend
from langchain_clarifai._transport.proxies import is_socks

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from langchain_clarifai._transport.addresses import Address

# Seconds until an idle connection is closed: the HTTP library's default.
_KEEPALIVE_EXPIRY: Final = 5.0

_core: Any = import_core()


class _KeptURL(_core.URL):  # type: ignore[misc]  # one of two
    """A URL that knows its origin, which is asked for several times a request."""

    def __init__(self, address: Address) -> None:
        super().__init__(
            scheme=address.scheme,
            host=address.host,
            port=address.port,
            target=address.target,
        )
        self._kept_origin = super().origin

    @property
    @override
    def origin(self) -> Any:
        return self._kept_origin


_build_url = lru_cache(maxsize=256)(_KeptURL)


class SyncResponse(HttpResponse):
    """A response whose body is yet to come."""

    def __init__(self, response: Any) -> None:
        super().__init__(response.status, response.headers, response.extensions)
        self._stream = response.stream

    def iter_raw(self) -> Iterator[bytes]:
        """Yield the body as it comes; its end gives the connection back."""
        for piece in self._stream:
            if piece:
                yield piece
        self.close()

    iter_bytes = iter_raw

    def close(self) -> None:
        """Give the connection back if the body was read to its end, else close it."""
        self._stream.close()


class Client:
    """Sends requests through a pool of connections."""

    build_request = staticmethod(build_request)

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.is_closed = False

    def send(self, request: HttpRequest, **_settings: bool) -> SyncResponse:
        """Send a request; return its response, of which the body is yet to come."""
        if self.is_closed:
            raise ConnectionError("The connections were closed.")
        content = request.content
        sent = _core.Request(
            request.method,
            _build_url(request.address),
            content=(content,) if content else (),
            extensions=request.extensions,
        )
        # They are bytes already: the constructor would look at each of them.
        sent.headers = request.headers
        return SyncResponse(self._pool.handle_request(sent))

    def close(self) -> None:
        """Close all connections."""
        self.is_closed = True
        self._pool.close()


def build_client(context: ssl.SSLContext | None, proxy: str | None = None) -> Client:
    """Build a client for sync calls.

    Args:
        context: For all connections of the client; None where none speaks TLS.
        proxy: URL of the proxy that all requests go through, if any does.
    """
    settings = {
        "ssl_context": context,
        "max_connections": MAX_CONNECTIONS,
        "max_keepalive_connections": MAX_KEPT_CONNECTIONS,
        "keepalive_expiry": _KEEPALIVE_EXPIRY,
        "network_backend": PatientBackend(),
    }
    if proxy is None:
        return Client(_core.ConnectionPool(**settings))
    parsed = import_http_library().Proxy(proxy)
    settings["proxy_auth"] = parsed.raw_auth
    settings["proxy_url"] = _core.URL(
        scheme=parsed.url.raw_scheme,
        host=parsed.url.raw_host,
        port=parsed.url.port,
        target=parsed.url.raw_path,
    )
    if is_socks(proxy):
        return Client(_core.SOCKSProxy(**settings))
    if parsed.url.scheme == "https":
        settings["proxy_ssl_context"] = context
    return Client(_core.HTTPProxy(**settings))
