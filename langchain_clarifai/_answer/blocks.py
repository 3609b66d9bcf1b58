"""Our messages → LangChain's standard content blocks.

langchain-core calls these through its registry of translators, for `content_blocks`,
`output_version="v1"` and the v3 event stream. Blocks of chunks get indices that are
strings and start with `lc_`: core merges blocks by index, and would otherwise number
text and reasoning 0, 1, … where the tool calls are numbered as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from langchain_core.messages import content
from langchain_core.messages.block_translators import register_translator

from langchain_clarifai._answer.media_blocks import build_citations, build_media_blocks
from langchain_clarifai._answer.metadata import PROVIDER

# langchain-core has standard blocks for refusals from 1.7.5 on, and LangChain's
# middleware looks for those.
_HAS_REFUSALS: Final = "refusal" in content.KNOWN_BLOCK_TYPES

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, AIMessageChunk
    from langchain_core.messages.content import ContentBlock


def convert_to_content_blocks(message: AIMessage) -> list[ContentBlock]:
    """Convert a whole message: reasoning, text, refusal, calls, broken calls.

    Raises:
        NotImplementedError: If the content is a list, which core reads better itself.
    """
    blocks = _convert_to_text_blocks(message)
    extra_content = message.additional_kwargs.get("tool_call_extra_content", {})
    for tool_call in message.tool_calls:
        block: dict[str, Any] = {**tool_call, "type": "tool_call"}
        if tool_call["id"] in extra_content:
            block["extras"] = {"extra_content": extra_content[tool_call["id"]]}
        blocks.append(block)
    blocks += [
        {**call, "type": "invalid_tool_call"} for call in message.invalid_tool_calls
    ]
    return cast("list[ContentBlock]", blocks)


def convert_chunk_to_content_blocks(message: AIMessageChunk) -> list[ContentBlock]:
    """Convert a chunk; a finished sum of chunks shows its calls whole.

    Raises:
        NotImplementedError: If the content is a list, which core reads better itself.
    """
    if message.chunk_position == "last":
        return _add_indices(convert_to_content_blocks(message), message)
    blocks = _convert_to_text_blocks(message)
    _index(blocks)
    blocks += [
        {
            "type": "tool_call_chunk",
            "id": tool_call_chunk["id"],
            "name": tool_call_chunk["name"],
            "args": tool_call_chunk["args"],
            "index": f"lc_tool_call_{tool_call_chunk['index']}",
        }
        for tool_call_chunk in message.tool_call_chunks
    ]
    return cast("list[ContentBlock]", blocks)


def _add_indices(
    blocks: list[ContentBlock], message: AIMessageChunk
) -> list[ContentBlock]:
    """Give blocks of the last chunk the indices of the earlier blocks they belong to.

    These are citations of the text, and calls that turned out broken. A sum of chunks
    counts as a last chunk too, but holds the text itself.
    """
    indices = {
        tool_call_chunk["id"]: f"lc_tool_call_{tool_call_chunk['index']}"
        for tool_call_chunk in message.tool_call_chunks
        if not (tool_call_chunk["name"] or tool_call_chunk["args"])
    }
    for block in blocks:
        if (call_id := block.get("id")) in indices:
            block["index"] = indices[call_id]
        elif block["type"] == "text" and not message.content:
            block["index"] = "lc_text"
    return blocks


def _convert_to_text_blocks(message: AIMessage) -> list[dict[str, Any]]:
    if not isinstance(message.content, str):
        raise NotImplementedError
    blocks: list[dict[str, Any]] = []
    attached = message.additional_kwargs
    citations = build_citations(attached)
    if reasoning := message.additional_kwargs.get("reasoning_content"):
        blocks.append({"type": "reasoning", "reasoning": reasoning})
    if message.content or citations:
        block = {"type": "text", "text": message.content}
        blocks.append({**block, "annotations": citations} if citations else block)
    blocks += build_media_blocks(attached)
    if refusal := message.additional_kwargs.get("refusal"):
        block = {"type": "refusal", "refusal": refusal}
        blocks.append(block if _HAS_REFUSALS else _wrap(block))
    return blocks


def _index(blocks: list[dict[str, Any]]) -> None:
    """Number blocks of a chunk by their type: core joins those of one number."""
    seen: dict[str, int] = {}
    for block in blocks:
        count = seen[block["type"]] = seen.get(block["type"], -1) + 1
        block["index"] = f"lc_{block['type']}" + (f"_{count}" if count else "")


def _wrap(block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "non_standard", "value": block}


def register() -> None:
    """Make langchain-core use these for every message of ours."""
    register_translator(
        PROVIDER, convert_to_content_blocks, convert_chunk_to_content_blocks
    )
