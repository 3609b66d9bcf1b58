"""The headers of a response → the id that support can look the request up by."""

from __future__ import annotations

import pytest

from langchain_clarifai._errors.request_ids import read_request_id


@pytest.mark.parametrize(
    ("headers", "request_id"),
    [
        ({}, None),
        ({"x-request-id": ""}, None),
        ({"x-request-id": "a", "request-id": "b"}, "a"),
        ({"x-clarifai-request-id": "c"}, "c"),
    ],
    ids=str,
)
def test_the_request_id_is_found(
    headers: dict[str, str], request_id: str | None
) -> None:
    """Gateways name the header in different ways."""
    assert read_request_id(headers) == request_id
