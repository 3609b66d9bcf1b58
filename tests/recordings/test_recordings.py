"""Recorded answers of real backends are read as they were meant, whole and cut."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from langchain_clarifai._answer.completion import convert_to_chat_result
from langchain_clarifai._answer.faults import Fault
from langchain_clarifai._answer.metadata import AnswerMetadata
from langchain_clarifai._answer.stream import StreamAccumulator
from tests.recordings.reading import (
    FILE,
    Said,
    list_recordings,
    read_completion,
    read_stream,
)

pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason=f"There are no recordings at {FILE}."
)
MODEL = "user/app/models/model"


def read_message(message: Any) -> Said:
    """Read what a message of ours says."""
    calls = [(c["name"], json.dumps(c["args"])) for c in message.tool_calls]
    calls += [(c["name"], c["args"]) for c in message.invalid_tool_calls]
    return Said(message.text, calls, message.response_metadata["finish_reason"])


def stream(body: bytes, generator: random.Random) -> Any:
    """Feed a body cut at random; return the sum of the chunks."""
    accumulator = StreamAccumulator(AnswerMetadata(MODEL), None, allow_unfinished=True)
    chunks: list[Any] = []
    while body:
        size = generator.choice((1, 7, 100, 1000, 5000))
        chunks += accumulator.feed(body[:size])
        body = body[size:]
    chunks += accumulator.finish()
    total = chunks[0].message
    return total + [chunk.message for chunk in chunks[1:]] if chunks[1:] else total


def differ(said: Said, read: Said) -> bool:
    """Tell whether two readings differ, arguments being compared as JSON."""

    def normalize(calls: list[tuple[str, str]]) -> list[Any]:
        pairs: list[Any] = []
        for name, arguments in calls:
            try:
                pairs.append((name, json.loads(arguments or "{}")))
            except ValueError:
                pairs.append((name, arguments))
        return pairs

    return (said.text.strip(), normalize(said.calls), said.finish) != (
        read.text.strip(),
        normalize(read.calls),
        read.finish,
    )


def test_plain_recordings_say_what_they_say() -> None:
    """Text, calls and finish reason, as the whole answer and in place of a stream."""
    wrong: list[Any] = []
    count = 0
    for recording in list_recordings():
        body = recording["body"].encode()
        if recording["is_stream"]:
            continue
        try:
            result = convert_to_chat_result(body, AnswerMetadata(MODEL), "off", MODEL)
        except Fault:
            continue
        count += 1
        said = read_completion(json.loads(body))
        readings = (result.generations[0].message, stream(body, random.Random(count)))  # noqa: S311 - where to cut
        wrong += [
            (recording["path"], said, read_message(message))
            for message in readings
            if differ(said, read_message(message))
        ]
    assert count > 2_000
    assert not wrong, wrong[:5]


def test_streamed_recordings_say_what_they_say() -> None:
    """Text, calls and finish reason are the same in three random cuts."""
    wrong: list[Any] = []
    count = 0
    for recording in list_recordings():
        if not recording["is_stream"]:
            continue
        body = recording["body"].encode()
        try:
            said = read_stream(recording["body"])
        except ValueError:
            continue  # it was scrubbed, and is no JSON any more
        for cut in range(3):
            try:
                message = stream(body, random.Random(count * 3 + cut))  # noqa: S311 - where to cut
            except Fault:
                break
            if differ(said, read_message(message)):
                wrong.append((recording["path"], said, read_message(message)))
        else:
            count += 1
    assert count > 500
    assert not wrong, wrong[:5]
