"""Threads of LangGraph's checkpointers: what a model needs back, it gets back.

A turn is stored, the store is closed and opened again, and the next turn is run by a
new agent: what its request holds can only have come through the store.
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AIMessageChunk
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from langchain_clarifai import ClarifaiError
from tests.integration.agents.turns import tool_result, user
from tests.integration.agents.weather import (
    QUESTION,
    WEATHER,
    get_weather,
    weather_call,
)
from tests.servers.openai_wire import (
    JSON,
    choice,
    chunk,
    completion,
    sse,
    tool_call,
    usage_chunk,
)
from tests.servers.wire import End, event_stream_reply, json_reply
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from langchain_core.runnables import RunnableConfig

    from tests.servers.wire import Reply, WireServer

pytestmark = pytest.mark.filterwarnings(
    # LangGraph says so whenever its newest event stream is asked for.
    "ignore:The v3 streaming protocol on Pregel is experimental"
)

THREAD: RunnableConfig = {"configurable": {"thread_id": "1"}}
SIGNATURE = {"google": {"thought_signature": "CiQB+/c2lnbmF0dXJl=="}}
SIGNED = weather_call(call_id="call_1__thought__c2ln+/=", extra_content=SIGNATURE)
CUT = '{"city": "Pa'

HOW = {
    "memory-invoke": ("memory", "invoke"),
    "memory-ainvoke": ("memory", "ainvoke"),
    "sqlite-invoke": ("sqlite", "invoke"),
    "sqlite-stream": ("sqlite", "stream"),
    "sqlite-events": ("sqlite", "events"),
    "aiosqlite-ainvoke": ("aiosqlite", "ainvoke"),
    "aiosqlite-astream": ("aiosqlite", "astream"),
    "aiosqlite-events": ("aiosqlite", "aevents"),
}
"""Where a thread is kept, and how its turns are run."""

every_how = pytest.mark.parametrize(("kept", "how"), HOW.values(), ids=list(HOW))


class Thread:
    """A thread in a store that is opened for each turn anew."""

    def __init__(self, wire: WireServer, kept: str, how: str, folder: Path) -> None:
        self.wire = wire
        self.kept = kept
        self.how = how
        self.path = str(folder / "thread.sqlite")
        self.memory = InMemorySaver()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Any]:
        """Open the store."""
        if self.kept == "memory":
            yield self.memory
        elif self.kept == "sqlite":
            with SqliteSaver.from_conn_string(self.path) as saver:
                yield saver
        else:
            async with AsyncSqliteSaver.from_conn_string(self.path) as saver:
                yield saver

    async def ask(self, question: str, *answers: JSON) -> list[Any]:
        """Run a turn on the answers; return the messages as they are kept."""
        self.wire.reply(*(self._build_reply(answer) for answer in answers))
        async with self.open() as saver:
            await self._run(self._build_agent(saver), {"messages": [user(question)]})
        async with self.open() as saver:
            agent = self._build_agent(saver)
            if self.kept == "aiosqlite":
                state = await agent.aget_state(THREAD)
            else:
                state = agent.get_state(THREAD)
        messages: list[Any] = state.values["messages"]
        return messages

    async def _run(self, agent: Any, given: Any) -> None:
        match self.how:
            case "invoke":
                agent.invoke(given, THREAD)
            case "ainvoke":
                await agent.ainvoke(given, THREAD)
            case "stream":
                list(agent.stream(given, THREAD, stream_mode="messages"))
            case "astream":
                async for _ in agent.astream(given, THREAD, stream_mode="messages"):
                    pass
            case "events":
                events = agent.stream_events(given, THREAD, version="v3")
                assert [list(message.text) for message in events.messages]
            case _:
                events = await agent.astream_events(given, THREAD, version="v3")
                assert [await message.text async for message in events.messages]

    def _build_agent(self, saver: Any) -> Any:
        return create_agent(
            build_model(self.wire), tools=[get_weather], checkpointer=saver
        )

    def _build_reply(self, message: JSON) -> Reply:
        """Send a message whole, or in pieces where the turn is streamed."""
        fields = dict(message)
        reason = fields.pop("finish_reason", "stop")
        content = fields.pop("content", None)
        if "invoke" in self.how:
            answer = choice(content, finish_reason=reason, **fields)
            return json_reply(completion(answer))
        calls = [
            {"index": index, **call}
            for index, call in enumerate(fields.pop("tool_calls", ()))
        ]
        texts = {**fields, "content": content or ""}
        deltas: list[JSON] = [{"role": "assistant", "content": ""}]
        for name, text in texts.items():
            deltas += [{name: text[:4]}, {name: text[4:]}]
        if calls:
            deltas.append({"tool_calls": calls})
        chunks = [chunk(delta) for delta in deltas]
        return event_stream_reply(
            sse(*chunks, chunk(finish_reason=reason), usage_chunk())
        )


@every_how
async def test_thoughts_and_signatures_go_back_verbatim(
    wire: WireServer, kept: str, how: str, tmp_path: Path
) -> None:
    """The next turn's request repeats reasoning, signature and ids as they came."""
    thread = Thread(wire, kept, how, tmp_path)
    await thread.ask(
        QUESTION,
        {
            "reasoning_content": "I have to look.",
            "tool_calls": [SIGNED],
            "finish_reason": "tool_calls",
        },
        {"reasoning_content": "It is sunny: say so.", "content": "Sunny."},
    )

    await thread.ask("And tomorrow?", {"content": "Rain."})

    assert wire.last_request.json["messages"] == [
        user(QUESTION),
        {
            "role": "assistant",
            "reasoning_content": "I have to look.",
            "tool_calls": [SIGNED],
        },
        tool_result(WEATHER, SIGNED["id"]),
        {
            "role": "assistant",
            "content": "Sunny.",
            "reasoning_content": "It is sunny: say so.",
        },
        user("And tomorrow?"),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {"reasoning": "Easy.", "content": "Sunny."},
        {"content": "<think>Easy.</think>\n\nSunny."},
    ],
    ids=["reasoning", "tags"],
)
@every_how
async def test_thoughts_go_back_where_they_came_from(
    wire: WireServer, kept: str, how: str, tmp_path: Path, answer: JSON
) -> None:
    """The field's name and the tags survive the store as well."""
    thread = Thread(wire, kept, how, tmp_path)
    _, message = await thread.ask(QUESTION, answer)
    assert message.text == "Sunny."
    assert message.additional_kwargs["reasoning_content"] == "Easy."

    await thread.ask("And tomorrow?", {"content": "Rain."})

    _, assistant, _ = wire.last_request.json["messages"]
    assert assistant == {"role": "assistant", **answer}


@every_how
async def test_broken_calls_stay_broken(
    wire: WireServer, kept: str, how: str, tmp_path: Path
) -> None:
    """A call that was cut off is still invalid when it is read from the store."""
    thread = Thread(wire, kept, how, tmp_path)
    cut = tool_call("get_weather", CUT)
    answer = {"tool_calls": [cut], "finish_reason": "length"}

    _, message = await thread.ask(QUESTION, answer)

    assert message.tool_calls == []
    (invalid,) = message.invalid_tool_calls
    assert (invalid["name"], invalid["args"], invalid["id"]) == (
        "get_weather",
        CUT,
        "call_1",
    )
    await thread.ask("Go on.", {"content": "Sunny."})
    _, assistant, result, _ = wire.last_request.json["messages"]
    assert assistant["tool_calls"] == [tool_call("get_weather", {"__raw__": CUT})]
    assert result["tool_call_id"] == "call_1"


@every_how
async def test_messages_come_out_of_the_store_as_they_went_in(
    wire: WireServer, kept: str, how: str, tmp_path: Path
) -> None:
    """Whole messages, plain classes, counts and metadata included."""
    thread = Thread(wire, kept, how, tmp_path)

    _, call, _, answer = await thread.ask(
        QUESTION,
        {"tool_calls": [SIGNED], "finish_reason": "tool_calls"},
        {"reasoning_content": "Easy.", "content": "Sunny."},
    )

    for message, reason in ((call, "tool_calls"), (answer, "stop")):
        assert type(message) is AIMessage
        assert message.usage_metadata == {
            "input_tokens": 7,
            "output_tokens": 5,
            "total_tokens": 12,
        }
        assert message.response_metadata["finish_reason"] == reason
        assert message.response_metadata["model_provider"] == "clarifai"
    assert [block["type"] for block in answer.content_blocks] == ["reasoning", "text"]
    (called,) = [b for b in call.content_blocks if b["type"] == "tool_call"]
    assert (called["name"], called["args"]) == ("get_weather", {"city": "Paris"})


# --- What LangGraph's strict serializer says -------------------------------------


def _pass_through_store(value: Any, caplog: pytest.LogCaptureFixture) -> Any:
    """Write and read a value as a checkpointer does that trusts known types only."""
    caplog.set_level(logging.DEBUG, "langgraph")
    serializer = JsonPlusSerializer(allowed_msgpack_modules=None)
    read = serializer.loads_typed(serializer.dumps_typed(value))
    assert [record.getMessage() for record in caplog.records] == []
    return read


CALL_AND_THOUGHT: JSON = {"reasoning_content": "Look.", "tool_calls": [SIGNED]}


def _reply_in_pieces(end: End = End.COMPLETE) -> Reply:
    pieces = [chunk({"content": "Sun"}), chunk({"content": "ny."})]
    last = [chunk(finish_reason="stop"), usage_chunk()] if end is End.COMPLETE else []
    return event_stream_reply(sse(*pieces, *last, done=end is End.COMPLETE), end=end)


def test_message_passes_a_strict_serializer(
    wire: WireServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing in a message of ours is of a type that LangGraph does not know."""
    wire.reply(json_reply(completion(choice(None, **CALL_AND_THOUGHT))))
    message = build_model(wire, include_response_headers=True).invoke("Hi.")

    assert _pass_through_store([message], caplog) == [message]


def test_sum_of_chunks_passes_a_strict_serializer(
    wire: WireServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The same holds for a stream that a node has added up."""
    wire.reply(_reply_in_pieces())
    first, *others = build_model(wire).stream("Hi.")
    total = sum(others, start=first)

    assert type(total) is AIMessageChunk
    assert _pass_through_store([total], caplog) == [total]


def test_partial_message_of_an_error_passes_a_strict_serializer(
    wire: WireServer, caplog: pytest.LogCaptureFixture
) -> None:
    """What an error rescued of an answer can be stored."""
    wire.reply(_reply_in_pieces(End.FIN))
    with pytest.raises(ClarifaiError) as caught:
        list(build_model(wire).stream("Hi."))

    message = caught.value.partial_message
    assert message is not None
    assert message.text == "Sunny."
    assert _pass_through_store([message], caplog) == [message]


def test_unfinished_sum_passes_a_strict_serializer(
    wire: WireServer, caplog: pytest.LogCaptureFixture
) -> None:
    """So can the sum of a stream that its reader has left."""
    wire.reply(_reply_in_pieces())
    chunks = build_model(wire).stream("Hi.")
    total: Any = next(chunks)

    read = _pass_through_store([total], caplog)

    assert isinstance(read[0], AIMessageChunk)
    assert read[0].text == total.text
