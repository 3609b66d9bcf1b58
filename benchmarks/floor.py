"""A chat model without a wire: a number of deltas → as many chunks.

What it costs is what langchain-core costs, the making of a chunk from its text
included, and no chat model can cost less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

    from langchain_core.callbacks import (
        AsyncCallbackManagerForLLMRun,
        CallbackManagerForLLMRun,
    )
    from langchain_core.language_models import LanguageModelInput
    from langchain_core.runnables import Runnable

ID = "chatcmpl-9b1f2c3d4e5f"


class ReadyMadeChatModel(BaseChatModel):
    """A model that knows its answer beforehand."""

    deltas: list[dict[str, Any]]
    is_wide: bool = False

    @classmethod
    def build(cls, kind: str, count: int) -> ReadyMadeChatModel:
        """Build a model that answers with `count` deltas of the kind."""
        if kind != "tool":
            delta = {"content": " fox", "id": ID}
            return cls(deltas=[delta] * count, is_wide=kind == "wide")
        first = tool_call_chunk(name="tool_0", args='{"query": "', id="call_1", index=0)
        later = tool_call_chunk(args=" fox", index=0)
        calls = [first] + [later] * (count - 1)
        return cls(
            deltas=[{"content": "", "tool_call_chunks": [c], "id": ID} for c in calls]
        )

    def build_deltas(self) -> Iterable[dict[str, Any]]:
        """Build the deltas; a wide one has text of its own, or memory would lie."""
        if not self.is_wide:
            return self.deltas
        return ({**delta, "content": " fox" * 976} for delta in self.deltas)

    @property
    def _llm_type(self) -> str:
        return "ready-made"

    def bind_tools(
        self, tools: Sequence[Any], **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind the tools as they are."""
        return self.bind(tools=tools, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        del messages, stop, run_manager, kwargs
        message = AIMessage(content=" fox" * 200, id=ID)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        del run_manager
        return self._generate(messages, stop, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        del messages, stop, run_manager, kwargs
        for delta in self.build_deltas():
            yield ChatGenerationChunk(message=AIMessageChunk(**delta))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        del messages, stop, run_manager, kwargs
        for delta in self.build_deltas():
            yield ChatGenerationChunk(message=AIMessageChunk(**delta))
