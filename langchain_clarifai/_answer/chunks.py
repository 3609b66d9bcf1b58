"""What one delta brought → a generation chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_clarifai._answer.metadata import PROVIDER_METADATA

if TYPE_CHECKING:
    from langchain_core.messages.tool import ToolCallChunk

_TEXT_CHUNK = AIMessageChunk(content="", response_metadata=PROVIDER_METADATA)
_TEXT_GENERATION = ChatGenerationChunk(message=_TEXT_CHUNK)


def copy_text_chunk(content: str) -> ChatGenerationChunk:
    """Build a chunk of text from a template, for two thirds of what validation costs.

    Every container is new, so that chunks share nothing a reader might change.
    """
    message = _TEXT_CHUNK.model_copy(
        update={
            "content": content,
            "additional_kwargs": {},
            "response_metadata": {**PROVIDER_METADATA},
            "tool_calls": [],
            "invalid_tool_calls": [],
            "tool_call_chunks": [],
        }
    )
    return _TEXT_GENERATION.model_copy(update={"message": message, "text": content})


def build_chunk(
    chunk_class: type[AIMessageChunk],
    content: str,
    tool_call_chunks: list[ToolCallChunk] | None = None,
    additional_kwargs: dict[str, Any] | None = None,
    *,
    response_metadata: dict[str, Any] | None = None,
) -> ChatGenerationChunk:
    """Build a chunk that holds more than text, or is the first."""
    metadata = PROVIDER_METADATA
    if response_metadata:
        metadata = {**PROVIDER_METADATA, **response_metadata}
    if not tool_call_chunks and not additional_kwargs:
        message = chunk_class(content=content, response_metadata=metadata)
    else:
        message = chunk_class(
            content=content,
            additional_kwargs=additional_kwargs or {},
            tool_call_chunks=tool_call_chunks or [],
            response_metadata=metadata,
        )
    return ChatGenerationChunk(message=message)
