"""Timeouts as users give them → seconds for each part of a request."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from langchain_clarifai._settings.timeouts import read_timeouts

TIMEOUTS: list[Any] = [
    pytest.param(None, {}, None, id="default"),
    pytest.param(3, {"connect": 3, "read": 3, "write": 3, "pool": 3}, 3.0, id="number"),
    pytest.param({"read": 0.5}, {"read": 0.5}, None, id="mapping"),
    pytest.param((1, 2), {"connect": 1, "read": 2}, None, id="tuple"),
    pytest.param((None, 2), {"read": 2}, None, id="tuple-with-none"),
    pytest.param(
        SimpleNamespace(connect=1, read=2, write=None, pool=4),
        {"connect": 1, "read": 2, "pool": 4},
        None,
        id="object",
    ),
]


@pytest.mark.parametrize(("timeout", "parts", "total"), TIMEOUTS)
def test_timeout_of_any_shape_is_read_by_part(
    timeout: Any, parts: dict[str, float], total: float | None
) -> None:
    """Only a number limits everything together."""
    assert read_timeouts(timeout) == (parts, total)


@pytest.mark.parametrize(
    "timeout",
    [
        0,
        -1,
        math.nan,
        math.inf,
        1e10,
        {"read": math.inf},
        (None, 1e10),
        True,
        "3",
        {"conect": 3},
        {"read": "3"},
        (1,) * 5,
        {"read": True},
    ],
)
def test_impossible_timeout_is_refused_with_what_is_allowed(timeout: Any) -> None:
    """A word, a misspelt part, and nothing that is not above zero."""
    with pytest.raises(ValueError, match="Give a positive number of seconds"):
        read_timeouts(timeout)
