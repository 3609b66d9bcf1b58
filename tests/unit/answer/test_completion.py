"""A wire completion becomes a `ChatResult`, or a fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from langchain_clarifai._answer.completion import (
    convert_to_chat_result,
    parse_completion,
)
from langchain_clarifai._answer.faults import ErrorBody, MalformedAnswer
from langchain_clarifai._answer.metadata import AnswerMetadata
from tests.servers.openai_wire import (
    choice,
    completion,
    openai_error,
    platform_error,
    runner_error,
    usage,
)


def _convert(body: Any) -> Any:
    encoded = json.dumps(body).encode()
    return convert_to_chat_result(encoded, AnswerMetadata("m"), "auto", "m")


def test_completion_becomes_a_message() -> None:
    """With usage and metadata."""
    [generation] = _convert(completion()).generations

    assert generation.message.content == "Hello!"
    assert generation.message.usage_metadata["total_tokens"] == 12
    assert generation.message.response_metadata["finish_reason"] == "stop"


def test_each_choice_becomes_a_generation() -> None:
    """Usage is that of all, so it stands once."""
    result = _convert(completion(choice("a"), choice("b", index=1)))

    assert [one.text for one in result.generations] == ["a", "b"]
    counts = [one.message.usage_metadata for one in result.generations]
    assert counts[0]["total_tokens"] == 12
    assert counts[1] is None
    assert result.llm_output["token_usage"] == usage()


def test_completion_without_usage_has_none() -> None:
    """Nothing is made up."""
    result = _convert(completion(usage=None))

    assert result.generations[0].message.usage_metadata is None
    assert "token_usage" not in result.llm_output


def test_usage_within_the_choice_is_read() -> None:
    """Moonshot's place for it."""
    body = completion({**choice("a"), "usage": usage(1, 2)}, usage=None)

    assert _convert(body).generations[0].message.usage_metadata["total_tokens"] == 3


@pytest.mark.parametrize(
    "body",
    [
        openai_error("no"),
        platform_error(21353, "no"),
        runner_error("no"),
        [openai_error("no")],
        {"choices": [{"error": {"message": "no"}}]},
    ],
)
def test_error_is_a_fault_that_holds_it(body: Any) -> None:
    """In any shape."""
    with pytest.raises(ErrorBody) as caught:
        _convert(body)
    assert "no" in json.dumps(caught.value.body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no JSON"),
        (b"<html>", "no JSON"),
        (b"{", "no JSON"),
        (b"[]", "no JSON object"),
        (b"5", "no JSON object"),
        (b"{}", "no choices"),
        (b'{"choices": null}', "no choices"),
        (b'{"choices": []}', "no choices"),
        (b'{"choices": {}}', "no choices"),
        (b'{"choices": "x"}', "no choices"),
        (b'{"choices": [null]}', "no object"),
        (b'{"choices": [{}, 5]}', "no object"),
    ],
)
def test_what_is_no_completion_is_a_fault(body: bytes, reason: str) -> None:
    """With the start of it."""
    with pytest.raises(MalformedAnswer, match=reason) as caught:
        parse_completion(body)
    assert caught.value.start == body.decode()
