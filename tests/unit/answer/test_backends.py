"""What recorded backends send, plain and streamed → one message, and what goes back.

All bodies are constructed, after the kinds that recorded traffic showed.
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

import pytest

from langchain_clarifai._answer.completion import convert_to_chat_result
from langchain_clarifai._answer.faults import Fault
from langchain_clarifai._answer.metadata import AnswerMetadata
from langchain_clarifai._answer.stream import StreamAccumulator
from tests.unit.answer.reading import (
    MODEL,
    build_event,
    read_deltas,
    read_events,
    read_plain,
    send_back,
)

DETAILS: Final = [
    {"type": "reasoning.text", "text": "ab", "index": 0, "signature": "S"},
    {"type": "reasoning.encrypted", "data": "E", "index": 1, "id": "r"},
]
BLOCKS: Final = [{"type": "thinking", "thinking": "ab", "signature": "S"}]
PARTS: Final = [{"type": "thinking", "thinking": [{"type": "text", "text": "ab"}]}]
GEMINI: Final = {"google": {"thought_signature": "S"}}
THOUGHTS: Final[dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]] = {
    "reasoning_details": (
        {"reasoning_details": DETAILS, "content": "Hi"},
        [
            {"reasoning_details": [{**DETAILS[0], "text": "a", "signature": None}]},
            {
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "b", "index": 0},
                    DETAILS[1],
                ]
            },
            {
                "reasoning_details": [
                    {"type": "reasoning.text", "signature": "S", "index": 0}
                ]
            },
            {"content": "Hi"},
        ],
    ),
    "thinking_blocks": (
        {"thinking_blocks": BLOCKS, "reasoning_content": "ab", "content": "Hi"},
        [
            {
                "thinking_blocks": [{"type": "thinking", "thinking": text}],
                "reasoning_content": text,
            }
            for text in "ab"
        ]
        + [{"thinking_blocks": [{"type": "thinking", "signature": "S"}]}]
        + [{"content": "Hi"}],
    ),
    "parts": (
        {"content": [*PARTS, {"type": "text", "text": "Hi"}]},
        [
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": text}]}
                ]
            }
            for text in "ab"
        ]
        + [{"content": "Hi"}],
    ),
    "extra_content": (
        {"reasoning": "ab", "extra_content": GEMINI, "content": "Hi"},
        [
            {"reasoning": "ab"},
            {"content": "Hi"},
            {"content": "", "extra_content": GEMINI},
        ],
    ),
}
SENT_BACK: Final[dict[str, dict[str, Any]]] = {
    "reasoning_details": {"content": "Hi", "reasoning_details": DETAILS},
    "thinking_blocks": {
        "content": "Hi",
        "reasoning_content": "ab",
        "thinking_blocks": BLOCKS,
    },
    "parts": {"content": [*PARTS, {"type": "text", "text": "Hi"}]},
    "extra_content": {"content": "Hi", "reasoning": "ab", "extra_content": GEMINI},
}


@pytest.mark.parametrize("is_streamed", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("form", THOUGHTS)
def test_thoughts_go_back_in_the_form_they_came_in(
    form: str,
    is_streamed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Entries, signatures and parts are whole, and go to nobody else."""
    whole, deltas = THOUGHTS[form]
    message = read_deltas(*deltas) if is_streamed else read_plain(whole)
    assert message.text == "Hi"
    assert message.content_blocks == [
        {"type": "reasoning", "reasoning": "ab"},
        {"type": "text", "text": "Hi"},
    ]
    assert send_back(message) == {"role": "assistant", **SENT_BACK[form]}
    message.response_metadata["model_provider"] = "openai"
    assert send_back(message) == {"role": "assistant", "content": "Hi"}


def test_a_message_and_a_delta_side_by_side_are_one_answer() -> None:
    """The fuller one counts, once; in a stream the deltas do."""
    beside = {"delta": {"role": "assistant", "content": ""}}
    body = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "x", **beside}]}
    metadata = AnswerMetadata(MODEL)
    result = convert_to_chat_result(json.dumps(body).encode(), metadata, "off", MODEL)
    assert result.generations[0].text == "Hi"
    events = [
        {"choices": [{"delta": {"content": text}, "message": {"content": grown}}]}
        for text, grown in (("H", "H"), ("i", "Hi"))
    ]
    assert read_events(*events).content == "Hi"


@pytest.mark.parametrize("is_streamed", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ({"id": "", "function": {"name": "", "arguments": ""}}, []),
        ({"id": None, "function": {"name": None, "arguments": None}}, []),
        (
            {
                "id": "c",
                "custom": {"name": "", "input": None},
                "function": {"name": "f", "arguments": "{}"},
            },
            [("f", {})],
        ),
        (
            {"id": "c", "function": {"name": "search<|channel|>x", "arguments": "{}"}},
            [("search", {})],
        ),
        (
            {"id": "c", "function": {"name": "other<|channel|>x", "arguments": "{}"}},
            [("other<|channel|>x", {})],
        ),
        (
            {"id": "c", "function": {"name": "f", "arguments": '"{\\"a\\": 1}"'}},
            [("f", {"a": 1})],
        ),
        (
            {"id": "c", "type": "custom", "custom": {"name": "sh", "input": 'l "\n'}},
            [("sh", {"__arg1": 'l "\n'})],
        ),
    ],
    ids=[
        "empty",
        "null",
        "beside a custom one",
        "harmony",
        "no such tool",
        "twice encoded",
        "custom",
    ],
)
def test_a_call_of_an_odd_form_is_what_was_meant(
    call: dict[str, Any],
    expected: list[Any],
    is_streamed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Placeholders are no calls, tails are cut, and raw input is not lost."""
    delta = {"content": "", "tool_calls": [{"index": 0, "type": "function", **call}]}
    message = read_deltas(delta) if is_streamed else read_plain(delta)
    assert [(c["name"], c["args"]) for c in message.tool_calls] == expected
    assert message.invalid_tool_calls == []
    if call.get("type") == "custom":
        assert send_back(message)["tool_calls"] == [call]


@pytest.mark.parametrize(
    ("content", "text"),
    [({"a": 4}, '{"a": 4}'), ([{"a": 1}], '[{"a": 1}]'), (["a"], '["a"]'), (7, "7")],
    ids=str,
)
def test_content_that_is_json_is_its_text(content: Any, text: str) -> None:
    """What is no list of parts is an answer in JSON."""
    assert read_plain({"content": content}).content == text
    assert read_deltas({"content": content}).content == text


def test_media_and_sources_are_standard_blocks() -> None:
    """Images, sound and citations are shown, and kept once."""
    citation = {"url": "https://a", "title": "A", "start_index": 0, "end_index": 2}
    message = read_plain(
        {
            "content": "Hi",
            "images": [{"image_url": {"url": "data:image/png;base64,AAA"}}],
            "audio": {"id": "s", "data": "BBB", "transcript": "Ho"},
            "annotations": [{"type": "url_citation", "url_citation": citation}],
        }
    )
    assert message.content_blocks == [
        {
            "type": "text",
            "text": "Hi",
            "annotations": [{"type": "citation", **citation}],
        },
        {"type": "image", "base64": "AAA", "mime_type": "image/png"},
        {"type": "audio", "base64": "BBB", "id": "s", "extras": {"transcript": "Ho"}},
    ]


@pytest.mark.parametrize(
    ("audio", "expected"),
    [
        ({"id": "s", "data": "A"}, {"content": "", "audio": {"id": "s"}}),
        ({"id": "s", "expires_at": 1, "transcript": "Ho"}, {"content": "Ho"}),
        ({"data": "A", "transcript": "Ho"}, {"content": "Ho"}),
    ],
    ids=["id", "expired", "no id"],
)
def test_sound_goes_back_by_its_id_or_transcript(
    audio: dict[str, Any], expected: dict[str, Any]
) -> None:
    """It is never an empty turn."""
    message = read_plain({"content": None, "audio": audio})
    assert send_back(message) == {"role": "assistant", **expected}


@pytest.mark.parametrize(
    ("usages", "counts"),
    [
        ([{"input_tokens": 9, "output_tokens": 1}, {"output_tokens": 5}], (9, 5, 14)),
        (
            [
                {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9},
                {"prompt_tokens": 0, "completion_tokens": 5, "total_tokens": 5},
            ],
            (9, 5, 14),
        ),
        (
            [
                {
                    "prompt_tokens": 9,
                    "completion_tokens": 5,
                    "total_tokens": 16,
                    "completion_tokens_details": {"reasoning_tokens": 2},
                }
            ],
            (9, 7, 16),
        ),
    ],
    ids=["halves", "halves with totals", "reasoning apart"],
)
def test_usage_is_what_was_used(
    usages: list[dict[str, Any]], counts: tuple[int, int, int]
) -> None:
    """Later zeros overwrite nothing, and reasoning counts as output."""
    events = [build_event({"content": "a"}, usage=usage) for usage in usages]
    found: Any = read_events(*events).usage_metadata
    keys = ("input_tokens", "output_tokens", "total_tokens")
    assert tuple(found[key] for key in keys) == counts


def test_usage_of_groqs_own_place_is_read() -> None:
    """It may stand in `x_groq` alone."""
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "num_cached_tokens": 1}
    message = read_events(
        build_event({"content": "a"}), {"choices": [], "x_groq": {"usage": usage}}
    )
    assert message.usage_metadata is not None
    assert message.usage_metadata["total_tokens"] == 3
    assert message.usage_metadata["input_token_details"] == {"cache_read": 1}


@pytest.mark.parametrize("name", ["reasoning_content", "content", "finish_reason", "x"])
def test_an_answer_nested_too_deeply_is_a_fault(name: str) -> None:
    """It never overflows the stack of who reads it."""
    deep = "[" * 900 + "]" * 900
    body = f'{{"choices": [{{"message": {{"content": "", "{name}": {deep}}}}}]}}'
    with pytest.raises(Fault):
        convert_to_chat_result(body.encode(), AnswerMetadata(MODEL), "auto", MODEL)


DELTAS_THAT_GROW: Final[dict[str, Any]] = {
    "calls": lambda n: {
        "tool_calls": [
            {"index": n, "id": f"c{n}", "function": {"name": "f", "arguments": "{}"}}
        ]
    },
    "sound": lambda _: {"audio": {"data": "x" * 1000}},
    "fields": lambda n: {"content": "", "field": {f"k{n}": n}, "items": [n]},
    "extra content": lambda n: {
        "tool_calls": [
            {
                "index": 0,
                "id": "c",
                "function": {"name": "f"},
                "extra_content": {str(n): n},
            }
        ]
    },
}


@pytest.mark.parametrize("name", DELTAS_THAT_GROW)
def test_what_grows_with_each_read_costs_no_square(name: str) -> None:
    """Ten thousand deltas, one a read, take a few seconds of CPU at most."""
    events = [
        b"data: "
        + json.dumps(build_event(DELTAS_THAT_GROW[name](n))).encode()
        + b"\n\n"
        for n in range(10_000)
    ]
    accumulator = StreamAccumulator(AnswerMetadata(MODEL), None, allow_unfinished=True)
    start = time.process_time()
    for event in (*events, b"data: [DONE]\n\n"):
        for _ in accumulator.feed(event):
            pass
    assert accumulator.is_done
    assert time.process_time() - start < 6
