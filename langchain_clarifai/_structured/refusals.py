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
    refusal = find_refusal(message)
    if refusal:
        raise ModelRefusalError(
            f"Model refused to produce the requested output: {refusal}",
            raw_message=message,
        )
