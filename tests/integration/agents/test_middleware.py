"""LangChain's middleware around `ChatClarifai`: fallback, retry, and some others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    ClearToolUsesEdit,
    ContextEditingMiddleware,
    LLMToolSelectorMiddleware,
    ModelFallbackMiddleware,
    ModelRefusalMiddleware,
    ModelRetryMiddleware,
)
from langchain_core.messages import AIMessageChunk
from langchain_core.tools import tool

from langchain_clarifai import ClarifaiError
from tests.integration.agents.running import Way, every_way, run
from tests.integration.agents.turns import calls_reply, text_reply, tool_result, user
from tests.integration.agents.weather import QUESTION, get_weather, weather_call
from tests.servers.openai_wire import (
    choice,
    chunk,
    completion,
    openai_error,
    platform_error,
    runner_error,
    sse,
    text_chunks,
    tool_call,
)
from tests.servers.wire import End, Pause, Reply, event_stream_reply, json_reply
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from tests.servers.wire import WireServer

FIRST = "https://clarifai.com/user/app/models/first"
SECOND = "https://clarifai.com/user/app/models/second"


def _refuse(status: int) -> Reply:
    return json_reply(openai_error(f"Status {status}."), status=status)


def _read_models(wire: WireServer) -> list[str]:
    return [request.json["model"] for request in wire.requests]


# --- Fallback -------------------------------------------------------------------

FAILURES = {
    "not_deployed": json_reply(platform_error(21350, "Model not deployed"), status=404),
    "not_deployed_200": json_reply(platform_error(21350, "Model not deployed")),
    "401": _refuse(401),
    "503": _refuse(503),
    "runner": json_reply(runner_error("CUDA out of memory")),
    "html": Reply(
        body=[b"<html>Bad gateway</html>"], headers={"content-type": "text/html"}
    ),
    "reset": event_stream_reply(b" ", end=End.RESET),
}


@pytest.mark.parametrize("failure", FAILURES)
@every_way
async def test_second_model_answers_when_the_first_fails(
    wire: WireServer, way: Way, failure: str
) -> None:
    """Whatever went wrong, the same question goes to the second model, once."""
    wire.reply(FAILURES[failure], text_reply("Sunny."))
    fallback = ModelFallbackMiddleware(build_model(wire, model=SECOND))
    first = build_model(wire, model=FIRST)
    agent = create_agent(first, tools=[get_weather], middleware=[fallback])

    state = await run(agent, QUESTION, way)

    assert [message.text for message in state["messages"]] == [QUESTION, "Sunny."]
    assert state["messages"][-1].response_metadata["model_name"] == SECOND
    first_body, second_body = (request.json for request in wire.requests)
    assert second_body == {**first_body, "model": SECOND}
    assert _read_models(wire) == [FIRST, SECOND]


@pytest.mark.parametrize("failure", ["not_deployed", "401"])
async def test_useless_retries_do_not_delay_the_fallback(
    wire: WireServer, failure: str
) -> None:
    """With our own retries as they come, what cannot help is sent once only."""
    settings = {"max_retries": 2, "cold_start_timeout": 600}
    wire.reply(FAILURES[failure], text_reply("Sunny."))
    fallback = ModelFallbackMiddleware(build_model(wire, model=SECOND, **settings))
    first = build_model(wire, model=FIRST, **settings)
    agent = create_agent(first, tools=[], middleware=[fallback])

    await run(agent, QUESTION)

    assert _read_models(wire) == [FIRST, SECOND]


async def test_error_of_the_last_model_comes_out(wire: WireServer) -> None:
    """When all fail, the caller gets our typed error of the last one."""
    wire.reply(_refuse(401), _refuse(403))
    fallback = ModelFallbackMiddleware(build_model(wire, model=SECOND))
    agent = create_agent(
        build_model(wire, model=FIRST), tools=[], middleware=[fallback]
    )

    with pytest.raises(openai.PermissionDeniedError, match=r"Status 403\.") as caught:
        await run(agent, QUESTION)
    assert isinstance(caught.value, ClarifaiError)


async def test_stream_that_breaks_off_leaves_no_trace_in_the_answer(
    wire: WireServer,
) -> None:
    """Tokens of the first model were shown, but only the second's are kept."""
    broken = sse(chunk("Rai"), done=False)
    wire.reply(
        event_stream_reply(broken, end=End.RESET),
        event_stream_reply(sse(*text_chunks("Sun", "ny."))),
    )
    fallback = ModelFallbackMiddleware(build_model(wire, model=SECOND))
    agent = create_agent(
        build_model(wire, model=FIRST), tools=[], middleware=[fallback]
    )

    tokens: list[str] = []
    state: Any = None
    given: Any = {"messages": [user(QUESTION)]}
    async for mode, event in agent.astream(given, stream_mode=["messages", "values"]):
        if mode == "values":
            state = event
        elif isinstance(event[0], AIMessageChunk) and event[0].text:
            tokens.append(event[0].text)

    assert tokens == ["Rai", "Sun", "ny."]
    assert [message.text for message in state["messages"]] == [QUESTION, "Sunny."]
    assert _read_models(wire) == [FIRST, SECOND]


# --- Retry ----------------------------------------------------------------------

SILENT = Reply(before=[Pause(5)], body=[b"never"])
RETRIED = {
    **{str(status): _refuse(status) for status in (429, 500, 502, 503)},
    "throttled": json_reply(platform_error(11005, "Too many requests")),
    "starting": json_reply(platform_error(21354, "Model busy")),
    "runner": json_reply(runner_error("CUDA out of memory")),
    "reset": event_stream_reply(b" ", end=End.RESET),
    "silent": SILENT,
}
REFUSED = {
    **{str(status): _refuse(status) for status in (400, 401, 403, 404, 409, 422)},
    "not_deployed": json_reply(platform_error(21350, "Model not deployed")),
    "wrong_token": json_reply(platform_error(11001, "Invalid token")),
    "overflow": json_reply(runner_error("maximum context length is 8 tokens")),
}


def _build_retry(**settings: Any) -> ModelRetryMiddleware:
    usual: dict[str, Any] = {"initial_delay": 0, "on_failure": "error"}
    return ModelRetryMiddleware(**(usual | settings))


@pytest.mark.parametrize("failure", RETRIED)
@pytest.mark.parametrize("way", [Way.INVOKE, Way.ASTREAM], ids=["sync", "async"])
async def test_retryable_error_is_tried_three_times(
    wire: WireServer, way: Way, failure: str
) -> None:
    """LangChain's middleware believes our `is_retryable`; ours does not retry here."""
    wire.reply(*[RETRIED[failure]] * 3)
    model = build_model(wire, timeout=0.5 if failure == "silent" else 20)
    agent = create_agent(model, tools=[], middleware=[_build_retry()])

    with pytest.raises(ClarifaiError) as caught:
        await run(agent, QUESTION, way)

    assert caught.value.is_retryable is True
    assert len(wire.requests) == 3


@pytest.mark.parametrize("failure", REFUSED)
@pytest.mark.parametrize("way", [Way.INVOKE, Way.ASTREAM], ids=["sync", "async"])
async def test_hopeless_error_is_not_tried_again(
    wire: WireServer, way: Way, failure: str
) -> None:
    """One request, and the error comes out as it is, whatever `on_failure` says."""
    wire.reply(REFUSED[failure])
    retry = _build_retry(on_failure="continue")
    agent = create_agent(build_model(wire), tools=[], middleware=[retry])

    with pytest.raises(ClarifaiError) as caught:
        await run(agent, QUESTION, way)

    assert caught.value.is_retryable is False
    assert len(wire.requests) == 1


@every_way
async def test_answer_of_a_later_attempt_counts(wire: WireServer, way: Way) -> None:
    """Two failures and an answer make one message, from three equal requests."""
    wire.reply(_refuse(503), _refuse(429), text_reply("Sunny."))
    agent = create_agent(build_model(wire), tools=[], middleware=[_build_retry()])

    state = await run(agent, QUESTION, way)

    assert [message.text for message in state["messages"]] == [QUESTION, "Sunny."]
    first, *others = (request.json for request in wire.requests)
    assert others == [first, first]


async def test_failure_that_continues_becomes_a_message(wire: WireServer) -> None:
    """LangChain quotes our error to the user, and the token is not in it."""
    wire.reply(*[_refuse(503)] * 3)
    retry = _build_retry(on_failure="continue")
    model = build_model(wire, api_key="the-secret-token")
    agent = create_agent(model, tools=[], middleware=[retry])

    state = await run(agent, QUESTION)

    text = state["messages"][-1].text
    assert text.startswith("Model call failed after 3 attempts with Clarifai")
    assert "Status 503." in text
    assert "the-secret-token" not in text


# --- What else reads from the model ----------------------------------------------


@tool
def get_time(zone: str) -> str:
    """Get the time in a zone."""
    return f"It is noon in {zone}."


@every_way
async def test_tools_are_selected_by_a_structured_answer(
    wire: WireServer, way: Way
) -> None:
    """`LLMToolSelectorMiddleware` asks by our structured output, and sends one."""
    wire.reply(
        calls_reply(tool_call("ToolSelectionResponse", {"tools": ["get_weather"]})),
        text_reply("Sunny."),
    )
    agent = create_agent(
        build_model(wire),
        tools=[get_weather, get_time],
        middleware=[LLMToolSelectorMiddleware()],
    )

    await run(agent, QUESTION, way)

    selecting, answering = (request.json for request in wire.requests)
    (asked,) = selecting["tools"]
    assert selecting["tool_choice"]["function"]["name"] == asked["function"]["name"]
    names = [each["function"]["name"] for each in answering["tools"]]
    assert names == ["get_weather"]


async def test_old_results_are_cleared_by_our_count(wire: WireServer) -> None:
    """`ContextEditingMiddleware` counts with our estimate, tools included."""
    edit = ClearToolUsesEdit(trigger=60, keep=1)
    editing = ContextEditingMiddleware(edits=[edit], token_count_method="model")
    model = build_model(wire)
    wire.reply(
        calls_reply(weather_call("Oslo", "call_1")),
        calls_reply(weather_call("Rome", "call_2")),
        text_reply("Sunny."),
    )
    agent = create_agent(model, tools=[get_weather], middleware=[editing])

    state = await run(agent, "Weather in Oslo and Rome?")

    assert model.get_num_tokens_from_messages(state["messages"], [get_weather]) > 60
    sent = wire.last_request.json["messages"]
    assert [message for message in sent if message["role"] == "tool"] == [
        tool_result("[cleared]", "call_1"),
        tool_result("It is 21 degrees and sunny in Rome.", "call_2"),
    ]
    assert state["messages"][2].text == "It is 21 degrees and sunny in Oslo."


@pytest.mark.parametrize("way", [Way.INVOKE, Way.AINVOKE], ids=["sync", "async"])
async def test_refusal_goes_to_the_second_model(wire: WireServer, way: Way) -> None:
    """`ModelRefusalMiddleware` sees that the first model said no."""
    refused = choice(None, refusal="I will not.")
    wire.reply(json_reply(completion(refused)), text_reply("Sunny."))
    fallback = ModelFallbackMiddleware(build_model(wire, model=SECOND))
    agent = create_agent(
        build_model(wire, model=FIRST),
        tools=[],
        middleware=[fallback, ModelRefusalMiddleware()],
    )

    state = await run(agent, QUESTION, way)

    assert state["messages"][-1].text == "Sunny."
    assert _read_models(wire) == [FIRST, SECOND]
