"""Whatever goes wrong becomes one of our errors, and what is not ours passes."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from langchain_clarifai._answer.faults import ErrorBody, EventTooLong, SlowAnswer
from langchain_clarifai._errors.classes import (
    ClarifaiConnectionError,
    ClarifaiConnectTimeoutError,
    ClarifaiMalformedResponseError,
    ClarifaiStreamIdleTimeoutError,
    ClarifaiTimeoutError,
)
from langchain_clarifai._errors.conversion import convert_to_error
from langchain_clarifai._errors.exchange import Exchange
from tests.unit.errors.exchanges import HTTP, build_exchange


def _chain(*errors: BaseException) -> Any:
    for outer, inner in itertools.pairwise(errors):
        outer.__cause__ = inner
    return errors[0]


class ServerDisconnectedError(OSError):
    """Named as aiohttp's is."""


class ConnectionTimeoutError(TimeoutError):
    """Named as aiohttp's is."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (HTTP.ReadError("x"), ClarifaiConnectionError),
        (HTTP.RemoteProtocolError("x"), ClarifaiConnectionError),
        (HTTP.DecodingError("x"), ClarifaiConnectionError),
        (ConnectionResetError("x"), ClarifaiConnectionError),
        (HTTP.ReadTimeout("x"), ClarifaiTimeoutError),
        (HTTP.WriteTimeout("x"), ClarifaiTimeoutError),
        (HTTP.ConnectTimeout("x"), ClarifaiConnectTimeoutError),
        (HTTP.PoolTimeout("x"), ClarifaiConnectTimeoutError),
        (_chain(HTTP.ReadTimeout("x"), TimeoutError()), ClarifaiTimeoutError),
        (
            _chain(HTTP.ReadTimeout("x"), TimeoutError(), asyncio.CancelledError()),
            ClarifaiTimeoutError,
        ),
        (
            _chain(HTTP.ConnectError("x"), TimeoutError()),
            ClarifaiConnectTimeoutError,
        ),
        (
            _chain(HTTP.ConnectTimeout("x"), ServerDisconnectedError()),
            ClarifaiConnectionError,
        ),
        (
            _chain(HTTP.ConnectTimeout("x"), ConnectionTimeoutError()),
            ClarifaiConnectTimeoutError,
        ),
        (SlowAnswer(3), ClarifaiTimeoutError),
        (EventTooLong(16), ClarifaiMalformedResponseError),
    ],
)
def test_innermost_cause_decides(error: Exception, expected: type[Exception]) -> None:
    """The outer ones may mislead."""
    converted = convert_to_error(error, build_exchange())
    assert type(converted) is expected
    assert converted.__cause__ is None


def test_timeout_in_a_stream_is_silence() -> None:
    """The setting that ended it is named."""
    exchange = build_exchange(silence=("timeout", 2.5), chunks_received=1)
    error = convert_to_error(HTTP.ReadTimeout("x"), exchange)
    assert isinstance(error, ClarifaiStreamIdleTimeoutError)
    assert error.chunks_received == 1
    assert "silent for 2.5 seconds, after 1 chunk. Raise `timeout`" in str(error)


def test_server_is_named_without_its_password() -> None:
    """With its port."""
    error = convert_to_error(HTTP.ConnectError(""), build_exchange(None))
    assert "https://host:8443 (ConnectError)" in str(error)


def test_server_is_not_named_where_it_is_not_known() -> None:
    """The request could not be built."""
    error = convert_to_error(HTTP.ConnectError("x"), Exchange())
    assert "No answer from the server (ConnectError: x)" in str(error)


def test_circle_of_causes_has_an_end() -> None:
    """Exceptions may be chained to themselves."""
    one, other = HTTP.ReadError("x"), HTTP.ReadError("y")
    one.__cause__, other.__cause__ = other, one
    assert isinstance(convert_to_error(one, build_exchange()), ClarifaiConnectionError)


def test_body_that_is_nested_too_deeply_is_cut() -> None:
    """Not everybody can print it."""
    body: Any = "x"
    for _ in range(900):
        body = [body]
    error = convert_to_error(ErrorBody({"error": {"message": body}}), build_exchange())
    assert "…" in str(error)
    assert len(str(error)) < 300


@pytest.mark.parametrize(("text", "length"), [("<p>", 201), ("abc", 2001)])
def test_text_that_is_too_long_is_cut(text: str, length: int) -> None:
    """A page of HTML earlier than words."""
    error = convert_to_error(ErrorBody(text * 5000), build_exchange())
    assert str(error).index("…") == length - 1
