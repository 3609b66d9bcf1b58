"""A question, a tool and an answer → an agent's turn, and its bodies on the wire.

Most tests of agents ask about the weather: here is the tool as a user writes it, what
it looks like on the wire, and the answers of a server in the order of such a turn.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final

import pytest
from langchain_core.tools import tool
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai
from tests.servers.openai_wire import JSON, choice, completion, tool_call
from tests.servers.wire import json_reply

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from tests.servers.wire import Reply, WireServer

MODEL_URL: Final = "https://clarifai.com/user/app/models/model"
"""What the model that `build_model` builds is called on the wire."""

QUESTION: Final = "What is the weather in Paris?"
WEATHER: Final = "It is 21 degrees and sunny in Paris."


@tool
def get_weather(city: str) -> str:
    """Get the current weather for a city."""
    return f"It is 21 degrees and sunny in {city}."


WIRE_TOOL: Final[JSON] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather for a city.",
        "parameters": {
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "type": "object",
        },
    },
}


class Way(enum.Enum):
    """How an agent is run."""

    INVOKE = "invoke"
    AINVOKE = "ainvoke"
    STREAM = "stream"
    ASTREAM = "astream"


every_way: Final = pytest.mark.parametrize("way", Way, ids=[way.value for way in Way])


def build_local_model(base_url: str) -> ChatClarifai:
    """Build the small real model, which answers the same each time."""
    return ChatClarifai(
        model="smollm2",
        base_url=base_url,
        api_key=SecretStr("not-needed"),
        temperature=0,
        max_tokens=64,
    )


def read_bodies(server: WireServer) -> list[JSON]:
    """Read the bodies of all requests so far."""
    return [request.json for request in server.requests]


async def run(
    agent: CompiledStateGraph[Any, Any, Any, Any],
    question: Any,
    way: Way = Way.INVOKE,
    config: Any = None,
) -> dict[str, Any]:
    """Run an agent in one of the ways; return the state that it ends with."""
    given: Any = question
    if isinstance(question, str):
        given = {"messages": [{"role": "user", "content": question}]}
    state: Any = None
    match way:
        case Way.INVOKE:
            state = agent.invoke(given, config)
        case Way.AINVOKE:
            state = await agent.ainvoke(given, config)
        case Way.STREAM:
            *_, state = agent.stream(given, config, stream_mode="values")
        case Way.ASTREAM:
            async for values in agent.astream(given, config, stream_mode="values"):
                state = values
    result: dict[str, Any] = state
    return result


def calls_reply(*calls: JSON, text: str | None = None, **fields: Any) -> Reply:
    """Answer with tool calls; other keywords go into the message."""
    fields["tool_calls"] = list(calls)
    return json_reply(completion(choice(text, finish_reason="tool_calls", **fields)))


def weather_call(city: str = "Paris", call_id: str = "call_1", **fields: Any) -> JSON:
    """Build a call of the tool, as it comes and as it goes back."""
    return tool_call("get_weather", {"city": city}, call_id=call_id, **fields)


def text_reply(text: str, **fields: Any) -> Reply:
    """Answer with text; other keywords go into the completion."""
    return json_reply(completion(choice(text), **fields))


def user(text: str) -> JSON:
    """Build a user's message as it goes out."""
    return {"role": "user", "content": text}


def tool_result(text: str, call_id: str = "call_1", name: str = "get_weather") -> JSON:
    """Build a tool's result as it goes out."""
    return {
        "role": "tool",
        "tool_call_id": call_id,
        "name": name,
        "content": text,
    }
