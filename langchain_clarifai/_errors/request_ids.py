"""The headers of a response → the id that support can look the request up by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# The header of Clarifai's gateway is not documented; these are what gateways use.
_REQUEST_ID_HEADERS: Final = ("x-request-id", "x-clarifai-request-id", "request-id")


def read_request_id(headers: Mapping[str, str]) -> str | None:
    """Return the request id among the headers of a response, if there is one."""
    return next(
        (headers[name] for name in _REQUEST_ID_HEADERS if headers.get(name)), None
    )
