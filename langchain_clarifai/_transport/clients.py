"""Clients on the HTTP library's transports, built without importing the SDK.

`import openai` builds thousands of types of responses, which takes as long as all of
langchain-core, and a request that goes well needs none of them. Nor does it need what
the HTTP library's own clients add to a transport: cookies, redirects, authentication,
hooks and defaults, which take a third of the time of a small request. So requests go to
the transport itself, with the SDK's limits. Requests and responses are the library's,
and so are the names of the methods, since users may give us a client of the SDK's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._transport.http_library import (
    MAX_CONNECTIONS,
    import_http_library,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

# What the library's clients send, too.
_HEADERS: Final = {
    "connection": ("Connection", "keep-alive"),
}
_TIMEOUT_PARTS: Final = ("connect", "read", "write", "pool")


@lru_cache(maxsize=256)
def _parse_url(url: str) -> Any:
    """Parse a URL, which takes a tenth of a request; it cannot be changed later."""
    return import_http_library().URL(url)


class BaseClient:
    """What both clients share: how a request is built."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._library = import_http_library()
        self.is_closed = False

    def build_request(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str],
        **settings: Any,
    ) -> Any:
        """Build a request of the HTTP library.

        Args:
            method: "POST" or "GET".
            url: Where it goes.
            content: Its body, if it has one.
            headers: Its headers; they win over what is sent with every request.
            **settings: `timeout`, the seconds to connect, read, write, and wait for a
                connection, or one number for each of them; and `params`, what is added
                to the URL's query.
        """
        timeout = settings["timeout"]
        seconds = timeout if isinstance(timeout, tuple) else (timeout,) * 4
        # The last of a name counts, however it is written.
        by_name = {name.lower(): (name, value) for name, value in headers.items()}
        return self._library.Request(
            method,
            _parse_url(url),
            params=settings.get("params"),
            headers=list({**_HEADERS, **by_name}.values()),
            content=content,
            extensions={"timeout": dict(zip(_TIMEOUT_PARTS, seconds, strict=True))},
        )


class AsyncClient(BaseClient):
    """Sends requests through aiohttp."""

    async def send(self, request: Any, **_settings: bool) -> Any:
        """Send a request; return its response, of which the body is yet to come."""
        if self.is_closed:
            raise ConnectionError("The connections were closed.")
        response = await self._transport.handle_async_request(request)
        response.request = request
        return response

    async def aclose(self) -> None:
        """Close all connections."""
        self.is_closed = True
        await self._transport.aclose()


def build_async_client(
    context: ssl.SSLContext, proxy: str | None = None
) -> AsyncClient:
    """Build a client for async calls.

    Args:
        context: For all connections of the client.
        proxy: URL of the proxy that all requests go through, if any does.
    """
    # Sync calls shall not wait for aiohttp to be imported.
    from langchain_clarifai._transport.aiohttp_transport import AiohttpTransport

    return AsyncClient(AiohttpTransport(context, MAX_CONNECTIONS, proxy))
