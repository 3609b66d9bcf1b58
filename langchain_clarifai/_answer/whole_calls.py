"""Calls with all of their text → tool calls, and the broken ones apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_core.messages.tool import (
    invalid_tool_call as create_invalid_tool_call,
    tool_call as create_tool_call,
)

from langchain_clarifai._answer.bodies import check_depth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from langchain_core.messages import InvalidToolCall
    from langchain_core.messages.tool import ToolCall, ToolCallChunk


def parse_arguments(arguments: str) -> dict[str, Any] | None:
    """Parse the text of a call's arguments; None when it is no finished JSON object.

    No text, and JSON's `null`, are what servers send for a call without arguments.
    """
    if not arguments.strip():
        return {}
    parsed = _parse(arguments)
    if isinstance(parsed, str):
        # Some models and gateways encode the object twice.
        parsed = _parse(parsed)
        return parsed if isinstance(parsed, dict) else None
    if parsed is None:
        return {} if arguments.strip() == "null" else None
    return parsed if isinstance(parsed, dict) else None


def _parse(text: str) -> Any:
    """Parse JSON; None where it is none."""
    try:
        # Not strict: models leave line breaks and tabs in strings unescaped.
        parsed = json.loads(text, strict=False)
        check_depth(parsed, text.count("[") + text.count("{"))
    except (ValueError, RecursionError):
        return None
    return parsed


def decode_twice_encoded(arguments: str) -> str:
    """Return the text of an object that was encoded twice; any other text as it is."""
    if arguments.lstrip().startswith('"'):
        inner = _parse(arguments)
        if isinstance(inner, str) and isinstance(_parse(inner), dict):
            return inner
    return arguments


def convert_to_tool_calls(
    tool_call_chunks: Sequence[ToolCallChunk], *, cut_by_length: bool
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Sort whole calls from broken ones.

    Args:
        tool_call_chunks: One for each call, with all of its text.
        cut_by_length: The answer ended because it was too long. The last call then
            counts as cut even if its arguments have not begun.
    """
    tool_calls: list[ToolCall] = []
    invalid_tool_calls: list[InvalidToolCall] = []
    for position, tool_call_chunk in enumerate(tool_call_chunks, start=1):
        name, args = tool_call_chunk["name"], tool_call_chunk["args"] or ""
        is_cut = cut_by_length and not args and position == len(tool_call_chunks)
        parsed = None if is_cut else parse_arguments(args)
        if name and parsed is not None:
            tool_calls.append(
                create_tool_call(name=name, args=parsed, id=tool_call_chunk["id"])
            )
        else:
            error = "The call has no name." if not name else _WHY_INVALID
            invalid_tool_calls.append(
                create_invalid_tool_call(
                    name=name, args=args, id=tool_call_chunk["id"], error=error
                )
            )
    return tool_calls, invalid_tool_calls


_WHY_INVALID = (
    "The arguments are no complete JSON object: the answer was cut, or the model "
    "wrote invalid JSON."
)


def split_provider_fields(
    fields_by_id: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    """Return what providers attached to calls, as it stands in additional kwargs."""
    extra_content: dict[str, Any] = {}
    others: dict[str, dict[str, Any]] = {}
    for call_id, fields in fields_by_id.items():
        if "extra_content" in fields:
            extra_content[call_id] = fields.pop("extra_content")
        if fields:
            others[call_id] = fields
    collected = {
        "tool_call_extra_content": extra_content,
        "tool_call_extra_fields": others,
    }
    return {name: by_id for name, by_id in collected.items() if by_id}
