"""The client of async calls, on a session of aiohttp.

aiohttp takes a third of the CPU of the HTTP library's own transport. Requests and
responses are our own here too: building those of the library would take a quarter more.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from langchain_clarifai._connections.http_library import (
    KEEPALIVE_EXPIRY,
    MAX_CONNECTIONS,
)
from langchain_clarifai._connections.http_messages import (
    HttpRequest,
    HttpResponse,
    build_request,
    convert_to_text_headers,
)
from langchain_clarifai._connections.proxies import is_socks
from langchain_clarifai._connections.silence import Pieces
from langchain_clarifai._connections.unread import WatchedConnector, when_connected

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from langchain_clarifai._connections.addresses import Address


class AsyncResponse(HttpResponse):
    """A response whose body is yet to come."""

    def __init__(self, response: aiohttp.ClientResponse, seconds: float) -> None:
        reason = (response.reason or "").encode()
        super().__init__(
            response.status,
            response.raw_headers,
            {"http_version": b"HTTP/1.1", "reason_phrase": reason},
        )
        self._response = response
        self._pieces = Pieces(response.content, seconds)

    @property
    def is_whole(self) -> bool:
        """Whether all of the body is there, so that reading it waits for nothing."""
        return self._response.content.is_eof()

    def aiter_raw(self) -> AsyncIterator[bytes]:
        """Return the body as it comes, in the pieces in which the network brings it."""
        return self._pieces

    aiter_bytes = aiter_raw

    async def aclose(self) -> None:
        """Let the connection go: to the pool if the body was read to its end."""
        self._pieces.stop()
        self._response.release()
        await self._response.wait_for_close()


class AsyncClient:
    """Sends requests through a session of aiohttp, made on the loop that uses it.

    Its errors are aiohttp's own; `_errors.conversion` knows them.

    Args:
        context: For all connections of the client; None where none speaks TLS.
        proxy: URL of the proxy that all requests go through, if any does.
    """

    build_request = staticmethod(
        partial(build_request, convert_headers=convert_to_text_headers)
    )

    def __init__(self, context: ssl.SSLContext | None, proxy: str | None) -> None:
        self._context = context
        self._socks = proxy if is_socks(proxy) else None
        self._proxy = _read_proxy(None if self._socks else proxy)
        self._session: aiohttp.ClientSession | None = None
        self.is_closed = False

    async def send(self, request: HttpRequest, **_settings: bool) -> AsyncResponse:
        """Send a request; return its response, of which the body is yet to come."""
        if self.is_closed:
            raise ConnectionError("The connections were closed.")
        session = self._session or self._open_session()
        extensions = request.extensions
        timeout = extensions["timeout"]
        token = when_connected.set(extensions.get("when_connected"))
        try:
            response = await session.request(
                request.method,
                _parse_url(request.address),
                headers=request.headers,
                data=request.content,
                allow_redirects=False,
                # The reader of the body limits each wait for more of it, and the sender
                # of the request limits the wait for its headers.
                timeout=_build_timeout(timeout["connect"], timeout["pool"]),
                **self._proxy,
            )
        finally:
            when_connected.reset(token)
        return AsyncResponse(response, timeout["read"])

    async def aclose(self) -> None:
        """Close all connections."""
        self.is_closed = True
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=self._build_connector(),
            # The cookies of one answer shall not travel with another request.
            cookie_jar=aiohttp.DummyCookieJar(),
            # Compression is undone in steps.
            auto_decompress=False,
        )
        return self._session

    def _build_connector(self) -> aiohttp.BaseConnector:
        settings: dict[str, Any] = {
            "limit": MAX_CONNECTIONS,
            "keepalive_timeout": KEEPALIVE_EXPIRY,
        }
        if self._context is not None:
            settings["ssl"] = self._context
        if self._socks is None:
            return WatchedConnector(**settings)
        from langchain_clarifai._connections.socks import build_connector

        return build_connector(self._socks, **settings)


@lru_cache(maxsize=256)
def _parse_url(address: Address) -> URL:
    return URL(address.url)


@lru_cache(maxsize=256)
def _build_timeout(connect: float, pool: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(sock_connect=connect, connect=pool)


def _read_proxy(proxy: str | None) -> dict[str, Any]:
    """Split a proxy's URL from the name and password that it holds."""
    if proxy is None:
        return {}
    url = URL(proxy)
    if url.user is None:
        return {"proxy": url}
    login = aiohttp.BasicAuth(url.user, url.password or "")
    return {"proxy": url.with_user(None), "proxy_auth": login}
