"""Fields and parts of an answer → its reasoning, its text, and what is neither.

Servers send what a model thinks in a field of its own, `reasoning_content` (DeepSeek,
SGLang, older vLLM) or `reasoning` (newer vLLM, Groq), at times in both at once; in
entries with signatures, `reasoning_details` (OpenRouter, Vercel's gateway, Snowflake)
or `thinking_blocks` (LiteLLM); or in parts of the content (Mistral).
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

_FIELDS: Final = ("reasoning_content", "reasoning")

ENTRY_FIELDS: Final = ("reasoning_details", "thinking_blocks")
"""Fields whose entries have to go back unchanged with the next turn."""

# Types of parts that are thoughts.
_THOUGHT_TYPES: Final = ("reasoning", "reasoning_content", "thinking")
# Keys under which a thought has its text; the first that is there counts.
_TEXT_KEYS: Final = ("text", "thinking", "reasoning", "content", "summary")
_TEXT_TYPES: Final = ("text", "output_text", "input_text")


class Parts(NamedTuple):
    """What a list of content parts holds, by kind."""

    text: str = ""
    thought: str = ""
    thoughts: tuple[dict[str, Any], ...] = ()
    images: tuple[Any, ...] = ()
    refusal: str = ""
    others: tuple[Any, ...] = ()


def read_reasoning(delta: dict[str, Any]) -> tuple[str, str]:
    """Return the reasoning of a delta or message, and the name of its field.

    Both are empty where there is none. Of several fields the first that has text
    counts: gateways fill them with the same text.
    """
    for name in _FIELDS:
        if reasoning := _join_texts(delta.get(name)):
            return reasoning, name
    for name in ENTRY_FIELDS:
        if name in delta and (reasoning := _join_texts(delta[name])):
            return reasoning, name
    return "", ""


def read_parts(content: Any) -> Parts:
    """Sort content that is no string.

    An answer in JSON may come as the value itself instead of as text, from Cloudflare
    for example. Such a value is written as text again.
    """
    if isinstance(content, int | float) and not isinstance(content, bool):
        return Parts(json.dumps(content))
    if isinstance(content, dict):
        return _sort([content]) if _is_part(content) else Parts(_dump(content))
    if not isinstance(content, list):
        return Parts()
    if content and not any(map(_is_part, content)):
        return Parts(_dump(content))
    return _sort(content)


def _is_part(value: Any) -> bool:
    """Tell whether a value is a part of content, and not an answer in JSON."""
    if not isinstance(value, dict):
        return False
    part_type = value.get("type")
    if not isinstance(part_type, str):
        return value.keys() == {"text"} or "thinking" in value
    # Most parts have their content under a key that is their type's name. The other
    # types are listed.
    return (
        part_type in {*_TEXT_TYPES, *_THOUGHT_TYPES, "refusal", "redacted_thinking"}
        or part_type in value
        or part_type in {"image", "tool_use", "tool_result", "reference"}
    )


def _sort(parts: list[Any]) -> Parts:
    texts: list[str] = []
    thoughts: list[dict[str, Any]] = []
    images: list[Any] = []
    refusals: list[str] = []
    others: list[Any] = []
    for part in parts:
        part_type = part.get("type") if isinstance(part, dict) else None
        if isinstance(part, str):
            texts.append(part)
        elif not isinstance(part, dict):
            others.append(part)
        elif not isinstance(part_type, str | None):
            texts.append(_join_texts(part))
        elif part_type in {*_THOUGHT_TYPES, "redacted_thinking"} or "thinking" in part:
            thoughts.append(part)
        elif part_type in {"image_url", "image"}:
            images.append(part)
        elif isinstance(refusal := part.get("refusal"), str):
            refusals.append(refusal)
        elif isinstance(text := part.get("text"), str):
            texts.append(text)
        else:
            others.append(part)
    return Parts(
        "".join(texts),
        "".join(map(_join_texts, thoughts)),
        tuple(thoughts),
        tuple(images),
        "".join(refusals),
        tuple(others),
    )


def _join_texts(value: Any) -> str:
    """Return the text in a string, in a part, or in a list of such."""
    if isinstance(value, dict):
        texts = (_join_texts(value.get(key)) for key in _TEXT_KEYS)
        return next(filter(None, texts), "")
    if isinstance(value, list):
        return "".join(map(_join_texts, value))
    return value if isinstance(value, str) else ""


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
