"""Fields that nobody defined → `response_metadata["extra_fields"]`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from langchain_clarifai._answer.extra_fields import CUT_KEY, MAX_EXTRA_BYTES
from tests.unit.answer.reading import build_event, read_events, read_plain


def test_fields_that_nobody_defined_are_kept_once() -> None:
    """They stand by the part that held them; lists grow and repetitions do not."""
    first = build_event({"content": "a", "m": 1}, provider="X", items=[1])
    first["choices"][0]["native"] = {"a": 1}
    second = build_event({"content": "b", "m": 2}, provider="X", items=[2])
    second["choices"][0]["native"] = {"b": 2}
    third = build_event({"content": "c"}, provider="X", items=[1, 2])
    message = read_events(first, second, third)
    assert message.content == "abc"
    assert message.response_metadata["extra_fields"] == {
        "completion": {"provider": "X", "items": [1, 2]},
        "choice": {"native": {"a": 1, "b": 2}},
        "message": {"m": 2},
    }


@pytest.mark.parametrize(
    "value",
    ["x" * 200_000, ["x" * 100] * 2_000, {str(n): "x" * 100 for n in range(2_000)}],
    ids=["text", "list", "object"],
)
def test_fields_that_are_too_long_are_cut_and_marked(value: Any) -> None:
    """What is kept of one answer is bounded."""
    message = read_plain({"content": "a"}, big=value)
    kept = message.response_metadata["extra_fields"]
    assert kept[CUT_KEY] == ["completion.big"]
    size = len(json.dumps(kept["completion"]))
    assert MAX_EXTRA_BYTES / 2 < size <= MAX_EXTRA_BYTES * 1.1


def test_fields_that_are_over_the_limit_for_ever_are_left_out() -> None:
    """Nor does the list of those that were cut grow without an end."""
    names = [f"field{n}" for n in range(20_000)]
    message = read_events(*(build_event({name: "x" * 100}) for name in names))
    kept = message.response_metadata["extra_fields"]
    assert len(json.dumps(kept)) < MAX_EXTRA_BYTES * 1.2
    assert kept[CUT_KEY][-1] == "…"
    assert kept["message"]["field0"] == "x" * 100
