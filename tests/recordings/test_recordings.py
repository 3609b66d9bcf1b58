"""Recorded answers of real backends are read as they were meant, whole and cut."""

from __future__ import annotations

import functools
import json
import random
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

import pytest
from langchain_core.messages import HumanMessage

from langchain_clarifai._answer.completion import convert_to_chat_result
from langchain_clarifai._answer.faults import Fault
from langchain_clarifai._answer.metadata import AnswerMetadata
from langchain_clarifai._answer.stream import StreamAccumulator
from langchain_clarifai._answer.think_tags import build_think_tags
from langchain_clarifai._request.messages import convert_to_wire_messages
from tests.recordings.fields import find_missing, list_fields
from tests.recordings.going_back import (
    ENTRIES,
    read_thoughts_that_go_back,
    split_tags,
    unwrap,
)
from tests.recordings.reading import (
    FILE,
    Said,
    list_all_recordings,
    list_messages,
    list_recordings,
    read_completion,
    read_stream,
)
from tests.recordings.replaying import build_reply
from tests.servers.wire import (
    WireServer,
)
from tests.wire.ways import STREAMED, Way, call

if TYPE_CHECKING:
    from langchain_clarifai._answer.think_tags import ThinkTags

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


def stream(body: bytes, generator: random.Random, tags: ThinkTags | None = None) -> Any:
    """Feed a body cut at random; return the sum of the chunks."""
    accumulator = StreamAccumulator(AnswerMetadata(MODEL), tags, allow_unfinished=True)
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


def read_plain(body: bytes, tags: Literal["auto", "off"] = "off") -> Any:
    """Read a body that is a whole answer."""
    result = convert_to_chat_result(body, AnswerMetadata(MODEL), tags, MODEL)
    return result.generations[0].message


def read_sent_back(message: Any) -> Said:
    """Read what goes back of a message in the next turn, its calls unanswered."""
    said = read_completion({"choices": [{"message": send_back(message)}]})
    # Backends refuse arguments that are no object: broken ones go back as text in one.
    calls = [(name, unwrap(arguments)) for name, arguments in said.calls]
    return Said(said.text, calls, message.response_metadata["finish_reason"])


@functools.cache
def read_all() -> list[tuple[dict[str, Any], Any]]:
    """Read all recordings once: each with its message, or the fault that it is."""
    read: list[tuple[dict[str, Any], Any]] = []
    for recording in list_recordings():
        body = recording["body"].encode()
        try:
            if recording["is_stream"]:
                message = stream(body, random.Random(0))  # noqa: S311 - where to cut
            else:
                message = read_plain(body)
        except Fault as fault:
            read.append((recording, fault))
        else:
            read.append((recording, message))
    return read


def list_answers() -> list[tuple[dict[str, Any], Any]]:
    """List the recordings that are answers, with their messages."""
    return [pair for pair in read_all() if not isinstance(pair[1], Fault)]


def send_back(message: Any) -> dict[str, Any]:
    """Return what goes back of a message in the next turn."""
    return convert_to_wire_messages([HumanMessage("q"), message])[1]


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
    faults = Counter(
        (recording["backend"], type(fault).__name__)
        for recording, fault in read_all()
        if isinstance(fault, Fault)
    )
    assert faults == FAULTS


def test_recordings_go_back_as_they_came() -> None:
    """Text and calls stand in the next turn's request."""
    wrong: list[Any] = []
    answers = list_answers()
    for recording, message in answers:
        said, back = read_message(message), read_sent_back(message)
        said.thoughts, said.usage = "", ()
        # Sound that its server has forgotten goes back as what was said.
        sound = message.additional_kwargs.get("audio") or {}
        said.text = said.text or sound.get("transcript") or ""
        if differ(said, back):
            wrong.append((recording["n"], said, back))
    assert len(answers) > 3_700
    assert not wrong, (len(wrong), wrong[:5])


def test_thoughts_go_back_in_their_words_and_form() -> None:
    """Text of fields and parts; entries with their signatures and encrypted parts."""
    wrong: list[Any] = []
    forms: Counter[str] = Counter()
    for recording, message in list_answers():
        came = read_thoughts_that_go_back(list_messages(recording))
        back = read_thoughts_that_go_back([send_back(message)])
        forms["field"] += bool(came["field"][0])
        forms["parts"] += bool(came["parts"])
        forms["entries"] += any(came[name][1] for name in ENTRIES)
        if came != back:
            wrong.append((recording["n"], came, back))
    assert min(forms[name] for name in ("field", "parts", "entries")) > 5, forms
    assert not wrong, (len(wrong), wrong[:3])


def test_thoughts_in_tags_go_back_in_tags() -> None:
    """They are told apart from the text, and stand before it in the next turn."""
    count = 0
    for recording, message in list_answers():
        thought, text = split_tags(message.text)
        if not thought:
            continue
        count += 1
        body = recording["body"].encode()
        if recording["is_stream"]:
            tags = build_think_tags("auto", MODEL)
            read = stream(body, random.Random(count), tags)  # noqa: S311 - where to cut
        else:
            read = read_plain(body, "auto")
        assert (read.additional_kwargs["reasoning_content"].strip(), read.text) == (
            thought,
            text,
        )
        assert split_tags(send_back(read)["content"]) == (thought, text)
    assert count > 10


def test_every_field_is_reachable() -> None:
    """Names and values, whether anybody defined them or not."""
    wrong: list[Any] = []
    count = 0
    for recording, message in list_answers():
        told = list_fields(recording)
        count += len(told)
        if missing := find_missing(told, message):
            wrong.append((recording["n"], missing))
    assert count > 30_000
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


def test_plain_recordings_say_what_they_say() -> None:
    """Text, calls and finish reason, as the whole answer and in place of a stream."""
    wrong: list[Any] = []
    count = 0
    for recording, message in list_answers():
        if recording["is_stream"]:
            continue
        count += 1
        body = recording["body"].encode()
        said = read_completion(json.loads(body))
        readings = (message, stream(body, random.Random(count)))  # noqa: S311 - where to cut
        wrong += [
            (recording["path"], said, read_message(reading))
            for reading in readings
            if differ(said, read_message(reading))
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
