"""What recorded backends send at its worst: sound, depth and length → no surprise.

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
    read_plain,
    send_back,
)


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


@pytest.mark.slow
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
