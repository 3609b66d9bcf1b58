"""Tools under any names → names that backends accept, and the way back."""

from __future__ import annotations

import functools
import operator
import pickle
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import wrap_model_call
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import StructuredTool

from langchain_clarifai._request.tool_names import ToolNames
from tests.servers.openai_wire import (
    choice,
    chunk,
    completion,
    sse,
    text_chunks,
    tool_call,
    tool_call_delta,
)
from tests.servers.wire import event_stream_reply, json_reply, split_every
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from tests.servers.wire import Reply, WireServer

SAFE = re.compile(r"[a-zA-Z0-9_-]{1,64}")
UNSAFE = [
    "files.read",
    "read a file",
    "mcp/files/read",
    "größe",
    "天気",
    "x" * 65,
    "a.b",
    "a b",
    "a/b",
]
ARGUMENTS = {"path": "/tmp"}  # noqa: S108 - no file is made


def build_tool(name: str) -> Any:
    def run(path: str = "") -> str:
        return f"{name} ran in {path}"

    return StructuredTool.from_function(run, name=name, description="Run.")


def reply_with(call: dict[str, Any]) -> Reply:
    return json_reply(
        completion(choice(None, finish_reason="tool_calls", tool_calls=[call]))
    )


def read_wire_names(body: dict[str, Any]) -> list[str]:
    return [tool["function"]["name"] for tool in body["tools"]]


def test_names_are_safe_and_told_apart_on_the_wire(wire: WireServer) -> None:
    """What a backend would refuse is replaced, one to one; safe names stay."""
    wire.reply(json_reply(completion()))
    tools = [build_tool(name) for name in (*UNSAFE, "safe-name_1")]

    build_model(wire).bind_tools(tools).invoke("hi")

    names = read_wire_names(wire.last_request.json)
    assert all(map(SAFE.fullmatch, names))
    assert len(set(names)) == len(tools)
    assert names[-1] == "safe-name_1"


@pytest.mark.parametrize("name", UNSAFE)
def test_call_bears_the_users_own_name(wire: WireServer, name: str) -> None:
    """In calls, history and results, the wire's name is the wire's alone."""
    model = build_model(wire).bind_tools([build_tool(name)], tool_choice=name)
    wire.reply(json_reply(completion()))
    model.invoke("hi")
    [wire_name] = read_wire_names(wire.last_request.json)
    chosen = wire.last_request.json["tool_choice"]
    assert chosen == {"type": "function", "function": {"name": wire_name}}
    wire.reply(reply_with(tool_call(wire_name, ARGUMENTS)), json_reply(completion()))

    message = model.invoke("hi")
    model.invoke([HumanMessage("hi"), message, ToolMessage("x", tool_call_id="call_1")])

    assert [call["name"] for call in message.tool_calls] == [name]
    _, asked, result = wire.last_request.json["messages"]
    assert asked["tool_calls"][0]["function"]["name"] == wire_name
    assert result["name"] == wire_name


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_no_chunk_shows_the_name_of_the_wire(wire: WireServer, size: int) -> None:
    """The first chunk of a call has the user's name, wherever the bytes are cut."""
    wire_name = ToolNames(["files.read"]).convert_to_wire("files.read")
    deltas = [
        tool_call_delta("", name=wire_name[:4], call_id="call_1"),
        tool_call_delta("", name=wire_name[4:]),
        tool_call_delta('{"path": "/t'),
        tool_call_delta('mp"}'),
    ]
    events = [chunk({"tool_calls": [delta]}) for delta in deltas]
    body = sse(*events, chunk(finish_reason="tool_calls"))
    wire.reply(event_stream_reply(*split_every(body, size)))
    model = build_model(wire).bind_tools([build_tool("files.read")])

    chunks: list[Any] = list(model.stream("hi"))

    shown = [call["name"] for part in chunks for call in part.tool_call_chunks]
    assert set(shown) - {None} == {"files.read"}
    total: AIMessageChunk = functools.reduce(operator.add, chunks)
    [call] = total.tool_calls
    assert (call["name"], call["args"]) == ("files.read", ARGUMENTS)


def test_invalid_call_bears_the_users_own_name(wire: WireServer) -> None:
    """Cut arguments make an invalid call of the tool that the user knows."""
    wire_name = ToolNames(["a.b"]).convert_to_wire("a.b")
    wire.reply(reply_with(tool_call(wire_name, '{"path": ')))

    message: Any = build_model(wire).bind_tools([build_tool("a.b")]).invoke("hi")

    assert [call["name"] for call in message.invalid_tool_calls] == ["a.b"]


def test_names_survive_pickle_and_config(wire: WireServer) -> None:
    """What is bound holds the user's names; each request makes its own way back."""
    wire_name = ToolNames(["a.b"]).convert_to_wire("a.b")
    bound = build_model(wire).bind_tools([build_tool("a.b")])
    for model in (pickle.loads(pickle.dumps(bound)), bound.with_config(tags=["x"])):  # noqa: S301 - our own
        wire.reply(reply_with(tool_call(wire_name, ARGUMENTS)))
        assert [call["name"] for call in model.invoke("hi").tool_calls] == ["a.b"]


@pytest.mark.slow
def test_names_survive_the_way_to_another_process(wire: WireServer) -> None:
    """A worker that unpickles what is bound shows the user's names, streamed too."""
    wire_name = ToolNames(["a.b"]).convert_to_wire("a.b")
    delta = tool_call_delta("{}", name=wire_name, call_id="call_1")
    streamed = sse(chunk({"tool_calls": [delta]}), chunk(finish_reason="tool_calls"))
    wire.reply(
        reply_with(tool_call(wire_name, ARGUMENTS)), event_stream_reply(streamed)
    )
    bound = build_model(wire).bind_tools([build_tool("a.b")], tool_choice="a.b")

    script = (
        "import pickle, sys; model = pickle.load(sys.stdin.buffer);"
        "print(model.invoke('hi').tool_calls[0]['name']);"
        "print(next(model.stream('hi')).tool_call_chunks[0]['name'])"
    )
    done = subprocess.run(  # noqa: S603 - this Python, and a constant
        [sys.executable, "-c", script],
        input=pickle.dumps(bound.with_config(tags=["x"])),
        capture_output=True,
        check=False,
    )

    assert (done.stdout.split(), done.stderr) == ([b"a.b", b"a.b"], b"")
    for request in wire.requests:
        assert read_wire_names(request.json) == [wire_name]
        assert request.json["tool_choice"]["function"]["name"] == wire_name


def test_history_name_that_collides_with_a_bound_tool_is_told_apart(
    wire: WireServer,
) -> None:
    """A tool of another binding is another tool, though their safe names are one."""
    taken = ToolNames().convert_to_wire("a.b")
    wire.reply(reply_with(tool_call(taken, ARGUMENTS)))
    past = AIMessage("", tool_calls=[{"name": "a.b", "args": {}, "id": "1"}])
    model = build_model(wire).bind_tools([build_tool(taken)])

    message = model.invoke([past, ToolMessage("x", tool_call_id="1")])

    asked, result = wire.last_request.json["messages"]
    past_name = asked["tool_calls"][0]["function"]["name"]
    assert past_name == result["name"] != taken
    assert SAFE.fullmatch(past_name)
    assert message.tool_calls[0]["name"] == taken


def test_history_of_other_bindings_keeps_its_names(wire: WireServer) -> None:
    """A call of a tool that is no longer bound goes out as it did, and comes back."""
    names = ToolNames(["a.b"])
    wire.reply(reply_with(tool_call(names.convert_to_wire("a.b"), ARGUMENTS)))
    past = AIMessage("", tool_calls=[{"name": "a.b", "args": {}, "id": "1"}])
    model = build_model(wire).bind_tools([build_tool("c.d")])

    message = model.invoke([past, ToolMessage("x", tool_call_id="1")])

    asked, _ = wire.last_request.json["messages"]
    wire_name = names.convert_to_wire("a.b")
    assert asked["tool_calls"][0]["function"]["name"] == wire_name
    assert message.tool_calls[0]["name"] == "a.b"


def test_name_that_looks_like_a_changed_one_is_told_apart() -> None:
    """A tool that happens to have the safe name of another keeps it."""
    taken = ToolNames().convert_to_wire("a.b")
    for order in (["a.b", taken], [taken, "a.b"]):
        names = ToolNames(order)
        assert names.convert_to_wire(taken) == taken
        assert names.convert_to_wire("a.b") != taken
        back = names.own_names
        assert {back[names.convert_to_wire(name)] for name in order} == set(order)


@pytest.mark.parametrize("chosen", [None, "auto", {"name": "a.b"}], ids=str)
def test_functions_are_renamed_as_tools_are(wire: WireServer, chosen: Any) -> None:
    """OpenAI's form before tools, which some servers still take, and answer in."""
    wire_name = ToolNames(["a.b"]).convert_to_wire("a.b")
    functions: list[Any] = [{"name": "a.b", "parameters": {}}, {"name": "safe"}]
    call = {"name": wire_name, "arguments": "{}"}
    wire.reply(json_reply(completion(choice(None, function_call=call))))
    chosen_by = {} if chosen is None else {"function_call": chosen}

    message = build_model(wire).invoke("hi", functions=functions, **chosen_by)

    body = wire.last_request.json
    assert body["functions"] == [
        {"name": wire_name, "parameters": {}},
        {"name": "safe"},
    ]
    wire_choice = {"name": wire_name} if isinstance(chosen, dict) else chosen
    assert body.get("function_call") == wire_choice
    assert [called["name"] for called in message.tool_calls] == ["a.b"]
    assert functions[0]["name"] == "a.b"


def test_structured_output_by_a_tool_with_an_unsafe_name(wire: WireServer) -> None:
    """A schema titled with blanks is called by its safe name, and its answer read."""
    schema = {"title": "a joke.", "type": "object", "properties": {"x": {}}}
    chain = build_model(wire).with_structured_output(schema)
    wire_name = ToolNames(["a joke."]).convert_to_wire("a joke.")
    wire.reply(reply_with(tool_call(wire_name, {"x": 1})))

    assert chain.invoke("hi") == {"x": 1}
    assert read_wire_names(wire.last_request.json) == [wire_name]


async def test_agent_whose_middleware_changes_tools_runs_them(
    wire: WireServer,
) -> None:
    """Each model call binds anew; calls of either tool reach the tool they name."""
    first, second = build_tool("files.read"), build_tool("files.write")

    @wrap_model_call
    async def alternate(request: Any, handler: Any) -> Any:
        asked = len(request.messages) == 1
        return await handler(request.override(tools=[first if asked else second]))

    names = ToolNames(["files.read", "files.write"])
    for call_id, tool in enumerate((first, second)):
        wire_name = names.convert_to_wire(tool.name)
        wire.reply(
            reply_with(tool_call(wire_name, ARGUMENTS, call_id=f"call_{call_id}"))
        )
    wire.reply(json_reply(completion(choice("done"))))
    agent: Any = create_agent(
        build_model(wire), tools=[first, second], middleware=[alternate]
    )

    state = await agent.ainvoke({"messages": [HumanMessage("go")]})

    results = [m.content for m in state["messages"] if isinstance(m, ToolMessage)]
    assert results == ["files.read ran in /tmp", "files.write ran in /tmp"]
    assert all(
        SAFE.fullmatch(name)
        for request in wire.requests
        for name in read_wire_names(request.json)
    )


def test_plain_streams_are_as_before(wire: WireServer) -> None:
    """Text needs no names."""
    wire.reply(event_stream_reply(sse(*text_chunks("a", "b"))))
    model = build_model(wire).bind_tools([build_tool("a.b")])

    assert "".join(part.text for part in model.stream("hi")) == "ab"
