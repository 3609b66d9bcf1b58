"""Texts and bodies of errors → the same without the token."""

from __future__ import annotations

from langchain_clarifai._answer.faults import ErrorBody
from langchain_clarifai._errors.conversion import convert_to_error
from tests.unit.errors.exchanges import TOKEN, build_exchange


def test_token_is_taken_out_of_request_and_response() -> None:
    """Whoever keeps the error keeps them as well."""
    exchange = build_exchange(401, body=f'{{"error": "{TOKEN}"}}'.encode())
    exchange.response.headers["x-echo"] = TOKEN
    error = convert_to_error(ErrorBody({TOKEN: [{"a": TOKEN}]}), exchange)
    assert error is not None
    assert error.response.headers["x-echo"] == "**********"
    assert error.response.json() == {"error": "**********"}
    assert error.response.request.headers["authorization"] == "Bearer **********"
    assert error.body == {"**********": [{"a": "**********"}]}


def test_text_is_left_alone_where_there_is_no_token() -> None:
    """An empty token is in every text."""
    exchange = build_exchange()
    exchange.token = ""
    assert "abc" in str(convert_to_error(ErrorBody("abc"), exchange))
