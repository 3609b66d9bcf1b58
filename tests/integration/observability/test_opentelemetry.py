"""What an OpenTelemetry collector gets to know, by LangSmith's own exporter.

Whether a failed span's status says so is a race in that exporter (langsmith 0.15.1): a
run whose start and end went out apart was marked OK at its start, and OpenTelemetry's
SDK takes no other status after OK. The recorded exception is always there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from langchain_clarifai import __version__
from tests.integration.observability.answers import USAGE_METADATA
from tests.integration.observability.tracing import CALLS, STREAMS, Traced

if TYPE_CHECKING:
    from tests.integration.observability.otlp_collector import Span
    from tests.servers.openai_wire import JSON

PATH: Final = "openai/chat-completion/models/gpt-oss-120b"
MODEL: Final = f"https://clarifai.com/{PATH}"

each_call = pytest.mark.parametrize("call", CALLS)
each_version = pytest.mark.parametrize("version", ["v0", "v1"])


def read_metadata(span: Span) -> dict[str, Any]:
    """Return LangSmith's metadata of a span, which is text where it is no scalar."""
    prefix = "langsmith.metadata."
    return {
        name.removeprefix(prefix): value
        for name, value in span.attributes.items()
        if name.startswith(prefix)
    }


def read_message(span: Span) -> JSON:
    """Return the fields of the message that a span ended with."""
    outputs = json.loads(span.attributes["gen_ai.completion"])
    fields: JSON = outputs["generations"][0][0]["message"]["kwargs"]
    return fields


@each_call
@each_version
def test_span_names_provider_model_and_parameters(
    by_otel: Traced, call: str, version: str
) -> None:
    """As LangSmith's metadata; the model also under OpenTelemetry's own name."""
    span = by_otel.otlp.find_span(f"{call}-{version}")
    assert span.attributes["gen_ai.operation.name"] == "chat"
    assert span.attributes["gen_ai.request.model"] == PATH
    assert span.attributes["langsmith.span.kind"] == "llm"
    metadata = read_metadata(span)
    assert metadata["ls_provider"] == "clarifai"
    assert metadata["ls_model_name"] == PATH
    assert metadata["ls_model_type"] == "chat"
    assert metadata["ls_temperature"] == 0.5
    assert metadata["ls_max_tokens"] == 100
    assert json.loads(metadata["ls_stop"]) == ["END"]
    versions = json.loads(metadata["lc_versions"])
    assert versions["langchain-clarifai"] == __version__


@each_call
@each_version
def test_span_has_the_tokens_once(by_otel: Traced, call: str, version: str) -> None:
    """Also where the stream told them twice; the details are in the metadata."""
    span = by_otel.otlp.find_span(f"{call}-{version}")
    assert span.attributes["gen_ai.usage.input_tokens"] == 11
    assert span.attributes["gen_ai.usage.output_tokens"] == 7
    assert span.attributes["gen_ai.usage.total_tokens"] == 18
    assert json.loads(read_metadata(span)["usage_metadata"]) == USAGE_METADATA


@each_call
def test_span_lasts_as_long_as_the_call_and_holds_its_text(
    by_otel: Traced, call: str
) -> None:
    """Prompt and answer are LangChain's messages as JSON."""
    span = by_otel.otlp.find_span(f"{call}-v0")
    assert 0 < span.started_at < span.ended_at
    assert not span.is_error
    prompt = json.loads(span.attributes["gen_ai.prompt"])
    assert prompt["messages"][0][0]["kwargs"]["content"] == "hello"
    assert read_message(span)["content"] == "Hello!"


@each_call
def test_agent_is_a_tree_of_spans(by_otel: Traced, call: str) -> None:
    """Model, tool, model, below the agent, in one trace."""
    agent = by_otel.otlp.find_span(f"agent-{call}")
    spans = [s for s in by_otel.otlp.spans if s.trace_id == agent.trace_id]
    spans.sort(key=lambda span: span.started_at)
    operations = [span.attributes["gen_ai.operation.name"] for span in spans]
    assert [o for o in operations if o != "chain"] == ["chat", "execute_tool", "chat"]
    ids = {span.span_id for span in spans}
    assert {span.parent_id for span in spans if span is not agent} <= ids
    models = [span for span in spans if span.name == "ChatClarifai"]
    for span in models:
        [tool] = json.loads(span.attributes["gen_ai.tool.definitions"])
        assert tool["function"]["name"] == "get_weather"
        assert span.attributes["gen_ai.usage.total_tokens"] == 18
    [tool_call] = read_message(models[0])["tool_calls"]
    assert tool_call["args"] == {"city": "Paris"}


@each_call
def test_refused_token_is_a_failed_span_with_our_error(
    by_otel: Traced, call: str
) -> None:
    """The exception's text is ours: Clarifai's code and words, and what to do."""
    span = by_otel.otlp.find_span(f"unauthorised-{call}")
    [exception] = span.exceptions
    assert exception.startswith("ClarifaiAuthenticationError(")
    assert "Clarifai error 11001 CONN_TOKEN_INVALID" in exception
    assert "Invalid token. It has expired." in exception


@pytest.mark.parametrize("call", STREAMS)
def test_broken_stream_is_a_failed_span_with_the_part_that_arrived(
    by_otel: Traced, call: str
) -> None:
    """Text so far in the completion, the reason in the exception."""
    span = by_otel.otlp.find_span(f"break-{call}")
    [exception] = span.exceptions
    assert "The connection broke after 2 chunks" in exception
    assert read_message(span)["content"] == "Hello"


@each_call
def test_throttled_call_is_one_span_that_succeeded(by_otel: Traced, call: str) -> None:
    """Attempts that were tried again are in the log, not in the trace."""
    span = by_otel.otlp.find_span(f"throttled-{call}")
    assert not span.is_error
    assert span.exceptions == []
    assert span.attributes["gen_ai.usage.total_tokens"] == 18


def test_only_model_and_collector_are_contacted(by_otel: Traced) -> None:
    """LangSmith itself gets nothing in this mode."""
    servers = (by_otel.model_server, by_otel.otlp)
    known = {"127.0.0.1", *by_otel.list_addresses(*servers)}
    assert set(by_otel.contacted) == known
    assert by_otel.langsmith.received == []


@each_call
def test_spans_join_the_programs_own_trace(by_both: Traced, call: str) -> None:
    """With a provider of its own, a program finds the call below its own span."""
    own = by_both.otlp.find_span("a-request")
    span = by_both.otlp.find_span(f"{call}-v0")
    assert span.trace_id == own.trace_id
    assert span.parent_id == own.span_id
    assert span.resource["service.name"] == "a-service"


@each_call
def test_both_collectors_get_the_call_where_both_are_asked_for(
    by_both: Traced, call: str
) -> None:
    """Each with the same usage, and nobody else is contacted."""
    run = by_both.langsmith.find_run(f"{call}-v0")
    span = by_both.otlp.find_span(f"{call}-v0")
    assert run["extra"]["metadata"]["usage_metadata"] == USAGE_METADATA
    assert json.loads(read_metadata(span)["usage_metadata"]) == USAGE_METADATA
    servers = (by_both.model_server, by_both.langsmith, by_both.otlp)
    known = {"127.0.0.1", *by_both.list_addresses(*servers)}
    assert set(by_both.contacted) == known
