"""What a tool gave back → text for the model, and the media that it shows.

Tools return lists of records that only look like content blocks: a directory listing
has `{"type": "file", "name": …, "size": 12}`. A block counts as one if it can be sent
and says nothing that would be lost on the way; anything else is sent as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from langchain_clarifai._request.content import convert_to_part, convert_to_wire_content
from langchain_clarifai._request.transcript import Result
from langchain_clarifai._request.wire_messages import is_turn_block, split_media

_EMPTY_RESULT: Final = "(no output)"
_MEDIA_KINDS: Final = {
    "image_url": "image",
    "input_audio": "audio",
    "audio_url": "audio",
    "video_url": "video",
}

# Keys about the block itself, in any dialect, which may be lost: they are no content.
_ABOUT_BLOCK: Final = frozenset(
    {
        "_meta",
        "annotations",
        "cache_control",
        "citations",
        "extras",
        "id",
        "index",
        "meta",
        "metadata",
        "type",
    }
)
_CONTENT_KEYS: Final = {
    "text": {"text"},
    "input_text": {"text"},
    "output_text": {"text", "logprobs"},
    "json": {"json"},
    "non_standard": {"value"},
    "search_result": {"title", "source", "content"},
}
_MEDIA_KEYS: Final = frozenset(
    {
        "audio",
        "audio_url",
        "base64",
        "context",
        "data",
        "detail",
        "file",
        "file_data",
        "file_id",
        "file_uri",
        "file_url",
        "filename",
        "image_url",
        "input_audio",
        "mimeType",
        "mime_type",
        "name",
        "source",
        "source_type",
        "text",
        "title",
        "url",
        "video_url",
    }
)


def convert_to_result(
    content: str | list[Any], position: int, *, keep_images: bool
) -> Result:
    """Convert a tool's output.

    Args:
        content: Text, blocks, or any list that a tool returned.
        position: The message's place in the history, for error messages.
        keep_images: Whether images stay with the text.
    """
    if isinstance(content, list):
        content = _write_records(content)
    text, media = split_media(
        convert_to_wire_content(content, position=position, separator="\n"),
        keep_images=keep_images,
        separator="\n",
    )
    if isinstance(text, str) and not text.strip():
        text = _build_placeholder(media)
    return Result(text, media)


def _write_records(content: list[Any]) -> str | list[Any]:
    """Write what is no block as JSON: a whole list of records, or each among blocks."""
    said = [element for element in content if not is_turn_block(element)]
    are_blocks = [isinstance(element, str) or _is_block(element) for element in said]
    if all(are_blocks):
        return said
    if not any(map(_is_block, said)):
        return _dump(said)
    return [
        element if is_block else _dump(element)
        for element, is_block in zip(said, are_blocks, strict=True)
    ]


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _is_block(element: Any) -> bool:
    """Tell whether an element is a block that can be sent without losing anything."""
    if not isinstance(element, Mapping) or not isinstance(element.get("type"), str):
        return False
    known = _CONTENT_KEYS.get(element["type"], _MEDIA_KEYS)
    said = {key for key in element if element[key] is not None} - _ABOUT_BLOCK
    if not said or not said <= known:
        return False
    try:
        convert_to_part(element)
    except (ValueError, TypeError, AttributeError):
        return False
    return True


def _build_placeholder(media: list[dict[str, Any]]) -> str:
    """Build the text of a result without text, which Anthropic refuses.

    It does so behind a gateway too: https://github.com/langchain-ai/langchain/pull/34025.
    """
    kinds = {_MEDIA_KINDS.get(part["type"], "file") for part in media}
    if not kinds:
        return _EMPTY_RESULT
    return f"See the attached {' and '.join(sorted(kinds))} below."
