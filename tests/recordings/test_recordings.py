"""Recorded answers of real backends are read as they were meant, whole and cut."""

from __future__ import annotations

import json
import random
from collections import Counter
from http import HTTPStatus
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_clarifai._answer.completion import convert_to_chat_result
from langchain_clarifai._answer.faults import Fault
from langchain_clarifai._answer.metadata import AnswerMetadata
from langchain_clarifai._answer.stream import StreamAccumulator
from langchain_clarifai._request.messages import convert_to_wire_messages
from tests.recordings.reading import (
    FILE,
    Said,
    join_thoughts,
    list_all_recordings,
    list_messages,
    list_recordings,
    read_completion,
    read_stream,
)
from tests.servers.wire import (
    Framing,
    Reply,
    WireServer,
    event_stream_reply,
    split_every,
)
from tests.wire.ways import STREAMED, Way, call

pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason=f"There are no recordings at {FILE}."
)
MODEL = "user/app/models/model"


def read_message(message: Any) -> Said:
    """Read what a message of ours says."""
    calls = [(c["name"], json.dumps(c["args"])) for c in message.tool_calls]
    calls += [(c["name"], c["args"]) for c in message.invalid_tool_calls]
    usage = message.usage_metadata or {}
    names = ("input_tokens", "output_tokens", "total_tokens")
    return Said(
        message.text,
        calls,
        message.response_metadata["finish_reason"],
        message.additional_kwargs.get("reasoning_content", ""),
        tuple(usage[name] for name in names) if usage else (),
    )


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
    if said.usage and said.usage != read.usage:
        return True

    def normalize(calls: list[tuple[str, str]]) -> list[Any]:
        pairs: list[Any] = []
        for name, arguments in calls:
            try:
                pairs.append((name, json.loads(arguments or "{}")))
            except ValueError:
                pairs.append((name, arguments))
        return pairs

    return (
        said.text.strip(),
        normalize(said.calls),
        said.finish,
        said.thoughts.strip(),
    ) != (
        read.text.strip(),
        normalize(read.calls),
        read.finish,
        read.thoughts.strip(),
    )


def read_plain(body: bytes) -> Any:
    """Read a body that is a whole answer."""
    result = convert_to_chat_result(body, AnswerMetadata(MODEL), "off", MODEL)
    return result.generations[0].message


def read_sent_back(message: Any) -> Said:
    """Read what goes back of a message in the next turn, its calls unanswered."""
    wire_message = convert_to_wire_messages([HumanMessage("q"), message])[1]
    said = read_completion({"choices": [{"message": wire_message}]})
    # Backends refuse arguments that are no object: broken ones go back as text in one.
    calls = [(name, unwrap(arguments)) for name, arguments in said.calls]
    return Said(said.text, calls, message.response_metadata["finish_reason"])


def unwrap(arguments: str) -> str:
    """Return the raw text of broken arguments, and others as they are."""
    parsed = json.loads(arguments or "{}")
    return parsed["__raw__"] if parsed.keys() == {"__raw__"} else arguments


def find_form(message: Any) -> set[str]:
    """Tell in which fields a wire message, or a message's metadata, has thoughts."""
    wire_message = convert_to_wire_messages([HumanMessage("q"), message])[1]
    names = ("reasoning_content", "reasoning", "reasoning_details")
    return {name for name in names if wire_message.get(name)}


# The faults that the recordings have themselves: by backend and kind.
FAULTS = {
    # errors with status 200
    ("openrouter", "ErrorBody"): 2,
    ("api.groq.com", "ErrorBody"): 1,
    ("traceloop-stg.openai.azure.com", "ErrorBody"): 1,
    # `data: {invalid`, made up by who recorded it
    ("azure/openai-sk", "MalformedAnswer"): 1,
    # a text that is no JSON
    ("demo-endpoints.pydantic.workers.dev", "MalformedAnswer"): 1,
}


def test_no_other_recordings_than_the_broken_ones_end_in_a_fault() -> None:
    """They are errors with status 200, and two that are no JSON."""
    faults: Counter[tuple[str, str]] = Counter()
    for recording in list_recordings():
        body = recording["body"].encode()
        try:
            if recording["is_stream"]:
                stream(body, random.Random(0))  # noqa: S311 - where to cut
            else:
                read_plain(body)
        except Fault as fault:
            faults[recording["backend"], type(fault).__name__] += 1
    assert faults == FAULTS


def test_recordings_go_back_as_they_came() -> None:
    """Text and calls in the next turn's request, and thoughts in the field they had."""
    wrong: list[Any] = []
    count = 0
    for recording in list_recordings():
        body = recording["body"].encode()
        try:
            if recording["is_stream"]:
                message = stream(body, random.Random(0))  # noqa: S311 - where to cut
            else:
                message = read_plain(body)
        except Fault:
            continue
        count += 1
        said, back = read_message(message), read_sent_back(message)
        said.thoughts, said.usage = "", ()
        # Sound that its server has forgotten goes back as what was said.
        sound = message.additional_kwargs.get("audio") or {}
        said.text = said.text or sound.get("transcript") or ""
        bodies = list_messages(recording)
        came_in = [
            name
            for name in ("reasoning_content", "reasoning", "reasoning_details")
            if any(join_thoughts(came.get(name)) for came in bodies)
        ]
        goes_in = find_form(message)
        if differ(said, back) or (came_in and came_in[0] not in goes_in):
            wrong.append((recording["n"], said, back, came_in, goes_in))
    assert count > 3_700
    assert not wrong, (len(wrong), wrong[:5])


@pytest.mark.parametrize("way", list(Way))
def test_recordings_over_a_socket_say_what_they_say(way: Way) -> None:
    """Every twentieth through `ChatClarifai`; errors keep their status."""
    wrong: list[Any] = []
    is_stream = way in STREAMED
    with WireServer() as server:
        for recording in list_all_recordings():
            is_error = recording["status"] != HTTPStatus.OK
            if not is_error and (
                recording["n"] % 20 or recording["is_stream"] != is_stream
            ):
                continue
            server.reply(build_reply(recording))
            outcome = call(
                way,
                server,
                reasoning_format="off",
                allow_unfinished_stream=True,
            )
            if is_error:
                if getattr(outcome.error, "status_code", None) != recording["status"]:
                    wrong.append((recording["n"], outcome.error))
                continue
            read = read_stream if is_stream else read_body
            said, message = read(recording["body"]), read_message(outcome.message)
            if differ(said, message):
                wrong.append((recording["n"], said, message))
    assert len(server.requests) > 80
    assert not server.failures
    assert not wrong, (len(wrong), wrong[:5])


def read_body(body: str) -> Said:
    """Read a plain answer's text."""
    return read_completion(json.loads(body))


def build_reply(recording: dict[str, Any]) -> Reply:
    """Replay a recording, a stream in pieces of 500 bytes."""
    body = recording["body"].encode()
    if recording["is_stream"]:
        return event_stream_reply(*split_every(body, 500))
    return Reply(
        body=[body],
        status=recording["status"],
        headers={"content-type": "application/json"},
        framing=Framing.LENGTH,
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
