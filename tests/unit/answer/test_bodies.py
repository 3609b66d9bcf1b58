"""The bytes of a body become JSON, or a fault."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_clarifai._answer.bodies import (
    MAX_BODY_BYTES,
    check_body_size,
    parse_json,
)
from langchain_clarifai._answer.faults import MalformedAnswer


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}', {"a": 1}),
        ('{"a": "é\u2028"}'.encode(), {"a": "é\u2028"}),
        (b'{"a": "x\ny"}', {"a": "x\ny"}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a": "\\ud83d"}', {"a": "\ufffd"}),
    ],
)
def test_json_is_read_with_leniency(body: bytes, expected: dict[str, Any]) -> None:
    """Broken UTF-8, halves of surrogate pairs and line breaks in strings are text."""
    assert parse_json(body) == expected


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """Nothing but a `ValueError` comes of it."""
    with pytest.raises(ValueError, match=r"."):
        parse_json(body)


def test_body_that_has_grown_too_long_is_a_fault() -> None:
    """At the limit it is not."""
    check_body_size(MAX_BODY_BYTES, b"")
    with pytest.raises(MalformedAnswer, match="too long"):
        check_body_size(MAX_BODY_BYTES + 1, b"")
