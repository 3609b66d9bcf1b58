"""The bytes of a body become JSON, or a fault."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest

from langchain_clarifai._answer import bodies
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


@pytest.mark.parametrize("layout", ["%s", "[%s]", '{"a":%s}', '{"a": %s}', "[1,\n%s]"])
@pytest.mark.parametrize("number", [2**63 - 1, 2**64, -(2**63) - 1, 2**80, 10**3999])
def test_integers_are_exact_at_any_length(layout: str, number: int) -> None:
    """They are ids as a rule, and a rounded one is another one's."""
    body = layout % number
    assert parse_json(body.encode()) == json.loads(body)


@pytest.mark.parametrize("number", ["1" * 4001, "-" + "1" * 100_000, "1e400"])
def test_numbers_that_python_does_not_hold_stay_text(number: str) -> None:
    """Nothing of them is lost, and none is infinite."""
    assert parse_json(b'{"a": %s, "b": 1.5}' % number.encode()) == {
        "a": number,
        "b": 1.5,
    }


def test_integers_that_python_is_told_not_to_convert_stay_text() -> None:
    """Its limit can be lowered to guard a service."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        assert parse_json(b"[%s]" % (b"1" * 1000)) == ["1" * 1000]
    finally:
        sys.set_int_max_str_digits(limit)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'["12345678901234567890"]', ["12345678901234567890"]),
        (b'["a: 12345678901234567890"]', ["a: 12345678901234567890"]),
        (b"[-0.00001234567890123456789]", [-0.00001234567890123456789]),
        (b"[12345678901234567890.5]", [12345678901234567890.5]),
        (b"[12345678901234567890e2]", [12345678901234567890e2]),
    ],
)
def test_what_only_looks_like_a_long_integer_stays_what_it_is(
    body: bytes, expected: list[Any]
) -> None:
    """Digits in a text, or of a float."""
    (value,) = parse_json(body)
    assert ([value], type(value)) == (expected, type(expected[0]))


def test_a_body_full_of_long_integers_is_read_in_good_time() -> None:
    """Python's conversion of one grows with the square of its digits."""
    body = b"[%s]" % b",".join([b"1" * 4000] * 1000 + [b"1" * 1_000_000])
    start = time.process_time()
    assert len(parse_json(body)) == 1001
    assert time.process_time() - start < 2


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


@pytest.mark.parametrize("body", [b"[[],[],[]]", b"[1,2,3,4]", b'[{"a":0},{}]'])
def test_body_of_too_many_values_is_refused(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In memory they take many times what they take in JSON."""
    assert parse_json(body)
    monkeypatch.setattr(bodies, "MOST_VALUES", 3)
    with pytest.raises(ValueError, match="too many values"):
        parse_json(body)
