"""Bytes of a content filter's refusal, in any shape and place → one class of error.

The bodies are constructed, in the shapes that Azure, OpenAI, Alibaba and OpenRouter
are known to send; a runner of Clarifai's prints the SDK's error into its details.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from pydantic import BaseModel

from langchain_clarifai import (
    ClarifaiContentFilterError,
    ClarifaiError,
    ModelRefusalError,
)
from tests.servers.openai_wire import (
    chunk,
    completion,
    runner_error,
    sse,
    text_chunks,
)
from tests.servers.wire import event_stream_reply, json_reply
from tests.wire.ways import PLAIN, STREAMED, Way, build_model, call

if TYPE_CHECKING:
    from tests.servers.wire import WireServer

every_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
streamed = pytest.mark.parametrize("way", STREAMED, ids=lambda way: way.value)

AZURE = {
    "message": "The response was filtered due to the prompt triggering Azure OpenAI's "
    "content management policy.",
    "type": None,
    "param": "prompt",
    "code": "content_filter",
    "status": 400,
    "innererror": {
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_result": {"hate": {"filtered": True, "severity": "high"}},
    },
}
BODIES: dict[str, Any] = {
    "azure": {"error": AZURE},
    "azure-inner-alone": {"error": {**AZURE, "code": "BadRequest"}},
    "openai": {
        "error": {
            "message": "Your request was rejected by our safety system.",
            "type": "invalid_request_error",
            "code": "content_policy_violation",
        }
    },
    "alibaba": {"error": {"message": "no", "code": "data_inspection_failed"}},
    "openrouter": {
        "error": {
            "code": 403,
            "message": "Your input was flagged",
            "metadata": {"reasons": ["violence"], "flagged_input": "hi"},
        }
    },
    "bare": {"code": "content_filter", "message": "filtered"},
    "runner-python": runner_error(f"Error code: 400 - { ({'error': AZURE})!r}"),
    "runner-json": runner_error(f"Error code: 400 - {json.dumps({'error': AZURE})}"),
    "runner-500": runner_error("failed: {'code': 'content_policy_violation'}"),
}
OTHERS: dict[str, Any] = {
    "parameter": {
        "error": {"message": "Unknown parameter: 'content_filter'.", "code": "unknown"}
    },
    "prompt": {"error": {"message": 'cannot parse "content_filter" here'}},
    "runner": runner_error("create() got an unexpected argument 'content_filter'"),
    "nothing-flagged": {"error": {"message": "x", "metadata": {"flagged_input": ""}}},
}


class Joke(BaseModel):
    """A joke."""

    setup: str


@every_way
@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("shape", BODIES)
def test_filter_of_any_server_is_a_refusal_in_one_class(
    wire: WireServer, way: Way, shape: str, status: int
) -> None:
    """The SDK's, LangChain's and our `except` work, and it is not tried again."""
    wire.handler = lambda _: json_reply(BODIES[shape], status=status)

    error = call(way, wire).error

    assert type(error) is ClarifaiContentFilterError
    assert isinstance(error, ModelRefusalError)
    assert isinstance(error, openai.BadRequestError)
    assert error.is_retryable is False
    assert "Rephrase" in str(error)
    assert len(wire.exchanges) == 1


@streamed
@pytest.mark.parametrize("shape", BODIES)
def test_filter_in_mid_stream_keeps_what_had_come(
    wire: WireServer, way: Way, shape: str
) -> None:
    """The part of the answer is in `partial_message`."""
    body = sse(chunk({"role": "assistant", "content": "Once"}), BODIES[shape])
    wire.handler = lambda _: event_stream_reply(body)

    error: Any = call(way, wire).error

    assert type(error) is ClarifaiContentFilterError
    assert error.partial_message is not None
    assert error.partial_message.text == "Once"


@every_way
@pytest.mark.parametrize("shape", OTHERS)
def test_error_that_only_names_a_filter_is_none(
    wire: WireServer, way: Way, shape: str
) -> None:
    """The word may be a parameter's name, or stand in the prompt."""
    wire.handler = lambda _: json_reply(OTHERS[shape], status=400)

    error = call(way, wire).error

    assert isinstance(error, ClarifaiError)
    assert not isinstance(error, ModelRefusalError)


@every_way
@pytest.mark.parametrize("field", ["refusal", "content_filter"])
def test_refusal_outside_structured_output_is_a_message(
    wire: WireServer, way: Way, field: str
) -> None:
    """As everywhere in LangChain: a plain call returns what the model said."""
    refused = field == "refusal"
    message: Any = {"role": "assistant", "content": "" if not refused else None}
    if refused:
        message["refusal"] = "I can't."
    reason = "stop" if refused else "content_filter"
    events = [chunk(message), chunk(finish_reason=reason)]
    choice = {"index": 0, "message": message, "finish_reason": reason}
    wire.reply(
        json_reply(completion(choice))
        if way in PLAIN
        else event_stream_reply(sse(*events))
    )

    outcome = call(way, wire)

    assert outcome.failure is None
    assert outcome.message.response_metadata["finish_reason"] == reason
    if refused:
        assert "I can't." in str(outcome.message)


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
async def test_empty_filtered_stream_of_structured_output_is_a_refusal(
    wire: WireServer, method: Any
) -> None:
    """Nothing came but the filter's finish reason, sync and async."""
    events = [
        chunk({"role": "assistant", "content": ""}),
        chunk(finish_reason="content_filter"),
    ]
    wire.reply(*[event_stream_reply(sse(*events))] * 2)
    chain = build_model(wire).with_structured_output(Joke, method=method)
    with pytest.raises(ModelRefusalError, match="content filter"):
        list(chain.stream("hi"))
    with pytest.raises(ModelRefusalError, match="content filter"):
        _ = [part async for part in chain.astream("hi")]


async def test_filter_of_a_structured_call_is_caught_as_a_refusal(
    wire: WireServer,
) -> None:
    """Provider-neutral code needs no other class, plain or streamed."""
    wire.handler = lambda _: json_reply(BODIES["azure"], status=400)
    chain = build_model(wire).with_structured_output(Joke)
    with pytest.raises(ModelRefusalError):
        chain.invoke("hi")
    with pytest.raises(ModelRefusalError):
        await chain.ainvoke("hi")
    with pytest.raises(ModelRefusalError):
        list(chain.stream("hi"))


@streamed
def test_good_stream_has_no_error(wire: WireServer, way: Way) -> None:
    """The word in an answer's text is text."""
    text = '{"code": "content_filter"}'
    wire.reply(event_stream_reply(sse(*text_chunks(text))))
    assert call(way, wire).message.text == text
