"""The request of a page of the catalogue → its models, however many attempts it takes.

The life of a request is that of `_calls`, so that connections, TLS, limits, errors and
the hiding of the token are the same.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from langchain_clarifai._calls import (
    _HEADERS,
    _apost,
    _aread_body,
    _Attempt,
    _Masked,
    _post,
    _read_body,
)
from langchain_clarifai._errors import ClarifaiError
from langchain_clarifai._model_records import parse_page

if TYPE_CHECKING:
    from langchain_clarifai._request import Request


class _PageAttempt(_Attempt):
    """One try of reading a page."""

    @override
    def build(self, client: Any) -> Any:
        request = self._request
        built = client.build_request(
            "GET",
            request.base_url,
            # Clarifai's own API knows its tokens under this word.
            headers={
                **_HEADERS,
                "Authorization": _Masked(f"Key {self._exchange.token}"),
            },
            params=request.query,
            timeout=self.timeouts,
        )
        self._exchange.request = built
        return built

    def parse_page(self, body: bytes) -> list[dict[str, Any]]:
        """Take the body of a page."""
        self._exchange.body = body
        return parse_page(body)


def fetch_page(request: Request) -> list[dict[str, Any]]:
    """Send a request and return the models of the page.

    Raises:
        ClarifaiError: If no attempt got it.
    """
    retries = request.build_retries()
    while True:
        attempt = _PageAttempt(request, request.read_token())
        try:
            with (
                attempt.converted_errors(),
                closing(_post(attempt, request)) as response,
            ):
                return attempt.parse_page(_read_body(attempt, response))
        except ClarifaiError as error:
            wait = retries.wait_before_next(error)
        time.sleep(wait)


async def afetch_page(request: Request) -> list[dict[str, Any]]:
    """Send a request and return the models of the page.

    Raises:
        ClarifaiError: If no attempt got it.
    """
    retries = request.build_retries()
    while True:
        attempt = _PageAttempt(request, await request.aread_token())
        try:
            with attempt.converted_errors():
                async with aclosing(await _apost(attempt, request)) as response:
                    return attempt.parse_page(await _aread_body(attempt, response))
        except ClarifaiError as error:
            wait = retries.wait_before_next(error)
        await asyncio.sleep(wait)
