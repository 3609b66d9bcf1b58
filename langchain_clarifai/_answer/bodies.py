"""The bytes of a body or an event → JSON that is no error, or a fault."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

from langchain_clarifai._answer.faults import ErrorBody, MalformedAnswer, is_error_body

MAX_BODY_BYTES: Final = 256 * 1024 * 1024
"""Longest body that is taken for an answer, in bytes."""


def check_body_size(size: int, start: bytes) -> None:
    """Refuse a body that has grown too long to be an answer.

    Raises:
        MalformedAnswer: If it has.
    """
    if size > MAX_BODY_BYTES:
        raise MalformedAnswer("The response is too long to be an answer.", start)


def parse_body(body: bytes) -> Any:
    """Parse the body of a response that is no error.

    Raises:
        ErrorBody: If it reports an error.
        MalformedAnswer: If it is no JSON.
    """
    try:
        parsed = parse_json(body)
    except ValueError:
        raise MalformedAnswer("The response is no JSON.", body) from None
    if is_error_body(parsed):
        raise ErrorBody(parsed)
    return parsed


def parse_json(body: bytes) -> Any:
    """Parse JSON, forgiving what servers do to text: broken UTF-8, half surrogates.

    Raises:
        ValueError: If it is no JSON all the same.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        parsed = json.loads(body.decode("utf-8", "replace"), strict=False)
    except RecursionError as error:
        raise ValueError("The JSON is nested too deeply.") from error
    # An emoji cut in two leaves halves of a surrogate pair, which no UTF-8 can hold.
    text = json.dumps(parsed, ensure_ascii=False)
    utf16 = text.encode("utf-16", "surrogatepass")
    return json.loads(utf16.decode("utf-16", "replace"))
