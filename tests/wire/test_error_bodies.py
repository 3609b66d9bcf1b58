"""Bodies of errors that are large, or that repeat the token, real or a placeholder.

All bytes here are constructed.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from langchain_clarifai import (
    ClarifaiAccountError,
    ClarifaiAuthenticationError,
    ClarifaiContextOverflowError,
    ClarifaiError,
    ClarifaiInternalServerError,
    ClarifaiNotFoundError,
    ClarifaiPermissionDeniedError,
    ClarifaiRateLimitError,
)
from tests.servers.openai_wire import completion, platform_error, sse, text_chunks
from tests.servers.wire import (
    End,
    Framing,
    Pause,
    Piece,
    Reply,
    event_stream_reply,
    json_reply,
)
from tests.wire.ways import PLAIN, Way, call

if TYPE_CHECKING:
    from tests.servers.wire import WireServer

SOON: Final = 10.0
"""Seconds that nothing here takes, however busy the machine is."""

every_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)


# --- How much is read --------------------------------------------------------------

_PIECE: Final = b"x" * 64 * 1024
_LIMIT: Final = 16  # pieces: 1 MB
_FEW_MORE: Final = 2


@every_way
@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.LENGTH, Framing.CLOSE])
@pytest.mark.parametrize(
    "start", [b"", b'{"error": {"message": "'], ids=["text", "JSON"]
)
def test_error_of_20_megabytes_is_read_to_the_first(
    wire: WireServer, way: Way, framing: Framing, start: bytes
) -> None:
    """After 1 MB the client leaves, before the server comes to the rest."""
    first = [start + _PIECE, *[_PIECE] * (_LIMIT + _FEW_MORE)]
    rest: list[Piece] = [Pause(2 * SOON), *[_PIECE] * (20 * _LIMIT)]
    wire.reply(Reply(status=500, body=[*first, *rest], framing=framing))
    started = time.monotonic()

    error = call(way, wire).error

    assert time.monotonic() - started < SOON
    assert type(error) is ClarifaiInternalServerError
    assert len(str(error)) < 3_000
    assert len(error.response.content) <= 1024 * 1024
    [exchange] = wire.exchanges
    assert exchange.client_left.wait(SOON)
    assert len(exchange.sent_at) <= len(first)


@every_way
def test_error_of_20_megabytes_in_a_success_is_quick(
    wire: WireServer, way: Way
) -> None:
    """An answer may be as long as that; of an error less is kept."""
    body = json.dumps({"error": {"message": "no " * 7_000_000, "code": 404}}).encode()
    pieces = [body] if way in PLAIN else [b"data: ", body, b"\n\n"]
    wire.reply(Reply(body=pieces))
    started = time.monotonic()

    error = call(way, wire).error

    assert time.monotonic() - started < SOON
    assert isinstance(error, ClarifaiError)
    assert len(str(error)) < 3_000
    assert len(json.dumps(error.body)) < 1024 * 1024 + 1_000


# --- The token in it ---------------------------------------------------------------

# No five characters of it occur twice, or in any text of ours.
LONG: Final = "".join(f"{number:04x}-" for number in range(0xA000, 0xA000 + 60))
_BODIES: Final[dict[str, Any]] = {
    "once": f"Bad {LONG}.",
    "at the cut": f"{'.' * 1_990}{LONG}",
    "at the cut in the middle": f"{'.' * 3_900}{LONG * 2}{'.' * 3_900}",
    "over and over": LONG * 100,
    "escaped": json.dumps(json.dumps({"said": LONG * 40})),
}


def _place(text: str, place: str, way: Way) -> Reply:
    body = {"error": {"message": text, "code": f"c-{text}"}, "request_id": text}
    match place:
        case "JSON 401":
            return json_reply(body, status=401)
        case "JSON 200":
            return json_reply(body) if way in PLAIN else event_stream_reply(sse(body))
        case "HTML":
            return Reply(status=502, body=[f"<html>{'.' * 150}{text}".encode()])
        case "no answer":
            return json_reply({"said": text})
        case "text":
            return Reply(body=[text.encode()])
        case "cut off":
            half = json.dumps(body).encode()[:-30]
            return Reply(status=401, body=[half], end=End.FIN)
    raise AssertionError(place)


@every_way
@pytest.mark.parametrize(
    "place", ["JSON 401", "JSON 200", "HTML", "no answer", "text", "cut off"]
)
def test_token_that_is_longer_than_the_excerpt_is_seen_in_no_part(
    wire: WireServer, way: Way, place: str
) -> None:
    """Wherever the text is cut: neither its start, nor its end, nor what is between."""
    parts = {LONG[start : start + 5] for start in range(len(LONG) - 5)}
    for name, text in _BODIES.items():
        wire.reply(_place(text, place, way))

        error = call(way, wire, api_key=LONG).error

        shown = f"{error!s}{error!r}{error.code}{error.request_id}"
        assert not [part for part in parts if part in shown], name
        kept = f"{error.body}{error.response.text if way in PLAIN else ''}"
        assert LONG not in kept


PLACEHOLDERS: Final = [
    "x",
    "EMPTY",
    "none",
    "ollama",
    "not-needed",
    "lm-studio",
    "sk-no-key-required",
    "placeholder",
    "model_not_found",
    "rate_limit_exceeded",
]


@every_way
@pytest.mark.parametrize("token", PLACEHOLDERS)
def test_placeholder_changes_no_class(wire: WireServer, way: Way, token: str) -> None:
    """Though its letters are in the words that the class is told by."""
    for word, status, expected in (
        ("model_not_found", 200, ClarifaiNotFoundError),
        ("rate_limit_exceeded", 200, ClarifaiRateLimitError),
        ("context_length_exceeded", 400, ClarifaiContextOverflowError),
        ("invalid_api_key", 401, ClarifaiAuthenticationError),
    ):
        wire.reply(
            json_reply({"error": {"message": "No", "code": word}}, status=status)
        )
        error = call(way, wire, api_key=token).error
        assert type(error) is expected
        assert word in {error.code, token}


@every_way
@pytest.mark.parametrize("token", PLACEHOLDERS[:-2])
def test_placeholder_blots_out_nothing(wire: WireServer, way: Way, token: str) -> None:
    """Servers that want no token are given one; their errors stay readable."""
    text = f"The max context of none EMPTY ollama models: see placeholder, {token}"
    reply = json_reply({"error": {"message": text}}, status=404)
    wire.reply(reply)
    error = call(way, wire, api_key=token).error
    assert text in str(error)
    assert error.body == {"message": text}
    assert error.response.json() == {"error": {"message": text}}
    assert "**" not in f"{error!s}{error.body}{error.response.text}"


# --- Codes that say nothing --------------------------------------------------------

_TELLING: Final[dict[int, type[ClarifaiError]]] = {
    401: ClarifaiAuthenticationError,
    402: ClarifaiAccountError,
    403: ClarifaiPermissionDeniedError,
    404: ClarifaiNotFoundError,
    429: ClarifaiRateLimitError,
}


@every_way
@pytest.mark.parametrize("code", [11100, 11102])
@pytest.mark.parametrize("status", _TELLING)
def test_status_that_tells_more_than_the_code_decides(
    wire: WireServer, way: Way, code: int, status: int
) -> None:
    """Clarifai puts its most general codes beside it; both texts are told."""
    body = platform_error(code, "Invalid request", "API key not found", req_id="r-1")
    wire.reply(json_reply(body, status=status))

    error = call(way, wire, max_retries=0).error

    assert isinstance(error, _TELLING[status])
    assert (error.code, error.request_id) == (code, "r-1")
    assert error.response.status_code == status
    for said in ("Invalid request", "API key not found", str(code), f"HTTP {status}"):
        assert said in str(error)


@every_way
@pytest.mark.parametrize("code", [11100, 11102])
def test_rate_limit_with_a_code_that_says_nothing_is_waited_for(
    wire: WireServer, way: Way, code: int
) -> None:
    """As long as the server says."""
    refusal = platform_error(code, "Invalid request", "too many requests")
    good = (
        json_reply(completion())
        if way in PLAIN
        else event_stream_reply(sse(*text_chunks("Hello!")))
    )
    wire.reply(json_reply(refusal, status=429, headers={"retry-after": "0.2"}), good)

    assert call(way, wire, max_retries=1).message.text == "Hello!"
    first, second = wire.exchanges
    assert second.started_at - first.started_at > 0.2
