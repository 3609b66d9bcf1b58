"""The first chunk of a stream → a sum whose tool calls are judged when it is whole."""

from __future__ import annotations

from typing import Any, SupportsIndex, cast

from langchain_core.messages import AIMessage, AIMessageChunk
from typing_extensions import override

from langchain_clarifai._answer.blocks import convert_to_content_blocks
from langchain_clarifai._answer.finish_reasons import is_cut_by_length
from langchain_clarifai._answer.whole_calls import convert_to_tool_calls


class _PlainWhenConverted(AIMessageChunk):
    """A parent of the chunk class that gives a plain message when it is called.

    `message_chunk_to_message` makes a message by calling the first parent of a chunk's
    class. If that were `AIMessageChunk`, the message would still be a chunk.
    """

    def __new__(cls, *args: Any, **fields: Any) -> Any:
        """Make an `AIMessage`, unless a subclass is asked for."""
        return (
            AIMessage(*args, **fields)
            if cls is _PlainWhenConverted
            else super().__new__(cls)
        )


class OpenMessageChunk(_PlainWhenConverted):
    """The first chunk of a stream: a sum that starts with it ends as it should.

    langchain-core completes the JSON of tool calls while they stream, and goes on doing
    so when the stream is over: a call that was cut off would look whole and be
    executed (https://github.com/langchain-ai/langchain/issues/39275). Sums take the
    class of their first chunk. This one judges the calls again when the last chunk is
    added, and hands over to a plain `AIMessageChunk`. It can go when core does so.
    """

    @classmethod
    @override
    def lc_id(cls) -> list[str]:
        """Serialize as `AIMessageChunk`, which this class stands for."""
        return AIMessageChunk.lc_id()

    @override
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]:
        # Pickle looks classes up by their names. This one is given that of
        # `AIMessageChunk` below, so it would not be found.
        return _reopen, (), self.__getstate__()

    @override
    def __add__(self, other: Any) -> Any:
        total = super().__add__(other)
        if isinstance(total, AIMessageChunk) and total.chunk_position == "last":
            return _close(total)
        return total

    def __radd__(self, other: Any) -> Any:
        """Take over a sum that began with an empty chunk of the reader's own."""
        if not isinstance(other, AIMessageChunk):
            return NotImplemented
        total = AIMessageChunk.__add__(other, self)
        if total.chunk_position == "last":
            return _close(total)
        return OpenMessageChunk.model_construct(_fields_set=None, **total.__dict__)


# Whatever loads only classes whose names it knows, as LangGraph's checkpoints will, is
# to load an unfinished sum as an `AIMessageChunk`.
for _attribute in ("__module__", "__name__", "__qualname__"):
    setattr(OpenMessageChunk, _attribute, getattr(AIMessageChunk, _attribute))


def _reopen() -> OpenMessageChunk:
    reopened: OpenMessageChunk = OpenMessageChunk.__new__(OpenMessageChunk)
    return reopened


def _close(total: AIMessageChunk) -> AIMessageChunk:
    """Return the finished sum as a plain chunk, its tool calls judged strictly."""
    closed = AIMessageChunk.model_construct(_fields_set=None, **total.__dict__)
    if closed.tool_call_chunks:
        closed.tool_calls, closed.invalid_tool_calls = convert_to_tool_calls(
            closed.tool_call_chunks,
            cut_by_length=is_cut_by_length(
                closed.response_metadata.get("finish_reason")
            ),
        )
    if isinstance(closed.content, list):
        # Blocks of the chunks were merged by index: build those of a plain answer.
        closed.content = total.text
        closed.content = cast("list[Any]", convert_to_content_blocks(closed))
    return closed
