"""Text of a model → the one JSON value in it, whole or still growing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

if TYPE_CHECKING:
    from collections.abc import Iterator

_FENCE_OPENING = re.compile(r"\A```[\w-]*\s*")
_FENCED = re.compile(r"```[\w-]*\s(.*?)```", re.DOTALL)
# Braces in prose ("{name}", "{}") open no object.
_OBJECT_IN_PROSE = re.compile(r'\{\s*"|\[\s*\{')
# A string, which may still be open.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+', re.DOTALL)
# Half an escape at the end, or the first of two that stand for one character.
_OPEN_ESCAPE = re.compile(
    r"(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?"
    r"|\\(?:u[0-9a-fA-F]{0,3})?)\Z"
)
_LONGEST_ESCAPE = len(r"\ud83d\ude00")
_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x20)}
_CONTROL = re.compile(r"[\x00-\x1f]")
_DECODER = json.JSONDecoder(strict=False)  # models leave newlines in strings


def read_json(text: str) -> Any:
    """Read the one JSON value in a text.

    Code fences, a leading `<think>…</think>` (opened or not) and prose around the
    value are left out, as long as there is one object only.

    Raises:
        ValueError: If there is none, or there are several, or it is cut.
    """
    answer = text.strip()
    for whole in (answer, _strip_reasoning(answer)):
        try:
            return _decode(whole)
        except ValueError:
            answer = whole
    found = list(_decode_fenced(answer)) or list(_decode_in_prose(answer))
    if not found:
        raise ValueError("there is none" if answer else "the answer is empty")
    if any(value != found[0] for value in found):
        raise ValueError("there are several, and none is marked as the answer")
    return found[0]


def read_partial_json(text: str) -> Any:
    """Read a JSON object or array that is still growing; `None` before it begins."""
    text = _FENCE_OPENING.sub("", _strip_reasoning(text.lstrip()))
    if not text.startswith(("{", "[")):
        return None
    text = _leave_out_open_end(text)
    try:
        return from_json(text, allow_partial="trailing-strings")
    except ValueError:
        text = _STRING.sub(_escape_controls, text)
    try:
        return from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return None


def _leave_out_open_end(text: str) -> str:
    """Leave out a number at the end, or half an escape: it is not known what they are.

    1 may become 12 or 1.5. Of half an escape, older versions of pydantic-core make no
    text at all, and what was there before it is gone.
    """
    escape = _OPEN_ESCAPE.search(text, max(0, len(text) - _LONGEST_ESCAPE))
    if escape is not None:
        before = text[: escape.start()]
        backslashes = len(before) - len(before.rstrip("\\"))
        # After an odd number of them, its first backslash is an escaped one.
        return text if backslashes % 2 else before
    rest = text.rstrip("0123456789.eE+-")
    return rest if rest.rstrip().endswith((":", "[", ",")) else text


def _escape_controls(string: re.Match[str]) -> str:
    """Escape line breaks and tabs in a string, which models leave as they are."""
    # Three replacements are ten times as fast as a translation.
    text = string[0].replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text.translate(_ESCAPES) if _CONTROL.search(text) else text


def _decode(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _strip_reasoning(text: str) -> str:
    """Leave out reasoning at the start; all of the text if the reasoning never ends."""
    if text.startswith(("{", "[", "```")):
        return text
    before, closing_tag, after = text.partition("</think>")
    if closing_tag:
        return after.lstrip()
    return "" if before.startswith("<think>") else text


def _decode_fenced(text: str) -> Iterator[Any]:
    for fenced in _FENCED.findall(text):
        try:
            value = _decode(fenced.strip())
        except ValueError:
            continue
        if isinstance(value, (dict, list)):
            yield value


def _decode_in_prose(text: str) -> Iterator[Any]:
    """Decode the objects in a text.

    Raises:
        ValueError: If one is broken, for then an object found inside of it, or after
            it, is not the answer.
    """
    position = 0
    while match := _OBJECT_IN_PROSE.search(text, position):
        try:
            value, position = _DECODER.raw_decode(text, match.start())
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
        yield value
