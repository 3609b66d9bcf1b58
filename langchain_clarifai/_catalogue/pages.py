"""The request of a page of the catalogue → its models, however many attempts it takes.

`_transport.calls` sends it as it sends chat, so that connections, TLS, limits, errors
and the hiding of the token are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from langchain_clarifai._catalogue.records import parse_page
from langchain_clarifai._transport.attempts import WholeAttempt
from langchain_clarifai._transport.calls import afetch, fetch
from langchain_clarifai._transport.request_headers import HEADERS

if TYPE_CHECKING:
    from langchain_clarifai._request.request import Request

Page = list[dict[str, Any]]


class _PageAttempt(WholeAttempt[Page]):
    """One try of reading a page."""

    @override
    def build(self, client: Any) -> Any:
        request = self._request
        built = client.build_request(
            "GET",
            request.base_url,
            # Clarifai's own API wants this word before a token, not "Bearer".
            headers={
                **HEADERS,
                **self.authorize("Key"),
            },
            params=request.query,
            timeout=self.timeouts,
        )
        self._exchange.request = built
        return built

    @override
    def convert(self, body: bytes) -> Page:
        self.take_body(body)
        return parse_page(body)


def fetch_page(request: Request) -> Page:
    """Send a request and return the models of the page.

    Raises:
        ClarifaiError: If no attempt got it.
    """
    return fetch(request, _PageAttempt)


async def afetch_page(request: Request) -> Page:
    """Send a request and return the models of the page.

    Raises:
        ClarifaiError: If no attempt got it.
    """
    return await afetch(request, _PageAttempt)
