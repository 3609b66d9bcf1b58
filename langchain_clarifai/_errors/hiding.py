"""The HTTP library's request and response → the same without secrets.

Errors carry both along, and langchain-core hands headers and body of an error's
response to its tracers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._errors.redaction import LARGEST_ERROR

if TYPE_CHECKING:
    from langchain_clarifai._errors.exchange import Exchange

_HEADERS_OF_FRAMING: Final = {
    b"content-encoding",
    b"content-length",
    b"transfer-encoding",
}


def hide_secrets(exchange: Exchange) -> None:
    """Blot out what is secret in the request and the response of an exchange."""
    _take_originals(exchange)
    redaction = exchange.redaction
    for carrier in (exchange.request, exchange.response):
        headers = {} if carrier is None else carrier.headers
        for name, value in list(headers.items()):
            if (redacted := redaction.redact(value)) != value:
                headers[name] = redacted
    if exchange.body is not None:
        exchange.response = _build_read_response(exchange, exchange.body)


def _take_originals(exchange: Exchange) -> None:
    """Put the HTTP library's request and response in the place of the transport's.

    The SDK's exceptions hold those of the library. Where the client is the user's, they
    are the library's already.
    """
    if hasattr(exchange.request, "build_original"):
        exchange.request = exchange.request.build_original()
    if hasattr(exchange.response, "build_original"):
        exchange.response = exchange.response.build_original(exchange.request)


def _build_read_response(exchange: Exchange, body: bytes) -> Any:
    """Build the response anew, with a body that can be read again."""
    response = exchange.response
    # As bytes: the text of a header that is no ASCII would not be taken back.
    headers = [
        (name, value)
        for name, value in response.headers.raw
        if name.lower() not in _HEADERS_OF_FRAMING
    ]
    start = body[:LARGEST_ERROR].decode("utf-8", "replace")
    return type(response)(
        response.status_code,
        headers=headers,
        content=exchange.redaction.redact_start(start).encode(),
        request=exchange.request,
    )
