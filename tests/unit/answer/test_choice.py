"""Deltas and messages of one choice → chunks, and the message they add up to."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    message_chunk_to_message,
)

from langchain_clarifai._answer.choice import ChoiceAccumulator
from langchain_clarifai._answer.metadata import AnswerMetadata
from langchain_clarifai._answer.think_tags import ThinkTags
from tests.servers.openai_wire import tool_call, tool_call_delta

MODEL = "user/app/models/model"


def read(
    *deltas: Any,
    finish_reason: str | None = "stop",
    may_open_in_prompt: bool = False,
    drain: bool = True,
) -> AIMessageChunk:
    """Read deltas; return the sum of all chunks, checked against the message."""
    accumulator = ChoiceAccumulator(ThinkTags(may_open_in_prompt=may_open_in_prompt))
    choices: list[dict[str, Any]] = [{"delta": delta} for delta in deltas]
    return add_up(accumulator, *choices, {"finish_reason": finish_reason}, drain=drain)


def add_up(
    accumulator: ChoiceAccumulator, *choices: dict[str, Any], drain: bool = True
) -> AIMessageChunk:
    """Read choices; return the sum of all chunks, checked against the message."""
    chunks: list[Any] = []
    for choice in choices:
        chunks.append(accumulator.read(choice))
        if drain:
            chunks.append(accumulator.drain_tool_calls())
    metadata = AnswerMetadata(MODEL)
    chunks += accumulator.finish(metadata)
    messages = [chunk.message for chunk in chunks if chunk is not None]
    total = messages[0]
    for message in messages[1:]:
        total += message
    assert type(total) is AIMessageChunk
    assert total.chunk_position == "last"
    assert message_chunk_to_message(total) == accumulator.build_message(metadata)
    assert messages[0] + messages[1:] == total or len(messages) == 1
    return total


# --- the first chunk ----------------------------------------------------------------


# --- content ------------------------------------------------------------------------

CONTENTS: list[tuple[str, list[Any], str, dict[str, Any]]] = [
    ("text", [{"content": "a"}, {"content": "b"}], "ab", {}),
    ("nothing", [{}, None, "a", {"content": None}, {"content": ""}], "", {}),
    (
        "parts",
        [{"content": [{"type": "text", "text": "a"}]}, {"content": {"text": "b"}}],
        "ab",
        {},
    ),
    ("a number", [{"content": 7}], "7", {}),
    (
        "a field of thoughts",
        [{"reasoning_content": "a"}, {"reasoning_content": "b", "content": "c"}],
        "c",
        {"reasoning_content": "ab"},
    ),
    (
        "another field of thoughts",
        [{"reasoning": "a"}, {"content": "c"}],
        "c",
        {"reasoning_content": "a", "reasoning_field": "reasoning"},
    ),
    (
        "thoughts in two fields by turns",
        [{"reasoning": "a"}, {"reasoning_content": "b"}],
        "",
        {"reasoning_content": "ab", "reasoning_field": "reasoning"},
    ),
    (
        "thoughts in parts",
        [{"content": [{"type": "thinking", "thinking": "a"}, "b"]}],
        "b",
        {
            "reasoning_content": "a",
            "reasoning_field": "thinking_parts",
            "thinking_parts": [{"type": "thinking", "thinking": "a"}],
        },
    ),
    (
        "thoughts in tags",
        [{"content": "<think>a"}, {"content": "</think>b"}, {"content": "c"}],
        "bc",
        {"reasoning_content": "a", "reasoning_field": "content"},
    ),
    (
        "a thought that ends with the answer",
        [{"content": "<think>a </th"}],
        "",
        {"reasoning_content": "a </th", "reasoning_field": "content"},
    ),
    (
        "an empty thought",
        [{"content": "<think></think>"}, {"content": "a"}],
        "a",
        {"reasoning_field": "content"},
    ),
    ("half a tag", [{"content": "<th"}], "<th", {}),
    (
        "tags and a field",
        [
            {"reasoning_content": "a", "content": "<think>a"},
            {"reasoning_content": "b", "content": "b"},
            {"content": "</think>\n\nc"},
        ],
        "c",
        {"reasoning_content": "ab"},
    ),
    (
        "tags before a field",
        [{"content": "<think>a"}, {"reasoning": "a"}, {"content": "</think>c"}],
        "c",
        {"reasoning_content": "a", "reasoning_field": "content"},
    ),
    (
        "blanks before a field",
        [{"content": "\n"}, {"reasoning_content": "a"}, {"content": "c"}],
        "\nc",
        {"reasoning_content": "a"},
    ),
    (
        "a refusal",
        [{"refusal": "a"}, {"refusal": "b", "content": None}, {"refusal": []}],
        "",
        {"refusal": "ab"},
    ),
    (
        "annotations",
        [{"annotations": [1]}, {"annotations": [2]}, {"annotations": []}],
        "",
        {"annotations": [1, 2]},
    ),
    (
        "audio",
        [
            {"audio": {"id": "x", "data": "a", "transcript": "b"}},
            {"audio": {"data": "c", "transcript": None, "expires_at": 1}},
        ],
        "",
        {"audio": {"id": "x", "data": "ac", "transcript": "b", "expires_at": 1}},
    ),
    (
        "audio of another shape",
        [{"audio": {"id": 1}}, {"audio": "x"}],
        "",
        {"audio": "x"},
    ),
]


@pytest.mark.parametrize(
    ("deltas", "content", "additional_kwargs"),
    [row[1:] for row in CONTENTS],
    ids=[row[0] for row in CONTENTS],
)
def test_content_and_thoughts_come_apart(
    deltas: list[Any], content: str, additional_kwargs: dict[str, Any]
) -> None:
    """Each kind of output has its place, and nothing is lost or doubled."""
    total = read(*deltas)
    assert total.content == content
    assert total.additional_kwargs == additional_kwargs


def test_text_that_waits_for_a_tag_comes_in_the_end() -> None:
    """Where a tag may have been opened in the prompt, no text is lost without one."""
    deltas = ({"content": "a"}, {"content": "b"})
    assert read(*deltas, may_open_in_prompt=True).content == "ab"


def test_a_field_ends_the_wait_for_a_tag() -> None:
    """Text that waited is content when thoughts come in a field."""
    total = read(
        {"content": "a"},
        {"reasoning_content": "b"},
        {"content": "c"},
        may_open_in_prompt=True,
    )
    assert total.content == "ac"
    assert total.additional_kwargs == {"reasoning_content": "b"}


def test_tags_stay_where_nobody_splits_them() -> None:
    """Without tags to look for, only fields bring thoughts."""
    delta = {"reasoning_content": "a", "content": "<think>b</think>c"}
    total = add_up(ChoiceAccumulator(None), {"delta": delta})
    assert total.content == "<think>b</think>c"
    assert total.additional_kwargs == {"reasoning_content": "a"}


def test_a_message_counts_in_place_of_a_delta_but_not_after_one() -> None:
    """Some servers end a stream with the whole message once more."""
    accumulator = ChoiceAccumulator(None)
    message = {"message": {"role": "assistant", "content": "Hi"}}
    total = add_up(accumulator, message, message, {"delta": {}, **message})
    assert total.content == "Hi"


def test_log_probabilities_are_collected() -> None:
    """Each chunk has its own, and the sum has all of them."""
    accumulator = ChoiceAccumulator(None)
    choices: list[dict[str, Any]] = [
        {"delta": {"content": "a"}, "logprobs": {"content": [{"token": "a"}]}},
        {"delta": {"content": "b"}, "logprobs": {"content": [], "refusal": None}},
        {"delta": {"content": "c"}, "logprobs": {"content": [{"token": "c"}]}},
        {"delta": {"content": ""}, "logprobs": {"content": [{"token": ""}]}},
    ]
    total = add_up(accumulator, *choices)
    assert total.content == "abc"
    tokens = [
        token["token"] for token in total.response_metadata["logprobs"]["content"]
    ]
    assert tokens == ["a", "c", ""]


@pytest.mark.parametrize("logprobs", [None, [], {}, 0, False], ids=repr)
def test_log_probabilities_that_are_empty_leave_nothing(logprobs: Any) -> None:
    """Whatever they come beside."""
    deltas = [{"content": "a"}, {"reasoning": "b"}, {"content": "c", "their_id": None}]
    choices = [{"delta": delta, "logprobs": logprobs} for delta in deltas]
    total = add_up(ChoiceAccumulator(None), *choices)
    assert total.content == "ac"
    assert not {"extra_fields", "logprobs"} & total.response_metadata.keys()


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [([None, "stop"], "stop"), (["stop", ""], "stop"), (["eos"], "eos"), ([7], "7")],
    ids=str,
)
def test_the_finish_reason_is_the_last_one(reasons: list[Any], expected: str) -> None:
    """An empty one is none, and an unknown one passes."""
    accumulator = ChoiceAccumulator(None)
    choices = [{"delta": {}, "finish_reason": reason} for reason in reasons]
    total = add_up(accumulator, *choices)
    assert total.response_metadata["finish_reason"] == expected


# --- calls --------------------------------------------------------------------------


@pytest.mark.parametrize("drain", [True, False], ids=["drained", "at the end"])
def test_calls_and_text_by_turns_are_kept(drain: bool) -> None:  # noqa: FBT001
    """The order in which calls and text come does not matter."""
    total = read(
        {
            "content": "a",
            "tool_calls": [tool_call_delta('{"x"', name="f", call_id="1")],
        },
        {"content": "b", "tool_calls": []},
        {"tool_calls": [tool_call_delta(": 1}")], "content": None},
        {"content": "c", "tool_calls": None},
        drain=drain,
    )
    assert total.content == "abc"
    assert [(call["name"], call["args"]) for call in total.tool_calls] == [
        ("f", {"x": 1})
    ]


CALLS: list[tuple[str, list[Any], str]] = [
    ("a call that is no list", [{"tool_calls": tool_call("f", {"x": 1})}], '{"x": 1}'),
    (
        "a legacy call",
        [
            {"function_call": {"name": "f", "arguments": '{"x"'}},
            {"function_call": {"arguments": ": 1}"}, "content": None},
            {"function_call": None},
        ],
        '{"x": 1}',
    ),
    (
        "a call in both forms",
        [
            {
                "tool_calls": [tool_call("f", {"x": 1})],
                "function_call": {"name": "f", "arguments": '{"x": 1}'},
            }
        ],
        '{"x": 1}',
    ),
]


@pytest.mark.parametrize(
    ("deltas", "text"), [row[1:] for row in CALLS], ids=[row[0] for row in CALLS]
)
def test_a_call_of_another_form_is_a_call(deltas: list[Any], text: str) -> None:
    """What old servers send is read as the call it is."""
    total = read(*deltas)
    [chunk] = total.tool_call_chunks
    assert (chunk["name"], chunk["args"]) == ("f", text)


@pytest.mark.parametrize(
    ("arguments", "finish_reason"),
    [
        ('{"x": "y', "length"),
        ('{"x": "y', "tool_calls"),
        ("", "length"),
        ("[1]", "stop"),
    ],
)
def test_a_broken_call_is_reported_on_the_last_chunk(
    arguments: str, finish_reason: str
) -> None:
    """Who reads each chunk by itself learns what the sum will say."""
    accumulator = ChoiceAccumulator(None)
    delta = {"tool_calls": [tool_call_delta(arguments, name="f", call_id="a")]}
    accumulator.read({"delta": delta})
    accumulator.read({"finish_reason": finish_reason})
    *_, last = accumulator.finish(AnswerMetadata(MODEL))
    assert isinstance(last.message, AIMessageChunk)
    assert last.message.tool_calls == []
    [broken] = last.message.invalid_tool_calls
    assert (broken["name"], broken["args"], broken["id"]) == ("f", arguments, "a")
    assert type(message_chunk_to_message(last.message)) is AIMessage


def test_what_a_provider_attached_goes_where_it_is_sent_from() -> None:
    """Extra content has a place of its own, and other fields have another."""
    call = tool_call(
        "f", {}, call_id="a", extra_content={"google": 1}, thought_signature="S"
    )
    others = [
        tool_call("g", {}, call_id="b", index=1),
        tool_call("g", {}, call_id="c", index=2, extra_content={"google": 2}),
        tool_call("g", {}, call_id="d", index=3, provider_specific_fields={"x": 1}),
    ]
    total = read({"tool_calls": [call, *others]})
    assert total.additional_kwargs == {
        "tool_call_extra_content": {"a": {"google": 1}, "c": {"google": 2}},
        "tool_call_extra_fields": {
            "a": {"thought_signature": "S"},
            "d": {"provider_specific_fields": {"x": 1}},
        },
    }


def test_calls_of_a_whole_message_are_whole() -> None:
    """Ids and indices that all calls share do not join them."""
    accumulator = ChoiceAccumulator(None)
    calls: list[Any] = [tool_call("f", {}, index=0), None, tool_call("f", {}, index=0)]
    chunk = accumulator.read_whole({"message": {"content": None, "tool_calls": calls}})
    assert chunk is None
    assert not accumulator.is_empty
    message = accumulator.build_message(AnswerMetadata(MODEL))
    assert [call["name"] for call in message.tool_calls] == ["f", "f"]


def test_a_whole_message_may_stand_under_delta() -> None:
    """It does where a server answers a plain request like a stream."""
    accumulator = ChoiceAccumulator(None)
    assert accumulator.is_empty
    accumulator.read_whole({"delta": {"content": "Hi"}})
    metadata = AnswerMetadata(MODEL)
    metadata.usage = {"prompt_tokens": 1}
    message = accumulator.build_message(metadata)
    assert message.content == "Hi"
    assert message.usage_metadata is not None
