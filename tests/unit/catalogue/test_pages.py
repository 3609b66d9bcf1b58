"""A request of the catalogue → a page of models, or a typed error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from langchain_clarifai import (
    ClarifaiAuthenticationError,
    ClarifaiConnectionError,
    ClarifaiError,
    ClarifaiInternalServerError,
    ClarifaiMalformedResponseError,
    ClarifaiNotFoundError,
    ClarifaiPermissionDeniedError,
    ClarifaiRateLimitError,
)
from tests.servers.openai_wire import platform_error
from tests.servers.wire import End, Reply, event_stream_reply, json_reply
from tests.unit.catalogue.models import OK, TOKEN, build_models

if TYPE_CHECKING:
    from tests.servers.wire import WireServer


ERRORS: Final[list[tuple[Reply, type[ClarifaiError], str]]] = [
    (
        json_reply(platform_error(11001, "Invalid token"), status=401),
        ClarifaiAuthenticationError,
        "11001 CONN_TOKEN_INVALID: Invalid token",
    ),
    (
        json_reply(platform_error("CONN_INSUFFICIENT_SCOPES", "No."), status=403),
        ClarifaiPermissionDeniedError,
        "11007 CONN_INSUFFICIENT_SCOPES: No",
    ),
    (
        json_reply(platform_error(11101, "Does not exist"), status=404),
        ClarifaiNotFoundError,
        "HTTP 404, request id req-1",
    ),
    (json_reply(platform_error(11005, "Wait")), ClarifaiRateLimitError, "HTTP 200"),
    (json_reply({}, status=500), ClarifaiInternalServerError, "HTTP 500"),
    (json_reply({"error": "No"}), ClarifaiInternalServerError, "No"),
    (json_reply({"data": []}), ClarifaiMalformedResponseError, "no page of Clarifai"),
    (json_reply([]), ClarifaiMalformedResponseError, "no page of Clarifai"),
    (json_reply({"models": 1}), ClarifaiMalformedResponseError, "no page of Clarifai"),
    (
        event_stream_reply(b"<html>Sign in</html>"),
        ClarifaiMalformedResponseError,
        "'<html>Sign in</html>'",
    ),
    (
        event_stream_reply(b'{"models": [', end=End.RESET),
        ClarifaiConnectionError,
        "The connection broke after the headers",
    ),
    (
        json_reply({}, status=302, headers={"location": "http://localhost:1/login"}),
        ClarifaiError,
        "Redirects are not followed",
    ),
    (
        json_reply(platform_error(11102, f"Not this: {TOKEN}"), status=400),
        ClarifaiError,
        "Not this: **********",
    ),
]


@pytest.mark.parametrize(("reply", "error_class", "text"), ERRORS)
async def test_failed_page_is_a_typed_error(
    reply: Reply,
    error_class: type[ClarifaiError],
    text: str,
    listing: Any,
    wire: WireServer,
) -> None:
    """Errors are those of chat, and hide the token as those do."""
    wire.reply(reply)
    with pytest.raises(error_class) as caught:
        await listing(api_key=TOKEN, base_url=wire.url, max_retries=0)
    assert text in str(caught.value)
    for shown in (str(caught.value), repr(caught.value), repr(vars(caught.value))):
        assert TOKEN not in shown
    assert caught.value.__cause__ is None


async def test_failed_page_is_tried_again(listing: Any, wire: WireServer) -> None:
    """A page that failed is asked for anew, and what was read before is kept."""
    models = build_models(2)
    soon = {"retry-after-ms": "1"}
    wire.reply(
        json_reply({"status": OK, "models": models[:1]}),
        json_reply({}, status=500, headers=soon),
        json_reply(platform_error(11005, "Wait"), status=429, headers=soon),
        json_reply({"status": OK, "models": models[1:]}),
        json_reply({"status": OK}),
    )
    records = await listing(api_key=TOKEN, base_url=wire.url)
    assert [record.name for record in records] == ["m0", "m1"]
    pages = [request.path.partition("page=")[2][0] for request in wire.requests]
    assert pages == ["1", "2", "2", "2", "3"]
