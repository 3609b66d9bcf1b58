"""A content block of any dialect → where its content is: URL, bytes, id or text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

_TEXT_TYPES = frozenset({"text", "input_text", "output_text"})


def read_option(block: Mapping[str, Any], key: str) -> Any:
    """Read an option: v1 has it in `extras`, v0 in `metadata`, others in the block."""
    for holder in (block, block.get("extras"), block.get("metadata")):
        if isinstance(holder, Mapping) and holder.get(key) is not None:
            return holder[key]
    return None


class Source(NamedTuple):
    """Where a block's content is, whatever dialect said so."""

    url: str | None = None
    base64: str | None = None
    mime_type: str | None = None
    file_id: str | None = None
    text: str | None = None


def read_source(block: Mapping[str, Any]) -> Source:
    source = block.get("source")
    found = (
        _read_anthropic_source(source)
        if isinstance(source, Mapping)
        else _read_langchain_source(block)
    )
    for field, value in found._asdict().items():
        if not (value is None or isinstance(value, str)):
            raise ValueError(f"{describe_block(block)} needs a string as {field!r}.")
    return found


def _read_langchain_source(block: Mapping[str, Any]) -> Source:
    # In v0, `id` is the file's when the source is an id, and the block's otherwise.
    is_v0_id = block.get("source_type") == "id"
    return Source(
        url=block.get("url"),
        base64=block.get("base64") or block.get("data"),
        # MCP writes `mimeType`.
        mime_type=block.get("mime_type") or block.get("mimeType"),
        file_id=block.get("id") if is_v0_id else block.get("file_id"),
        text=block.get("text"),
    )


def _read_anthropic_source(source: Mapping[str, Any]) -> Source:
    if source.get("type") == "text":
        return Source(text=source.get("data"))
    if source.get("type") == "content":
        return Source(text=read_nested_text(source.get("content")))
    return Source(
        url=source.get("url"),
        base64=source.get("data"),
        mime_type=source.get("media_type"),
        file_id=source.get("file_id"),
    )


def read_nested_text(content: Any) -> str:
    """Read the text of content that is nested in a block.

    Raises:
        ValueError: If there is anything but text in it.
    """
    if isinstance(content, str):
        return content
    return "".join(map(_read_nested_block, content or ()))


def _read_nested_block(block: Any) -> str:
    if isinstance(block, str):
        return block
    if isinstance(block, Mapping) and block.get("type") in _TEXT_TYPES:
        text = block.get("text") or ""
        if isinstance(text, str):
            return text
    raise ValueError("only text can be sent from inside another block.")


def build_url(source: Source, block: Mapping[str, Any]) -> str:
    """Build the URL of a block's content: its own, or a data URL."""
    if source.url:
        return source.url
    if not source.base64:
        raise ValueError(
            f"{describe_block(block)} needs 'url', 'file_id', or 'base64' with "
            "'mime_type'."
        )
    if source.base64.startswith("data:"):
        return source.base64
    if not source.mime_type:
        raise ValueError(
            f"{describe_block(block)} with 'base64' needs 'mime_type', such as "
            "'image/png'."
        )
    return f"data:{source.mime_type};base64,{source.base64}"


def describe_block(block: Mapping[str, Any]) -> str:
    return f"a block of type {block['type']!r}"
