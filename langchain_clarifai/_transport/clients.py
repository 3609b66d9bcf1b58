"""The SDK's HTTP clients, built without importing the SDK.

`import openai` builds thousands of types of responses, which takes as long as all of
langchain-core, and a request that goes well needs none of them. What its clients add to
the HTTP library is a few defaults, so they are built here from that library's public
names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._transport.http_library import import_http_library

if TYPE_CHECKING:
    import ssl

# The SDK's own defaults, of its `_constants`.
_TIMEOUT: Final = 600.0
_CONNECT_TIMEOUT: Final = 5.0
_MAX_CONNECTIONS: Final = 1000
_MAX_KEPT_CONNECTIONS: Final = 100


def build_client(context: ssl.SSLContext, **settings: Any) -> Any:
    """Build what `openai.DefaultHttpxClient` is, with a TLS context."""
    http = import_http_library()
    return http.Client(verify=context, **_build_defaults(), **settings)


def build_async_client(
    context: ssl.SSLContext, proxy: str | None = None, **settings: Any
) -> Any:
    """Build what `openai.DefaultAioHttpClient` is, with a TLS context.

    Args:
        context: For all connections of the client.
        proxy: URL of the proxy that all requests go through, if any does.
        **settings: Further arguments of the HTTP library's client.
    """
    # Sync calls shall not wait for aiohttp to be imported.
    from langchain_clarifai._transport.aiohttp_transport import AiohttpTransport

    http = import_http_library()
    return http.AsyncClient(
        verify=context,
        transport=AiohttpTransport(context, _MAX_CONNECTIONS, proxy),
        **_build_defaults(),
        **settings,
    )


def _build_defaults() -> dict[str, Any]:
    http = import_http_library()
    return {
        "timeout": http.Timeout(_TIMEOUT, connect=_CONNECT_TIMEOUT),
        "limits": http.Limits(
            max_connections=_MAX_CONNECTIONS,
            max_keepalive_connections=_MAX_KEPT_CONNECTIONS,
        ),
        "follow_redirects": True,
    }
