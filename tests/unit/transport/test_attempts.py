"""One try of a request, without a network: what it sends, and what it refuses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_clarifai import ChatClarifai
from langchain_clarifai._answer.faults import MalformedAnswer, SlowAnswer
from langchain_clarifai._errors.redaction import LARGEST_ERROR
from langchain_clarifai._transport.attempts import ChatAttempt

if TYPE_CHECKING:
    from langchain_clarifai._request.request import Request


class _Response:
    """As much of an HTTP response as an attempt reads of its head."""

    headers: dict[str, str] = {}  # noqa: RUF012 - nobody writes into it
    extensions: dict[str, Any] = {}  # noqa: RUF012 - likewise

    def __init__(self, status_code: int) -> None:
        self.status_code = status_code


def build_request(**settings: Any) -> Request:
    model = ChatClarifai(model="gpt-oss-120b", api_key="a-token", **settings)
    return model._build_request([HumanMessage("hi")], None, {}, stream=False)


def test_no_token_is_no_header() -> None:
    """Servers that want none may refuse an empty one."""
    assert ChatAttempt(build_request(), "").authorize("Bearer") == {}


def test_header_of_the_token_does_not_show_it() -> None:
    """HTTP libraries put headers into the frames of their errors."""
    header = ChatAttempt(build_request(), "a-token").authorize("Key")
    assert header["Authorization"] == "Key a-token"
    assert "a-token" not in repr(header)


def test_error_without_an_end_is_left() -> None:
    """Its status says enough; an answer of that length would be read on."""
    piece = b"x" * LARGEST_ERROR
    failure, success = (ChatAttempt(build_request(), "t") for _ in range(2))
    assert not failure.read_headers(_Response(500))
    with pytest.raises(MalformedAnswer, match="error is too long"):
        failure.take_piece(piece)
    assert success.read_headers(_Response(200))
    success.take_piece(piece)
    assert success.body == piece


def test_body_that_trickles_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece comes in time, and the whole does not."""
    attempt = ChatAttempt(build_request(timeout=30), "t")
    attempt.check_deadline()
    attempt.read_headers(_Response(200))
    attempt.take_piece(b"{")
    later = time.monotonic() + 31
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert attempt.seconds_left == 0
    with pytest.raises(SlowAnswer):
        attempt.take_piece(b"}")
