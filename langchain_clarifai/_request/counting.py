"""Messages → messages whose tokens can be counted, with an image for each medium."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._request.media import MEDIA_CONVERTERS

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

_IMAGE: Final = {"type": "image"}


def replace_media(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Put an image in the place of each block of media, whose tokens are a constant.

    langchain-core counts images so, and other media by their base64, which makes
    100,000 tokens of a minute of speech.
    """
    return [_replace_in_message(message) for message in messages]


def _replace_in_message(message: BaseMessage) -> BaseMessage:
    content = message.content
    if isinstance(content, str):
        return message
    return message.model_copy(update={"content": list(map(_replace_block, content))})


def _replace_block(block: Any) -> Any:
    if not isinstance(block, Mapping):
        return block
    if isinstance(nested := block.get("content"), list):  # Anthropic's `tool_result`
        return {**block, "content": list(map(_replace_block, nested))}
    if block.get("type") not in MEDIA_CONVERTERS:
        return block
    if isinstance(text := _read_text(block), str):
        return {"type": "text", "text": text}
    return dict(_IMAGE)


def _read_text(block: Mapping[str, Any]) -> Any:
    """Read the text of a file that is sent as text."""
    source = block.get("source")
    if isinstance(source, Mapping) and source.get("type") == "text":
        return source.get("data")
    return block.get("text")
