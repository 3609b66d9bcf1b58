"""aiohttp as the transport of the SDK's HTTP library, for async calls.

It takes a third of the CPU of the library's own. The SDK has such a transport too; in
openai 3 that one cannot be had without importing all of the SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aiohttp
from yarl import URL

from langchain_clarifai._transport.http_library import import_http_library
from langchain_clarifai._transport.proxies import is_socks
from langchain_clarifai._transport.silence import Pieces
from langchain_clarifai._transport.unread import WatchedConnector

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

# Seconds until an idle connection is closed: the HTTP library's default.
_KEEPALIVE_EXPIRY: Final = 5.0

_http: Any = import_http_library()


class AiohttpTransport(_http.AsyncBaseTransport):  # type: ignore[misc]  # one of two
    """Sends requests through a session of aiohttp, made on the loop that uses it.

    Its errors are aiohttp's own; `_errors.conversion` knows them.
    """

    def __init__(
        self, context: ssl.SSLContext, max_connections: int, proxy: str | None
    ) -> None:
        self._context = context
        self._max_connections = max_connections
        self._socks = proxy if is_socks(proxy) else None
        self._proxy, self._proxy_auth = _split_proxy(None if self._socks else proxy)
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request; return its response, of which the body is yet to come."""
        timeout = request.extensions.get("timeout", {})
        response = await self._open_session().request(
            request.method,
            str(request.url),
            headers=request.headers.multi_items(),
            data=await request.aread() or None,
            allow_redirects=False,
            proxy=self._proxy,
            proxy_auth=self._proxy_auth,
            timeout=aiohttp.ClientTimeout(
                # The reader of the body limits each wait for more of it, and the sender
                # of the request limits the wait for its headers.
                sock_connect=timeout.get("connect"),
                connect=timeout.get("pool"),
            ),
            trace_request_ctx=request.extensions.get("header_timeout"),
        )
        return _http.Response(
            response.status,
            headers=response.raw_headers,
            stream=_Body(response, timeout["read"]),
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": (response.reason or "").encode(),
            },
        )

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_begin_to_wait)
            self._session = aiohttp.ClientSession(
                connector=self._build_connector(),
                # The cookies of one token's answers shall not travel with another's
                # requests.
                cookie_jar=aiohttp.DummyCookieJar(),
                # The HTTP library undoes compression.
                auto_decompress=False,
                trace_configs=[trace],
            )
        return self._session

    def _build_connector(self) -> aiohttp.BaseConnector:
        settings: dict[str, Any] = {
            "ssl": self._context,
            "limit": self._max_connections,
            "keepalive_timeout": _KEEPALIVE_EXPIRY,
        }
        if self._socks is None:
            return WatchedConnector(**settings)
        from langchain_clarifai._transport.socks import build_connector

        return build_connector(self._socks, **settings)


class _Body(_http.AsyncByteStream):  # type: ignore[misc]  # one of two
    """The body of a response, in the pieces in which the network brings it."""

    def __init__(self, response: aiohttp.ClientResponse, seconds: float) -> None:
        self._response = response
        self._pieces = Pieces(response.content, seconds)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    async def aclose(self) -> None:
        """Let the connection go: to the pool if the body was read to its end."""
        self._pieces.stop()
        self._response.release()
        await self._response.wait_for_close()


def _split_proxy(proxy: str | None) -> tuple[URL | None, aiohttp.BasicAuth | None]:
    """Split a proxy's URL from the name and password that it holds."""
    if proxy is None:
        return None, None
    url = URL(proxy)
    if url.user is None:
        return url, None
    return url.with_user(None), aiohttp.BasicAuth(url.user, url.password or "")


async def _begin_to_wait(_session: Any, context: Any, _params: Any) -> None:
    header_timeout = context.trace_request_ctx
    if header_timeout is not None:
        header_timeout.begin()
