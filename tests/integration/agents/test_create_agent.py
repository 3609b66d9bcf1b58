"""`create_agent` with tools on `ChatClarifai`, byte by byte."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ToolErrorMiddleware
from langchain_core.messages import ToolMessage
from langchain_core.tools import tool

from tests.integration.agents.running import (
    Way,
    build_local_model,
    every_way,
    read_bodies,
    run,
)
from tests.integration.agents.turns import calls_reply, text_reply, tool_result, user
from tests.integration.agents.weather import (
    MODEL_URL,
    QUESTION,
    WEATHER,
    WIRE_TOOL,
    get_weather,
    weather_call,
)
from tests.servers.openai_wire import choice, completion, tool_call
from tests.servers.wire import json_reply
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from tests.servers.scripted import ScriptedServer
    from tests.servers.wire import WireServer


@tool
def get_time(zone: str) -> str:
    """Get the time in a zone."""
    return f"It is noon in {zone}."


@tool
def fail(reason: str) -> str:
    """Fail for a reason."""
    raise ValueError(reason)


@every_way
async def test_agent_without_tools_sends_none(wire: WireServer, way: Way) -> None:
    """The body holds the model and the messages: no empty list, no tool choice."""
    wire.reply(text_reply("Hello."))
    agent = create_agent(build_model(wire), tools=[])

    state = await run(agent, "Hi.", way)

    assert state["messages"][-1].text == "Hello."
    assert read_bodies(wire) == [{"model": MODEL_URL, "messages": [user("Hi.")]}]


@every_way
async def test_tool_call_is_run_and_its_result_goes_back(
    wire: WireServer, way: Way
) -> None:
    """Question, call, result, answer: two requests, and nothing unasked in either."""
    wire.reply(calls_reply(weather_call()), text_reply("Sunny."))
    agent = create_agent(
        build_model(wire), tools=[get_weather], system_prompt="Be brief."
    )

    state = await run(agent, QUESTION, way)

    assert [message.text for message in state["messages"]] == [
        QUESTION,
        "",
        WEATHER,
        "Sunny.",
    ]
    start = [{"role": "system", "content": "Be brief."}, user(QUESTION)]
    call = {"role": "assistant", "tool_calls": [weather_call()]}
    assert read_bodies(wire) == [
        {"model": MODEL_URL, "tools": [WIRE_TOOL], "messages": start},
        {
            "model": MODEL_URL,
            "tools": [WIRE_TOOL],
            "messages": [*start, call, tool_result(WEATHER)],
        },
    ]


@every_way
async def test_parallel_calls_of_several_tools_go_back_in_their_order(
    wire: WireServer, way: Way
) -> None:
    """Each result follows under its own id, in the order in which they were called."""
    calls = [
        weather_call("Oslo", "call_a"),
        tool_call("get_time", {"zone": "CET"}, call_id="call_b"),
        weather_call("Rome", "call_c"),
    ]
    wire.reply(calls_reply(*calls), text_reply("Sunny at noon."))
    agent = create_agent(build_model(wire), tools=[get_weather, get_time])

    await run(agent, "Weather in Oslo and Rome? And the time?", way)

    assert wire.last_request.json["messages"][1:] == [
        {"role": "assistant", "tool_calls": calls},
        tool_result("It is 21 degrees and sunny in Oslo.", "call_a"),
        tool_result("It is noon in CET.", "call_b", "get_time"),
        tool_result("It is 21 degrees and sunny in Rome.", "call_c"),
    ]
    names = [each["function"]["name"] for each in wire.last_request.json["tools"]]
    assert names == ["get_weather", "get_time"]


@every_way
async def test_model_that_behaves_gets_no_request_it_refuses(
    scripted: ScriptedServer, way: Way
) -> None:
    """A strict server takes both requests of a turn with two calls at once."""
    agent = create_agent(build_model(scripted), tools=[get_weather, get_time])

    state = await run(agent, "What is the weather in Paris and London?", way)

    _, calls, paris, london, answer = state["messages"]
    assert [call["args"] for call in calls.tool_calls] == [
        {"city": "Paris"},
        {"city": "London"},
    ]
    assert [paris.text, london.text] == [
        WEATHER,
        "It is 21 degrees and sunny in London.",
    ]
    assert answer.text == f"The tool says: {london.text}"
    assert answer.usage_metadata["input_tokens"] > calls.usage_metadata["input_tokens"]


async def test_wrong_arguments_go_back_as_an_error(wire: WireServer) -> None:
    """A call that does not fit the tool is answered with what is wrong with it."""
    wrong = tool_call("get_weather", {"town": "Paris"})
    wire.reply(calls_reply(wrong), calls_reply(weather_call()), text_reply("Sunny."))
    agent = create_agent(build_model(wire), tools=[get_weather])

    state = await run(agent, QUESTION)

    assert state["messages"][2].status == "error"
    assert state["messages"][-1].text == "Sunny."
    *_, call, result = wire.requests[1].json["messages"]
    assert call == {"role": "assistant", "tool_calls": [wrong]}
    assert result["tool_call_id"] == "call_1"
    assert "city: Field required" in result["content"]


@every_way
async def test_tool_that_fails_ends_the_run(wire: WireServer, way: Way) -> None:
    """The tool's own exception comes out, and no further request is sent."""
    wire.reply(calls_reply(tool_call("fail", {"reason": "The sky fell."})))
    agent = create_agent(build_model(wire), tools=[fail])

    with pytest.raises(ValueError, match=r"^The sky fell\."):
        await run(agent, "Fail.", way)
    assert len(wire.requests) == 1


@every_way
async def test_failure_that_is_handled_reaches_the_model(
    wire: WireServer, way: Way
) -> None:
    """With LangChain's middleware for it, the model reads what went wrong."""
    call = tool_call("fail", {"reason": "The sky fell."})
    wire.reply(calls_reply(call), text_reply("Sorry."))
    handling = ToolErrorMiddleware(lambda error, _request: f"It failed: {error}")
    agent = create_agent(build_model(wire), tools=[fail], middleware=[handling])

    state = await run(agent, "Fail.", way)

    assert state["messages"][2].status == "error"
    assert wire.last_request.json["messages"] == [
        user("Fail."),
        {"role": "assistant", "tool_calls": [call]},
        tool_result("It failed: The sky fell.", name="fail"),
    ]


async def test_call_that_was_cut_off_is_not_run(wire: WireServer) -> None:
    """The turn ends with an invalid call; the next one tells the model of it."""
    cut = tool_call("get_weather", '{"city": "Par')
    wire.reply(
        json_reply(
            completion(choice(None, finish_reason="length", tool_calls=[cut])),
        ),
        text_reply("Sunny."),
    )
    agent = create_agent(build_model(wire), tools=[get_weather])

    state = await run(agent, QUESTION)
    invalid = state["messages"][-1]
    assert (invalid.tool_calls, len(state["messages"])) == ([], 2)
    assert invalid.invalid_tool_calls[0]["args"] == '{"city": "Par'
    await run(agent, {"messages": [*state["messages"], user("Go on.")]})

    _, call, result, last = wire.last_request.json["messages"]
    assert call["tool_calls"][0]["id"] == result["tool_call_id"] == "call_1"
    assert "arguments were malformed or truncated" in result["content"]
    assert last == user("Go on.")


async def test_name_of_an_agent_with_spaces_is_made_safe(wire: WireServer) -> None:
    """LangChain names the messages after the agent; a space in it does no harm."""
    wire.reply(calls_reply(weather_call()), text_reply("Sunny."))
    agent = create_agent(
        build_model(wire), tools=[get_weather], name="weather agent (Paris)"
    )

    state = await run(agent, QUESTION)

    assert state["messages"][1].name == "weather agent (Paris)"
    name = wire.last_request.json["messages"][1]["name"]
    assert name.startswith("weather_agent")
    assert not {*" ()<>|\\/"} & {*name}


@every_way
async def test_run_of_an_agent_says_nothing_unasked(
    scripted: ScriptedServer,
    way: Way,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing is printed, warned or logged by us; pytest makes warnings errors."""
    caplog.set_level(logging.DEBUG, "langchain_clarifai")
    agent = create_agent(build_model(scripted), tools=[get_weather])

    await run(agent, QUESTION, way)

    assert capfd.readouterr() == ("", "")
    assert [r for r in caplog.records if r.name.startswith("langchain_clarifai")] == []


@pytest.mark.local_model
async def test_local_model_runs_a_turn_in_a_stream(local_model_url: str) -> None:
    """A real model calls the tool and answers from its result."""
    agent = create_agent(build_local_model(local_model_url), tools=[get_weather])

    state = await run(agent, QUESTION, Way.ASTREAM)

    _, call, result, answer = state["messages"]
    assert [each["args"] for each in call.tool_calls] == [{"city": "Paris"}]
    assert isinstance(result, ToolMessage)
    assert "21 degrees" in answer.text
