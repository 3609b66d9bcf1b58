"""The finish reason of a server → LangChain's, and whether the answer was cut.

langchain-core reads `normalized_finish_reason` and `finish_state` from 1.8.4 on
(`langchain_core/language_models/_finish_reason.py`); until then they are only keys.
It leaves the words to integrations, but for two rules: `stop` becomes `tool_call` where
the message has calls, and any reason becomes `refusal` where it has a refusal. It
applies them to v3 events alone, so they are applied here to every other message. It
defines no words for `finish_state`, which is left unset.
"""

from __future__ import annotations

from typing import Final

# OpenAI's words, then those of Anthropic, Mistral, Gemini, Cohere and text-generation
# servers, which gateways pass through.
_NORMALIZED: Final = {
    "stop": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "complete": "stop",
    "completed": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool_call",
    "tool_call": "tool_call",
    "function_call": "tool_call",
    "tool_use": "tool_call",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "refusal": "refusal",
}
_CUT_BY_LENGTH: Final = frozenset(
    reason for reason, normalized in _NORMALIZED.items() if normalized == "length"
)


def normalize_finish_reason(
    finish_reason: str | None, *, has_calls: bool, has_refusal: bool
) -> dict[str, str]:
    """Return the normalized reason, where the server's is known, under core's key."""
    normalized = _NORMALIZED.get((finish_reason or "").lower())
    if normalized is None:
        return {}
    if has_refusal:
        normalized = "refusal"
    elif has_calls and normalized == "stop":
        normalized = "tool_call"
    return {"normalized_finish_reason": normalized}


def is_cut_by_length(finish_reason: object) -> bool:
    """Tell whether the answer ended because it was too long."""
    return isinstance(finish_reason, str) and finish_reason.lower() in _CUT_BY_LENGTH
