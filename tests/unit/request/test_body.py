"""A body → the JSON that is sent, or what JSON cannot express."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from langchain_clarifai._request.body import dump_body

BODIES: list[Any] = [
    pytest.param({"a": "ä"}, '{"a":"ä"}', id="not-escaped"),
    pytest.param({"a": {5: 1}}, '{"a":{"5":1}}', id="integer-keys"),
    pytest.param({"a": 2**70}, f'{{"a":{2**70}}}', id="large-integer"),
    pytest.param({"a": "\ud83d"}, '{"a":"\ufffd"}', id="half-surrogate"),
    pytest.param({"a": "\ud83d\ude00"}, '{"a":"😀"}', id="surrogate-pair"),
    pytest.param({"a": None, "b": "null"}, '{"a":null,"b":"null"}', id="null"),
    pytest.param(
        {"a": datetime(2026, 1, 1, tzinfo=UTC), "b": None},
        '{"a":"2026-01-01T00:00:00+00:00","b":null}',
        id="date",
    ),
]


@pytest.mark.parametrize(("body", "text"), BODIES)
def test_body_becomes_json(body: dict[str, Any], text: str) -> None:
    """The bytes are UTF-8, and hold what the body holds."""
    dumped = dump_body(body)
    assert json.loads(dumped) == json.loads(text)
    assert b"\\u" not in dumped


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, object(), {(1,): 2}])
@pytest.mark.parametrize("more", [{}, {5: 1}], ids=["plain", "slow"])
def test_what_json_cannot_express_is_refused(value: Any, more: dict[Any, Any]) -> None:
    """NaN would become null by orjson."""
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        dump_body({"a": [value], "b": more})


def test_circle_is_refused() -> None:
    """A dict that holds itself has no end."""
    body: dict[str, Any] = {}
    body["a"] = body
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        dump_body(body)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda values: st.lists(values) | st.dictionaries(st.text("ab"), values),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc"), JSON_VALUES))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_json_survives(body: dict[str, Any]) -> None:
    """Whatever JSON can express arrives."""
    assert json.loads(dump_body(body)) == body
