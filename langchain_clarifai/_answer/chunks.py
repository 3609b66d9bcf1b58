"""What one delta brought → a generation chunk."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import invalid_tool_call
from langchain_core.outputs import ChatGenerationChunk

from langchain_clarifai._answer.metadata import PROVIDER_METADATA

if TYPE_CHECKING:
    from langchain_core.messages.tool import ToolCallChunk

# Empty containers are passed, too, so that pydantic counts these fields as set, in the
# copies as well: they are set in every chunk that is built without the template.
_TEXT_CHUNK = AIMessageChunk(
    content="",
    additional_kwargs={},
    response_metadata=PROVIDER_METADATA,
    tool_calls=[],
    invalid_tool_calls=[],
    tool_call_chunks=[],
)
_TEXT_GENERATION = ChatGenerationChunk(message=_TEXT_CHUNK, text="")


def copy_text_chunk(content: str) -> ChatGenerationChunk:
    """Build a chunk of text from a template, for half of what validation costs.

    Every container is new, so that chunks share nothing a reader might change. Fields
    are replaced in the copies' `__dict__`, which is where pydantic keeps them:
    `model_copy(update=…)` looks each one up first, which costs half as much again.
    """
    message = copy(_TEXT_CHUNK)
    vars(message).update(
        content=content,
        additional_kwargs={},
        response_metadata={**PROVIDER_METADATA},
        tool_calls=[],
        invalid_tool_calls=[],
        tool_call_chunks=[],
    )
    generation = copy(_TEXT_GENERATION)
    vars(generation).update(message=message, text=content)
    return generation


def copy_call_chunk(tool_call_chunk: ToolCallChunk) -> ChatGenerationChunk | None:
    """Build a chunk of one piece of a call from a template; None if it begins one.

    langchain-core looks for an object in every piece. In one that does not begin like
    an object there is none, so that it counts as invalid, as it does in core.
    """
    arguments = tool_call_chunk["args"]
    if not arguments or arguments.lstrip().startswith("{"):
        return None
    generation = copy_text_chunk("")
    vars(generation.message).update(
        tool_call_chunks=[tool_call_chunk],
        invalid_tool_calls=[
            invalid_tool_call(
                name=tool_call_chunk["name"], args=arguments, id=tool_call_chunk["id"]
            )
        ],
    )
    return generation


def build_chunk(
    chunk_class: type[AIMessageChunk],
    content: str,
    tool_call_chunks: list[ToolCallChunk] | None = None,
    additional_kwargs: dict[str, Any] | None = None,
    *,
    response_metadata: dict[str, Any] | None = None,
) -> ChatGenerationChunk:
    """Build a chunk that holds more than text, or is the first."""
    more: dict[str, Any] = {
        "additional_kwargs": additional_kwargs or {},
        "response_metadata": {**PROVIDER_METADATA, **(response_metadata or {})},
    }
    if chunk_class is AIMessageChunk and not tool_call_chunks:
        generation_chunk = copy_text_chunk(content)
        vars(generation_chunk.message).update(more)
        return generation_chunk
    message = chunk_class(
        content=content, tool_call_chunks=tool_call_chunks or [], **more
    )
    return ChatGenerationChunk(message=message)
