"""LangGraph's streams of a `ChatClarifai`: tokens, updates and events, as they come."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AIMessageChunk
from langgraph.graph import START, MessagesState, StateGraph

from tests.integration.agents.running import build_local_model
from tests.integration.agents.turns import user
from tests.integration.agents.weather import QUESTION, WEATHER, get_weather
from tests.servers.openai_wire import chunk, sse, usage_chunk
from tests.servers.wire import event_stream_reply
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from langchain_clarifai import ChatClarifai
    from tests.servers.scripted import ScriptedServer
    from tests.servers.wire import WireServer

pytestmark = pytest.mark.filterwarnings(
    # LangGraph says so whenever its newest event stream is asked for.
    "ignore:The v3 streaming protocol on Pregel is experimental"
)

ANSWER = f"The tool says: {WEATHER}"
TOKENS = [
    *("The", " tool", " says", ":", " It", " is", " 21", " degree", "s", " and"),
    *(" sunny", " in", " Paris", "."),
]
"""How the scripted server cuts its answer."""

asynchronously = pytest.mark.parametrize(
    "asynchronous", [False, True], ids=["sync", "async"]
)


def _ask(question: str = QUESTION) -> Any:
    return {"messages": [user(question)]}


async def _collect(
    graph: Any, given: Any, stream_mode: Any, *, asynchronous: bool
) -> list[Any]:
    if asynchronous:
        return [x async for x in graph.astream(given, stream_mode=stream_mode)]
    return list(graph.stream(given, stream_mode=stream_mode))


def _build_graph(model: ChatClarifai, *, asynchronous: bool) -> Any:
    """Build a graph of one node, which calls `invoke` and streams nothing itself."""

    def answer(state: MessagesState) -> Any:
        return {"messages": [model.invoke(state["messages"])]}

    async def answer_asynchronously(state: MessagesState) -> Any:
        return {"messages": [await model.ainvoke(state["messages"])]}

    builder = StateGraph(MessagesState)
    node: Any = answer_asynchronously if asynchronous else answer
    builder.add_node("answer", node)
    builder.add_edge(START, "answer")
    return builder.compile()


@asynchronously
async def test_messages_of_an_agent_come_token_by_token(
    scripted: ScriptedServer, *, asynchronous: bool
) -> None:
    """Thoughts, the call, its result and the answer arrive in the server's pieces."""
    model = build_model(scripted, reasoning_effort="low")
    agent = create_agent(model, tools=[get_weather])

    events = await _collect(agent, _ask(), "messages", asynchronous=asynchronous)

    chunks = [one for one, _ in events if isinstance(one, AIMessageChunk)]
    assert [one.text for one in chunks if one.text] == TOKENS
    assert "".join(
        piece["args"] or "" for one in chunks for piece in one.tool_call_chunks
    ) == ('{"city": "Paris"}')
    thoughts = [
        one.additional_kwargs["reasoning_content"]
        for one in chunks
        if "reasoning_content" in one.additional_kwargs
    ]
    assert len(thoughts) > 20
    assert len({one.id for one in chunks}) == 2
    assert sum(one.usage_metadata is not None for one in chunks) == 2
    nodes = [metadata["langgraph_node"] for _, metadata in events]
    assert [*dict.fromkeys(nodes)] == ["model", "tools"]
    assert all(request.json["stream"] is True for request in scripted.requests)
    providers = {
        metadata["ls_provider"]
        for one, metadata in events
        if isinstance(one, AIMessageChunk)
    }
    assert providers == {"clarifai"}


@asynchronously
async def test_node_that_invokes_streams_its_tokens(
    scripted: ScriptedServer, *, asynchronous: bool
) -> None:
    """Mode `messages` turns `invoke` inside a node into a stream."""
    graph = _build_graph(build_model(scripted), asynchronous=asynchronous)

    events = await _collect(graph, _ask("Hi."), "messages", asynchronous=asynchronous)

    texts = [one.text for one, _ in events if one.text]
    assert len(texts) > 5
    assert "".join(texts) == "Hello, thank you for writing: Hi."
    assert scripted.last_request.json["stream"] is True


@asynchronously
async def test_token_is_handed_on_before_the_next_is_sent(
    wire: WireServer, *, asynchronous: bool
) -> None:
    """The server sends its second token only after the first has come out."""
    first_arrived = threading.Event()
    wire.reply(
        event_stream_reply(
            sse(chunk("One"), done=False),
            first_arrived,
            sse(chunk(" two"), chunk(finish_reason="stop"), usage_chunk()),
        )
    )
    graph = _build_graph(build_model(wire), asynchronous=asynchronous)

    texts: list[str] = []

    def take(one: Any) -> None:
        texts.append(one.text)
        first_arrived.set()

    if asynchronous:
        async for one, _ in graph.astream(_ask(), stream_mode="messages"):
            take(one)
    else:
        for one, _ in graph.stream(_ask(), stream_mode="messages"):
            take(one)

    assert [text for text in texts if text] == ["One", " two"]


async def test_leaving_an_asynchronous_graph_closes_the_connection(
    wire: WireServer,
) -> None:
    """Who stops reading the graph's stream stops the server's as well."""
    never = threading.Event()
    wire.reply(event_stream_reply(sse(chunk("One"), done=False), never))
    graph = _build_graph(build_model(wire), asynchronous=True)

    events = graph.astream(_ask(), stream_mode="messages")
    assert (await anext(events))[0].text == "One"
    await events.aclose()

    left = wire.exchanges[0].client_left
    assert await asyncio.to_thread(left.wait, 10)


@asynchronously
async def test_updates_bring_whole_messages(
    scripted: ScriptedServer, *, asynchronous: bool
) -> None:
    """One update for each step, and no streamed request, since nobody reads tokens."""
    agent = create_agent(build_model(scripted), tools=[get_weather])

    updates = await _collect(agent, _ask(), "updates", asynchronous=asynchronous)

    assert [[*update] for update in updates] == [["model"], ["tools"], ["model"]]
    call, result, answer = (
        message
        for update in updates
        for step in update.values()
        for message in step["messages"]
    )
    assert [each["args"] for each in call.tool_calls] == [{"city": "Paris"}]
    assert (result.text, answer.text) == (WEATHER, ANSWER)
    assert type(answer) is AIMessage
    assert not any("stream" in request.json for request in scripted.requests)


@asynchronously
async def test_several_modes_agree(
    scripted: ScriptedServer, *, asynchronous: bool
) -> None:
    """The sum of the tokens is the message of the update and of the last state."""
    agent = create_agent(build_model(scripted), tools=[get_weather])

    events = await _collect(
        agent, _ask(), ["messages", "updates", "values"], asynchronous=asynchronous
    )

    tokens = [
        event[0].text
        for mode, event in events
        if mode == "messages" and isinstance(event[0], AIMessageChunk)
    ]
    update = [event for mode, event in events if mode == "updates"][-1]
    state = [event for mode, event in events if mode == "values"][-1]
    assert "".join(tokens) == ANSWER
    assert update["model"]["messages"][0] == state["messages"][-1]
    assert state["messages"][-1].text == ANSWER


async def test_events_of_version_2_bring_tokens_and_the_whole(
    scripted: ScriptedServer,
) -> None:
    """`astream_events` names the model's start, tokens and end, twice in this turn."""
    agent = create_agent(build_model(scripted), tools=[get_weather])

    events = [event async for event in agent.astream_events(_ask(), version="v2")]

    names = [event["event"] for event in events]
    assert names.count("on_chat_model_start") == names.count("on_chat_model_end") == 2
    assert names.count("on_tool_start") == names.count("on_tool_end") == 1
    tokens = [
        event["data"]["chunk"].text
        for event in events
        if event["event"] == "on_chat_model_stream"
    ]
    assert [token for token in tokens if token] == TOKENS
    end = [event for event in events if event["event"] == "on_chat_model_end"][-1]
    assert end["data"]["output"].text == ANSWER
    assert end["data"]["output"].usage_metadata["output_tokens"] == len(TOKENS)
    assert {e["name"] for e in events if e["event"] == "on_chat_model_start"} == {
        "ChatClarifai"
    }


@asynchronously
async def test_events_of_version_3_bring_each_message_in_parts(
    scripted: ScriptedServer, *, asynchronous: bool
) -> None:
    """Thoughts, calls and text are read apart, and the end is the whole state."""
    model = build_model(scripted, reasoning_effort="low")
    agent = create_agent(model, tools=[get_weather])

    if asynchronous:
        run = await agent.astream_events(_ask(), version="v3")
        read = [
            (
                [text async for text in message.text],
                "".join([text async for text in message.reasoning]),
                await message.output,
            )
            async for message in run.messages
        ]
        state = await run.output()
    else:
        run_sync = agent.stream_events(_ask(), version="v3")
        read = [
            ([*message.text], "".join(message.reasoning), message.output)
            for message in run_sync.messages
        ]
        state = run_sync.output

    (no_text, why_call, call), (tokens, why_answer, answer) = read
    assert (no_text, tokens) == ([], TOKENS)
    assert why_call.endswith("So I call a tool.")
    assert why_answer.endswith("So I answer.")
    assert [each["args"] for each in call.tool_calls] == [{"city": "Paris"}]
    assert answer.text == ANSWER
    assert answer.usage_metadata is not None
    assert state is not None
    assert [message.text for message in state["messages"]] == [
        QUESTION,
        "",
        WEATHER,
        ANSWER,
    ]


@pytest.mark.local_model
async def test_local_model_streams_out_of_a_node(local_model_url: str) -> None:
    """A real model's tokens come one by one out of a node that only invokes."""
    graph = _build_graph(build_local_model(local_model_url), asynchronous=True)
    given = _ask("List the numbers from 1 to 10.")

    texts = [
        one.text
        async for one, _ in graph.astream(given, stream_mode="messages")
        if one.text
    ]

    assert len(texts) > 5
    assert "1, 2, 3" in "".join(texts)
