"""A model's answer → the error that it refused to give one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core import exceptions
from langchain_core.exceptions import ModelError

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


class ModelRefusalError(ModelError):
    """The model declined to give the output that was asked for.

    It is langchain-core's own class where that has one (1.7.5 and later).

    Args:
        message: What the model said.
        raw_message: The answer that holds the refusal.
    """

    def __init__(
        self,
        message: str = "Model refused to produce the requested output",
        *,
        raw_message: BaseMessage | None = None,
    ) -> None:
        self.raw_message = raw_message
        super().__init__(message)


if not TYPE_CHECKING:  # pragma: no branch
    ModelRefusalError = getattr(exceptions, "ModelRefusalError", ModelRefusalError)


def find_refusal(message: BaseMessage) -> str | None:
    """Find the text of a refusal, in the message's fields or content blocks."""
    blocks: list[Any] = [message.additional_kwargs]
    if isinstance(message.content, list):
        blocks += [block for block in message.content if isinstance(block, dict)]
    for block in blocks:
        refusal = block.get("value", block).get("refusal")
        if refusal:
            return str(refusal)
    return None


def raise_if_refused(message: BaseMessage) -> None:
    """Raise the error for a refusal, or for an answer that a filter has emptied.

    Raises:
        ModelRefusalError: If the model refused, or the filter did.
    """
    refusal = find_refusal(message) or _find_filter(message)
    if refusal:
        raise ModelRefusalError(
            f"Model refused to produce the requested output: {refusal}",
            raw_message=message,
        )


def _find_filter(message: BaseMessage) -> str | None:
    if message.response_metadata.get("finish_reason") != "content_filter":
        return None
    calls = getattr(message, "tool_calls", None)
    invalid_calls = getattr(message, "invalid_tool_calls", None)
    if str(message.text).strip() or calls or invalid_calls:
        return None
    return "a content filter stopped the answer before it began."
