"""LangChain's callback adds up the tokens of all calls, by model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import (
    UsageMetadataCallbackHandler,
    get_usage_metadata_callback,
)
from langchain_core.tools import tool
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai, ClarifaiConnectionError
from tests.integration.observability.answers import USAGE_METADATA, AnsweringServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.runnables import RunnableConfig

MODEL: Final = "openai/chat-completion/models/gpt-oss-120b"
OTHER_MODEL: Final = "https://clarifai.com/anthropic/completion/models/claude-sonnet-4"


@pytest.fixture
def server() -> Iterator[AnsweringServer]:
    with AnsweringServer() as server:
        yield server
    assert server.failures == []


@pytest.fixture(params=["v0", "v1"])
def models(
    request: pytest.FixtureRequest, server: AnsweringServer
) -> tuple[ChatClarifai, ChatClarifai]:
    """Build two models, in each version of LangChain's output."""
    first, second = (
        ChatClarifai(
            model=name,
            base_url=server.url,
            api_key=SecretStr("token"),
            output_version=request.param,
        )
        for name in (MODEL, OTHER_MODEL)
    )
    return first, second


def times(count: int) -> dict[str, Any]:
    """Return the usage of so many calls."""
    return {
        name: {key: number * count for key, number in value.items()}
        if isinstance(value, dict)
        else value * count  # type: ignore[operator]  # an int
        for name, value in USAGE_METADATA.items()
    }


@tool
def get_weather(city: str) -> str:
    """Get the current weather for a city."""
    return f"It is sunny in {city}."


Models = tuple[ChatClarifai, ChatClarifai]


def test_sync_calls_are_summed_by_model(models: Models) -> None:
    """Plain, streamed and in a batch; details of the cache and of thinking too."""
    first, second = models
    handler = UsageMetadataCallbackHandler()
    config: RunnableConfig = {"callbacks": [handler]}
    first.invoke("hello", config)
    list(first.stream("hello", config))
    second.batch(["hello", "hello", "hello"], config)
    list(second.stream("hello", config))
    second.invoke("hello", config, stream=True)
    assert handler.usage_metadata == {MODEL: times(2), OTHER_MODEL: times(5)}


async def test_async_calls_are_summed_by_model(models: Models) -> None:
    """The same, and streams of events."""
    first, second = models
    handler = UsageMetadataCallbackHandler()
    config: RunnableConfig = {"callbacks": [handler]}
    await first.ainvoke("hello", config)
    _ = [chunk async for chunk in first.astream("hello", config)]
    _ = [event async for event in first.astream_events("hello", config, version="v2")]
    await second.abatch(["hello", "hello", "hello"], config)
    assert handler.usage_metadata == {MODEL: times(3), OTHER_MODEL: times(3)}


def test_context_manager_sums_what_happens_inside(models: Models) -> None:
    """With nothing passed to the calls, and nothing counted afterwards."""
    first, second = models
    with get_usage_metadata_callback() as handler:
        first.invoke("hello")
        list(second.stream("hello"))
    first.invoke("hello")
    assert handler.usage_metadata == {MODEL: times(1), OTHER_MODEL: times(1)}


async def test_context_manager_sums_async_calls(models: Models) -> None:
    """The context reaches tasks that are started in it."""
    first, second = models
    with get_usage_metadata_callback() as handler:
        await first.abatch(["hello"] * 4, config={"max_concurrency": 2})
        _ = [chunk async for chunk in second.astream("hello")]
    assert handler.usage_metadata == {MODEL: times(4), OTHER_MODEL: times(1)}


async def test_agents_are_summed_over_their_turns(models: Models) -> None:
    """Each asks twice: for the tool, and with its result. Streaming changes nothing."""
    question: Any = {"messages": [("user", "weather in Paris?")]}
    first, second = (create_agent(model, tools=[get_weather]) for model in models)
    with get_usage_metadata_callback() as handler:
        first.invoke(question)
        list(first.stream(question, stream_mode="messages"))
        await second.ainvoke(question)
        _ = [part async for part in second.astream(question, stream_mode="messages")]
        _ = [event async for event in second.astream_events(question, version="v2")]
    assert handler.usage_metadata == {MODEL: times(4), OTHER_MODEL: times(6)}


def test_model_of_a_single_call_is_counted_as_its_own(models: Models) -> None:
    """Where a call names another model, the tokens are that one's."""
    first, _ = models
    with get_usage_metadata_callback() as handler:
        first.invoke("hello")
        first.invoke("hello", model=OTHER_MODEL)
    assert handler.usage_metadata == {MODEL: times(1), OTHER_MODEL: times(1)}


def test_attempts_that_failed_count_nothing(models: Models) -> None:
    """A call that was throttled first counts once, a stream that broke not at all."""
    first, second = models
    with get_usage_metadata_callback() as handler:
        first.invoke("throttled")
        with pytest.raises(ClarifaiConnectionError):
            list(second.stream("break"))
    assert handler.usage_metadata == {MODEL: times(1)}
