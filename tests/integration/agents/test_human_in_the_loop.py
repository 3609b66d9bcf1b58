"""A human decides about the calls of `ChatClarifai`, and the run goes on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from tests.integration.agents.running import every_way, run
from tests.integration.agents.turns import calls_reply, text_reply, tool_result, user
from tests.integration.agents.weather import (
    QUESTION,
    WEATHER,
    get_weather,
    weather_call,
)
from tests.servers.openai_wire import JSON, tool_call
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.graph.state import CompiledStateGraph

    from tests.integration.agents.running import Way
    from tests.servers.wire import WireServer

THREAD: RunnableConfig = {"configurable": {"thread_id": "1"}}
SIGNED = weather_call(extra_content={"google": {"thought_signature": "c2ln+/="}})
"""A call that only its own provider can check: it has to go back as it came."""


@tool
def send_mail(to: str) -> str:
    """Send a mail."""
    return f"Sent to {to}."


def _build_agent(
    wire: WireServer, **settings: Any
) -> CompiledStateGraph[Any, Any, Any, Any]:
    review: dict[str, Any] = {"get_weather": True, "send_mail": True}
    return create_agent(
        build_model(wire),
        tools=[get_weather, send_mail],
        middleware=[HumanInTheLoopMiddleware(review, **settings)],
        checkpointer=InMemorySaver(),
    )


async def _decide(
    agent: CompiledStateGraph[Any, Any, Any, Any], way: Way, *decisions: JSON
) -> dict[str, Any]:
    return await run(agent, Command(resume={"decisions": list(decisions)}), way, THREAD)


def _read_requested_actions(state: dict[str, Any]) -> list[tuple[str, JSON]]:
    (interrupt,) = state["__interrupt__"]
    actions = interrupt.value["action_requests"]
    return [(action["name"], action["args"]) for action in actions]


@every_way
async def test_call_waits_until_it_is_approved(wire: WireServer, way: Way) -> None:
    """The run stops before the tool; approved, it ends as if nobody had been asked."""
    wire.reply(calls_reply(SIGNED, text="Let me look."))
    agent = _build_agent(wire)

    state = await run(agent, QUESTION, way, THREAD)

    assert _read_requested_actions(state) == [("get_weather", {"city": "Paris"})]
    assert len(wire.requests) == 1
    wire.reply(text_reply("Sunny."))
    state = await _decide(agent, way, {"type": "approve"})
    assert state["messages"][-1].text == "Sunny."
    assert wire.last_request.json["messages"] == [
        user(QUESTION),
        {"role": "assistant", "content": "Let me look.", "tool_calls": [SIGNED]},
        tool_result(WEATHER),
    ]


@every_way
async def test_call_that_was_edited_runs_as_edited(wire: WireServer, way: Way) -> None:
    """The tool gets the other city; the model's own call goes back as it was signed."""
    wire.reply(calls_reply(SIGNED))
    agent = _build_agent(wire, edit_notice=None)
    await run(agent, QUESTION, way, THREAD)

    wire.reply(text_reply("Sunny."))
    edited = {"name": "get_weather", "args": {"city": "Rome"}}
    await _decide(agent, way, {"type": "edit", "edited_action": edited})

    assert wire.last_request.json["messages"] == [
        user(QUESTION),
        {"role": "assistant", "tool_calls": [SIGNED]},
        tool_result("It is 21 degrees and sunny in Rome."),
    ]


@every_way
async def test_call_that_was_rejected_does_not_run(wire: WireServer, way: Way) -> None:
    """The model reads the reason in place of a result."""
    wire.reply(calls_reply(weather_call()))
    agent = _build_agent(wire)
    await run(agent, QUESTION, way, THREAD)

    wire.reply(text_reply("As you like."))
    state = await _decide(agent, way, {"type": "reject", "message": "Not now."})

    assert state["messages"][2].status == "error"
    assert state["messages"][-1].text == "As you like."
    _, call, result = wire.last_request.json["messages"]
    assert call == {"role": "assistant", "tool_calls": [weather_call()]}
    assert result["tool_call_id"] == "call_1"
    assert "Not now." in result["content"]
    assert "21 degrees" not in result["content"]


@every_way
async def test_calls_of_one_answer_are_decided_one_by_one(
    wire: WireServer, way: Way
) -> None:
    """Approved, rejected and answered by hand: each result follows under its id."""
    calls = [
        weather_call("Oslo", "call_a"),
        tool_call("send_mail", {"to": "Ada"}, call_id="call_b"),
        weather_call("Rome", "call_c"),
    ]
    wire.reply(calls_reply(*calls))
    agent = _build_agent(wire)
    state = await run(agent, "Look, and tell Ada.", way, THREAD)
    assert _read_requested_actions(state) == [
        ("get_weather", {"city": "Oslo"}),
        ("send_mail", {"to": "Ada"}),
        ("get_weather", {"city": "Rome"}),
    ]

    wire.reply(text_reply("Done."))
    await _decide(
        agent,
        way,
        {"type": "approve"},
        {"type": "reject", "message": "No mails."},
        {"type": "respond", "message": "It rains in Rome."},
    )

    _, assistant, oslo, mail, rome = wire.last_request.json["messages"]
    assert assistant == {"role": "assistant", "tool_calls": calls}
    assert oslo == tool_result("It is 21 degrees and sunny in Oslo.", "call_a")
    assert mail["tool_call_id"] == "call_b"
    assert "No mails." in mail["content"]
    assert rome == tool_result("It rains in Rome.", "call_c")


async def test_question_while_a_call_waits_makes_no_bad_request(
    wire: WireServer,
) -> None:
    """A new question instead of a decision: the open call gets a result on the wire."""
    wire.reply(calls_reply(weather_call()))
    agent = _build_agent(wire)
    await run(agent, QUESTION, config=THREAD)

    wire.reply(text_reply("Never mind."))
    state = await run(agent, "Forget it.", config=THREAD)

    assert state["messages"][-1].text == "Never mind."
    _, assistant, result, last = wire.last_request.json["messages"]
    assert assistant["tool_calls"] == [weather_call()]
    assert (result["role"], result["tool_call_id"]) == ("tool", "call_1")
    assert last == user("Forget it.")
