"""The bytes of a body or an event → JSON that is no error, or a fault."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import orjson
from pydantic_core import from_json

from langchain_clarifai._answer.faults import ErrorBody, MalformedAnswer, is_error_body
from langchain_clarifai._answer.halves import replace_halves

MAX_BODY_BYTES: Final = 256 * 1024 * 1024
"""Longest body that is taken for an answer, in bytes."""

MAX_DEPTH: Final = 100
"""How deeply an answer may be nested: far more than any is, far less than Python's
stack holds, of which LangChain needs a part."""

MOST_VALUES: Final = 10_000_000
"""How many commas and brackets an answer may have: 2,000 vectors of 4,096 numbers have
fewer. An empty list is two bytes in JSON, and 64 in memory."""

_MARKS: Final = (b",", b"[", b"{")
_TOO_DEEP: Final = "The JSON is nested too deeply."
_MOST_DIGITS: Final = 4000

# The outline of a body is its text with each digit replaced by 0, what may stand before
# a number by a blank, and all else by a dot. In it, an integer of 19 digits or more
# looks like this, and no shorter one exceeds 64 bits. Fractions follow a dot.
_LONG_INTEGER: Final = b" " + b"0" * 19
_OUTLINE: Final = bytes(
    ord("0" if chr(byte).isdecimal() else " " if chr(byte) in ",:[- \t\r\n" else ".")
    for byte in range(128)
).ljust(256, b".")


def check_body_size(size: int, start: bytes) -> None:
    """Refuse what has grown too long to be an answer, or a part of it without a chunk.

    Raises:
        MalformedAnswer: If it has.
    """
    if size > MAX_BODY_BYTES:
        raise MalformedAnswer("The response is too long to be an answer.", start)


def parse_body(body: bytes, *, exact: bool = True) -> Any:
    """Parse the body of a response that is no error.

    Args:
        body: The text of it.
        exact: Whether integers beyond 64 bits are worth looking for.

    Raises:
        ErrorBody: If it reports an error.
        MalformedAnswer: If it is no JSON.
    """
    try:
        parsed = parse_json(body, exact=exact)
    except ValueError:
        raise MalformedAnswer("The response is no JSON.", body) from None
    if is_error_body(parsed):
        raise ErrorBody(parsed)
    return parsed


def parse_json(body: bytes, *, keep_halves: bool = False, exact: bool = True) -> Any:
    """Parse JSON, forgiving what servers do to text: broken UTF-8, half surrogates.

    Args:
        body: The text of it.
        keep_halves: Whether halves of surrogate pairs stay as they are, for a caller
            who can join them with what comes next. Else they become U+FFFD.
        exact: Whether integers beyond 64 bits are worth looking for.

    Raises:
        ValueError: If it is no JSON all the same, holds too many values, or is nested
            too deeply.
    """
    # Only long bodies are looked at: counting takes a second for a gigabyte.
    if len(body) > MOST_VALUES and sum(map(body.count, _MARKS)) > MOST_VALUES:
        raise ValueError("The JSON holds too many values.")
    try:
        parsed = parse_quickly(body)
    except orjson.JSONDecodeError:
        parsed = _parse_leniently(body)
        return parsed if keep_halves else replace_halves(parsed)
    return restore_integers(parsed, body) if exact else parsed


def parse_error(body: bytes) -> Any:
    """Parse what reports an error; what is no JSON stays a text."""
    try:
        return parse_json(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def parse_quickly(body: bytes) -> Any:
    """Parse JSON in which there is nothing to forgive.

    Integers beyond 64 bits become floats, see `restore_integers`.

    Raises:
        JSONDecodeError: If it is no JSON.
        ValueError: If it is nested too deeply.
    """
    parsed = orjson.loads(body)
    if len(body) > 2 * MAX_DEPTH:
        check_depth(parsed, body.count(b"[") + body.count(b"{"))
    return parsed


def restore_integers(parsed: Any, body: bytes) -> Any:
    """Return what `parse_quickly` made of a body, with its long integers exact.

    Nearly all bodies have none. To search each for any long integer would cost more
    than parsing it; in its outline, where they all look alike, that is cheap.
    """
    if _LONG_INTEGER not in body.translate(_OUTLINE):
        return parsed
    return from_json(body)


def _parse_leniently(body: bytes) -> Any:
    try:
        text = body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    try:
        parsed = json.loads(
            text, strict=False, parse_int=_parse_integer, parse_float=_parse_float
        )
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    check_depth(parsed, text.count("[") + text.count("{"))
    return parsed


def check_depth(parsed: Any, openers: int) -> None:
    """Refuse JSON nested so deeply that code which reads it would overflow the stack.

    Args:
        parsed: The value.
        openers: How many opening brackets, of both kinds, its text has. Where these
            are few, the value cannot be deep and is not looked at.

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


def _parse_integer(digits: str) -> int | str:
    """Parse an integer; one that is too long for Python to convert stays a text."""
    try:
        return int(digits) if len(digits) <= _MOST_DIGITS else digits
    except ValueError:
        return digits  # the limit may be lower, see sys.set_int_max_str_digits


def _parse_float(number: str) -> float | str:
    """Parse a number; one that is too large for a float stays a text."""
    value = float(number)
    return value if math.isfinite(value) else number
