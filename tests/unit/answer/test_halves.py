"""Halves of a character in several deltas → the character."""

from __future__ import annotations

import pytest

from tests.unit.answer.reading import read_deltas


@pytest.mark.parametrize("name", ["content", "reasoning_content", "reasoning"])
def test_a_character_cut_in_two_is_whole(name: str) -> None:
    """Half a surrogate pair waits for the other half."""
    message = read_deltas({name: "a\ud83d"}, {name: "\ude00b"}, {name: "\ud83d"})
    texts = (message.content, message.additional_kwargs.get("reasoning_content"))
    assert "a😀b\N{REPLACEMENT CHARACTER}" in texts


def test_a_character_cut_in_arguments_is_whole() -> None:
    """Halves are joined by the index of their call."""
    pieces = ('{"a": "\ud83d', '\ude00"}')
    message = read_deltas(
        *(
            {"tool_calls": [{"index": 0, "id": "c", "function": function}]}
            for function in ({"name": "f", "arguments": pieces[0]},)
        ),
        {"tool_calls": [{"index": 0, "function": {"arguments": pieces[1]}}]},
    )
    assert message.tool_calls[0]["args"] == {"a": "😀"}
