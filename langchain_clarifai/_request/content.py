"""Convert content blocks of any LangChain dialect to wire content parts.

Accepted are plain strings, LangChain's v0 blocks (`source_type`) and v1 blocks
(`url`, `base64`, `file_id`), OpenAI's content parts and Anthropic's blocks (`source`).
Only the keys named here are sent: whatever else a block carries (`id`, `index`,
`annotations`, `extras`, ...) stays behind.

The shapes that come out are OpenAI's where OpenAI has one. It has none for these:

- a video, and audio by URL: `video_url` and `audio_url` as vLLM and OpenRouter read
  them (https://docs.vllm.ai/en/stable/features/multimodal_inputs.html,
  https://openrouter.ai/docs/features/multimodal/videos);
- a file by URL: the URL in place of the data URL, as OpenRouter reads it
  (https://openrouter.ai/docs/features/multimodal/pdfs);
- an image, audio or video by file id: the `file` part, the only one with an id.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

_PLAIN_TEXT_KEYS = frozenset({"type", "text"})
_FILE_KEYS = ("file_data", "file_id", "filename")
# OpenAI's names for the formats whose MIME subtype is spelled otherwise.
_AUDIO_FORMATS = {"mpeg": "mp3", "wave": "wav", "vnd.wave": "wav"}


def convert_to_wire_content(
    content: str | Iterable[str | Mapping[str, Any]],
    *,
    position: int = 0,
    joined: bool = False,
) -> str | list[dict[str, Any]]:
    """Convert a message's content to wire content.

    A string stays a string and a list stays a list. Text blocks without a visible
    character are left out, together with their `cache_control`: backends refuse them
    (https://github.com/langchain-ai/langchain/pull/34025). A list with nothing else
    in it becomes the empty string, since an empty list is refused too.

    Args:
        content: The content of a LangChain message.
        position: The message's place in the history, for error messages.
        joined: Whether a list of plain text becomes one string, with the blanks
            between its words.

    Raises:
        ValueError: If a block is unknown, or lacks what its type needs.
    """
    if isinstance(content, str):
        return content
    parts: list[dict[str, Any]] = []
    for index, block in enumerate(content):
        try:
            parts.append(_convert_to_part(block))
        except ValueError as error:
            raise ValueError(
                f"messages[{position}].content[{index}]: {error}"
            ) from None
    if joined and isinstance(text := join_text_parts(parts), str):
        return text if text.strip() else ""
    return list(filter(_is_visible, parts)) or ""


def _is_visible(part: dict[str, Any]) -> bool:
    return part["type"] != "text" or bool(part["text"].strip())


def join_text_parts(
    content: str | list[dict[str, Any]],
) -> str | list[dict[str, Any]]:
    """Join wire content that is plain text alone to one string.

    Many servers take a list from users only. Content with media, or with
    `cache_control` on a part, has no string form and stays a list.
    """
    if isinstance(content, str) or any(
        part.keys() != _PLAIN_TEXT_KEYS for part in content
    ):
        return content
    return "".join(part["text"] for part in content)


def _convert_to_part(block: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(block, str):
        return _build_text_part(block)
    block_type = block.get("type")
    convert = _CONVERTERS.get(block_type) if isinstance(block_type, str) else None
    if convert is None:
        allowed = ", ".join(sorted(_CONVERTERS))
        raise ValueError(
            f"a content block of type {block_type!r} is unknown and cannot be sent. "
            f"Use a string, or a block of type {allowed}."
        )
    part = convert(block)
    cache_control = _read_option(block, "cache_control")
    if isinstance(cache_control, Mapping):
        part["cache_control"] = cache_control
    return part


def _read_option(block: Mapping[str, Any], key: str) -> Any:
    """Read what v1 keeps in `extras`, v0 in `metadata`, and others on the block."""
    for holder in (block, block.get("extras"), block.get("metadata")):
        if isinstance(holder, Mapping) and holder.get(key) is not None:
            return holder[key]
    return None


class _Source(NamedTuple):
    """Where a block's content is, whatever dialect said so."""

    url: str | None = None
    base64: str | None = None
    mime_type: str | None = None
    file_id: str | None = None
    text: str | None = None


def _read_source(block: Mapping[str, Any]) -> _Source:
    source = block.get("source")
    found = (
        _read_anthropic_source(source)
        if isinstance(source, Mapping)
        else _read_langchain_source(block)
    )
    for field, value in found._asdict().items():
        if not (value is None or isinstance(value, str)):
            raise ValueError(f"{_describe(block)} needs a string as {field!r}.")
    return found


def _read_langchain_source(block: Mapping[str, Any]) -> _Source:
    # In v0, `id` is the file's when the source is an id, and the block's otherwise.
    is_v0_id = block.get("source_type") == "id"
    return _Source(
        url=block.get("url"),
        base64=block.get("base64") or block.get("data"),
        mime_type=block.get("mime_type"),
        file_id=block.get("id") if is_v0_id else block.get("file_id"),
        text=block.get("text"),
    )


def _read_anthropic_source(source: Mapping[str, Any]) -> _Source:
    if source.get("type") == "text":
        return _Source(text=source.get("data"))
    if source.get("type") == "content":
        return _Source(text=_read_text(source.get("content")))
    return _Source(
        url=source.get("url"),
        base64=source.get("data"),
        mime_type=source.get("media_type"),
        file_id=source.get("file_id"),
    )


def _read_text(content: Any) -> str:
    """Read the text of content that is nested in a block."""
    if isinstance(content, str):
        return content
    text = join_text_parts([_convert_to_part(block) for block in content or ()])
    if isinstance(text, str):
        return text
    raise ValueError("only text can be sent from inside another block.")


def _build_url(source: _Source, block: Mapping[str, Any]) -> str:
    """Build the URL of a block's content: its own, or a data URL."""
    if source.url:
        return source.url
    if not source.base64:
        raise ValueError(
            f"{_describe(block)} needs 'url', 'file_id', or 'base64' with 'mime_type'."
        )
    if source.base64.startswith("data:"):
        return source.base64
    if not source.mime_type:
        raise ValueError(
            f"{_describe(block)} with 'base64' needs 'mime_type', such as 'image/png'."
        )
    return f"data:{source.mime_type};base64,{source.base64}"


def _describe(block: Mapping[str, Any]) -> str:
    return f"a block of type {block['type']!r}"


def _build_text_part(text: Any) -> dict[str, Any]:
    if text is None or isinstance(text, str):
        return {"type": "text", "text": text or ""}
    raise ValueError("the text of a content block must be a string.")


def _build_file_id_part(file_id: str) -> dict[str, Any]:
    return {"type": "file", "file": {"file_id": file_id}}


def _convert_text(block: Mapping[str, Any]) -> dict[str, Any]:
    return _build_text_part(block.get("text"))


def _convert_text_plain(block: Mapping[str, Any]) -> dict[str, Any]:
    source = _read_source(block)
    if source.text is None and source.base64:
        try:
            text = base64.b64decode(source.base64).decode()
        except ValueError:
            raise ValueError(f"{_describe(block)} needs UTF-8 text.") from None
        return _build_text_part(text)
    return _convert_file(block)


def _convert_image(block: Mapping[str, Any]) -> dict[str, Any]:
    source = _read_source(block)
    if source.file_id:
        return _build_file_id_part(source.file_id)
    return _build_image_part(_build_url(source, block), _read_option(block, "detail"))


def _build_image_part(url: str, detail: Any) -> dict[str, Any]:
    image_url = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": image_url}


def _convert_audio(block: Mapping[str, Any]) -> dict[str, Any]:
    source = _read_source(block)
    if source.file_id:
        return _build_file_id_part(source.file_id)
    url = _build_url(source, block)
    mime_type, is_base64, encoded = url.removeprefix("data:").partition(";base64,")
    if not is_base64:
        return {"type": "audio_url", "audio_url": {"url": url}}
    subtype = mime_type.partition(";")[0].rpartition("/")[2].removeprefix("x-")
    audio_format = _AUDIO_FORMATS.get(subtype, subtype)
    return {
        "type": "input_audio",
        "input_audio": {"data": encoded, "format": audio_format},
    }


def _convert_video(block: Mapping[str, Any]) -> dict[str, Any]:
    source = _read_source(block)
    if source.file_id:
        return _build_file_id_part(source.file_id)
    return {"type": "video_url", "video_url": {"url": _build_url(source, block)}}


def _convert_file(block: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(block.get("file"), Mapping):
        return _convert_openai_file(block["file"])
    source = _read_source(block)
    if source.text is not None:
        return _build_text_part(source.text)
    if source.file_id:
        return _build_file_id_part(source.file_id)
    file_data = _build_url(source, block)
    filename = _read_filename(block) or _build_filename(file_data)
    return {"type": "file", "file": {"filename": filename, "file_data": file_data}}


def _convert_openai_file(file: Mapping[str, Any]) -> dict[str, Any]:
    if not (file.get("file_data") or file.get("file_id")):
        raise ValueError("the file of a content block needs 'file_data' or 'file_id'.")
    allowed = {key: file[key] for key in _FILE_KEYS if file.get(key)}
    return {"type": "file", "file": allowed}


def _read_filename(block: Mapping[str, Any]) -> str | None:
    names = (_read_option(block, key) for key in ("filename", "name", "title"))
    return next((name for name in names if isinstance(name, str) and name), None)


def _build_filename(url: str) -> str:
    """Build the name that OpenAI asks for with a file that came without one."""
    if not url.startswith("data:"):
        return url.partition("?")[0].rstrip("/").rpartition("/")[2]
    subtype = url.partition(";")[0].rpartition("/")[2]
    return f"file.{subtype}" if subtype.isalnum() else "file"


def _convert_url_part(block: Mapping[str, Any]) -> dict[str, Any]:
    """Convert `image_url`, `audio_url` and `video_url`, as a string or an object."""
    part_type: str = block["type"]
    holder = block.get(part_type)
    options = holder if isinstance(holder, Mapping) else {"url": holder}
    url = options.get("url")
    if not (isinstance(url, str) and url):
        raise ValueError(f"{_describe(block)} needs a 'url'.")
    if part_type == "image_url":
        return _build_image_part(
            url, options.get("detail", _read_option(block, "detail"))
        )
    return {"type": part_type, part_type: {"url": url}}


def _convert_input_audio(block: Mapping[str, Any]) -> dict[str, Any]:
    audio = block.get("input_audio")
    if not (isinstance(audio, Mapping) and audio.get("data") and audio.get("format")):
        raise ValueError(f"{_describe(block)} needs 'data' and 'format'.")
    return {
        "type": "input_audio",
        "input_audio": {"data": audio["data"], "format": audio["format"]},
    }


def _convert_responses_image(block: Mapping[str, Any]) -> dict[str, Any]:
    return _convert_image({**block, "url": block.get("image_url")})


def _convert_responses_file(block: Mapping[str, Any]) -> dict[str, Any]:
    located = {"url": block.get("file_url"), "base64": block.get("file_data")}
    return _convert_file({**block, **located})


def _convert_media(block: Mapping[str, Any]) -> dict[str, Any]:
    """Convert Google's block for any medium, by its MIME type."""
    kind = str(block.get("mime_type")).partition("/")[0]
    convert = _MEDIA_CONVERTERS.get(kind, _convert_file)
    return convert({**block, "url": block.get("file_uri")})


_MEDIA_CONVERTERS = {
    "image": _convert_image,
    "audio": _convert_audio,
    "video": _convert_video,
}


def _convert_non_standard(block: Mapping[str, Any]) -> dict[str, Any]:
    """Convert what LangChain wrapped because it is not one of its own blocks."""
    wrapped = block.get("value")
    if isinstance(wrapped, Mapping):
        return _convert_to_part(wrapped)
    raise ValueError(f"{_describe(block)} needs a block as its 'value'.")


def _convert_json(block: Mapping[str, Any]) -> dict[str, Any]:
    text = json.dumps(block.get("json"), ensure_ascii=False, default=str)
    return {"type": "text", "text": text}


def _convert_search_result(block: Mapping[str, Any]) -> dict[str, Any]:
    lines = (block.get("title"), block.get("source"), _read_text(block.get("content")))
    return _build_text_part("\n".join(str(line) for line in lines if line))


_CONVERTERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "text": _convert_text,
    "text-plain": _convert_text_plain,
    "image": _convert_image,
    "audio": _convert_audio,
    "video": _convert_video,
    "file": _convert_file,
    "image_url": _convert_url_part,
    "audio_url": _convert_url_part,
    "video_url": _convert_url_part,
    "input_audio": _convert_input_audio,
    # OpenAI's Responses API
    "input_text": _convert_text,
    "input_image": _convert_responses_image,
    "input_file": _convert_responses_file,
    "output_text": _convert_text,
    # Anthropic
    "document": _convert_file,
    "search_result": _convert_search_result,
    # Google
    "media": _convert_media,
    # What LangChain's tools may return
    "json": _convert_json,
    "non_standard": _convert_non_standard,
}

SENDABLE_BLOCK_TYPES = frozenset(_CONVERTERS) - {"non_standard"}
