"""What is attached to an answer → blocks of media, and citations of its text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DATA_URL: Final = re.compile(
    r"data:(?P<type>[\w.+/-]++)[^,]{0,200}?;base64,", re.ASCII
)


def build_media_blocks(attached: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Build the blocks of the images and the sound of an answer."""
    blocks: list[dict[str, Any]] = []
    images = attached.get("images")
    for image in images if isinstance(images, list) else []:
        if url := _find_url(image):
            match = _DATA_URL.match(url)
            blocks.append(
                {"type": "image", "url": url}
                if match is None
                else {
                    "type": "image",
                    "base64": url[match.end() :],
                    "mime_type": match["type"],
                }
            )
    audio = attached.get("audio")
    if isinstance(audio, dict) and isinstance(audio.get("data"), str):
        block: dict[str, Any] = {"type": "audio", "base64": audio["data"]}
        if isinstance(audio.get("id"), str):
            block["id"] = audio["id"]
        others = {key: audio[key] for key in audio if key not in {"data", "id"}}
        blocks.append({**block, "extras": others} if others else block)
    return blocks


def _find_url(image: Any) -> str:
    """Find the URL of an image, in any of the forms in use."""
    if isinstance(image, dict):
        for key in ("image_url", "url", "b64_json", "base64", "data"):
            if url := _find_url(image.get(key)):
                is_bare = key in {"b64_json", "base64", "data"} and ":" not in url[:30]
                media_type = image.get("mime_type") or "image/png"
                return f"data:{media_type};base64,{url}" if is_bare else url
    return image if isinstance(image, str) else ""


def build_citations(attached: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Build the standard annotations of the text.

    OpenAI's annotations say to which words they belong. The lists of sources that
    Perplexity and xAI send are used where there are no annotations.
    """
    annotations = attached.get("annotations")
    if isinstance(annotations, list) and annotations:
        return [_convert_annotation(annotation) for annotation in annotations]
    return list(_read_sources(attached))


def _convert_annotation(annotation: Any) -> dict[str, Any]:
    details = annotation if isinstance(annotation, dict) else {}
    if details.get("type") == "url_citation":
        nested = details.get("url_citation")
        details = nested if isinstance(nested, dict) else details
        if isinstance(details.get("url"), str):
            return _build_citation(details)
    return {"type": "non_standard_annotation", "value": {"annotation": annotation}}


def _build_citation(details: Mapping[str, Any]) -> dict[str, Any]:
    citation: dict[str, Any] = {"type": "citation", "url": details["url"]}
    for name, key, kind in (
        ("title", "title", str),
        ("start_index", "start_index", int),
        ("end_index", "end_index", int),
        ("cited_text", "content", str),
    ):
        if isinstance(value := details.get(key), kind):
            citation[name] = value
    return citation


def _read_sources(attached: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    results = attached.get("search_results")
    titled = {
        result["url"]: result
        for result in (results if isinstance(results, list) else [])
        if isinstance(result, dict) and isinstance(result.get("url"), str)
    }
    citations = attached.get("citations")
    urls = [
        source if isinstance(source, str) else source.get("url")
        for source in (citations if isinstance(citations, list) else [])
        if isinstance(source, str | dict)
    ]
    for url in urls or titled:
        if isinstance(url, str):
            found = titled.get(url, {})
            title = found.get("title")
            yield _build_citation({"url": url, "title": title})
