"""An agent and a question → the state that it ends with, however it is run."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final

import pytest
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from tests.servers.openai_wire import JSON
    from tests.servers.wire import WireServer


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
