"""What answers report of their tokens → a counter, and LangChain's usage callback."""

from __future__ import annotations

import threading

from langchain_core.callbacks import CallbackManager, UsageMetadataCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata, add_usage
from langchain_core.outputs import ChatGeneration, LLMResult


class UsageCounter:
    """Adds up the tokens of many answers, from any thread.

    The sum is neither pickled nor copied: a pickle or a copy begins at zero.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = _build_zero()

    def __reduce__(self) -> tuple[type[UsageCounter], tuple[()]]:
        return UsageCounter, ()

    @property
    def total(self) -> UsageMetadata:
        """What was counted so far; a copy."""
        with self._lock:
            return add_usage(self._total, None)

    def add(self, usage: UsageMetadata) -> None:
        """Count one answer."""
        with self._lock:
            self._total = add_usage(self._total, usage)


def report_usage(model: str, usage: UsageMetadata) -> None:
    """Let `get_usage_metadata_callback` of LangChain count what was embedded.

    That callback reads messages, so it is given one. No other callback is called:
    LangChain has none for embeddings.

    Args:
        model: The name to count under.
        usage: The tokens of all answers of one call.
    """
    handlers = [
        handler
        for handler in CallbackManager.configure().handlers
        if isinstance(handler, UsageMetadataCallbackHandler)
    ]
    if not handlers or not usage["total_tokens"]:
        return
    message = AIMessage(
        "", usage_metadata=usage, response_metadata={"model_name": model}
    )
    result = LLMResult(generations=[[ChatGeneration(message=message)]])
    for handler in handlers:
        handler.on_llm_end(result)


def _build_zero() -> UsageMetadata:
    return UsageMetadata(input_tokens=0, output_tokens=0, total_tokens=0)
