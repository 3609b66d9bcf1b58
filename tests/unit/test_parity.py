"""One answer, sent whole or in a stream → the same message."""

from __future__ import annotations

import functools
import json
import operator
from typing import Any

from hypothesis import given, strategies as st
from langchain_core.messages import AIMessage, message_chunk_to_message

from langchain_clarifai._answer.completion import convert_to_chat_result
from langchain_clarifai._answer.metadata import AnswerMetadata
from langchain_clarifai._answer.stream import StreamAccumulator
from langchain_clarifai._answer.think_tags import build_think_tags
from tests.servers.openai_wire import (
    choice,
    chunk,
    completion,
    sse,
    tool_call,
    tool_call_delta,
    usage_chunk,
)

MODELS = ["openai/chat-completion/models/gpt-oss-120b", "qwen/qwenLM/models/QwQ-32B"]

texts = st.lists(
    st.sampled_from(["<think>", "</think>", "\n", " ", "Hi", "é😀\u2028", "<", "{"]),
    max_size=6,
).map("".join)
arguments = st.sampled_from(
    ["", "{}", '{"a": 1}', '{"ö": [{}, "}"]}', '{"a": "b', '{"a', "null", "[1]", '"a"']
)
names = st.sampled_from(["f", "look_up", ""])
counts = st.none() | st.integers(0, 9)
usages = st.none() | st.fixed_dictionaries(
    {"prompt_tokens": counts, "completion_tokens": counts, "total_tokens": counts},
    optional={
        "prompt_tokens_details": st.none()
        | st.fixed_dictionaries({"cached_tokens": counts}),
        "completion_tokens_details": st.none()
        | st.fixed_dictionaries({"reasoning_tokens": counts}),
        "cost": st.just(0.5),
    },
)
answers = st.fixed_dictionaries(
    {
        "content": st.none() | texts,
        "reasoning": st.sampled_from([{}, "reasoning", "reasoning_content", "both"]),
        "thought": texts,
        "refusal": st.sampled_from([None, "", "No."]),
        "calls": st.lists(st.tuples(names, arguments), max_size=3),
        "finish_reason": st.sampled_from(["stop", "tool_calls", "length", "eos"]),
        "usage": usages,
        "model": st.sampled_from(MODELS),
        "reasoning_format": st.sampled_from(["auto", "tags", "off"]),
    }
)


def write_whole(answer: dict[str, Any]) -> bytes:
    """Write an answer as a completion."""
    calls = [
        tool_call(name, text, call_id=f"id_{position}")
        for position, (name, text) in enumerate(answer["calls"])
    ]
    one = choice(
        answer["content"],
        finish_reason=answer["finish_reason"],
        tool_calls=calls,
        refusal=answer["refusal"],
        **_name_thought(answer, answer["thought"]),
    )
    whole = completion(one, usage=answer["usage"], system_fingerprint="fp")
    return json.dumps(whole, ensure_ascii=False).encode()


def write_stream(answer: dict[str, Any], size: int) -> bytes:
    """Write an answer as a stream, each text in pieces of a size."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [_name_thought(answer, piece) for piece in _cut(answer["thought"], size)]
    deltas += [{"content": piece} for piece in _cut(answer["content"] or "", size)]
    deltas += [{"refusal": answer["refusal"]}]
    for position, (name, text) in enumerate(answer["calls"]):
        opener = tool_call_delta(
            "", index=position, call_id=f"id_{position}", name=name
        )
        rest = [tool_call_delta(piece, index=position) for piece in _cut(text, size)]
        deltas += [{"tool_calls": [one]} for one in (opener, *rest)]
    fields: dict[str, Any] = {"system_fingerprint": "fp", "usage": answer["usage"]}
    return sse(
        *(chunk(delta, **fields) for delta in deltas),
        chunk(finish_reason=answer["finish_reason"], **fields),
        usage_chunk(**fields),
    )


def _name_thought(answer: dict[str, Any], thought: str) -> dict[str, Any]:
    if answer["reasoning"] == "both":
        return {"reasoning": thought, "reasoning_content": thought}
    return {answer["reasoning"]: thought} if answer["reasoning"] else {}


def _cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def read_whole(answer: dict[str, Any]) -> AIMessage:
    """Read an answer that was sent whole."""
    result = convert_to_chat_result(
        write_whole(answer),
        AnswerMetadata(answer["model"]),
        answer["reasoning_format"],
        answer["model"],
    )
    message = result.generations[0].message
    assert isinstance(message, AIMessage)
    return message


def read_stream(answer: dict[str, Any], size: int, read_size: int) -> Any:
    """Read an answer that was streamed, so many bytes at a time."""
    accumulator = StreamAccumulator(
        AnswerMetadata(answer["model"]),
        build_think_tags(answer["reasoning_format"], answer["model"]),
        allow_unfinished=False,
    )
    body = write_stream(answer, size)
    pieces = [body[at : at + read_size] for at in range(0, len(body), read_size)]
    chunks = [one.message for piece in pieces for one in accumulator.feed(piece)]
    chunks += [one.message for one in accumulator.finish()]
    return message_chunk_to_message(functools.reduce(operator.add, chunks))


@given(answer=answers, size=st.integers(1, 9), read_size=st.integers(1, 2000))
def test_plain_and_streamed_answers_are_equal(
    answer: dict[str, Any], size: int, read_size: int
) -> None:
    """Every field is equal, whatever the answer and wherever the network cuts it."""
    whole = read_whole(answer)
    streamed = read_stream(answer, size, read_size)
    assert streamed == whole
    assert streamed.content_blocks == whole.content_blocks
