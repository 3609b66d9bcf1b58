"""Usage in the spellings of all servers → LangChain's `UsageMetadata`."""

from __future__ import annotations

import math
from typing import Any

import pytest

from langchain_clarifai._answer.usage import (
    bound_usage,
    convert_to_usage_metadata,
    has_counts,
    merge_usage,
)

COUNTS: dict[str, Any] = {"prompt_tokens": 10, "completion_tokens": 2}
PLAIN = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}

ROWS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("OpenAI's", {**COUNTS, "total_tokens": 12}, PLAIN),
    ("no total", COUNTS, PLAIN),
    ("a null total", {**COUNTS, "total_tokens": None}, PLAIN),
    (
        "a total that is more than the sum",
        {**COUNTS, "total_tokens": 20},
        {**PLAIN, "total_tokens": 20},
    ),
    (
        "null counts",
        {"prompt_tokens": 10, "completion_tokens": None},
        {"input_tokens": 10, "output_tokens": 0, "total_tokens": 10},
    ),
    (
        "only a total",
        {"total_tokens": 12},
        {"input_tokens": 0, "output_tokens": 0, "total_tokens": 12},
    ),
    ("nothing", {}, {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}),
    ("floats", {"prompt_tokens": 10.0, "completion_tokens": 2.0}, PLAIN),
    ("text", {"prompt_tokens": "10", "completion_tokens": "2"}, PLAIN),
    (
        "what is no count",
        {"prompt_tokens": -1, "completion_tokens": math.nan, "total_tokens": True},
        {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0},
    ),
    (
        "text that is no count",
        {"prompt_tokens": "ten", "completion_tokens": [], "total_tokens": "9" * 5000},
        {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0},
    ),
    ("of the Responses API", {"input_tokens": 10, "output_tokens": 2}, PLAIN),
    (
        "both spellings, one of them 0",
        {**COUNTS, "input_tokens": 0, "output_tokens": 0, "prompt_tokens": 10},
        PLAIN,
    ),
    (
        "details that are null",
        {**COUNTS, "prompt_tokens_details": None, "completion_tokens_details": {}},
        PLAIN,
    ),
    (
        "a detail that is null",
        {**COUNTS, "prompt_tokens_details": {"cached_tokens": None}},
        PLAIN,
    ),
    (
        "Anthropic's, whose input leaves out the cache",
        {
            "input_tokens": 10,
            "output_tokens": 2,
            "cache_read_input_tokens": 4,
            "cache_creation_input_tokens": 3,
        },
        {
            "input_tokens": 17,
            "output_tokens": 2,
            "total_tokens": 19,
            "input_token_details": {"cache_read": 4, "cache_creation": 3},
        },
    ),
    (
        "Anthropic's through a gateway, whose input includes the cache",
        {
            **COUNTS,
            "total_tokens": 12,
            "cache_read_input_tokens": 4,
            "cache_creation_input_tokens": 3,
        },
        {**PLAIN, "input_token_details": {"cache_read": 4, "cache_creation": 3}},
    ),
]


@pytest.mark.parametrize(
    ("usage", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_usage_of_any_shape_is_counted(
    usage: dict[str, Any], expected: dict[str, Any]
) -> None:
    """A count that is missing or no number is 0, and the total is then the sum."""
    assert convert_to_usage_metadata(usage) == expected


DETAILS: list[tuple[dict[str, Any], str, dict[str, int]]] = [
    *(
        ({name: {key: 4}}, "input_token_details", {"cache_read": 4})
        for name in (
            "prompt_tokens_details",
            "input_tokens_details",
            "input_token_details",
        )
        for key in ("cached_tokens", "cache_read_tokens", "cache_read_input_tokens")
    ),
    *(
        ({key: 4}, "input_token_details", {"cache_read": 4})
        for key in (
            "cache_read_input_tokens",
            "prompt_cache_hit_tokens",
            "cached_tokens",
        )
    ),
    *(
        (
            {"prompt_tokens_details": {key: 4}},
            "input_token_details",
            {"cache_creation": 4},
        )
        for key in (
            "cache_write_tokens",
            "cache_creation_tokens",
            "cache_creation_input_tokens",
        )
    ),
    *(
        ({key: 4}, "input_token_details", {"cache_creation": 4})
        for key in ("cache_creation_input_tokens", "cache_write_tokens")
    ),
    *(
        ({name: {"reasoning_tokens": 4}}, "output_token_details", {"reasoning": 4})
        for name in ("completion_tokens_details", "output_tokens_details")
    ),
    ({"reasoning_tokens": 4}, "output_token_details", {"reasoning": 4}),
    (
        {"prompt_tokens_details": {"audio_tokens": 4}},
        "input_token_details",
        {"audio": 4},
    ),
    (
        {"completion_tokens_details": {"audio_tokens": 4}},
        "output_token_details",
        {"audio": 4},
    ),
    (
        {"prompt_tokens_details": {"cached_tokens": 0}},
        "input_token_details",
        {"cache_read": 0},
    ),
    (
        {"prompt_tokens_details": {"cached_tokens": 0}, "cached_tokens": 4},
        "input_token_details",
        {"cache_read": 4},
    ),
]


@pytest.mark.parametrize(("fields", "name", "expected"), DETAILS, ids=str)
def test_a_detail_is_found_under_its_usual_names(
    fields: dict[str, Any], name: str, expected: dict[str, int]
) -> None:
    """A reported detail is kept, be it 0, and one that was not is left out."""
    usage_metadata = convert_to_usage_metadata({**COUNTS, **fields})
    assert usage_metadata == {**PLAIN, name: expected}


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({}, False),
        ({"prompt_tokens": None, "total_tokens": None}, False),
        ({"cost": 0.1}, False),
        ({"prompt_tokens": 0}, True),
        ({"output_tokens": 1}, True),
        ({"total_tokens": 1}, True),
    ],
    ids=str,
)
def test_a_usage_without_counts_is_none(usage: dict[str, Any], expected: bool) -> None:  # noqa: FBT001
    """A usage full of nulls does not displace one that counts."""
    assert has_counts(usage) is expected


def test_usage_has_no_more_keys_than_one_may_have() -> None:
    """Reports are merged again and again, so what they add up to is bounded."""
    grown = bound_usage({f"k{n}": {str(m): m for m in range(99)} for n in range(99)})
    for n in range(200):
        grown = merge_usage(grown, {"prompt_tokens": n, f"x{n}": n, "k0": {f"y{n}": n}})
    assert len(grown) == 64
    assert {len(nested) for nested in grown.values()} == {32}
