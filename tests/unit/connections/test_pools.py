"""Clients are shared, lazy and safe with loops and forks; the user's stay open."""

from __future__ import annotations

import asyncio
import copy
import gc
import os
import subprocess
import sys
import threading
import time
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import openai
import pytest
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import ConfigurableField
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai
from langchain_clarifai._connections import loop_pools, pools, warm_up
from langchain_clarifai._connections.trust import build_tls_context
from langchain_clarifai._settings.lease import Lease
from tests.servers.echoing import echo
from tests.servers.openai_wire import completion, sse, text_chunks
from tests.servers.wire import (
    End,
    Reply,
    WireServer,
    event_stream_reply,
    json_reply,
)
from tests.unit.pooling import begin_call, build_model, list_loop_pools, list_pools

if TYPE_CHECKING:
    import ssl


pytestmark = pytest.mark.usefixtures("fresh_pools")


# --- Sharing and laziness ------------------------------------------------------------


@pytest.mark.slow
def test_models_are_built_without_importing_the_sdk() -> None:
    """A thousand models cost no client, no TLS context and no import of the SDK."""
    script = """
import sys
from langchain_clarifai import ChatClarifai
models = [ChatClarifai(model="gpt-oss-120b", api_key="k") for _ in range(1_000)]
heavy = {"openai", "langchain_clarifai._connections.pools"}
print(sorted(heavy & set(sys.modules)))
"""
    process = subprocess.run(  # noqa: S603 - the script is our own
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert process.stdout == "[]\n"


def test_equal_and_unequal_settings_share_one_pool(wire: WireServer) -> None:
    """Many models, sync: one HTTP client, and one connection as they take turns."""
    wire.handler = echo
    models = [build_model(wire, temperature=n / 100) for n in range(50)]
    for model in models:
        model.invoke("a")
    assert wire.connections == 1
    [pool] = list_pools()
    assert len(pool.leases) == 50


async def test_models_in_a_loop_share_one_pool(wire: WireServer) -> None:
    """Many models, async: one HTTP client for the loop, one TLS context for all."""
    wire.handler = echo
    for number in range(20):
        await build_model(wire, temperature=number / 100).ainvoke("a")
    assert wire.connections == 1
    assert len(list_loop_pools()) == 1


def test_calls_without_tls_read_no_certificates(wire: WireServer) -> None:
    """It takes tens of milliseconds, and a server of one's own may be without."""
    wire.handler = echo
    with build_model(wire) as model:
        assert model.invoke("a").text == "echo:a"
        assert asyncio.run(model.ainvoke("b")).text == "echo:b"
    assert warm_up._tls_context is None


def test_sync_calls_and_all_loops_share_one_tls_context(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The context is built once, whoever asks first, however many at once."""
    wire.handler = echo
    built: list[ssl.SSLContext] = []
    build = build_tls_context

    def count() -> ssl.SSLContext:
        built.append(build())
        return built[-1]

    monkeypatch.setattr(warm_up, "build_tls_context", count)
    for module in (warm_up, loop_pools):
        monkeypatch.setattr(module, "speaks_tls", lambda *_: True)
    model = build_model(wire)

    async def rush() -> None:
        await asyncio.gather(*(model.ainvoke(str(number)) for number in range(50)))

    threads = [threading.Thread(target=asyncio.run, args=[rush()]) for _ in range(4)]
    for thread in threads:
        thread.start()
    model.invoke("a")
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert len(wire.exchanges) == 201


def test_models_that_are_gone_claim_nothing(wire: WireServer) -> None:
    """A claim ends with its model, closed or not."""
    wire.handler = echo
    build_model(wire).invoke("a")
    gc.collect()
    [pool] = list_pools()
    assert not pool.leases


def test_a_changed_setting_is_used_by_the_next_request(wire: WireServer) -> None:
    """Assignment, model_copy and configurable fields are all read for each request."""
    wire.handler = echo
    with WireServer(echo) as other:
        model = build_model(wire)
        model.invoke("a")
        model.model_copy(update={"base_url": other.url}).invoke("b")
        configurable = model.configurable_fields(
            base_url=ConfigurableField(id="base_url")
        )
        configurable.with_config(configurable={"base_url": other.url}).invoke("c")
        model.base_url = other.url
        model.invoke("d")
        texts = [r.json["messages"][-1]["content"] for r in other.requests]
    assert texts == ["b", "c", "d"]
    assert len(wire.exchanges) == 1


# --- Closing -------------------------------------------------------------------------


def test_the_last_model_that_closes_closes_the_pool(wire: WireServer) -> None:
    """Closing one of two leaves the other's connections alone."""
    wire.handler = echo
    first, second = build_model(wire), build_model(wire)
    first.invoke("a")
    second.invoke("a")
    [pool] = list_pools()
    assert pool is not None
    first.close()
    first.close()
    assert not pool.http_client.is_closed
    second.close()
    assert pool.http_client.is_closed
    first.invoke("a")
    assert wire.connections == 2


def test_close_before_any_request_does_nothing(wire: WireServer) -> None:
    """There is nothing to close, and nothing is built for it."""
    with build_model(wire):
        pass
    assert not list_pools()


def test_close_while_another_model_streams_does_not_disturb_it(
    wire: WireServer,
) -> None:
    """Also when the model that closes is a copy of the one that streams."""
    release = threading.Event()
    events = [sse(event, done=False) for event in text_chunks("a", "b")]
    wire.reply(
        event_stream_reply(*events[:2], release, *events[2:], b"data: [DONE]\n\n"),
    )
    model = build_model(wire)
    stream = model.stream("hi")
    text = next(stream).text
    for other in (
        build_model(wire),
        copy.copy(model),
        model.model_copy(),
        model.model_copy(update={"temperature": 0.5}),
        copy.deepcopy(model),
    ):
        wire.reply(json_reply(completion()))
        other.invoke("hi")
        other.close()
    release.set()
    assert text + "".join(piece.text for piece in stream) == "ab"


async def test_aclose_releases_the_pool_of_the_loop(wire: WireServer) -> None:
    """The connections are closed, sync ones too; the model stays usable."""
    wire.handler = echo
    async with build_model(wire) as model:
        await model.ainvoke("a")
        await asyncio.to_thread(model.invoke, "a")
        [pool] = list_loop_pools()
    assert pool.http_client.is_closed
    assert not list_pools()
    assert not list_loop_pools()
    await model.ainvoke("a")
    await model.aclose()
    await model.aclose()


async def test_aclose_leaves_what_other_models_use(wire: WireServer) -> None:
    """In the same loop, and in another one."""
    wire.handler = echo
    first, second = build_model(wire), build_model(wire)
    await first.ainvoke("a")
    await second.ainvoke("a")
    [pool] = list_loop_pools()
    await asyncio.to_thread(asyncio.run, first.aclose())
    assert first._lease in pool.leases
    await first.aclose()
    assert not pool.http_client.is_closed
    await second.aclose()
    assert pool.http_client.is_closed


async def test_the_users_own_clients_are_used_and_never_closed(
    wire: WireServer,
) -> None:
    """`http_client` and `http_async_client` are the user's to close."""
    wire.handler = echo
    http_client = openai.DefaultHttpxClient(headers={"x-mine": "sync"})
    http_async_client = openai.DefaultAsyncHttpxClient(headers={"x-mine": "async"})
    async with build_model(
        wire, http_client=http_client, http_async_client=http_async_client
    ) as model:
        await asyncio.to_thread(model.invoke, "a")
        await model.ainvoke("a")
    model.close()
    assert [r.headers["x-mine"] for r in wire.requests] == ["sync", "async"]
    assert not http_client.is_closed
    assert not http_async_client.is_closed
    assert not list_pools()
    http_client.close()
    await http_async_client.aclose()


# --- Loops and forks -----------------------------------------------------------------


def test_the_pool_of_a_loop_is_closed_with_it(wire: WireServer) -> None:
    """`asyncio.run` ends, and the server sees the connection close."""
    wire.handler = echo
    asyncio.run(_ask_once(build_model(wire)))
    assert not list_loop_pools()
    _wait_until_idle(wire)


# Nothing but the garbage collector can close a socket of a closed loop, and asyncio
# calls that "unclosed transport" where it is asked for such warnings.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_the_pool_of_a_loop_that_was_only_closed_is_forgotten(
    wire: WireServer,
) -> None:
    """The next loop that opens a pool drops it, with its sockets."""
    wire.handler = echo
    model = build_model(wire)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(_ask_once(model))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    [pool] = list_loop_pools()
    asyncio.run(_ask_once(model))
    assert pool.http_client.is_closed
    assert not list_loop_pools()
    del pool
    gc.collect()
    _wait_until_idle(wire)


def test_the_pools_of_closed_loops_are_dropped_at_exit(wire: WireServer) -> None:
    """The sync pool is closed, too."""
    wire.handler = echo
    build_model(wire).invoke("a")
    [pool] = list_pools()
    http_client = pool.http_client
    pools._close_at_exit()
    assert http_client.is_closed
    assert not list_pools()
    pools._close_at_exit()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
async def test_a_forked_child_starts_over(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pools and locks are new; what was inherited is neither used nor closed."""
    wire.handler = echo
    inherited: list[Any] = []
    for module in (pools, loop_pools):
        monkeypatch.setattr(module, "_inherited", inherited)
    model = build_model(wire)
    await model.ainvoke("a")
    await asyncio.to_thread(model.invoke, "a")
    [pool], [loop_pool] = list_pools(), list_loop_pools()
    held = pools._lock, loop_pools._lock, warm_up._tls_lock
    with held[0], held[1], held[2]:
        for module in (pools, loop_pools, warm_up):
            module._start_over_in_child()
    now = pools._lock, loop_pools._lock, warm_up._tls_lock
    assert not {id(lock) for lock in held} & {id(lock) for lock in now}
    assert [[*table.by_key.values()] for table in inherited] == [[pool], [loop_pool]]
    await model.ainvoke("a")
    await asyncio.to_thread(model.invoke, "a")
    assert wire.connections == 4
    assert not loop_pool.http_client.is_closed
    await model.aclose()
    pool.http_client.close()
    await loop_pool.http_client.aclose()


async def test_two_tasks_that_open_the_pool_at_once_open_one() -> None:
    """The second finds what the first has made while it waited for the context."""
    leases = [Lease() for _ in range(5)]
    opened = await asyncio.gather(
        *(loop_pools.lend("https://a.example/v1", b"", lease) for lease in leases)
    )
    assert len({id(use.pool) for _, use in opened}) == 1
    assert opened[0][1].pool.in_flight == 5


async def _ask_once(model: ChatClarifai) -> None:
    assert (await model.ainvoke("a")).text == "echo:a"


def _wait_until_idle(wire: WireServer) -> None:
    for _ in range(500):
        if not wire.open_connections:
            return
        threading.Event().wait(0.01)
    assert wire.open_connections == 0


# --- Cookies ------------------------------------------------------------------------


async def test_cookies_of_one_answer_never_travel_with_another_request(
    wire: WireServer,
) -> None:
    """The pool is shared by models with different tokens, so it keeps no cookies."""
    cookie = SimpleCookie({"session": "one"})["session"].OutputString()
    headers = {"set-cookie": f"{cookie}; Path=/"}
    # By name: aiohttp keeps no cookies of bare addresses anyhow.
    url = wire.url.replace("127.0.0.1", "localhost")
    wire.handler = lambda _: json_reply(completion(), headers=headers)
    for token in ("first", "second"):
        model = ChatClarifai(
            model="gpt-oss-120b", base_url=url, api_key=SecretStr(token)
        )
        await model.ainvoke("a")
        await asyncio.to_thread(model.invoke, "a")
    assert ["cookie" in request.headers for request in wire.requests] == [False] * 4


# --- Whoever stops reading stops the generation --------------------------------------


def _reply_without_end(wire: WireServer) -> None:
    events = [sse(event, done=False) for event in text_chunks("a", "b")[:3]]
    wire.reply(event_stream_reply(*events, end=End.SILENCE))


async def _break_off(model: ChatClarifai) -> None:
    async for _ in model.astream("a"):
        break


async def _aclose_stream(model: ChatClarifai) -> None:
    stream: Any = model.astream("a")
    await anext(stream)
    await stream.aclose()


async def _aclose_chain(model: ChatClarifai) -> None:
    stream: Any = (model | StrOutputParser()).astream("a")
    await anext(stream)
    await stream.aclose()


async def _cancel_stream(model: ChatClarifai) -> None:
    reading = asyncio.Event()

    async def read() -> None:
        async for _ in model.astream("a"):
            reading.set()

    task = asyncio.create_task(read())
    await reading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _break_off_sync(model: ChatClarifai) -> None:
    for _ in model.stream("a"):
        break


async def _close_sync(model: ChatClarifai) -> None:
    stream: Any = model.stream("a")
    next(stream)
    stream.close()


@pytest.mark.parametrize(
    "stop",
    [
        _break_off,
        _aclose_stream,
        _aclose_chain,
        _cancel_stream,
        _break_off_sync,
        _close_sync,
    ],
)
async def test_a_reader_that_stops_closes_the_connection(
    wire: WireServer, stop: Any
) -> None:
    """The server, which would be silent for ever, sees the client leave at once.

    Within 0.2 seconds, that is: the quickest of three, as the machine may be busy.
    """
    model = build_model(wire)
    delays = []
    for _ in range(3):
        _reply_without_end(wire)
        await stop(model)
        stopped = time.monotonic()
        exchange = wire.exchanges[-1]
        assert await asyncio.to_thread(exchange.client_left.wait, 5)
        assert exchange.client_left_at is not None
        delays.append(exchange.client_left_at - stopped)
    assert min(delays) < 0.2
    await model.aclose()


async def test_a_cancelled_call_closes_the_connection(wire: WireServer) -> None:
    """While the model thinks, before anything came; and it is not tried again."""
    wire.reply(Reply(before=[threading.Event()]))
    model = build_model(wire)
    task = await begin_call(model, wire)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(wire.exchanges[0].client_left.wait, 5)
    assert len(wire.exchanges) == 1
    await model.aclose()


def test_close_releases_a_server_though_models_of_another_live(
    wire: WireServer,
) -> None:
    """Each server has a pool of its own, so that closing means closing."""
    with WireServer(echo) as other:
        wire.handler = echo
        living = build_model(other)
        living.invoke("hello")
        with build_model(wire) as model:
            model.invoke("hello")
            assert wire.open_connections == 1
        deadline = time.monotonic() + 5
        while wire.open_connections and time.monotonic() < deadline:
            time.sleep(0.01)
        assert wire.open_connections == 0
        assert other.open_connections == 1
        living.close()


def test_pool_whose_models_are_gone_is_closed_for_the_next(wire: WireServer) -> None:
    """A process that meets many servers does not collect connections to them."""
    wire.handler = echo
    build_model(wire).invoke("hello")
    gc.collect()
    with WireServer(echo) as other:
        living = build_model(other)
        living.invoke("hello")
        assert len(list_pools()) == 1
        living.close()
