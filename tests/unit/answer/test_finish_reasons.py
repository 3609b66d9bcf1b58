"""A finish reason → whether the answer was cut for its length."""

from __future__ import annotations

import pytest

from langchain_clarifai._answer.finish_reasons import is_cut_by_length


@pytest.mark.parametrize(
    ("finish_reason", "expected"),
    [("length", True), ("max_tokens", True), ("stop", False), (None, False)],
)
def test_only_some_finish_reasons_mean_too_long(
    finish_reason: str | None,
    expected: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """OpenAI's word, Anthropic's and Mistral's are known."""
    assert is_cut_by_length(finish_reason) is expected
