"""Deep Agents find `"clarifai:…"`: nothing called, nothing registered before."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from deepagents import create_deep_agent
from langchain_core.messages import AIMessage, HumanMessage

from tests.integration.agents.running import Way, every_way, read_bodies, run
from tests.integration.agents.turns import calls_reply, text_reply, tool_result, user
from tests.integration.agents.weather import WEATHER, get_weather, weather_call
from tests.servers.openai_wire import openai_error, runner_error, tool_call
from tests.servers.wire import Reply, Request, json_reply
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from tests.servers.wire import WireServer

GPT_OSS = "https://clarifai.com/openai/chat-completion/models/gpt-oss-120b"
OTHER = "https://clarifai.com/user/app/models/other"

NOTE = tool_call("write_file", {"file_path": "/note.txt", "content": "Buy bread."})
READ = tool_call("read_file", {"file_path": "/note.txt"}, call_id="call_2")

PROGRAM = """
import sys
from deepagents import create_deep_agent
assert "langchain_clarifai" not in sys.modules
agent = create_deep_agent(model="clarifai:gpt-oss-120b", system_prompt="Be brief.")
state = agent.invoke({"messages": [("user", "Note: buy bread.")]})
assert state["files"]["/note.txt"]["content"] == "Buy bread."
print(state["messages"][-1].text)
"""


@pytest.fixture
def clarifai(wire: WireServer, monkeypatch: pytest.MonkeyPatch) -> WireServer:
    """Let the environment name the server and the token, as users do."""
    monkeypatch.setenv("CLARIFAI_API_BASE", wire.origin)
    monkeypatch.setenv("CLARIFAI_PAT", "a-token")
    return wire


def test_name_works_in_a_fresh_process(clarifai: WireServer) -> None:
    """A turn with two calls of tools runs, and nobody has imported us or warned."""
    clarifai.reply(calls_reply(NOTE), calls_reply(READ), text_reply("Noted."))
    command = [sys.executable, "-W", "error", "-c", PROGRAM]

    process = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program

    assert (process.stdout, process.stderr) == ("Noted.\n", "")
    first, second, third = read_bodies(clarifai)
    assert first["model"] == GPT_OSS
    names = {each["function"]["name"] for each in first["tools"]}
    assert {"ls", "read_file", "write_file", "edit_file", "task"} <= names
    assert first.keys() == {"model", "tools", "messages"}
    start = [{"role": "system", "content": "Be brief."}, user("Note: buy bread.")]
    assert first["messages"] == start
    assert second["messages"][2] == {"role": "assistant", "tool_calls": [NOTE]}
    assert "Buy bread." in third["messages"][-1]["content"]
    authorization = clarifai.last_request.headers["authorization"]
    assert authorization == "Bearer a-token"


@every_way
async def test_name_works_in_each_way(clarifai: WireServer, way: Way) -> None:
    """Our own tools beside those of Deep Agents, on a model named by its URL."""
    clarifai.reply(calls_reply(weather_call()), text_reply("Sunny."))
    agent = create_deep_agent(model=f"clarifai:{OTHER}", tools=[get_weather])

    state = await run(agent, "What is the weather in Paris?", way)

    assert state["messages"][-1].text == "Sunny."
    first, second = read_bodies(clarifai)
    assert (first["model"], second["model"]) == (OTHER, OTHER)
    assert second["messages"][-1] == tool_result(WEATHER)


async def test_subagent_runs_on_a_name_of_its_own(clarifai: WireServer) -> None:
    """The main agent hands a task to one with another model, and gets its answer."""
    task = {"description": "Find the weather.", "subagent_type": "forecaster"}
    clarifai.reply(
        calls_reply(tool_call("task", task)),
        calls_reply(weather_call(call_id="call_2")),
        text_reply("Sunny in Paris."),
        text_reply("It will be sunny."),
    )
    forecaster: Any = {
        "name": "forecaster",
        "description": "Knows the weather.",
        "system_prompt": "You know the weather.",
        "tools": [get_weather],
        "model": f"clarifai:{OTHER}",
    }
    agent = create_deep_agent(model="clarifai:gpt-oss-120b", subagents=[forecaster])

    state = await run(agent, "Will it be sunny?", Way.AINVOKE)

    assert state["messages"][-1].text == "It will be sunny."
    bodies = read_bodies(clarifai)
    assert [body["model"] for body in bodies] == [GPT_OSS, OTHER, OTHER, GPT_OSS]
    assert bodies[1]["messages"][-1] == user("Find the weather.")
    assert bodies[3]["messages"][-1] == tool_result("Sunny in Paris.", name="task")


TOO_LONG = "This model's maximum context length is 8192 tokens, you sent 9000."
OVERFLOWS = {
    "400": json_reply(openai_error(TOO_LONG), status=400),
    "runner": json_reply(runner_error(TOO_LONG)),
}


@pytest.mark.parametrize("overflow", OVERFLOWS)
@pytest.mark.parametrize("way", [Way.INVOKE, Way.ASTREAM], ids=["sync", "async"])
async def test_overflow_makes_a_summary_and_another_attempt(
    wire: WireServer, way: Way, overflow: str
) -> None:
    """Deep Agents knows our error as an overflow, in whichever shape it came."""
    history = [
        message
        for turn in range(20)
        for message in (HumanMessage(f"Question {turn}."), AIMessage("word " * 50))
    ]
    requested: list[int] = []

    def handle(request: Request) -> Reply:
        messages = request.json["messages"]
        if "Context Extraction Assistant" in str(messages[0]["content"]):
            return text_reply("They asked twenty questions.")
        requested.append(len(messages))
        return OVERFLOWS[overflow] if len(requested) == 1 else text_reply("Short.")

    wire.handler = handle
    agent = create_deep_agent(model=build_model(wire), system_prompt="Be brief.")

    state = await run(agent, {"messages": [*history, HumanMessage("And now?")]}, way)

    assert state["messages"][-1].text == "Short."
    whole, short = requested
    assert whole == 42
    assert short < 30
    sent = wire.last_request.json["messages"]
    assert sent[0] == {"role": "system", "content": "Be brief."}
    assert "They asked twenty questions." in sent[1]["content"]
    assert sent[-1] == user("And now?")
