"""Headers of an answer that are no ASCII → what the answer would be without them."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Final

import pytest

from langchain_clarifai import (
    ClarifaiError,
    ClarifaiInternalServerError,
    ClarifaiNotFoundError,
    ClarifaiRateLimitError,
)
from tests.servers.openai_wire import completion, openai_error, sse, text_chunks
from tests.servers.wire import event_stream_reply, json_reply
from tests.wire.ways import STREAMED, TOKEN, Way, build_own_clients, call

if TYPE_CHECKING:
    from tests.servers.wire import Reply, WireServer

# As bytes; the server writes Latin-1.
_BYTES: Final = {
    "latin-1": "caf\xe9",
    "utf-8": "café ☕".encode().decode("latin-1"),
    "no text": "\xff\xfe\x80",
}
_CLASSES: Final[dict[int, type[ClarifaiError]]] = {
    404: ClarifaiNotFoundError,
    429: ClarifaiRateLimitError,
    500: ClarifaiInternalServerError,
}

every_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
every_kind = pytest.mark.parametrize("value", _BYTES.values(), ids=list(_BYTES))
every_client = pytest.mark.parametrize(
    ("value", "is_own"),
    [*((value, False) for value in _BYTES.values()), (_BYTES["utf-8"], True)],
    ids=[*_BYTES, "own client"],
)


def _build_headers(value: str) -> dict[str, str]:
    """Put them where they are read, too."""
    return {"x-note": value, "x-request-id": f"r-{value}", "retry-after": "0"}


def _good(way: Way, headers: dict[str, str]) -> Reply:
    if way in STREAMED:
        return event_stream_reply(sse(*text_chunks("Hello", "!")), headers=headers)
    return json_reply(completion(), headers=headers)


def _bad(status: int, headers: dict[str, str]) -> Reply:
    return json_reply(openai_error("no"), status=status, headers=headers)


@every_way
@every_client
def test_answer_with_such_headers_is_an_answer(
    wire: WireServer, way: Way, value: str, *, is_own: bool
) -> None:
    """Also where the message tells the headers."""
    wire.reply(_good(way, _build_headers(value)))
    clients = build_own_clients() if is_own else {}
    message = call(way, wire, include_response_headers=True, **clients).message
    assert message.text == "Hello!"
    headers = message.response_metadata["headers"]
    assert "x-note" in headers
    assert str(headers)


@every_way
@every_client
@pytest.mark.parametrize("status", _CLASSES)
def test_error_with_such_headers_has_its_class(
    wire: WireServer, way: Way, value: str, status: int, *, is_own: bool
) -> None:
    """Never a bare `UnicodeError`, and with nothing of the token in its frames."""
    wire.reply(_bad(status, _build_headers(value)))
    error = call(way, wire, **(build_own_clients() if is_own else {})).error
    assert type(error) is _CLASSES[status]
    assert str(error.request_id).startswith("r-")
    assert str(error).encode()
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert TOKEN not in "".join(trace.format())
    assert TOKEN not in str(dict(error.response.request.headers))
    assert error.response.json() == openai_error("no")


@every_way
@every_client
@pytest.mark.parametrize("status", [429, 500])
def test_error_with_such_headers_is_tried_again(
    wire: WireServer, way: Way, value: str, status: int, *, is_own: bool
) -> None:
    """As without them."""
    headers = _build_headers(value)
    wire.reply(_bad(status, headers), _good(way, headers))
    clients = build_own_clients() if is_own else {}
    assert call(way, wire, max_retries=1, **clients).message.text == "Hello!"
    assert len(wire.exchanges) == 2


@every_way
@every_kind
def test_cookie_of_such_bytes_does_not_come_back(
    wire: WireServer, way: Way, value: str
) -> None:
    """With the next attempt, say."""
    headers = {**_build_headers(value), "set-cookie": f"a={value}"}
    wire.reply(_bad(500, headers), _good(way, headers))
    assert call(way, wire, max_retries=1).message.text == "Hello!"
    assert "cookie" not in wire.last_request.headers


@every_way
@every_kind
def test_cookie_of_such_bytes_in_a_client_of_the_users_is_a_clear_error(
    wire: WireServer, way: Way, value: str
) -> None:
    """The client keeps it, and cannot send it back: the text says what to do."""
    wire.reply(_bad(500, {"set-cookie": f"a={value}"}))
    with pytest.raises(ValueError, match="clear the client's `cookies`") as caught:
        call(way, wire, max_retries=1, **build_own_clients())
    assert not isinstance(caught.value, UnicodeError)
    assert value not in str(caught.value)
    assert len(wire.exchanges) == 1


@every_way
def test_redirect_to_such_a_place_is_an_error(wire: WireServer, way: Way) -> None:
    """Its text may be written anywhere."""
    location = f"https://{_BYTES['utf-8']}.example/{TOKEN}"
    wire.reply(_bad(307, {"location": location}))
    error = call(way, wire).error
    assert "redirected to" in str(error)
    assert str(error).encode()
    assert TOKEN not in str(error)
