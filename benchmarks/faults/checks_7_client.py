"""Section 7: the client, in loops, threads and copies."""

from __future__ import annotations

import asyncio
import copy
import gc
import os
import pickle
import socket
import ssl
import sys
import threading
import warnings
from typing import Any

import cloudpickle
from blockbuster import blockbuster_ctx
from columns import KEY
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from payloads import completion, text_stream
from servers.wire import Reply, WireServer, event_stream_reply, json_reply
from stage import CheckFailedError, Stage, check, describe, expect, expect_equal


def answer(request: Any) -> Reply:
    """Answer whatever is asked, as a stream where that is asked for."""
    if (request.json or {}).get("stream"):
        return event_stream_reply(text_stream("Ja."))
    return json_reply(completion("Ja."))


@check(7)
def several_event_loops(stage: Stage) -> None:
    """One model serves one `asyncio.run` after the other, and sync calls between."""
    with WireServer(answer) as server:
        model = stage.build_model(origin=server.origin)
        for _ in range(3):
            expect_equal(str(asyncio.run(model.ainvoke("Da?")).text), "Ja.", "text")
            expect_equal(str(model.invoke("Da?").text), "Ja.", "text")
        expect_equal(len(server.exchanges), 6, "number of requests")


@check(7)
def loops_in_threads(stage: Stage) -> None:
    """One model serves several event loops at once, each in its thread."""
    texts: list[str] = []

    async def ask(model: Any) -> None:
        texts.extend([str((await model.ainvoke("Da?")).text) for _ in range(3)])

    def run(model: Any) -> None:
        try:
            asyncio.run(ask(model))
        except Exception as error:  # noqa: BLE001 - it is judged below
            texts.append(describe(error))

    with WireServer(answer) as server:
        model = stage.build_model(origin=server.origin)
        threads = [threading.Thread(target=run, args=(model,)) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    expect_equal(set(texts), {"Ja."}, "texts")
    expect_equal(len(texts), 12, "number of texts")


@check(7)
def several_threads(stage: Stage) -> None:
    """One model serves several threads at once."""
    texts: list[str] = []

    def run(model: Any) -> None:
        try:
            texts.extend(str(model.invoke("Da?").text) for _ in range(4))
        except Exception as error:  # noqa: BLE001 - it is judged below
            texts.append(describe(error))

    with WireServer(answer) as server:
        model = stage.build_model(origin=server.origin)
        threads = [threading.Thread(target=run, args=(model,)) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    expect_equal(texts, ["Ja."] * 32, "texts")


@check(7, alone=True, seconds=15)
def after_a_fork(stage: Stage) -> None:
    """A model that was used works in a forked process, on connections of its own."""
    with WireServer(answer) as server:
        model = stage.build_model(origin=server.origin)
        model.invoke("Da?")
        asyncio.run(model.ainvoke("Da?"))
        used = {one.connection for one in server.exchanges}
        child = os.fork()
        if child == 0:
            code = 1
            try:
                texts = (
                    str(model.invoke("Da?").text),
                    str(asyncio.run(model.ainvoke("Da?")).text),
                )
                code = 0 if texts == ("Ja.", "Ja.") else 2
            finally:
                os._exit(code)
        _, result = os.waitpid(child, 0)
        expect_equal(os.waitstatus_to_exitcode(result), 0, "exit code of the child")
        new = {one.connection for one in server.exchanges[2:]}
        expect_equal(len(server.exchanges), 4, "number of requests")
        expect(not new & used, "the child uses the parent's connection")
        expect_equal(str(model.invoke("Da?").text), "Ja.", "text of the parent")


@check(7, alone=True)
def nothing_is_left_unclosed(stage: Stage) -> None:
    """Event loops that end leave no warning of something unclosed."""
    heard: list[str] = []
    unraisable = sys.unraisablehook
    sys.unraisablehook = lambda hook: heard.append(repr(hook.exc_value))

    def keep(loop: Any, context: Any) -> None:
        del loop
        heard.append(str(context.get("message")))

    async def ask(model: Any) -> None:
        asyncio.get_running_loop().set_exception_handler(keep)
        await model.ainvoke("Da?")
        async for _ in model.astream("Da?"):
            pass

    with WireServer(answer) as server, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", ResourceWarning)
        model = stage.build_model(origin=server.origin)
        for _ in range(2):
            asyncio.run(ask(model))
        del model
        gc.collect()
        heard += [
            str(one.message)
            for one in warned
            if issubclass(one.category, ResourceWarning)
            and "127.0.0.1" not in str(one.message)
        ]
    sys.unraisablehook = unraisable
    told = [one for one in heard if "nclosed" in one or "losed" in one]
    expect(not told, f"there was {told[:2]}")


@check(7)
def equal_models_share_connections(stage: Stage) -> None:
    """Equal models share one pool of connections, sync and async."""
    with WireServer(answer) as server:
        for _ in range(20):
            stage.build_model(origin=server.origin).invoke("Da?")
        expect_equal(server.connections, 1, "number of connections")

    async def ask(origin: str) -> None:
        for _ in range(20):
            await stage.build_model(origin=origin).ainvoke("Da?")

    with WireServer(answer) as server:
        asyncio.run(ask(server.origin))
        expect_equal(server.connections, 1, "number of async connections")


@check(7, alone=True, seconds=60)
def construction_is_lazy(stage: Stage) -> None:
    """Forty models with equal settings make at most one TLS context."""
    gc.collect()
    before = count_contexts()
    models = [stage.build_model() for _ in range(40)]
    made = count_contexts() - before
    expect_equal(len(models), 40, "number of models")
    expect(made <= 1, f"they made {made} TLS contexts")


def count_contexts() -> int:
    """Count the TLS contexts that are alive."""
    return sum(isinstance(one, ssl.SSLContext) for one in gc.get_objects())


@tool
def ring_bell(times: int) -> str:
    """Ring the bell."""
    return "ding " * times


def expect_copies(stage: Stage, duplicate: Any) -> None:
    """Expect that copies of a used model work, alone and behind `bind_tools`."""
    with WireServer(answer) as server:
        model = stage.build_model(origin=server.origin)
        model.invoke("Da?")
        expect_equal(str(duplicate(model).invoke("Da?").text), "Ja.", "text")
        bound = duplicate(model.bind_tools([TOOL]))
        expect_equal(str(bound.invoke("Da?").text), "Ja.", "text")
        expect("tools" in server.last_request.json, "the tools are lost")
        sent = server.last_request.headers.get("authorization", "")
        expect(KEY in sent, "the key is lost")


TOOL = {
    "type": "function",
    "function": {
        "name": "ring_bell",
        "description": "Ring the bell.",
        "parameters": {"type": "object", "properties": {"times": {"type": "integer"}}},
    },
}


@check(7)
def pickle_copies(stage: Stage) -> None:
    """A used model can be pickled, also behind `bind_tools`."""
    expect_copies(stage, lambda one: pickle.loads(pickle.dumps(one)))  # noqa: S301


@check(7)
def cloudpickle_copies(stage: Stage) -> None:
    """A used model can be cloudpickled, also behind `bind_tools`."""
    expect_copies(stage, lambda one: pickle.loads(cloudpickle.dumps(one)))  # noqa: S301


@check(7)
def deep_copies(stage: Stage) -> None:
    """A used model can be copied deeply, also behind `bind_tools`."""
    expect_copies(stage, copy.deepcopy)


@check(7)
def changed_settings_are_used(stage: Stage) -> None:
    """`model_copy(update=…)` of a used model talks to its new address."""
    with WireServer(answer) as server, WireServer(answer) as other:
        model = stage.build_model(origin=server.origin)
        model.invoke("Da?")
        address = other.origin + stage.column.path
        changed = model.model_copy(update={stage.column.base_url_field: address})
        changed.invoke("Da?")
        asyncio.run(changed.ainvoke("Da?"))
        expect_equal(len(other.exchanges), 2, "number of requests at the new address")
        expect_equal(len(server.exchanges), 1, "number of requests at the old one")


@check(7)
def close_releases_connections(stage: Stage) -> None:
    """`close()` and `with` release what a model opened, whoever else is at work."""
    with WireServer(answer) as server, WireServer(answer) as other:
        neighbour = stage.build_model(origin=other.origin)
        neighbour.invoke("Da?")
        model = stage.build_model(origin=server.origin)
        model.invoke("Da?")
        model.close()
        expect_released(server)
        with stage.build_model(origin=server.origin) as opened:
            opened.invoke("Da?")
        expect_released(server)
        expect_equal(str(neighbour.invoke("Da?").text), "Ja.", "the other's text")


@check(7)
def aclose_releases_connections(stage: Stage) -> None:
    """`aclose()` and `async with` do so in an event loop."""

    async def ask(server: WireServer, other: WireServer) -> None:
        neighbour = stage.build_model(origin=other.origin)
        await neighbour.ainvoke("Da?")
        model = stage.build_model(origin=server.origin)
        await model.ainvoke("Da?")
        await model.aclose()
        await asyncio.to_thread(expect_released, server)
        async with stage.build_model(origin=server.origin) as opened:
            await opened.ainvoke("Da?")
        await asyncio.to_thread(expect_released, server)
        text = str((await neighbour.ainvoke("Da?")).text)
        expect_equal(text, "Ja.", "the other's text")

    with WireServer(answer) as server, WireServer(answer) as other:
        asyncio.run(ask(server, other))


def expect_released(server: WireServer) -> None:
    """Expect that no connection is open, after a moment."""
    waited = threading.Event()
    for _ in range(50):
        if not server.open_connections:
            return
        waited.wait(0.02)
    raise CheckFailedError(f"{server.open_connections} connections are still open")


@check(7, alone=True)
def first_ainvoke_does_not_block(stage: Stage) -> None:
    """The first `ainvoke` does no blocking call on the event loop."""

    async def ask(model: Any) -> str:
        with blockbuster_ctx():
            return str((await model.ainvoke("Da?")).text)

    with WireServer(answer) as server:
        model = stage.build_model(origin=server.origin)
        expect_equal(asyncio.run(ask(model)), "Ja.", "text")


FOREIGN = {
    "OPENAI_API_KEY": "sk-foreign-openai",
    "OPENAI_ORG_ID": "org-foreign",
    "OPENAI_ORGANIZATION": "org-foreign",
    "OPENAI_PROJECT_ID": "proj-foreign",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/foreign",
    "OPENAI_API_BASE": "http://127.0.0.1:9/foreign",
}


@check(7, alone=True)
def settings_of_openai_are_not_sent(stage: Stage) -> None:
    """Key, organisation, project and address of OpenAI's variables are not sent."""
    os.environ.update(FOREIGN)
    with WireServer(answer) as server:
        model = stage.build_model(origin=server.origin)
        model.invoke("Da?")
        asyncio.run(model.ainvoke("Da?"))
        for request in server.requests:
            sent = f"{dict(request.headers)} {request.json}"
            expect("foreign" not in sent, "one of them is sent")


@check(7, alone=True)
def key_of_openai_is_not_read(stage: Stage) -> None:
    """Without a key of its own, a model does not take OpenAI's."""
    os.environ.update(FOREIGN)
    with WireServer(answer) as server:
        try:
            stage.build_model(origin=server.origin, key=None).invoke("Da?")
        except Exception as raised:  # noqa: BLE001 - any error will do that names the key
            text = str(raised)
            expect("_API_KEY" in text or "_PAT" in text or "api_key" in text, text)
        for request in server.requests:
            expect("foreign" not in str(request.headers), "OpenAI's key is sent")


@check(7)
def key_does_not_follow_a_redirect(stage: Stage) -> None:
    """A redirect to another host does not get the key."""
    for how in ("invoke", "ainvoke"):
        with WireServer(answer) as other:
            foreign = other.origin.replace("127.0.0.1", "localhost")
            address = f"{foreign}/v2/ext/openai/v1/chat/completions"
            away = Reply(status=307, headers={"location": address})
            stage.play(how, away)
            for request in other.requests:
                sent = f"{dict(request.headers)}"
                expect(KEY not in sent, f"{how}: the key went to another host")


@check(7, alone=True)
def tokens_are_counted_offline(stage: Stage) -> None:
    """`get_num_tokens*` estimate without the network, tools included."""
    asked: list[Any] = []

    def refuse(*arguments: Any, **_: Any) -> Any:
        asked.append(arguments[:1])
        raise OSError("There is no network.")

    model = stage.build_model()
    socket.getaddrinfo = refuse
    socket.socket.connect = refuse  # type: ignore[method-assign]  # of this process only
    text = model.get_num_tokens("Der Zug nach Chur fährt um vier Minuten nach zehn.")
    messages = [HumanMessage("Wann fährt der Zug?")]
    plain = model.get_num_tokens_from_messages(messages)
    more = model.get_num_tokens_from_messages(messages, tools=[ring_bell])
    expect(5 < text < 50, f"the text has {text} tokens")
    expect(plain > 3, f"the message has {plain} tokens")
    expect(more > plain, f"tools add {more - plain} tokens")
    expect(not asked, f"the network was asked for {asked[:1]}")
