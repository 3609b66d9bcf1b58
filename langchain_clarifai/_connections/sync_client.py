"""The client of sync calls, on the connections that the HTTP library stands on.

What the library puts around them takes as long as they do: it builds URL, headers,
request and response anew for each step, which an open connection needs not. The
connections are the core's, by its public interface, with the SDK's limits.
"""

# The classes of the library's core are found at run time, so that pyright knows none of
# the methods that are overridden here.
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from langchain_clarifai._connections.connections import Connections, Lent
from langchain_clarifai._connections.http_library import (
    KEEPALIVE_EXPIRY,
    import_core,
    import_http_library,
)
from langchain_clarifai._connections.http_messages import (
    HttpRequest,
    HttpResponse,
    build_request,
)
from langchain_clarifai._connections.network import PatientBackend
from langchain_clarifai._connections.proxies import is_socks

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from langchain_clarifai._connections.addresses import Address

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
    """A response whose body is yet to come.

    Args:
        response: The core's.
        lent: The connection that it comes on.
        connections: Those that it was lent from.
    """

    def __init__(self, response: Any, lent: Lent, connections: Connections) -> None:
        super().__init__(response.status, response.headers, response.extensions)
        self._stream = response.stream
        self._lent: Lent | None = lent
        self._connections = connections

    def iter_raw(self) -> Iterator[bytes]:
        """Yield the body as it comes; its end gives the connection back."""
        try:
            for piece in self._stream:
                if piece:
                    yield piece
        except BaseException:
            self._end(self._connections.drop)
            raise
        self.close()

    iter_bytes = iter_raw

    def close(self) -> None:
        """Give the connection back if the body was read to its end, else close it."""
        if self._lent is None:
            return
        try:
            self._stream.close()
        except BaseException:
            self._end(self._connections.drop)
            raise
        self._end(self._connections.give_back)

    def _end(self, end: Callable[[Lent], None]) -> None:
        lent, self._lent = self._lent, None
        if lent is not None:
            end(lent)


class Client:
    """Sends requests to one server.

    Args:
        pool: A pool of the core's, which makes the connections.
    """

    build_request = staticmethod(build_request)

    def __init__(self, pool: Any) -> None:
        self._connections = Connections(pool)
        self.is_closed = False

    def send(self, request: HttpRequest, **_settings: bool) -> SyncResponse:
        """Send a request; return its response, of which the body is yet to come."""
        if self.is_closed:
            raise ConnectionError("The connections were closed.")
        url = _build_url(request.address)
        content = request.content
        sent = _core.Request(
            request.method,
            url,
            content=(content,) if content else (),
            extensions=request.extensions,
        )
        # They are bytes already. The constructor, given them, would check each of them.
        sent.headers = request.headers
        timeout = request.extensions["timeout"]["pool"]
        lent = self._connections.take(url.origin, timeout)
        try:
            response = lent.connection.handle_request(sent)
        except BaseException as error:
            self._connections.drop(lent)
            # The core's pool raises it so, too: the error says all that its cause says.
            raise error from None
        return SyncResponse(response, lent, self._connections)

    def close(self) -> None:
        """Close all connections."""
        self.is_closed = True
        self._connections.close()


def build_client(context: ssl.SSLContext | None, proxy: str | None = None) -> Client:
    """Build a client for sync calls.

    Args:
        context: For all connections of the client; None where none speaks TLS.
        proxy: URL of the proxy that all requests go through, if any does.
    """
    settings = {
        "ssl_context": context,
        "keepalive_expiry": KEEPALIVE_EXPIRY,
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
