"""Errors are told from answers, whatever JSON a server sends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from langchain_clarifai._answer.faults import MalformedAnswer, is_error_body

ERRORS: list[Any] = [
    {"error": {"message": "no"}},
    {"error": "no"},
    {"error": {"message": "no"}, "choices": [{}]},
    {"error": {"message": "no"}, "status": {"code": 10000}},
    [{"error": {"message": "no"}}],
    {"status": {"code": 21355}},
    {"status": {"code": "MODEL_LOADING"}, "choices": [{}]},
    {"status": {"code": [1]}},
    {"code": 21313, "description": "no", "details": ""},
    {"code": "21313", "details": "no"},
    {"code": 400, "message": "no", "choices": None},
    {"object": "error", "message": "no"},
]
ANSWERS: list[Any] = [
    {"choices": [{}]},
    {"choices": [{}], "error": None},
    {"choices": [{}], "error": {}},
    {"choices": [{}], "status": {"code": 10000}},
    {"choices": [{}], "status": {"code": "10000"}},
    {"choices": [{}], "status": {"code": "SUCCESS"}},
    {"choices": [{}], "status": {"code": 0}},
    {"choices": [{}], "status": {"code": None}},
    {"choices": [{}], "status": "completed"},
    {"choices": [{}], "code": 5, "message": "an answer may have both"},
    {"code": 10000, "description": "Ok"},
    {"code": 0, "message": "success"},
    {"code": 5},
    {"description": "no code"},
    {},
    [],
    [[]],
    None,
    "error",
    5,
]


@pytest.mark.parametrize("payload", ERRORS)
def test_error_is_one(payload: Any) -> None:
    """In each of the shapes in use."""
    assert is_error_body(payload)


@pytest.mark.parametrize("payload", ANSWERS)
def test_anything_else_is_none(payload: Any) -> None:
    """Among them successes that look like errors."""
    assert not is_error_body(payload)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["error", "status", "code", "message", "choices"]), inner
        )
    ),
)


@given(payload=_JSON)
def test_any_json_is_judged(payload: Any) -> None:
    """Codes that are lists, statuses that are numbers: nothing is raised."""
    assert isinstance(is_error_body(payload), bool)


def test_start_of_a_malformed_answer_is_kept() -> None:
    """Enough to find a token that is about to be cut in two."""
    fault = MalformedAnswer("No.", b"\xff" + b"x" * 100_000)
    assert fault.start == "\ufffd" + "x" * 3_999
    assert str(fault) == "No."
