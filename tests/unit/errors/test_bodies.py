"""The body of an error tells its class, code, text, request id and status."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from langchain_clarifai._errors.bodies import choose_class, describe
from langchain_clarifai._errors.classes import (
    ClarifaiAccountError,
    ClarifaiBadRequestError,
    ClarifaiColdStartError,
    ClarifaiContextOverflowError,
    ClarifaiError,
    ClarifaiInternalServerError,
    ClarifaiNotDeployedError,
    ClarifaiPredictionError,
    ClarifaiRateLimitError,
)

_STATUS = {"code": 21353, "description": "d", "details": "e", "req_id": "r"}


@pytest.mark.parametrize(
    ("body", "code", "text", "request_id", "status"),
    [
        ({"status": _STATUS}, 21353, "d. e", "r", None),
        (_STATUS, 21353, "d. e", "r", None),
        ({"status": {**_STATUS, "code": "MODEL_LOADING"}}, 21355, "d. e", "r", None),
        ({"status": {**_STATUS, "code": "model_loading"}}, 21355, "d. e", "r", None),
        ({"status": {**_STATUS, "code": "21353"}}, 21353, "d. e", "r", None),
        ({"status": {**_STATUS, "code": 21353.0}}, 21353, "d. e", "r", None),
        ({"status": {**_STATUS, "code": "NEW_ONE"}}, "NEW_ONE", "d. e", "r", None),
        ({"status": {"description": "d."}}, None, "d", None, None),
        ({"error": {"message": "m", "code": 404}}, 404, "m", None, 404),
        ({"error": {"message": "m"}, "request_id": "r"}, None, "m", "r", None),
        ({"error": {"message": "m"}, "request_id": 5}, None, "m", None, None),
        ({"error": "m"}, None, "m", None, None),
        ({"error": {"code": "server_error"}}, "server_error", "", None, None),
        ({"error": {"code": "invalid_api_key"}}, "invalid_api_key", "", None, 401),
        ({"error": {"type": "api_error"}}, None, '{"type": "api_error"}', None, None),
        ({"error": {"type": "not_found_error", "message": "m"}}, None, "m", None, 404),
        ({"error": {"status": "UNAVAILABLE", "message": "m"}}, None, "m", None, 503),
        ({"error": {"message": "m", "metadata": [1]}}, None, "m. [1]", None, None),
        ({"detail": {"message": "m"}}, None, "m", None, None),
        ({"detail": "m", "status": 400}, None, "m", None, 400),
        ({"message": {"a": ["é"]}}, None, '{"a": ["é"]}', None, None),
        ([{"error": {"message": "m"}}], None, "m", None, None),
        ({"error": {"code": True, "message": "m"}}, None, "m", None, None),
        ({"error": {"code": [], "message": "m"}}, None, "m", None, None),
        ({"error": {"code": "", "message": "m"}}, None, "m", None, None),
        ({"error": {"code": float("inf"), "message": "m"}}, None, "m", None, None),
        ({"oops": 1}, None, '{"oops": 1}', None, None),
        (" plain ", None, "plain", None, None),
        ([], None, "", None, None),
        (None, None, "", None, None),
        (5, None, "5", None, None),
    ],
)  # fmt: skip
def test_body_of_any_shape_is_described(
    body: Any, code: Any, text: str, request_id: str | None, status: int | None
) -> None:
    """By the same words."""
    description = describe(body)

    assert description.code == code
    assert description.text == text
    assert description.request_id == request_id
    assert description.status == status


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"code": 21353}, 500, ClarifaiNotDeployedError),
        ({"code": 11005}, 400, ClarifaiRateLimitError),
        ({"code": 98001}, 400, ClarifaiInternalServerError),
        ({"code": 99005}, 500, ClarifaiAccountError),
        ({"code": 12345}, 400, ClarifaiBadRequestError),
        ({"code": "x"}, 503, ClarifaiColdStartError),
        ({}, 500, ClarifaiInternalServerError),
        ({"code": 21313}, 400, ClarifaiPredictionError),
        ({"code": 21313, "details": "Error code: 429"}, 400, ClarifaiRateLimitError),
        ({"code": "context_length_exceeded"}, 400, ClarifaiContextOverflowError),
        ({"message": "prompt is too long"}, 500, ClarifaiContextOverflowError),
        ({"message": "prompt is too long"}, 429, ClarifaiRateLimitError),
    ],
)
def test_code_decides_before_the_status(
    body: Any, status: int, expected: type[ClarifaiError]
) -> None:
    """And the words before both, where the context overflows."""
    assert choose_class(describe(body), status) is expected


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "status", "code", "message", "details", "req_id", "type"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(body=_JSON, status=st.integers(300, 599))
def test_any_json_is_described(body: Any, status: int) -> None:
    """Nothing is raised, and some class is chosen."""
    assert issubclass(choose_class(describe(body), status), ClarifaiError)
