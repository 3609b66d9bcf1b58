"""Fields and parts of an answer that hold its reasoning → its text.

Servers send what a model thinks in a field of its own, `reasoning_content` (DeepSeek,
SGLang, older vLLM) or `reasoning` (newer vLLM, Groq), at times in both at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_FIELDS: Final = ("reasoning_content", "reasoning")

# Where the text of a thought stands when it is no string, most telling first.
_THOUGHT_TYPES: Final = ("reasoning", "reasoning_content", "thinking")
_TEXT_KEYS: Final = ("text", "thinking", "reasoning", "content", "summary")


def read_reasoning(delta: dict[str, Any]) -> tuple[str, str]:
    """Return the reasoning of a delta or message, and the name of its field.

    Both are empty where there is none. Of two fields the first that has text counts:
    gateways fill both with the same text.
    """
    for name in _FIELDS:
        if reasoning := _join_texts(delta.get(name)):
            return reasoning, name
    return "", ""


def join_parts(parts: Iterable[Any]) -> tuple[str, str]:
    """Return the text and the thoughts of content that is a list of parts."""
    texts: list[str] = []
    thoughts: list[str] = []
    for part in parts:
        if isinstance(part, dict) and _is_thought(part):
            thoughts.append(_join_texts(part))
        elif isinstance(
            text := part.get("text") if isinstance(part, dict) else part, str
        ):
            texts.append(text)
    return "".join(texts), "".join(thoughts)


def _is_thought(part: dict[str, Any]) -> bool:
    return part.get("type") in _THOUGHT_TYPES or "thinking" in part


def _join_texts(value: Any) -> str:
    """Return the text in a string, in a part, or in a list of such."""
    if isinstance(value, dict):
        texts = (_join_texts(value.get(key)) for key in _TEXT_KEYS)
        return next(filter(None, texts), "")
    if isinstance(value, list):
        return "".join(map(_join_texts, value))
    return value if isinstance(value, str) else ""
