"""Whatever goes wrong becomes one of our errors, and what is not ours passes."""

from __future__ import annotations

import asyncio
import importlib
import itertools
from typing import Any

import openai
import pytest

from langchain_clarifai._answer.faults import ErrorBody, EventTooLong, SlowAnswer
from langchain_clarifai._errors.catching import ConvertedErrors
from langchain_clarifai._errors.classes import (
    ClarifaiConnectionError,
    ClarifaiConnectTimeoutError,
    ClarifaiInternalServerError,
    ClarifaiMalformedResponseError,
    ClarifaiStreamIdleTimeoutError,
    ClarifaiTimeoutError,
)
from langchain_clarifai._errors.conversion import convert_to_error
from langchain_clarifai._errors.exchange import Exchange

# httpx with openai 2, httpx2 with openai 3.
_http: Any = importlib.import_module(
    openai.DefaultHttpxClient.__mro__[-3].__module__.partition(".")[0]
)
TOKEN = "sk-token"


def _build_exchange(status: int | None = 200, **fields: Any) -> Exchange:
    request = _http.Request(
        "POST", "https://u:p@host:8443/x", headers={"authorization": f"Bearer {TOKEN}"}
    )
    response = status and _http.Response(status, request=request)
    return Exchange(
        token=TOKEN, model="m", request=request, response=response, **fields
    )


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
        (_http.ReadError("x"), ClarifaiConnectionError),
        (_http.RemoteProtocolError("x"), ClarifaiConnectionError),
        (_http.DecodingError("x"), ClarifaiConnectionError),
        (ConnectionResetError("x"), ClarifaiConnectionError),
        (_http.ReadTimeout("x"), ClarifaiTimeoutError),
        (_http.WriteTimeout("x"), ClarifaiTimeoutError),
        (_http.ConnectTimeout("x"), ClarifaiConnectTimeoutError),
        (_http.PoolTimeout("x"), ClarifaiConnectTimeoutError),
        (_chain(_http.ReadTimeout("x"), TimeoutError()), ClarifaiTimeoutError),
        (
            _chain(_http.ReadTimeout("x"), TimeoutError(), asyncio.CancelledError()),
            ClarifaiTimeoutError,
        ),
        (
            _chain(_http.ConnectError("x"), TimeoutError()),
            ClarifaiConnectTimeoutError,
        ),
        (
            _chain(_http.ConnectTimeout("x"), ServerDisconnectedError()),
            ClarifaiConnectionError,
        ),
        (
            _chain(_http.ConnectTimeout("x"), ConnectionTimeoutError()),
            ClarifaiConnectTimeoutError,
        ),
        (SlowAnswer(3), ClarifaiTimeoutError),
        (EventTooLong(16), ClarifaiMalformedResponseError),
    ],
)
def test_innermost_cause_decides(error: Exception, expected: type[Exception]) -> None:
    """The outer ones may mislead."""
    converted = convert_to_error(error, _build_exchange())
    assert type(converted) is expected
    assert converted.__cause__ is None


def test_timeout_in_a_stream_is_silence() -> None:
    """The setting that ended it is named."""
    exchange = _build_exchange(silence=("timeout", 2.5), chunks_received=1)
    error = convert_to_error(_http.ReadTimeout("x"), exchange)
    assert isinstance(error, ClarifaiStreamIdleTimeoutError)
    assert error.chunks_received == 1
    assert "silent for 2.5 seconds, after 1 chunk. Raise `timeout`" in str(error)


@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError("x"), KeyError("x")])
def test_error_of_others_passes(error: Exception) -> None:
    """A mistake in the code is not dressed up as one of the network."""
    with pytest.raises(type(error)) as caught, ConvertedErrors(_build_exchange()):
        raise error
    assert caught.value is error


def test_error_of_ours_passes() -> None:
    """It is not converted twice."""
    error = convert_to_error(ErrorBody({"error": "x"}), _build_exchange())
    assert isinstance(error, ClarifaiInternalServerError)
    with (
        pytest.raises(ClarifaiInternalServerError) as caught,
        ConvertedErrors(_build_exchange()),
    ):
        raise error
    assert caught.value is error


def test_server_is_named_without_its_password() -> None:
    """With its port."""
    error = convert_to_error(_http.ConnectError(""), _build_exchange(None))
    assert "https://host:8443 (ConnectError)" in str(error)


def test_server_is_not_named_where_it_is_not_known() -> None:
    """The request could not be built."""
    error = convert_to_error(_http.ConnectError("x"), Exchange())
    assert "No answer from the server (ConnectError: x)" in str(error)


def test_circle_of_causes_has_an_end() -> None:
    """Exceptions may be chained to themselves."""
    one, other = _http.ReadError("x"), _http.ReadError("y")
    one.__cause__, other.__cause__ = other, one
    assert isinstance(convert_to_error(one, _build_exchange()), ClarifaiConnectionError)


def test_token_is_taken_out_of_request_and_response() -> None:
    """Whoever keeps the error keeps them as well."""
    exchange = _build_exchange(401, body=f'{{"error": "{TOKEN}"}}'.encode())
    exchange.response.headers["x-echo"] = TOKEN
    error = convert_to_error(ErrorBody({TOKEN: [{"a": TOKEN}]}), exchange)
    assert error is not None
    assert error.response.headers["x-echo"] == "**********"
    assert error.response.json() == {"error": "**********"}
    assert error.response.request.headers["authorization"] == "Bearer **********"
    assert error.body == {"**********": [{"a": "**********"}]}


def test_text_is_left_alone_where_there_is_no_token() -> None:
    """An empty token is in every text."""
    exchange = _build_exchange()
    exchange.token = ""
    assert "abc" in str(convert_to_error(ErrorBody("abc"), exchange))


def test_body_that_is_nested_too_deeply_is_cut() -> None:
    """Not everybody can print it."""
    body: Any = "x"
    for _ in range(900):
        body = [body]
    error = convert_to_error(ErrorBody({"error": {"message": body}}), _build_exchange())
    assert "…" in str(error)
    assert len(str(error)) < 300


@pytest.mark.parametrize(("text", "length"), [("<p>", 201), ("abc", 2001)])
def test_text_that_is_too_long_is_cut(text: str, length: int) -> None:
    """A page of HTML earlier than words."""
    error = convert_to_error(ErrorBody(text * 5000), _build_exchange())
    assert str(error).index("…") == length - 1
