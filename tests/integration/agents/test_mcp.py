"""Tools of a real MCP server, over stdio and over HTTP, in the hands of an agent."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from langchain.agents import create_agent
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools

from tests.integration.agents.mcp_server import PIXEL
from tests.integration.agents.turns import calls_reply, text_reply, tool_result, user
from tests.integration.agents.weather import QUESTION, WEATHER, weather_call
from tests.servers.openai_wire import tool_call
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.scripted import ScriptedServer
    from tests.servers.wire import WireServer

SERVER = str(Path(__file__).with_name("mcp_server.py"))
START_SECONDS = 60.0

PICTURE = base64.b64encode(PIXEL).decode()
PICTURE_PART = {
    "type": "image_url",
    "image_url": {"url": f"data:image/png;base64,{PICTURE}"},
}


@pytest.fixture(scope="module")
def http_server() -> Iterator[str]:
    """Run the server on a free port; yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, SERVER, "http", str(port)]
    with subprocess.Popen(command) as process:  # noqa: S603 - our own script
        try:
            _wait_for_port(port, process)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.terminate()


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "the MCP server ended at once"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the MCP server does not listen")


@pytest.fixture(params=["stdio", "http"])
def connection(request: pytest.FixtureRequest) -> Any:
    """Tell LangChain's client where the server is."""
    if request.param == "stdio":
        return {
            "transport": "stdio",
            "command": sys.executable,
            "args": [SERVER, "stdio"],
        }
    return {
        "transport": "streamable_http",
        "url": request.getfixturevalue("http_server"),
    }


# A server over stdio is a process for each call: two tests of it are enough.
over_http = pytest.mark.parametrize("connection", ["http"], indirect=True)


async def test_tools_of_a_server_are_called_and_answered(
    scripted: ScriptedServer, connection: Any
) -> None:
    """The strict server takes the tools' schemas, and the result as a string."""
    tools = await MultiServerMCPClient({"weather": connection}).get_tools()
    assert [tool.name for tool in tools] == [
        "get_weather",
        "draw_weather",
        "break_down",
    ]
    weather_tools = [tool for tool in tools if tool.name == "get_weather"]
    agent = create_agent(build_model(scripted), tools=weather_tools)

    given: Any = {"messages": [user(QUESTION)]}
    state = await agent.ainvoke(given)

    assert state["messages"][-1].text == f"The tool says: {WEATHER}"
    first, second = (request.json for request in scripted.requests)
    (sent,) = first["tools"]
    assert sent["function"]["name"] == "get_weather"
    assert sent["function"]["description"] == "Get the current weather for a city."
    assert sent["function"]["parameters"]["required"] == ["city"]
    assert sent["function"]["parameters"]["properties"]["city"]["type"] == "string"
    _, call, result = second["messages"]
    assert result == tool_result(WEATHER, call["tool_calls"][0]["id"])


async def test_picture_of_a_tool_follows_after_all_results(
    wire: WireServer, connection: Any
) -> None:
    """Text is the result; the picture comes in a user's message behind all of them."""
    tools = await MultiServerMCPClient({"weather": connection}).get_tools()
    calls = [
        tool_call("draw_weather", {"city": "Oslo"}, call_id="call_a"),
        weather_call("Paris", "call_b"),
    ]
    wire.reply(calls_reply(*calls), text_reply("Blue."))
    agent = create_agent(build_model(wire), tools=tools)
    given: Any = {"messages": [user("Draw Oslo, tell Paris.")]}

    state = await agent.ainvoke(given)

    assert state["messages"][-1].text == "Blue."
    assert wire.last_request.json["messages"] == [
        user("Draw Oslo, tell Paris."),
        {"role": "assistant", "tool_calls": calls},
        tool_result("The sky over Oslo:", "call_a", "draw_weather"),
        tool_result(WEATHER, "call_b"),
        {"role": "user", "content": [PICTURE_PART]},
    ]


@over_http
async def test_picture_stays_in_the_result_where_the_model_takes_it(
    wire: WireServer, connection: Any
) -> None:
    """With `image_tool_message` in the profile, the result holds both parts."""
    tools = await MultiServerMCPClient({"weather": connection}).get_tools()
    call = tool_call("draw_weather", {"city": "Oslo"})
    wire.reply(calls_reply(call), text_reply("Blue."))
    model = build_model(wire, profile={"image_tool_message": True})
    given: Any = {"messages": [user("Draw Oslo.")]}

    await create_agent(model, tools=tools).ainvoke(given)

    assert wire.last_request.json["messages"][-1] == {
        "role": "tool",
        "tool_call_id": "call_1",
        "name": "draw_weather",
        "content": [{"type": "text", "text": "The sky over Oslo:"}, PICTURE_PART],
    }


@over_http
async def test_tool_that_fails_on_the_server_tells_the_model(
    wire: WireServer, connection: Any
) -> None:
    """What the server reports as an error is the text of the result."""
    tools = await MultiServerMCPClient({"weather": connection}).get_tools()
    call = tool_call("break_down", {"reason": "The sky fell."})
    wire.reply(calls_reply(call), text_reply("Sorry."))
    agent = create_agent(build_model(wire), tools=tools)
    given: Any = {"messages": [user("Break down.")]}

    state = await agent.ainvoke(given)

    assert state["messages"][2].status == "error"
    _, _, result = wire.last_request.json["messages"]
    assert (result["role"], result["tool_call_id"]) == ("tool", "call_1")
    assert "The sky fell." in result["content"]


@over_http
async def test_one_session_serves_a_whole_conversation(
    wire: WireServer, connection: Any
) -> None:
    """Parallel calls and later turns share one session of the server."""
    calls = [weather_call("Oslo", "call_a"), weather_call("Rome", "call_b")]
    wire.reply(calls_reply(*calls), text_reply("Sunny."))
    wire.reply(calls_reply(weather_call("Paris", "call_c")), text_reply("Sunny too."))
    client = MultiServerMCPClient({"weather": connection})
    async with client.session("weather") as session:
        agent = create_agent(build_model(wire), tools=await load_mcp_tools(session))
        given: Any = {"messages": [user("Oslo and Rome?")]}
        state: Any = await agent.ainvoke(given)
        given = {"messages": [*state["messages"], user("And Paris?")]}
        state = await agent.ainvoke(given)

    assert state["messages"][-1].text == "Sunny too."
    sent = wire.last_request.json["messages"]
    assert [message["content"] for message in sent if message["role"] == "tool"] == [
        "It is 21 degrees and sunny in Oslo.",
        "It is 21 degrees and sunny in Rome.",
        WEATHER,
    ]
