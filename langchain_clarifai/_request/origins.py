"""An assistant's message → whether its thoughts are ours to send.

Thoughts may be signed or encrypted, and then only their provider takes them back. Our
answers, and those of most integrations, name their provider. A message that names none,
and shows no sign of another one, may be written by hand: its thoughts are plain text,
and some backends want them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._request.wire_messages import select_blocks

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

ENTRIES: Final = ("reasoning_details", "thinking_blocks")
"""Fields of entries with signatures and encrypted parts."""

THINKING_PARTS: Final = "thinking_parts"
"""The key of thoughts that came as parts of the content."""

# A message with one of these keys was not written by hand; if it names no provider, it
# is another integration's.
_OF_AN_ANSWER: Final = frozenset(
    {
        "done_reason",
        "finish_reason",
        "model",
        "model_id",
        "model_name",
        "stopReason",
        "stop_reason",
        "token_usage",
        "usage",
    }
)
_THOUGHTS_OF_OTHERS: Final = ("reasoning_content", "redacted_thinking", "thinking")
_SEALS: Final = frozenset({"encrypted_content", "signature", "summary"})


def is_ours(message: AIMessage) -> bool:
    """Tell whether a message is of this provider, or was written by hand."""
    metadata = message.response_metadata
    provider = metadata.get("model_provider")
    if provider is not None:
        return bool(provider == "clarifai")
    return _OF_AN_ANSWER.isdisjoint(metadata) and not _is_sealed(message)


def _is_sealed(message: AIMessage) -> bool:
    """Tell whether thoughts have a part that only their provider understands."""
    attached = message.additional_kwargs
    return (
        any(attached.get(name) for name in (*ENTRIES, THINKING_PARTS))
        or isinstance(attached.get("reasoning"), dict)  # OpenAI's, by its id
        or any(select_blocks(message.content, *_THOUGHTS_OF_OTHERS))
        or any(map(_is_sealed_block, select_blocks(message.content, "reasoning")))
    )


def _is_sealed_block(block: dict[str, Any]) -> bool:
    extras = block.get("extras")
    return (
        not _SEALS.isdisjoint(block)
        or (isinstance(extras, dict) and not _SEALS.isdisjoint(extras))
        or str(block.get("id") or "").startswith("rs_")
    )
