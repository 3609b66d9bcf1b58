"""LangChain's summarization reads our token counts, our limits and our overflows.

The counts that the server reports are far from what anyone could estimate from these
short texts, so that a test tells which of the two was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import SummarizationMiddleware
from langchain_core.exceptions import ContextOverflowError
from langgraph.checkpoint.memory import InMemorySaver

from tests.integration.agents.running import every_way, run
from tests.integration.agents.turns import text_reply, user
from tests.servers.openai_wire import (
    JSON,
    openai_error,
    runner_error,
    sse,
    text_chunks,
    usage,
)
from tests.servers.wire import event_stream_reply, json_reply
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.graph.state import CompiledStateGraph

    from langchain_clarifai import ChatClarifai
    from tests.integration.agents.running import Way
    from tests.servers.wire import WireServer

KIMI = "moonshotai/chat-completion/models/Kimi-K2_6"
"""A model whose profile tells how long its context is."""
KIMI_TOKENS = 262_144

THREAD: RunnableConfig = {"configurable": {"thread_id": "1"}}
SUMMARY = "Here is a summary of the conversation to date:\n\nThey said hello."

TOO_LONG = "This model's maximum context length is 8192 tokens, you sent 9000."


def _build_agent(
    model: ChatClarifai, **settings: Any
) -> CompiledStateGraph[Any, Any, Any, Any]:
    summarization = SummarizationMiddleware(model, keep=("messages", 1), **settings)
    saver = InMemorySaver()
    return create_agent(model, tools=[], middleware=[summarization], checkpointer=saver)


def _read_messages(wire: WireServer) -> list[Any]:
    return [request.json["messages"] for request in wire.requests]


def _check_summary_was_asked_for(messages: Any) -> None:
    (prompt,) = messages
    assert prompt["role"] == "user"
    assert "Context Extraction Assistant" in prompt["content"]
    assert "Hello there." in prompt["content"]


@pytest.mark.parametrize("reported", [99_999, 100_000], ids=["below", "at"])
@every_way
async def test_reported_tokens_decide_about_a_summary(
    wire: WireServer, way: Way, reported: int
) -> None:
    """A total at the threshold makes a summary, one token less does not."""
    agent = _build_agent(build_model(wire), trigger=("tokens", 100_000))
    wire.reply(text_reply("Hello there.", usage=usage(reported - 5, 5)))
    await run(agent, "Hi.", way, THREAD)

    if reported < 100_000:
        wire.reply(text_reply("Bye."))
        await run(agent, "Bye.", way, THREAD)
        _, second = _read_messages(wire)
        assert [message["content"] for message in second] == [
            "Hi.",
            "Hello there.",
            "Bye.",
        ]
        return
    wire.reply(text_reply("They said hello."), text_reply("Bye."))
    state = await run(agent, "Bye.", way, THREAD)
    _, asked, second = _read_messages(wire)
    _check_summary_was_asked_for(asked)
    assert second == [user(SUMMARY), user("Bye.")]
    assert [message.text for message in state["messages"]] == [SUMMARY, "Bye.", "Bye."]


async def test_tokens_reported_by_a_stream_decide_as_well(wire: WireServer) -> None:
    """Usage comes on the last chunk, and is on the message that is kept."""
    agent = _build_agent(build_model(wire), trigger=("tokens", 100_000))
    chunks = text_chunks("Hello ", "there.", counts=usage(99_995, 5))
    wire.reply(event_stream_reply(sse(*chunks)))
    given: Any = {"messages": [user("Hi.")]}
    async for _ in agent.astream(given, THREAD, stream_mode="messages"):
        pass
    assert wire.last_request.json["stream"] is True

    wire.reply(text_reply("They said hello."), text_reply("Bye."))
    await run(agent, "Bye.", config=THREAD)

    _, asked, second = _read_messages(wire)
    _check_summary_was_asked_for(asked)
    assert second == [user(SUMMARY), user("Bye.")]


def test_provider_of_messages_and_of_traces_is_the_same(wire: WireServer) -> None:
    """LangChain trusts reported counts only where these two names agree."""
    wire.reply(text_reply("Hello."))
    model = build_model(wire)

    message = model.invoke("Hi.")

    provider = message.response_metadata["model_provider"]
    assert provider == model._get_ls_params()["ls_provider"] == "clarifai"


@pytest.mark.parametrize("missing", [0, 1], ids=["at", "below"])
async def test_fraction_is_taken_of_the_context_in_our_profile(
    wire: WireServer, missing: int
) -> None:
    """Half of 262,144 is where the summary starts for a model we know."""
    model = build_model(wire, model=KIMI)
    assert model.profile is not None
    assert model.profile["max_input_tokens"] == KIMI_TOKENS
    agent = _build_agent(model, trigger=("fraction", 0.5))
    counts = usage(KIMI_TOKENS // 2 - 5 - missing, 5)
    wire.reply(text_reply("Hello there.", usage=counts))
    await run(agent, "Hi.", config=THREAD)

    wire.reply(*[text_reply("They said hello.")] * (2 - missing))
    await run(agent, "Bye.", config=THREAD)

    assert len(wire.requests) == 3 - missing
    assert wire.last_request.json["messages"] == (
        [user("Hi."), _assistant("Hello there."), user("Bye.")]
        if missing
        else [user(SUMMARY), user("Bye.")]
    )


async def test_flagship_is_summarized_at_a_share_of_its_documented_window(
    wire: WireServer,
) -> None:
    """gpt-oss-120b takes 131,072 tokens: at 0.8 of them the summary is asked for."""
    model = build_model(wire, model="gpt-oss-120b")
    agent = _build_agent(model, trigger=("fraction", 0.8))
    counts = usage(int(131_072 * 0.8) + 1, 5)
    wire.reply(text_reply("Hello there.", usage=counts))
    await run(agent, "Hi.", config=THREAD)

    wire.reply(*[text_reply("They said hello.")] * 2)
    await run(agent, "Bye.", config=THREAD)

    assert wire.last_request.json["messages"] == [user(SUMMARY), user("Bye.")]


def _assistant(text: str) -> JSON:
    return {"role": "assistant", "content": text}


async def test_fraction_is_taken_of_a_profile_the_user_gave(wire: WireServer) -> None:
    """Where we know nothing, what the user says about the model counts."""
    model = build_model(wire, profile={"max_input_tokens": 1000})
    agent = _build_agent(model, trigger=("fraction", 0.8))
    wire.reply(text_reply("Hello there.", usage=usage(795, 5)))
    await run(agent, "Hi.", config=THREAD)

    wire.reply(text_reply("They said hello."), text_reply("Bye."))
    await run(agent, "Bye.", config=THREAD)

    assert wire.last_request.json["messages"] == [user(SUMMARY), user("Bye.")]


def test_fraction_of_an_unknown_context_is_refused_at_once(wire: WireServer) -> None:
    """No limit is guessed, and LangChain says so before a request is sent."""
    with pytest.raises(ValueError, match="Model profile information is required"):
        SummarizationMiddleware(build_model(wire), trigger=("fraction", 0.5))


OVERFLOWS = {
    "400": json_reply(openai_error(TOO_LONG), status=400),
    "runner": json_reply(runner_error(TOO_LONG)),
    "413": json_reply(openai_error(TOO_LONG), status=413),
}


@every_way
@pytest.mark.parametrize("overflow", OVERFLOWS)
async def test_summary_that_overflows_is_asked_for_again_but_shorter(
    wire: WireServer, way: Way, overflow: str
) -> None:
    """LangChain cuts the middle out of the history, once, on our overflow error."""
    agent = _build_agent(build_model(wire), trigger=("tokens", 100_000))
    long = f"Hello there. {'word ' * 500}"
    wire.reply(text_reply(long, usage=usage(99_995, 5)))
    await run(agent, "Hi.", way, THREAD)

    wire.reply(OVERFLOWS[overflow], text_reply("They said hello."), text_reply("Bye."))
    await run(agent, "Bye.", way, THREAD)

    _, whole, cut, last = _read_messages(wire)
    _check_summary_was_asked_for(whole)
    _check_summary_was_asked_for(cut)
    assert "[... middle of conversation omitted ...]" in cut[0]["content"]
    assert "middle of conversation" not in whole[0]["content"]
    assert len(cut[0]["content"]) < len(whole[0]["content"]) - 1000
    assert last == [user(SUMMARY), user("Bye.")]


@every_way
async def test_summary_that_is_refused_is_not_asked_for_again(
    wire: WireServer, way: Way
) -> None:
    """LangChain would try three times; our error says that it is of no use."""
    agent = _build_agent(build_model(wire), trigger=("tokens", 100_000))
    wire.reply(text_reply("Hello there.", usage=usage(99_995, 5)))
    await run(agent, "Hi.", way, THREAD)

    refusal = openai_error("Bad.", code="bad")
    wire.reply(json_reply(refusal, status=401), text_reply("never read"))
    with pytest.raises(Exception, match=r"Bad\.") as caught:
        await run(agent, "Bye.", way, THREAD)

    assert caught.value.is_retryable is False  # type: ignore[attr-defined]  # ours
    assert len(wire.requests) == 2


async def test_summary_that_fails_for_now_is_asked_for_again(wire: WireServer) -> None:
    """Our 503 says that it is worth it, and the second attempt counts."""
    agent = _build_agent(build_model(wire), trigger=("tokens", 100_000))
    wire.reply(text_reply("Hello there.", usage=usage(99_995, 5)))
    await run(agent, "Hi.", config=THREAD)

    failure = json_reply(openai_error("Overloaded."), status=503)
    wire.reply(failure, text_reply("They said hello."), text_reply("Bye."))
    await run(agent, "Bye.", config=THREAD)

    _, asked, again, last = _read_messages(wire)
    assert asked == again
    assert last == [user(SUMMARY), user("Bye.")]


@every_way
async def test_overflow_of_the_agent_itself_comes_out_typed(
    wire: WireServer, way: Way
) -> None:
    """Without a summary in between, the caller gets LangChain's own class."""
    wire.reply(OVERFLOWS["runner"])
    agent = create_agent(build_model(wire), tools=[])

    with pytest.raises(ContextOverflowError, match="maximum context length"):
        await run(agent, "Hi.", way)
    assert len(wire.requests) == 1
