"""Blocks of images, audio, video and files, in any dialect → wire content parts.

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
from collections.abc import Callable, Mapping
from typing import Any

from langchain_clarifai._request.sources import (
    build_url,
    describe_block,
    read_option,
    read_source,
)

_FILE_KEYS = ("file_data", "file_id", "filename")
# OpenAI's names for the formats whose MIME subtype is spelled otherwise.
_AUDIO_FORMATS = {"mpeg": "mp3", "wave": "wav", "vnd.wave": "wav"}


def build_text_part(text: Any) -> dict[str, Any]:
    if text is None or isinstance(text, str):
        return {"type": "text", "text": text or ""}
    raise ValueError("the text of a content block must be a string.")


def _build_file_id_part(file_id: str) -> dict[str, Any]:
    return {"type": "file", "file": {"file_id": file_id}}


def _convert_text_plain(block: Mapping[str, Any]) -> dict[str, Any]:
    source = read_source(block)
    if source.text is None and source.base64:
        try:
            text = base64.b64decode(source.base64).decode()
        except ValueError:
            raise ValueError(f"{describe_block(block)} needs UTF-8 text.") from None
        return build_text_part(text)
    return _convert_file(block)


def _convert_image(block: Mapping[str, Any]) -> dict[str, Any]:
    source = read_source(block)
    if source.file_id:
        return _build_file_id_part(source.file_id)
    return _build_image_part(build_url(source, block), read_option(block, "detail"))


def _build_image_part(url: str, detail: Any) -> dict[str, Any]:
    image_url = {"url": url} if detail is None else {"url": url, "detail": detail}
    return {"type": "image_url", "image_url": image_url}


def _convert_audio(block: Mapping[str, Any]) -> dict[str, Any]:
    source = read_source(block)
    if source.file_id:
        return _build_file_id_part(source.file_id)
    url = build_url(source, block)
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
    source = read_source(block)
    if source.file_id:
        return _build_file_id_part(source.file_id)
    return {"type": "video_url", "video_url": {"url": build_url(source, block)}}


def _convert_file(block: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(block.get("file"), Mapping):
        return _convert_openai_file(block["file"])
    source = read_source(block)
    if source.text is not None:
        return build_text_part(source.text)
    if source.file_id:
        return _build_file_id_part(source.file_id)
    file_data = build_url(source, block)
    filename = _read_filename(block) or _build_filename(file_data)
    return {"type": "file", "file": {"filename": filename, "file_data": file_data}}


def _convert_openai_file(file: Mapping[str, Any]) -> dict[str, Any]:
    if not (file.get("file_data") or file.get("file_id")):
        raise ValueError("the file of a content block needs 'file_data' or 'file_id'.")
    allowed = {key: file[key] for key in _FILE_KEYS if file.get(key)}
    return {"type": "file", "file": allowed}


def _read_filename(block: Mapping[str, Any]) -> str | None:
    names = (read_option(block, key) for key in ("filename", "name", "title"))
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
        raise ValueError(f"{describe_block(block)} needs a 'url'.")
    if part_type == "image_url":
        return _build_image_part(
            url, options.get("detail", read_option(block, "detail"))
        )
    return {"type": part_type, part_type: {"url": url}}


def _convert_input_audio(block: Mapping[str, Any]) -> dict[str, Any]:
    audio = block.get("input_audio")
    if not (isinstance(audio, Mapping) and audio.get("data") and audio.get("format")):
        raise ValueError(f"{describe_block(block)} needs 'data' and 'format'.")
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
    convert = _BY_MIME_TYPE.get(kind, _convert_file)
    return convert({**block, "url": block.get("file_uri")})


_BY_MIME_TYPE = {
    "image": _convert_image,
    "audio": _convert_audio,
    "video": _convert_video,
}


MEDIA_CONVERTERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
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
    "input_image": _convert_responses_image,
    "input_file": _convert_responses_file,
    # Anthropic
    "document": _convert_file,
    # Google
    "media": _convert_media,
}
