"""What a real language model shows about `ChatClarifai`.

The model is tiny, so the prompts are ones that it gets right by a wide margin, and
nothing is claimed about its wit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import pytest
from langchain.agents import create_agent
from langchain_core.exceptions import ContextOverflowError, ModelAuthenticationError
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from local_model import LocalModelError, local_model_server
from pydantic import BaseModel

from langchain_clarifai import ChatClarifai

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_core.messages.ai import UsageMetadata

pytestmark = pytest.mark.local_model

NUMBERS = "List the numbers from 1 to 10."
"""Each token of its answer leads the next best by far: what is said stays the same."""

WEATHER_QUESTION = "What is the weather in Paris?"


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@tool
def get_weather(city: str) -> str:
    """Get the current weather for a city."""
    return f"It is 21 degrees and sunny in {city}."


def _build_model(base_url: str, **settings: Any) -> ChatClarifai:
    usual: dict[str, Any] = {
        "api_key": "not-needed",
        "temperature": 0,
        "max_tokens": 64,
    }
    return ChatClarifai(model="smollm2", base_url=base_url, **(usual | settings))


@pytest.fixture
def model(local_model_url: str) -> ChatClarifai:
    return _build_model(local_model_url)


def _merge(chunks: Iterable[Any]) -> AIMessageChunk:
    first, *others = chunks
    total = sum(others, start=first)
    assert isinstance(total, AIMessageChunk)
    return total


def _check_counts(usage: UsageMetadata | None) -> None:
    assert usage
    assert usage["input_tokens"] > 0
    assert usage["output_tokens"] > 0
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def _check_weather_call(message: AIMessage) -> None:
    (call,) = message.tool_calls
    assert call["name"] == "get_weather"
    assert call["args"] == {"city": "Paris"}
    assert call["id"]
    assert message.response_metadata["finish_reason"] == "tool_calls"


def test_question_gets_text_usage_and_metadata(model: ChatClarifai) -> None:
    """A plain call returns text, what it cost, and where it comes from."""
    message = model.invoke(NUMBERS)

    assert "1, 2, 3" in message.text
    _check_counts(message.usage_metadata)
    assert message.response_metadata["model_provider"] == "clarifai"
    assert message.response_metadata["model_name"] == "smollm2"
    assert message.response_metadata["finish_reason"] == "stop"


async def test_question_asked_asynchronously_gets_the_same(model: ChatClarifai) -> None:
    """The asynchronous call says what the synchronous one says."""
    message = await model.ainvoke(NUMBERS)

    assert message.text == model.invoke(NUMBERS).text
    _check_counts(message.usage_metadata)


def test_system_message_and_history_reach_the_model(model: ChatClarifai) -> None:
    """A conversation is sent whole: each earlier message costs input tokens."""
    history = [
        SystemMessage("You are a helpful assistant."),
        HumanMessage("Hello!"),
        AIMessage("Hello! How can I help you?"),
    ]

    long, short = model.invoke([*history, HumanMessage(NUMBERS)]), model.invoke(NUMBERS)

    assert long.usage_metadata
    assert short.usage_metadata
    assert long.usage_metadata["input_tokens"] > short.usage_metadata["input_tokens"]


def test_stream_brings_pieces_that_add_up_to_the_plain_answer(
    model: ChatClarifai,
) -> None:
    """Text comes in several pieces, usage and finish reason on one chunk each."""
    plain = model.invoke(NUMBERS)

    chunks = list(model.stream(NUMBERS))

    assert sum(bool(chunk.text) for chunk in chunks) > 5
    assert sum(_has_usage(chunk) for chunk in chunks) == 1
    merged = _merge(chunks)
    assert merged.text == plain.text
    assert merged.response_metadata["finish_reason"] == "stop"
    _check_counts(merged.usage_metadata)


async def test_asynchronous_stream_adds_up_as_well(model: ChatClarifai) -> None:
    """The asynchronous stream brings the same text, and usage once."""
    chunks = [chunk async for chunk in model.astream(NUMBERS)]

    assert sum(_has_usage(chunk) for chunk in chunks) == 1
    assert _merge(chunks).text == model.invoke(NUMBERS).text


def _has_usage(chunk: BaseMessage) -> bool:
    return bool(getattr(chunk, "usage_metadata", None))


def test_batch_keeps_the_order_of_the_questions(model: ChatClarifai) -> None:
    """Answers come back in the order of the questions, each to its own."""
    answers = model.batch([NUMBERS, WEATHER_QUESTION, NUMBERS])

    assert ["1, 2, 3" in answer.text for answer in answers] == [True, False, True]


async def test_asynchronous_batch_keeps_the_order_too(model: ChatClarifai) -> None:
    """The same holds for questions that are asked at the same time."""
    answers = await model.abatch([NUMBERS, WEATHER_QUESTION, NUMBERS])

    assert ["1, 2, 3" in answer.text for answer in answers] == [True, False, True]


def test_schema_gets_a_pydantic_object(model: ChatClarifai) -> None:
    """`json_schema` constrains the model: even a tiny one fills in the fields."""
    extractor = model.with_structured_output(Person, method="json_schema")

    person = extractor.invoke("Extract the person: Marie is 36 years old.")

    assert person == Person(name="Marie", age=36)


async def test_schema_asked_asynchronously_gets_it_too(model: ChatClarifai) -> None:
    """The same object comes from the asynchronous call, beside the raw message."""
    extractor = model.with_structured_output(
        Person, method="json_schema", include_raw=True
    )

    answer = await extractor.ainvoke("Extract the person: Marie is 36 years old.")

    assert isinstance(answer, dict)
    assert answer["parsed"] == Person(name="Marie", age=36)
    assert answer["parsing_error"] is None
    _check_counts(answer["raw"].usage_metadata)


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
def test_log_probabilities_come_with_the_answer(
    model: ChatClarifai, *, streamed: bool
) -> None:
    """With `logprobs`, there is one entry for each token of the answer."""
    talkative = model.bind(logprobs=True, top_logprobs=2)

    if streamed:
        message: AIMessage = _merge(talkative.stream(NUMBERS))
    else:
        message = talkative.invoke(NUMBERS)

    entries = message.response_metadata["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == message.text
    assert all(len(entry["top_logprobs"]) == 2 for entry in entries)


def test_two_answers_are_asked_for_and_both_come_back(local_model_url: str) -> None:
    """`n=2` gives two generations for one prompt."""
    model = _build_model(local_model_url, n=2)

    (generations,) = model.generate([[HumanMessage(NUMBERS)]]).generations

    assert ["1, 2, 3" in generation.text for generation in generations] == [True, True]


def test_stop_sequence_ends_the_answer_before_it(model: ChatClarifai) -> None:
    """The answer ends where the stop sequence would have come."""
    message = model.invoke(NUMBERS, stop=["5"])

    assert message.text.rstrip() == "1, 2, 3, 4,"
    assert message.response_metadata["finish_reason"] == "stop"


def test_token_limit_cuts_the_answer(local_model_url: str) -> None:
    """`max_tokens` is obeyed, and the finish reason tells."""
    message = _build_model(local_model_url, max_tokens=3).invoke(NUMBERS)

    assert message.usage_metadata
    assert message.usage_metadata["output_tokens"] == 3
    assert message.response_metadata["finish_reason"] == "length"


def test_equal_seeds_at_temperature_zero_give_equal_answers(
    local_model_url: str,
) -> None:
    """`seed` is accepted, and what is deterministic stays so."""
    first, second = (_build_model(local_model_url, seed=7) for _ in range(2))

    assert first.invoke(NUMBERS).text == second.invoke(NUMBERS).text


def test_weather_question_becomes_a_tool_call(model: ChatClarifai) -> None:
    """The model calls the tool it was given, with the city from the question."""
    _check_weather_call(model.bind_tools([get_weather]).invoke(WEATHER_QUESTION))


def test_weather_question_becomes_a_tool_call_in_a_stream(model: ChatClarifai) -> None:
    """The pieces of a streamed call add up to the call, with one id."""
    chunks = list(model.bind_tools([get_weather]).stream(WEATHER_QUESTION))

    _check_weather_call(_merge(chunks))
    assert sum(_has_usage(chunk) for chunk in chunks) == 1


def test_agent_calls_the_tool_and_answers_from_its_result(model: ChatClarifai) -> None:
    """An agent goes round once: question, call, result, answer."""
    agent = create_agent(model, tools=[get_weather])

    messages = agent.invoke({"messages": [HumanMessage(WEATHER_QUESTION)]})["messages"]

    _check_agent_loop(messages)


async def test_agent_runs_asynchronously(model: ChatClarifai) -> None:
    """The same loop runs on the asynchronous path."""
    agent = create_agent(model, tools=[get_weather])

    state = await agent.ainvoke({"messages": [HumanMessage(WEATHER_QUESTION)]})

    _check_agent_loop(state["messages"])


def _check_agent_loop(messages: list[BaseMessage]) -> None:
    _question, call, result, answer = messages
    assert isinstance(call, AIMessage)
    _check_weather_call(call)
    assert isinstance(result, ToolMessage)
    assert result.text == "It is 21 degrees and sunny in Paris."
    assert "21 degrees" in answer.text


def test_agent_without_tools_just_answers(model: ChatClarifai) -> None:
    """The empty list of tools that such an agent sends does no harm."""
    agent = create_agent(model, tools=[])

    messages = agent.invoke({"messages": [HumanMessage(NUMBERS)]})["messages"]

    assert "1, 2, 3" in messages[-1].text


def test_prompt_beyond_the_context_is_a_context_overflow(model: ChatClarifai) -> None:
    """The server's refusal of a long prompt is LangChain's ContextOverflowError."""
    with pytest.raises(ContextOverflowError, match="exceeds the available context"):
        model.invoke("word " * 5000)


async def test_long_prompt_in_a_stream_is_a_context_overflow(
    model: ChatClarifai,
) -> None:
    """The same error comes from a stream, before its first chunk."""
    with pytest.raises(ContextOverflowError):
        await anext(model.astream("word " * 5000))


@pytest.mark.usefixtures("local_model_url")
def test_wrong_key_is_an_authentication_error_that_hides_the_key() -> None:
    """A key the server does not know is refused, and named nowhere."""
    with local_model_server(api_key="right-key") as server:
        assert _build_model(server.base_url, api_key="right-key").invoke("Hello!").text

        with pytest.raises(openai.AuthenticationError) as caught:
            _build_model(server.base_url, api_key="wrong-key").invoke("Hello!")

    assert isinstance(caught.value, ModelAuthenticationError)
    assert "wrong-key" not in f"{caught.value} {caught.value!r}"


def test_port_in_use_is_said_clearly(
    local_model_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A second server on the same port ends at once and says what to do."""
    port = int(local_model_url.removesuffix("/v1").rpartition(":")[2])

    with (
        pytest.raises(LocalModelError, match="says why above"),
        local_model_server(port=port),
    ):
        pass

    assert f"Port {port} on 127.0.0.1 cannot be used" in capfd.readouterr().err
