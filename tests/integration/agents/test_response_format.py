"""`create_agent` with a schema for its answer, as a format and as a tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.messages import AIMessage
from pydantic import BaseModel

from tests.integration.agents.running import (
    Way,
    build_local_model,
    every_way,
    read_bodies,
    run,
)
from tests.integration.agents.turns import calls_reply, text_reply, user
from tests.integration.agents.weather import (
    MODEL_URL,
    QUESTION,
    WIRE_TOOL,
    get_weather,
    weather_call,
)
from tests.servers.openai_wire import tool_call
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from tests.servers.scripted import ScriptedServer
    from tests.servers.wire import WireServer

GPT_5 = "https://clarifai.com/openai/chat-completion/models/gpt-5"
GPT_OSS = "https://clarifai.com/openai/chat-completion/models/gpt-oss-120b"

PARIS = '{"city": "Paris", "degrees": 21}'


class Weather(BaseModel):
    """The weather in a city."""

    city: str
    degrees: int


WIRE_FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "Weather",
        "schema": {
            "description": "The weather in a city.",
            "properties": {
                "city": {"title": "City", "type": "string"},
                "degrees": {"title": "Degrees", "type": "integer"},
            },
            "required": ["city", "degrees"],
            "title": "Weather",
            "type": "object",
        },
    },
}
WIRE_ANSWER_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "Weather",
        "description": "The weather in a city.",
        "parameters": {
            "properties": {
                "city": {"type": "string"},
                "degrees": {"type": "integer"},
            },
            "required": ["city", "degrees"],
            "type": "object",
        },
    },
}


@every_way
async def test_provider_strategy_without_tools_sends_the_schema_alone(
    wire: WireServer, way: Way
) -> None:
    """LangChain binds an empty list of tools; only `response_format` goes out."""
    wire.reply(text_reply(PARIS))
    agent = create_agent(
        build_model(wire), tools=[], response_format=ProviderStrategy(Weather)
    )

    state = await run(agent, QUESTION, way)

    assert state["structured_response"] == Weather(city="Paris", degrees=21)
    assert read_bodies(wire) == [
        {
            "model": MODEL_URL,
            "response_format": WIRE_FORMAT,
            "messages": [user(QUESTION)],
        }
    ]


@every_way
async def test_provider_strategy_with_tools_sends_both_each_time(
    wire: WireServer, way: Way
) -> None:
    """The model may call a tool first; its answer after that is the object."""
    wire.reply(calls_reply(weather_call()), text_reply(PARIS))
    agent = create_agent(
        build_model(wire),
        tools=[get_weather],
        response_format=ProviderStrategy(Weather),
    )

    state = await run(agent, QUESTION, way)

    assert state["structured_response"] == Weather(city="Paris", degrees=21)
    for body in read_bodies(wire):
        assert body["tools"] == [WIRE_TOOL]
        assert body["response_format"] == WIRE_FORMAT
        assert body.keys() == {"model", "tools", "response_format", "messages"}


async def test_strict_provider_strategy_says_so(wire: WireServer) -> None:
    """`strict=True` is part of the schema that goes out."""
    wire.reply(text_reply(PARIS))
    strategy = ProviderStrategy(Weather, strict=True)
    agent = create_agent(build_model(wire), tools=[], response_format=strategy)

    await run(agent, QUESTION)

    schema = WIRE_FORMAT["json_schema"]
    assert wire.last_request.json["response_format"] == {
        "type": "json_schema",
        "json_schema": {**schema, "strict": True},
    }


async def test_thoughts_before_the_json_do_no_harm(wire: WireServer) -> None:
    """LangChain parses the text, which no longer holds what was thought."""
    wire.reply(text_reply(f"<think>\nParis, so 21.\n</think>\n\n{PARIS}"))
    agent = create_agent(
        build_model(wire), tools=[], response_format=ProviderStrategy(Weather)
    )

    state = await run(agent, QUESTION)

    assert state["structured_response"] == Weather(city="Paris", degrees=21)
    thought = state["messages"][-1].additional_kwargs["reasoning_content"]
    assert thought.strip() == "Paris, so 21."


@every_way
async def test_tool_strategy_without_tools_demands_the_call(
    wire: WireServer, way: Way
) -> None:
    """The schema goes out as the only tool, and some tool must be called."""
    wire.reply(calls_reply(tool_call("Weather", PARIS)))
    agent = create_agent(
        build_model(wire), tools=[], response_format=ToolStrategy(Weather)
    )

    state = await run(agent, QUESTION, way)

    assert state["structured_response"] == Weather(city="Paris", degrees=21)
    assert read_bodies(wire) == [
        {
            "model": MODEL_URL,
            "tools": [WIRE_ANSWER_TOOL],
            "messages": [user(QUESTION)],
            "tool_choice": "required",
        }
    ]


@every_way
async def test_tool_strategy_with_tools_offers_both(
    scripted: ScriptedServer, way: Way
) -> None:
    """The model calls the tool first, and then gives its answer as a call."""
    agent = create_agent(
        build_model(scripted),
        tools=[get_weather],
        response_format=ToolStrategy(Weather),
    )

    state = await run(agent, QUESTION, way)

    assert state["structured_response"] == Weather(city="Paris", degrees=1)
    called = [
        call["name"]
        for message in state["messages"]
        if isinstance(message, AIMessage)
        for call in message.tool_calls
    ]
    assert called == ["get_weather", "Weather"]
    for body in read_bodies(scripted):
        assert body["tools"] == [WIRE_TOOL, WIRE_ANSWER_TOOL]
        assert body["tool_choice"] == "required"
        assert "response_format" not in body


async def test_tool_strategy_repairs_an_answer_that_does_not_fit(
    wire: WireServer,
) -> None:
    """What pydantic has to say goes back, and the second answer counts."""
    wire.reply(
        calls_reply(tool_call("Weather", {"city": "Paris", "degrees": "warm"})),
        calls_reply(tool_call("Weather", PARIS, call_id="call_2")),
    )
    agent = create_agent(
        build_model(wire), tools=[], response_format=ToolStrategy(Weather)
    )

    state = await run(agent, QUESTION)

    assert state["structured_response"] == Weather(city="Paris", degrees=21)
    result = wire.last_request.json["messages"][-1]
    assert (result["role"], result["tool_call_id"]) == ("tool", "call_1")
    assert "unable to parse string as an integer" in result["content"]


@pytest.mark.parametrize("tools", [[], [get_weather]], ids=["alone", "with-tools"])
async def test_name_that_langchain_knows_gets_the_schema(
    wire: WireServer, tools: list[Any]
) -> None:
    """A URL that ends in gpt-5 looks to LangChain as if the provider took schemas."""
    wire.reply(text_reply(PARIS))
    model = build_model(wire, model=GPT_5)
    agent = create_agent(model, tools=tools, response_format=Weather)

    state = await run(agent, QUESTION)

    assert state["structured_response"] == Weather(city="Paris", degrees=21)
    body = wire.last_request.json
    assert (body["model"], body["response_format"]) == (GPT_5, WIRE_FORMAT)
    assert body.get("tools") == ([WIRE_TOOL] if tools else None)
    assert "tools" not in body or tools


async def test_name_that_langchain_does_not_know_gets_a_tool(wire: WireServer) -> None:
    """Our profiles do not claim schemas, so a plain schema becomes a tool."""
    wire.reply(calls_reply(tool_call("Weather", PARIS)))
    agent = create_agent(
        build_model(wire, model=GPT_OSS), tools=[], response_format=Weather
    )

    state = await run(agent, QUESTION)

    assert state["structured_response"] == Weather(city="Paris", degrees=21)
    body = wire.last_request.json
    assert body["tools"] == [WIRE_ANSWER_TOOL]
    assert "response_format" not in body


@pytest.mark.local_model
@pytest.mark.parametrize("strategy", [ProviderStrategy, ToolStrategy])
async def test_local_model_fills_in_a_schema(
    local_model_url: str, strategy: type[Any]
) -> None:
    """A real model is held to the schema, as a format and as a tool."""
    agent = create_agent(
        build_local_model(local_model_url), tools=[], response_format=strategy(Weather)
    )

    state = await run(agent, "Extract the weather: in Paris it is 21 degrees.")

    assert state["structured_response"] == Weather(city="Paris", degrees=21)
