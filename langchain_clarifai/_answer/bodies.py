"""The bytes of a body or an event → JSON that is no error, or a fault."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

from langchain_clarifai._answer.faults import ErrorBody, MalformedAnswer, is_error_body
from langchain_clarifai._answer.halves import replace_halves

MAX_BODY_BYTES: Final = 256 * 1024 * 1024
"""Longest body that is taken for an answer, in bytes."""

MAX_DEPTH: Final = 100
"""How deeply an answer may be nested: far more than any is, far less than Python's
stack holds, of which LangChain needs a part."""

_TOO_DEEP: Final = "The JSON is nested too deeply."
_MOST_DIGITS: Final = 4000


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


def parse_json(body: bytes, *, keep_halves: bool = False, strict: bool = False) -> Any:
    """Parse JSON, forgiving what servers do to text: broken UTF-8, half surrogates.

    Args:
        body: The text of it.
        keep_halves: Whether halves of surrogate pairs stay as they are, for who can
            join them with what comes next. Else they become U+FFFD.
        strict: Whether there is nothing to forgive.

    Raises:
        ValueError: If it is no JSON all the same, or is nested too deeply.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        if strict:
            raise
        parsed = _parse_leniently(body)
        if not keep_halves:
            parsed = replace_halves(parsed)
        return parsed
    if len(body) > 2 * MAX_DEPTH:
        check_depth(parsed, body.count(b"[") + body.count(b"{"))
    return parsed


def _parse_leniently(body: bytes) -> Any:
    try:
        text = body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    try:
        parsed = json.loads(text, strict=False, parse_int=_parse_integer)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    check_depth(parsed, text.count("[") + text.count("{"))
    return parsed


def check_depth(parsed: Any, openers: int) -> None:
    """Refuse JSON that is nested so deeply that what reads it would overflow.

    Args:
        parsed: The value.
        openers: How many brackets of both kinds its text has: few cost no look.

    Raises:
        ValueError: If it is nested more than `MAX_DEPTH` deep.
    """
    if openers <= MAX_DEPTH:
        return
    level: list[Any] = [parsed]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def _parse_integer(digits: str) -> float:
    """Parse an integer; Python refuses to convert thousands of digits."""
    return int(digits) if len(digits) < _MOST_DIGITS else float(digits)
