"""Calls with all of their text become tool calls, or broken ones."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_clarifai._answer.whole_calls import (
    convert_to_tool_calls,
    parse_arguments,
)

WHOLE = '{"a": 1}'


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("", {}),
        (" \n", {}),
        ("null", {}),
        ("{}", {}),
        ('{"a": "x\ny"}', {"a": "x\ny"}),
        ("[]", None),
        ('"{}"', {}),
        ("1", None),
        ('{"a": 1', None),
        ("[" * 100_000, None),
        (f'{{"a": {2**80}}}', {"a": 2**80}),
        ('{"a": %s}' % ("1" * 5000), None),  # Python converts no more than 4,300
    ],
    ids=lambda value: str(value)[:20],
)
def test_arguments_are_an_object_or_broken(
    text: str, arguments: dict[str, Any] | None
) -> None:
    """Nothing but a whole JSON object, or nothing, is taken for arguments."""
    assert parse_arguments(text) == arguments


@pytest.mark.parametrize(
    ("calls", "cut_by_length", "valid", "broken"),
    [
        ([("f", "")], False, ["f"], []),
        ([("f", "")], True, [], ["f"]),
        ([("f", "{}")], True, ["f"], []),
        ([("f", ""), ("g", WHOLE)], True, ["f", "g"], []),
        ([("f", WHOLE), ("g", '{"a"')], False, ["f"], ["g"]),
        ([(None, WHOLE)], False, [], [None]),
    ],
    ids=str,
)
def test_broken_calls_are_told_from_whole_ones(
    calls: list[tuple[str | None, str]],
    cut_by_length: bool,  # noqa: FBT001 - a parameter of the test
    valid: list[str],
    broken: list[str | None],
) -> None:
    """A call counts when it has a name and its arguments are whole."""
    chunks: list[Any] = [
        {"name": name, "args": text, "id": "a", "index": index}
        for index, (name, text) in enumerate(calls)
    ]
    tool_calls, invalid = convert_to_tool_calls(chunks, cut_by_length=cut_by_length)
    assert [call["name"] for call in tool_calls] == valid
    assert [call["name"] for call in invalid] == broken
    assert all(call["error"] for call in invalid)
