"""What one delta brought → a generation chunk."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_clarifai._answer.chunks import (
    build_chunk,
    copy_call_chunk,
    copy_text_chunk,
)

PROVIDER = {"model_provider": "clarifai"}
CONTAINERS = (
    "additional_kwargs",
    "invalid_tool_calls",
    "response_metadata",
    "tool_call_chunks",
    "tool_calls",
)


def build(**fields: Any) -> ChatGenerationChunk:
    """Build a chunk as langchain-core does, with validation."""
    message = AIMessageChunk(**{"response_metadata": PROVIDER, **fields})
    return ChatGenerationChunk(message=message)


@pytest.mark.parametrize("text", ["Hello", " ", "\n", "é🦜"])
def test_a_copied_chunk_of_text_is_a_validated_one(text: str) -> None:
    """The template spares the validation, and nothing else."""
    copied, validated = copy_text_chunk(text), build(content=text)
    assert copied == validated
    assert copied.model_dump() == validated.model_dump()
    assert copied.text == text


@pytest.mark.parametrize(
    "arguments",
    ["a", " ", "\n\t", '"', "}", "]", "[", "[{}]", "null", "1", 'b": {', "\ufeff{}"],
)
def test_a_copied_piece_of_a_call_is_a_validated_one(arguments: str) -> None:
    """Core finds no object in any piece that does not begin like one."""
    piece = tool_call_chunk(name=None, args=arguments, id=None, index=3)
    copied = copy_call_chunk(piece)
    validated = build(content="", tool_call_chunks=[piece])
    assert copied == validated
    assert copied is not None
    assert copied.model_dump() == validated.model_dump()


def test_a_copied_thought_is_a_validated_one() -> None:
    """Thoughts and log probabilities of a chunk need no validation either."""
    thought = {"reasoning_content": "Hm"}
    logprobs = {"logprobs": {"content": [{"token": "H"}]}}
    copied = build_chunk(AIMessageChunk, "H", None, thought, response_metadata=logprobs)
    validated = build(
        content="H", additional_kwargs=thought, response_metadata=PROVIDER | logprobs
    )
    assert copied == validated
    assert copied.model_dump() == validated.model_dump()


@pytest.mark.parametrize("arguments", ["", None, "{", ' \n{"a": 1', '{"a": 1}'])
def test_a_piece_that_may_hold_an_object_is_not_copied(arguments: str | None) -> None:
    """Core parses what begins a call, and an empty piece is an empty object."""
    piece = tool_call_chunk(name="f", args=arguments, id="x", index=0)
    assert copy_call_chunk(piece) is None


def test_copied_chunks_share_nothing_a_reader_might_change() -> None:
    """What is put into one of them is in no other."""
    piece = tool_call_chunk(name=None, args="a", id=None, index=0)
    copies = [copy_text_chunk("a"), copy_text_chunk("a")]
    copies += [chunk for _ in "12" if (chunk := copy_call_chunk(piece)) is not None]
    for name in CONTAINERS:
        containers = [getattr(chunk.message, name) for chunk in copies]
        assert len({id(container) for container in containers}) == len(copies)
    copies[0].message.content = "b"
    assert copy_text_chunk("a").message.content == "a"
