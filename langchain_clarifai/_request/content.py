"""Convert content blocks of any LangChain dialect to wire content parts.

Accepted are plain strings, LangChain's v0 blocks (`source_type`) and v1 blocks
(`url`, `base64`, `file_id`), OpenAI's content parts and Anthropic's blocks (`source`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from langchain_clarifai._request.media import MEDIA_CONVERTERS, build_text_part
from langchain_clarifai._request.sources import (
    describe_block,
    read_nested_text,
    read_option,
)

_PLAIN_TEXT_KEYS = frozenset({"type", "text"})


def convert_to_wire_content(
    content: str | Iterable[str | Mapping[str, Any]],
    *,
    position: int = 0,
    separator: str | None = None,
) -> str | list[dict[str, Any]]:
    """Convert a message's content to wire content.

    A string stays a string and a list stays a list. Text blocks without a visible
    character are left out, together with their `cache_control`: backends refuse them
    (https://github.com/langchain-ai/langchain/pull/34025). A list with nothing else
    in it becomes the empty string, since an empty list is refused too.

    Args:
        content: The content of a LangChain message.
        position: The message's place in the history, for error messages.
        separator: With one, a list of plain text becomes one string, and this stands
            between the texts; with None it stays a list. With the empty string, texts
            of blanks alone are kept, as they stand between words.

    Raises:
        ValueError: If a block is unknown, or lacks what its type needs.
    """
    if isinstance(content, str):
        return content
    parts: list[dict[str, Any]] = []
    for index, block in enumerate(content):
        try:
            parts.append(convert_to_part(block))
        except ValueError as error:
            raise ValueError(
                f"messages[{position}].content[{index}]: {error}"
            ) from None
    if separator == "" and isinstance(text := join_text_parts(parts), str):
        return text if text.strip() else ""
    visible = list(filter(_is_visible, parts))
    return (join_text_parts(visible, separator) if separator else visible) or ""


def _is_visible(part: dict[str, Any]) -> bool:
    return part["type"] != "text" or bool(part["text"].strip())


def join_text_parts(
    content: str | list[dict[str, Any]],
    separator: str = "",
) -> str | list[dict[str, Any]]:
    """Join wire content that is plain text alone to one string.

    Many servers take a list only in messages of users. Content with media, or with
    `cache_control` on a part, has no string form and stays a list.
    """
    if isinstance(content, str) or any(
        part.keys() != _PLAIN_TEXT_KEYS for part in content
    ):
        return content
    return separator.join(part["text"] for part in content)


def convert_to_part(block: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(block, str):
        return build_text_part(block)
    block_type = block.get("type")
    convert = _CONVERTERS.get(block_type) if isinstance(block_type, str) else None
    if convert is None:
        allowed = ", ".join(sorted(_CONVERTERS))
        raise ValueError(
            f"a content block of type {block_type!r} is unknown and cannot be sent. "
            f"Use a string, or a block of type {allowed}."
        )
    part = convert(block)
    cache_control = read_option(block, "cache_control")
    if isinstance(cache_control, Mapping):
        part["cache_control"] = cache_control
    return part


def _convert_text(block: Mapping[str, Any]) -> dict[str, Any]:
    return build_text_part(block.get("text"))


def _convert_non_standard(block: Mapping[str, Any]) -> dict[str, Any]:
    """Convert what LangChain wrapped because it is not one of its own blocks."""
    wrapped = block.get("value")
    if isinstance(wrapped, Mapping):
        return convert_to_part(wrapped)
    raise ValueError(f"{describe_block(block)} needs a block as its 'value'.")


def _convert_json(block: Mapping[str, Any]) -> dict[str, Any]:
    text = json.dumps(block.get("json"), ensure_ascii=False, default=str)
    return {"type": "text", "text": text}


def _convert_search_result(block: Mapping[str, Any]) -> dict[str, Any]:
    lines = (
        block.get("title"),
        block.get("source"),
        read_nested_text(block.get("content")),
    )
    return build_text_part("\n".join(str(line) for line in lines if line))


_CONVERTERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    **MEDIA_CONVERTERS,
    "text": _convert_text,
    # OpenAI's Responses API
    "input_text": _convert_text,
    "output_text": _convert_text,
    # Anthropic
    "search_result": _convert_search_result,
    # What LangChain's tools may return
    "json": _convert_json,
    "non_standard": _convert_non_standard,
}

SENDABLE_BLOCK_TYPES = frozenset(_CONVERTERS) - {"non_standard"}
