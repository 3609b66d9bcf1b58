"""What LangSmith gets to know of a call, as its client really posts it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from langchain_clarifai import __version__
from tests.integration.observability.answers import USAGE_METADATA
from tests.integration.observability.tracing import CALLS, STREAMS, Traced

if TYPE_CHECKING:
    from tests.servers.openai_wire import JSON

MODEL: Final = "https://clarifai.com/openai/chat-completion/models/gpt-oss-120b"

each_call = pytest.mark.parametrize("call", CALLS)
each_stream = pytest.mark.parametrize("call", STREAMS)
each_version = pytest.mark.parametrize("version", ["v0", "v1"])


def read_message(run: JSON, batch: int = 0) -> JSON:
    """Return the fields of a message among a run's outputs."""
    [generation] = run["outputs"]["generations"][batch]
    fields: JSON = generation["message"]["kwargs"]
    return fields


def read_times(run: JSON) -> dict[str, datetime]:
    """Return when each event of a run was; no event may come twice."""
    events = run["events"]
    times = {event["name"]: datetime.fromisoformat(event["time"]) for event in events}
    assert len(times) == len(events)
    return times


# --- Answers --------------------------------------------------------------------------


@each_call
@each_version
def test_call_is_traced_with_provider_model_and_parameters(
    by_langsmith: Traced, call: str, version: str
) -> None:
    """Under LangSmith's names, with the model as it was asked for, and versions."""
    run = by_langsmith.langsmith.find_run(f"{call}-{version}")
    assert run["run_type"] == "llm"
    assert run["session_name"] == "a-project"
    metadata: JSON = run["extra"]["metadata"]
    assert {k: v for k, v in metadata.items() if k.startswith("ls_")} == {
        "ls_provider": "clarifai",
        "ls_model_type": "chat",
        "ls_model_name": "openai/chat-completion/models/gpt-oss-120b",
        "ls_temperature": 0.5,
        "ls_max_tokens": 100,
        "ls_stop": ["END"],
        "ls_integration": "langchain_chat_model",
    }
    assert metadata["lc_versions"]["langchain-clarifai"] == __version__
    invocation_params = run["extra"]["invocation_params"]
    assert invocation_params["model"] == MODEL
    assert invocation_params["temperature"] == 0.5
    assert invocation_params["max_tokens"] == 100


def test_run_is_called_as_the_class_unless_it_has_a_name(by_langsmith: Traced) -> None:
    """Inside an agent, where nobody named it."""
    runs = by_langsmith.langsmith.find_runs("ChatClarifai")
    # Four agents ask twice each.
    assert len(runs) == 8
    assert {run["serialized"]["name"] for run in runs} == {"ChatClarifai"}


def test_bound_arguments_are_traced(by_langsmith: Traced) -> None:
    """They are the parameters of the call, and another model is named as such."""
    run = by_langsmith.langsmith.find_run("bound")
    metadata = run["extra"]["metadata"]
    assert metadata["ls_model_name"] == "anthropic/completion/models/claude-sonnet-4"
    assert metadata["ls_temperature"] == 0.1
    assert metadata["ls_max_tokens"] == 9
    assert metadata["ls_stop"] == ["X"]
    assert run["extra"]["invocation_params"]["stop"] == ["X"]


@each_call
@each_version
def test_usage_is_traced_once_with_its_details(
    by_langsmith: Traced, call: str, version: str
) -> None:
    """Also where the stream told it twice; LangSmith reads it from both places."""
    run = by_langsmith.langsmith.find_run(f"{call}-{version}")
    assert read_message(run)["usage_metadata"] == USAGE_METADATA
    assert run["extra"]["metadata"]["usage_metadata"] == USAGE_METADATA


@each_call
def test_answer_is_traced_in_the_version_that_was_asked_for(
    by_langsmith: Traced, call: str
) -> None:
    """Text, or standard content blocks with the thought among them."""
    plain = read_message(by_langsmith.langsmith.find_run(f"{call}-v0"))
    blocks = read_message(by_langsmith.langsmith.find_run(f"{call}-v1"))
    assert plain["content"] == "Hello!"
    assert [block["type"] for block in blocks["content"]] == ["reasoning", "text"]
    for message in (plain, blocks):
        metadata = message["response_metadata"]
        assert metadata["model_provider"] == "clarifai"
        assert metadata["model_name"] == MODEL
        assert metadata["backend_model"] == "gpt-oss-120b"
        assert metadata["finish_reason"] == "stop"


@each_stream
@each_version
def test_first_token_of_a_stream_has_its_time(
    by_langsmith: Traced, call: str, version: str
) -> None:
    """It lies between asking and getting the first chunk; the end is later.

    LangSmith computes the time to the first token from this event.
    """
    name = f"{call}-{version}"
    times = read_times(by_langsmith.langsmith.find_run(name))
    assert [*times] == ["start", "new_token", "end"]
    asked_at, first_chunk_at = map(
        datetime.fromisoformat, by_langsmith.first_chunks[name]
    )
    assert asked_at <= times["start"] <= times["new_token"] <= first_chunk_at
    # The reader paused for 20 ms after the first chunk.
    assert (times["end"] - times["new_token"]).total_seconds() >= 0.02


@pytest.mark.parametrize("call", ["invoke", "ainvoke"])
def test_whole_answer_has_no_first_token(by_langsmith: Traced, call: str) -> None:
    """There is nothing to time before its end."""
    times = read_times(by_langsmith.langsmith.find_run(f"{call}-v0"))
    assert [*times] == ["start", "end"]


# --- Agents ---------------------------------------------------------------------------


@each_call
def test_agent_is_traced_as_a_tree(by_langsmith: Traced, call: str) -> None:
    """Two calls of the model with the tool between them, each with tools and usage."""
    agent = by_langsmith.langsmith.find_run(f"agent-{call}")
    children = by_langsmith.langsmith.find_children(agent)
    kinds = [child["run_type"] for child in children if child["run_type"] != "chain"]
    assert kinds == ["llm", "tool", "llm"]
    assert {child["trace_id"] for child in children} == {agent["id"]}
    first, last = [child for child in children if child["run_type"] == "llm"]
    for run in (first, last):
        assert run["extra"]["metadata"]["usage_metadata"] == USAGE_METADATA
        [tool] = run["extra"]["invocation_params"]["tools"]
        assert tool["function"]["name"] == "get_weather"
    [tool_call] = read_message(first)["tool_calls"]
    assert (tool_call["name"], tool_call["args"]) == ("get_weather", {"city": "Paris"})
    assert first["extra"]["tool_call_count"] == 1
    assert read_message(last)["content"] == "It is sunny."
    assert agent.get("error") is None


# --- Errors ---------------------------------------------------------------------------


@each_call
def test_refused_token_is_traced_as_our_error(by_langsmith: Traced, call: str) -> None:
    """The run has failed, and says what Clarifai said and what to do."""
    run = by_langsmith.langsmith.find_run(f"unauthorised-{call}")
    assert [*read_times(run)] == ["start", "error"]
    error = run["error"]
    assert error.startswith("ClarifaiAuthenticationError(")
    assert f"Clarifai error 11001 CONN_TOKEN_INVALID from {MODEL}" in error
    assert "Invalid token. It has expired." in error
    assert "Check the token" in error
    assert "request id req-1" in error
    metadata = read_message(run)["response_metadata"]
    assert metadata["status_code"] == 401
    assert metadata["request_id"] == "req-1"
    assert metadata["body"]["status"]["code"] == 11001
    assert run["end_time"]


@each_stream
def test_broken_stream_is_traced_with_the_part_that_arrived(
    by_langsmith: Traced, call: str
) -> None:
    """The run has failed, with the text so far and the time of its first token."""
    run = by_langsmith.langsmith.find_run(f"break-{call}")
    assert [*read_times(run)] == ["start", "new_token", "error"]
    assert run["error"].startswith("ClarifaiConnectionError(")
    assert "The connection broke after 2 chunks" in run["error"]
    assert read_message(run)["content"] == "Hello"


def test_broken_stream_under_invoke_is_traced_without_a_part(
    by_langsmith: Traced,
) -> None:
    """LangChain keeps no part there; the error's `partial_message` does."""
    run = by_langsmith.langsmith.find_run("break-invoke")
    assert [*read_times(run)] == ["start", "new_token", "error"]
    assert "The connection broke after 2 chunks" in run["error"]
    assert read_message(run)["content"] == ""


@each_call
def test_throttled_call_is_one_run_and_the_log_tells_of_the_attempt(
    by_langsmith: Traced, call: str
) -> None:
    """The answer that came in the end is traced; its usage counts once."""
    run = by_langsmith.langsmith.find_run(f"throttled-{call}")
    assert "error" not in run
    assert run["extra"]["metadata"]["usage_metadata"] == USAGE_METADATA
    prompts = [
        request.json["messages"][0]["content"]
        for request in by_langsmith.model_server.requests
    ]
    assert prompts.count(f"throttled {call}") == 2
    warnings = [
        line
        for line in by_langsmith.log.splitlines()
        if line.startswith("WARNING:langchain_clarifai:")
    ]
    # One for each of the four calls.
    assert len(warnings) == 4
    for warning in warnings:
        assert "Attempt 1 failed: Clarifai error 11005" in warning
        assert "Trying again in 0." in warning


# --- Around it ------------------------------------------------------------------------


def test_only_model_and_collector_are_contacted(by_langsmith: Traced) -> None:
    """Not LangSmith's own host, nor anything else."""
    servers = (by_langsmith.model_server, by_langsmith.langsmith)
    known = {"127.0.0.1", *by_langsmith.list_addresses(*servers)}
    assert set(by_langsmith.contacted) == known
    assert by_langsmith.otlp.received == []


def test_batches_hold_the_same_as_multipart_bodies(
    by_langsmith: Traced, by_batches: Traced
) -> None:
    """Whichever way a LangSmith wants its runs."""
    for call in CALLS:
        name = f"{call}-v1"
        runs = [t.langsmith.find_run(name) for t in (by_langsmith, by_batches)]
        one, other = (_drop_changing(run) for run in runs)
        assert one == other


def _drop_changing(run: JSON) -> JSON:
    """Drop what differs from process to process."""
    metadata: Any = run["extra"]["metadata"]
    message = read_message(run)
    return {
        "metadata": {k: v for k, v in metadata.items() if not k.startswith("LANG")},
        "invocation_params": run["extra"]["invocation_params"],
        "inputs": run["inputs"],
        "message": {k: v for k, v in message.items() if k != "id"},
        "events": [event["name"] for event in run["events"]],
    }
