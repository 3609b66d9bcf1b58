"""The client of sync calls, on the HTTP library's own transport."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_clarifai._transport.clients import (
    MAX_CONNECTIONS,
    MAX_KEPT_CONNECTIONS,
    BaseClient,
)
from langchain_clarifai._transport.http_library import import_http_library
from langchain_clarifai._transport.patience import prepare_transport

if TYPE_CHECKING:
    import ssl


class Client(BaseClient):
    """Sends requests through the HTTP library's own transport."""

    def send(self, request: Any, **_settings: bool) -> Any:
        """Send a request; return its response, of which the body is yet to come."""
        if self.is_closed:
            raise ConnectionError("The connections were closed.")
        response = self._transport.handle_request(request)
        response.request = request
        return response

    def close(self) -> None:
        """Close all connections."""
        self.is_closed = True
        self._transport.close()


def build_client(context: ssl.SSLContext, proxy: str | None = None) -> Client:
    """Build a client for sync calls.

    Args:
        context: For all connections of the client.
        proxy: URL of the proxy that all requests go through, if any does.
    """
    library = import_http_library()
    transport = library.HTTPTransport(
        verify=context,
        proxy=proxy,
        limits=library.Limits(
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_KEPT_CONNECTIONS,
            keepalive_expiry=library.Limits().keepalive_expiry,
        ),
    )
    prepare_transport(transport)
    return Client(transport)
