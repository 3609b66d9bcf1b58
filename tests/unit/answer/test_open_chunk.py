"""The first chunk of a stream → a sum that ends as the plain answer."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from langchain_core.load import dumpd
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    HumanMessage,
    message_chunk_to_message,
)
from langchain_core.messages.tool import tool_call_chunk

from langchain_clarifai._answer.open_chunk import OpenMessageChunk


def test_a_sum_that_is_not_finished_becomes_a_plain_message() -> None:
    """Whoever stops reading early gets an `AIMessage` all the same."""
    total = OpenMessageChunk(content="a") + AIMessageChunk(content="b")
    assert type(total) is OpenMessageChunk
    assert message_chunk_to_message(total) == AIMessage("ab")
    assert type(message_chunk_to_message(OpenMessageChunk(content="a"))) is AIMessage


def test_the_first_chunk_behaves_like_any_other() -> None:
    """It can be copied, pickled and serialized, and refuses what core refuses."""
    chunk = OpenMessageChunk(content="a", id="x")
    assert copy.deepcopy(chunk) == chunk
    assert pickle.loads(pickle.dumps(chunk)) == chunk  # noqa: S301 - our own bytes
    assert dumpd(chunk) == dumpd(AIMessageChunk(content="a", id="x"))
    with pytest.raises(TypeError):
        chunk + HumanMessage("b")


@pytest.mark.parametrize("is_list", [False, True], ids=["one by one", "as a list"])
def test_a_cut_call_is_broken_in_the_sum(is_list: bool) -> None:  # noqa: FBT001
    """What langchain-core would complete is judged again when the sum is finished."""
    first = OpenMessageChunk(
        content="",
        tool_call_chunks=[
            {
                "name": "f",
                "args": '{"a": "b',
                "id": "x",
                "index": 0,
                "type": "tool_call_chunk",
            }
        ],
    )
    assert first.tool_calls
    last = AIMessageChunk(content="", chunk_position="last")
    total: Any = first + [last] if is_list else first + last  # noqa: RUF005 - a sum
    assert total.tool_calls == []
    [broken] = total.invalid_tool_calls
    assert (broken["name"], broken["args"], broken["id"]) == ("f", '{"a": "b', "x")


def test_a_sum_that_began_with_an_empty_chunk_ends_the_same() -> None:
    """Many readers begin with one of their own."""
    call = tool_call_chunk(name="f", args='{"a": "b', id="x", index=0)
    first = OpenMessageChunk(content="", tool_call_chunks=[call])
    last = AIMessageChunk(content="", chunk_position="last")
    total: Any = AIMessageChunk(content="")
    for chunk in (first, last):
        total += chunk
    assert type(total) is AIMessageChunk
    assert total.tool_calls == []
    assert total.invalid_tool_calls[0]["args"] == '{"a": "b'


def test_an_only_chunk_closes_the_sum_that_began_before_it() -> None:
    """It is the first and the last."""
    call = tool_call_chunk(name="f", args='{"a": "b', id="x", index=0)
    only = OpenMessageChunk(content="", tool_call_chunks=[call], chunk_position="last")
    total: Any = AIMessageChunk(content="") + only
    assert type(total) is AIMessageChunk
    assert total.tool_calls == []
    with pytest.raises(TypeError):
        "text" + only


def test_blocks_of_chunks_become_those_of_a_plain_answer() -> None:
    """With `output_version="v1"`, a finished sum has no traces of its chunks."""
    metadata = {"model_provider": "clarifai", "output_version": "v1"}
    first = OpenMessageChunk(
        content=[{"type": "text", "text": "a", "index": "lc_text"}],
        response_metadata=metadata,
    )
    last = AIMessageChunk(content=[], chunk_position="last", response_metadata=metadata)
    assert (first + last).content == [{"type": "text", "text": "a"}]
