"""A code of Clarifai's → its name."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_clarifai._errors.bodies import describe


@pytest.mark.parametrize(
    ("code", "label"),
    [(21353, "21353 MODEL_NOT_DEPLOYED"), (77, "77"), ("x", "x"), (None, "")],
)
def test_label_names_the_codes_of_clarifai(code: Any, label: str) -> None:
    """And shows others as they are."""
    assert describe({"error": {"code": code, "message": "m"}}).label == label
