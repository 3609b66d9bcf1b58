"""Closing waits for nobody and harms nobody: what is in flight ends as it should."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

import openai
import pytest

from langchain_clarifai import ChatClarifai, ClarifaiEmbeddings
from langchain_clarifai._connections import loop_pools, pools
from langchain_clarifai._settings.lease import Lease
from tests.servers.echoing import echo
from tests.servers.openai_wire import choice, completion, sse, text_chunks
from tests.servers.wire import (
    Pause,
    Reply,
    WireServer,
    event_stream_reply,
    json_reply,
)
from tests.unit.pooling import begin_call, build_model, list_loop_pools, list_pools

if TYPE_CHECKING:
    from collections.abc import Iterator

_THREADS = 8
_CALLS = 200


pytestmark = pytest.mark.usefixtures("fresh_pools")


def _wait_until_idle(wire: WireServer) -> None:
    deadline = time.monotonic() + 5
    while wire.open_connections and time.monotonic() < deadline:
        time.sleep(0.01)
    assert wire.open_connections == 0


def _ask(model: ChatClarifai, text: str, number: int) -> str:
    if number % 2:
        return "".join(piece.text for piece in model.stream(text))
    return model.invoke(text).text


async def _aask(model: ChatClarifai, text: str, number: int) -> str:
    if number % 2:
        return "".join([piece.text async for piece in model.astream(text)])
    return (await model.ainvoke(text)).text


@contextmanager
def _watching_machine() -> Iterator[list[float]]:
    """Yield by how many seconds a thread that only sleeps is woken too late.

    So long a busy machine holds up this process, whatever that does.
    """
    delays, is_over = [0.0], threading.Event()

    def sleep() -> None:
        while not is_over.is_set():
            started = time.monotonic()
            time.sleep(0.01)
            delays.append(time.monotonic() - started - 0.01)

    thread = threading.Thread(target=sleep)
    thread.start()
    try:
        yield delays
    finally:
        is_over.set()
        thread.join()


@pytest.mark.slow
def test_threads_that_close_after_each_call_get_every_answer(wire: WireServer) -> None:
    """Eight threads, 200 calls each: every answer its own, none lost, each sent once.

    One model is shared by all. No call is slower than a second.
    """
    wire.handler = echo
    model = build_model(wire, max_retries=0, timeout=20)

    def work(thread: int) -> list[tuple[str, str, float]]:
        seen = []
        for number in range(_CALLS):
            started = time.monotonic()
            text = _ask(model, f"{thread}.{number}", number)
            model.close()
            seen.append((f"{thread}.{number}", text, time.monotonic() - started))
        return seen

    with _watching_machine() as delays, ThreadPoolExecutor(_THREADS) as executor:
        seen = [*chain.from_iterable(executor.map(work, range(_THREADS)))]
    assert [text for _, text, _ in seen] == [f"echo:{asked}" for asked, _, _ in seen]
    assert len(wire.exchanges) == _THREADS * _CALLS
    assert max(seconds for _, _, seconds in seen) - max(delays) < 1
    assert not list_pools()
    _wait_until_idle(wire)


@pytest.mark.slow
async def test_tasks_that_close_after_each_call_get_every_answer(
    wire: WireServer,
) -> None:
    """Likewise in one event loop."""
    wire.handler = echo
    model = build_model(wire, max_retries=0, timeout=20)

    async def work(task: int) -> list[float]:
        seconds = []
        for number in range(_CALLS):
            started = time.monotonic()
            text = f"{task}.{number}"
            assert await _aask(model, text, number) == f"echo:{text}"
            await model.aclose()
            seconds.append(time.monotonic() - started)
        return seconds

    with _watching_machine() as delays:
        slowest = await asyncio.gather(*(work(task) for task in range(_THREADS)))
    assert len(wire.exchanges) == _THREADS * _CALLS
    assert max(max(seconds) for seconds in slowest) - max(delays) < 1
    assert not list_loop_pools()
    await asyncio.to_thread(_wait_until_idle, wire)


@pytest.mark.slow
def test_loops_in_threads_that_close_after_each_call_get_every_answer(
    wire: WireServer,
) -> None:
    """The pools of all loops are in one table, which changes while others walk it."""
    wire.handler = echo
    model = build_model(wire, max_retries=0, timeout=20)

    async def work(thread: int) -> None:
        for number in range(25):
            text = f"{thread}.{number}"
            assert await _aask(model, text, number) == f"echo:{text}"
            await model.aclose()

    with ThreadPoolExecutor(_THREADS) as executor:
        list(executor.map(lambda thread: asyncio.run(work(thread)), range(_THREADS)))
    assert len(wire.exchanges) == _THREADS * 25


def test_close_during_a_call_leaves_it_alone(wire: WireServer) -> None:
    """The model closes at once; the answer ends as it should, and then the pool."""
    release = threading.Event()
    wire.reply(
        Reply(before=[release], body=json_reply(completion(choice("late"))).body)
    )
    model = build_model(wire)
    with ThreadPoolExecutor(1) as executor:
        answer = executor.submit(model.invoke, "a")
        while not wire.exchanges:
            time.sleep(0.01)
        [pool] = list_pools()
        model.close()
        assert not list_pools()
        assert not pool.http_client.is_closed
        release.set()
        assert answer.result(5).text == "late"
    assert pool.http_client.is_closed


def test_model_in_a_with_block_may_leave_a_stream_open(wire: WireServer) -> None:
    """A handler that returns a stream from within `with model:` streams to its end."""
    release = threading.Event()
    events = [sse(event, done=False) for event in text_chunks("a", "b")]
    wire.reply(event_stream_reply(*events[:2], release, *events[2:], sse()))
    with build_model(wire) as model:
        stream = model.stream("hi")
        text = next(stream).text
    [exchange] = wire.exchanges
    release.set()
    assert text + "".join(piece.text for piece in stream) == "ab"
    assert not exchange.client_left.is_set()
    _wait_until_idle(wire)


async def test_model_in_an_async_with_block_may_leave_a_stream_open(
    wire: WireServer,
) -> None:
    """Likewise; the pool is closed by the end of the stream."""
    release = threading.Event()
    events = [sse(event, done=False) for event in text_chunks("a", "b")]
    wire.reply(event_stream_reply(*events[:2], release, *events[2:], sse()))
    async with build_model(wire) as model:
        stream = model.astream("hi")
        text = (await anext(stream)).text
        [pool] = list_loop_pools()
    assert not pool.http_client.is_closed
    release.set()
    assert text + "".join([piece.text async for piece in stream]) == "ab"
    assert pool.http_client.is_closed


async def test_stream_that_is_dropped_after_closing_ends_its_pool(
    wire: WireServer,
) -> None:
    """Whoever ends the last answer closes the pool, also by leaving it."""
    for _ in range(2):
        wire.reply(event_stream_reply(sse(*text_chunks("a", "b")[:2], done=False)))
    model = build_model(wire)
    sync_stream: Any = model.stream("hi")
    next(sync_stream)
    stream: Any = model.astream("hi")
    await anext(stream)
    [pool], [loop_pool] = list_pools(), list_loop_pools()
    await model.aclose()
    assert not pool.http_client.is_closed
    assert not loop_pool.http_client.is_closed
    sync_stream.close()
    await stream.aclose()
    assert pool.http_client.is_closed
    assert loop_pool.http_client.is_closed


async def test_a_cancelled_call_after_closing_ends_its_pool(wire: WireServer) -> None:
    """A request that is given up is no longer in flight."""
    wire.reply(Reply(before=[threading.Event()]))
    model = build_model(wire)
    task = await begin_call(model, wire)
    [pool] = list_loop_pools()
    await model.aclose()
    assert not pool.http_client.is_closed
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pool.http_client.is_closed
    assert pool.in_flight == 0


def test_failed_requests_are_not_in_flight(wire: WireServer) -> None:
    """Whatever went wrong, before or after a connection was there."""
    wire.handler = lambda _: json_reply({"error": {"message": "no"}}, status=400)
    model = build_model(wire, max_retries=0)
    with pytest.raises(Exception, match="no"):
        model.invoke("a")
    with pytest.raises(Exception, match="no"):
        list(model.stream("a"))
    [pool] = list_pools()
    assert pool.in_flight == 0
    model.close()
    assert pool.http_client.is_closed


def test_close_at_exit_leaves_what_is_in_flight() -> None:
    """Only threads that are daemons still run then; they end with the process."""
    with WireServer(echo) as wire:
        model = build_model(wire)
        stream: Any = model.stream("a")
        next(stream)
        [pool] = list_pools()
        pools._close_at_exit()
        assert not pool.http_client.is_closed
        stream.close()
        assert pool.http_client.is_closed


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such timer")
def test_close_in_a_signal_handler_ends(wire: WireServer) -> None:
    """Whatever the handler interrupts, the lock that it holds included."""
    wire.handler = echo
    model = build_model(wire, max_retries=0)
    model.invoke("a")
    closed = [0]

    def close(*_: object) -> None:
        model.close()
        closed[0] += 1

    before = signal.signal(signal.SIGALRM, close)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    try:
        for number in range(300):
            assert model.invoke(str(number)).text == f"echo:{number}"
            for _ in range(50):
                model.close()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert closed[0]
    with pools._lock:  # as a handler would find it
        model.close()
    assert not list_pools()


async def test_many_servers_leave_no_pools() -> None:
    """A pool whose models are gone is closed by whoever opens the next: 400 servers."""
    opened = []
    for number in range(400):
        lease = Lease()
        url = f"https://{number}.example/v1"
        table, use = await loop_pools.lend(url, b"", lease)
        await table.take_back_and_close(use)
        opened.append(use.pool)
        del lease
        assert len(list_loop_pools()) <= 2
    assert sum(pool.http_client.is_closed for pool in opened) == 399
    await table.close(table.take_all())


@pytest.mark.slow
def test_a_daemon_thread_that_reads_at_exit_is_silent(wire: WireServer) -> None:
    """The interpreter ends while a thread waits for an answer; nothing complains."""
    wire.handler = lambda _: Reply(before=[Pause(30)])
    script = f"""
import threading, time
from langchain_clarifai import ChatClarifai
model = ChatClarifai(model="gpt-oss-120b", base_url={wire.url!r}, api_key="token")
threading.Thread(target=model.invoke, args=["a"], daemon=True).start()
time.sleep(1)
"""
    started = time.monotonic()
    process = subprocess.run(  # noqa: S603 - the script is our own
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert process.stderr == ""
    assert time.monotonic() - started < 25


@pytest.mark.parametrize(
    ("field", "build", "other"),
    [
        ("http_client", openai.DefaultAsyncHttpxClient, "http_async_client"),
        ("http_async_client", openai.DefaultHttpxClient, "http_client"),
    ],
)
def test_client_of_the_other_kind_is_refused_at_construction(
    wire: WireServer, field: str, build: Any, other: str
) -> None:
    """The text says where it belongs."""
    client = build()
    with pytest.raises(ValueError, match=f"give it as `{other}`"):
        build_model(wire, **{field: client})
    with pytest.warns(UserWarning, match=f"`{other}` is for"):
        assert build_model(wire, **{other: client})


@pytest.mark.parametrize("model_class", [ChatClarifai, ClarifaiEmbeddings])
@pytest.mark.parametrize("given", ["http_client", "http_async_client"])
def test_one_client_of_two_is_told_of_the_other(
    model_class: type[Any], given: str
) -> None:
    """Once, at the user's line: calls of the other kind would not go through it."""
    clients = {
        "http_client": openai.DefaultHttpxClient(),
        "http_async_client": openai.DefaultAsyncHttpxClient(),
    }
    arguments = {"model": "gpt-oss-120b", "api_key": "a-token"}
    (other,) = clients.keys() - {given}
    with pytest.warns(UserWarning, match=f"give `{other}`, too") as caught:
        model = model_class(**arguments, **{given: clients[given]})
    assert [warning.filename for warning in caught] == [__file__]
    # Copies say nothing, and neither do both, or none.
    assert model.model_copy(update={"timeout": 3})
    assert model_class(**arguments, **clients)
    assert model_class(**arguments)
