"""One vector, however it comes → a list of floats."""

from __future__ import annotations

import array
import base64
import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from langchain_clarifai._embeddings.vectors import convert_to_vector
from tests.servers.embedding import write_base64

numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(numbers, min_size=1, max_size=40))
def test_base64_and_json_are_equal(vector: list[float]) -> None:
    """Whatever the numbers and however many, nothing is lost or rounded."""
    decoded = convert_to_vector(write_base64(vector), is_base64=True)
    assert decoded == vector
    assert convert_to_vector(list(vector), is_base64=True) == vector
    assert type(decoded) is list
    assert {type(number) for number in decoded} == {float}


@given(st.binary(min_size=1, max_size=60))
def test_any_bytes_are_finite_numbers_or_refused(content: bytes) -> None:
    """No vector holds what is not finite, whatever the bits."""
    text = base64.b64encode(content).decode()
    whole = len(content) % 4 == 0
    expected = array.array("f", content).tolist() if whole else [math.nan]
    if all(map(math.isfinite, expected)):
        assert convert_to_vector(text, is_base64=True) == expected
    else:
        with pytest.raises(ValueError, match=r"not finite|float32"):
            convert_to_vector(text, is_base64=True)


def test_base64_is_little_endian() -> None:
    """The bytes of 1.0 are 00 00 80 3f, on every machine."""
    assert convert_to_vector("AACAPw==", is_base64=True) == [1.0]


@pytest.mark.parametrize(
    "text", ["AACAPw", "AACAPw=", "AACA Pw==", "AACAPw==\n", "AACAPw==AACAPw=="]
)
def test_base64_that_is_none_is_refused(text: str) -> None:
    """Blanks, ends in between and missing padding are none of it, or it is whole."""
    try:
        vector = convert_to_vector(text, is_base64=True)
    except ValueError:
        return
    assert vector == [1.0]


def test_largest_numbers_are_kept() -> None:
    """Numbers whose sum is too large for a float are finite all the same."""
    largest = [1.7976931348623157e308, 1e308]
    assert convert_to_vector(largest, is_base64=False) == largest
    assert convert_to_vector(write_base64([3.4e38]), is_base64=True)[0] > 3e38


@pytest.mark.parametrize(
    ("embedding", "said"),
    [
        ("AACAPw==", "is a str"),
        ({"0": 1.0}, "is a dict"),
        (1.0, "is a float"),
        (None, "is a NoneType"),
        ([], "is empty"),
        ([1.0, float("inf")], "not finite"),
        ([float("inf"), float("-inf")], "not finite"),
        ([1.0, "2.0"], r"no number \(str\)"),
        ([1, None, True], r"no number \(NoneType, bool\)"),
        ([10**400], "beyond all floats"),
    ],
)
def test_what_is_no_vector_is_refused(embedding: Any, said: str) -> None:
    """Text is one where it was asked for only."""
    with pytest.raises(ValueError, match=said):
        convert_to_vector(embedding, is_base64=False)
