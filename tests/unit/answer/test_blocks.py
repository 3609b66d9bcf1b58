"""Our messages → LangChain's standard content blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.block_translators import get_translator
from langchain_core.messages.content import KNOWN_BLOCK_TYPES
from langchain_core.messages.tool import tool_call_chunk

from langchain_clarifai._answer import blocks
from langchain_clarifai._answer.open_chunk import OpenMessageChunk

if TYPE_CHECKING:
    from langchain_core.messages import ToolCallChunk

OURS = {"model_provider": "clarifai"}


def message(content: Any = "", **fields: Any) -> AIMessage:
    """Build a whole message of ours."""
    return AIMessage(content, response_metadata=OURS, **fields)


def call_chunk(
    index: int, call_id: str | None, name: str | None, args: str
) -> ToolCallChunk:
    """Build a tool-call chunk."""
    return tool_call_chunk(name=name, args=args, id=call_id, index=index)


CALL: Any = {"name": "f", "args": {"x": 1}, "id": "a", "type": "tool_call"}
BROKEN: Any = {
    "name": "g",
    "args": "{",
    "id": "b",
    "error": "cut",
    "type": "invalid_tool_call",
}
# As langchain-core has it: standard from 1.7.5 on.
REFUSAL: dict[str, Any] = {"type": "refusal", "refusal": "No."}
if REFUSAL["type"] not in KNOWN_BLOCK_TYPES:
    REFUSAL = {"type": "non_standard", "value": REFUSAL}

WHOLE: list[tuple[str, AIMessage, list[dict[str, Any]]]] = [
    ("nothing", message(), []),
    ("text", message("Hi"), [{"type": "text", "text": "Hi"}]),
    (
        "everything",
        message(
            "Hi",
            additional_kwargs={"reasoning_content": "Hm", "refusal": "No."},
            tool_calls=[CALL],
            invalid_tool_calls=[BROKEN],
        ),
        [
            {"type": "reasoning", "reasoning": "Hm"},
            {"type": "text", "text": "Hi"},
            REFUSAL,
            CALL,
            BROKEN,
        ],
    ),
    (
        "extra content of a call",
        message(
            tool_calls=[CALL, {**CALL, "id": "b"}],
            additional_kwargs={"tool_call_extra_content": {"a": {"google": 1}}},
        ),
        [{**CALL, "extras": {"extra_content": {"google": 1}}}, {**CALL, "id": "b"}],
    ),
    (
        "blocks that are there already",
        message([{"type": "text", "text": "Hi"}]),
        [{"type": "text", "text": "Hi"}],
    ),
]


@pytest.mark.parametrize(
    ("whole", "blocks"), [row[1:] for row in WHOLE], ids=[row[0] for row in WHOLE]
)
def test_a_message_shows_all_it_has(
    whole: AIMessage, blocks: list[dict[str, Any]]
) -> None:
    """Thoughts come first, then text, then what the model wants called."""
    assert whole.content_blocks == blocks


def test_blocks_of_a_chunk_cannot_collide() -> None:
    """Text, thoughts and calls have indices of their own, which core leaves alone."""
    chunk = AIMessageChunk(
        content="Hi",
        additional_kwargs={"reasoning_content": "Hm"},
        tool_call_chunks=[call_chunk(0, "a", "f", "{"), call_chunk(1, None, None, "}")],
        response_metadata=OURS,
    )
    indices = [block.get("index") for block in chunk.content_blocks]
    assert indices == ["lc_reasoning", "lc_text", "lc_tool_call_0", "lc_tool_call_1"]


def test_blocks_of_chunks_in_a_list_are_left_to_core() -> None:
    """A chunk whose content is a list already is read by LangChain itself."""
    chunk = AIMessageChunk(
        content=[{"type": "text", "text": "Hi"}], response_metadata=OURS
    )
    assert chunk.content_blocks == [{"type": "text", "text": "Hi"}]


def test_a_finished_sum_shows_calls_whole() -> None:
    """No fragments are left when the answer is complete."""
    first = OpenMessageChunk(
        content="Hi",
        tool_call_chunks=[call_chunk(0, "a", "f", '{"x"')],
        response_metadata=OURS,
    )
    second = AIMessageChunk(
        content="", tool_call_chunks=[call_chunk(0, None, None, ": 1}")]
    )
    last = AIMessageChunk(content="", chunk_position="last", response_metadata=OURS)
    total = first + second + last
    assert total.content_blocks == [{"type": "text", "text": "Hi"}, CALL]


def test_a_broken_call_takes_the_place_of_its_fragments() -> None:
    """The last chunk names the block that it replaces, by its index."""
    last = AIMessageChunk(content="", chunk_position="last", response_metadata=OURS)
    last.tool_call_chunks = [call_chunk(3, "b", None, "")]
    last.invalid_tool_calls = [BROKEN]
    assert last.content_blocks == [{**BROKEN, "index": "lc_tool_call_3"}]


def test_registering_makes_core_use_the_translator() -> None:
    """LangChain asks by the name of the provider."""
    blocks.register()
    translator = get_translator("clarifai")
    assert translator is not None
    assert translator["translate_content"] is blocks.convert_to_content_blocks
