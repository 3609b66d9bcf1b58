"""Thoughts in fields, in parts and in tags → reasoning and content, apart."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_clarifai._answer.reasoning import read_parts, read_reasoning

FIELDS = [
    ("reasoning_content", {"reasoning_content": "a"}, ("a", "reasoning_content")),
    ("reasoning", {"reasoning": "a"}, ("a", "reasoning")),
    (
        "both",
        {"reasoning": "a", "reasoning_content": "a"},
        ("a", "reasoning_content"),
    ),
    ("one empty", {"reasoning": "a", "reasoning_content": ""}, ("a", "reasoning")),
    ("one null", {"reasoning": "a", "reasoning_content": None}, ("a", "reasoning")),
    ("none", {"content": "a"}, ("", "")),
    ("no text", {"reasoning": 1, "reasoning_content": True}, ("", "")),
    (
        "parts",
        {"reasoning": [{"type": "text", "text": "a"}, "b", {"thinking": "c"}, None]},
        ("abc", "reasoning"),
    ),
    ("object", {"reasoning": {"effort": 1, "content": "a"}}, ("a", "reasoning")),
    (
        "summary",
        {"reasoning": {"summary": [{"type": "summary_text", "text": "a"}]}},
        ("a", "reasoning"),
    ),
]


@pytest.mark.parametrize(
    ("delta", "expected"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS]
)
def test_reasoning_is_read_from_the_first_field_with_text(
    delta: dict[str, Any], expected: tuple[str, str]
) -> None:
    """Two fields with the same text are one thought, and odd shapes are text."""
    assert read_reasoning(delta) == expected


def test_parts_are_told_apart() -> None:
    """Text is joined to the content, thoughts to the reasoning, and all else left."""
    parts: list[Any] = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "a"}]},
        {"type": "reasoning", "text": "b"},
        {"thinking": "c"},
        {"type": "text", "text": "x"},
        "y",
        {"type": "image_url"},
        {"type": ["thinking"], "text": "z"},
        {"type": "text", "text": None},
        7,
    ]
    sorted_parts = read_parts(parts)
    assert (sorted_parts.text, sorted_parts.thought) == ("xyz", "abc")
    assert sorted_parts.thoughts == tuple(parts[:3])
    assert sorted_parts.images == ({"type": "image_url"},)
    assert sorted_parts.others == ({"type": "text", "text": None}, 7)
