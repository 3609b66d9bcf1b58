"""Connections serve one tenant only, and thousands of tenants leave none behind."""

from __future__ import annotations

import asyncio
import gc
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai, ClarifaiError
from langchain_clarifai._connections import loop_pools, pools, tables
from langchain_clarifai._connections.tenants import identify_tenant
from langchain_clarifai._settings.lease import Lease
from tests.servers.openai_wire import choice, completion, sse, text_chunks
from tests.servers.wire import (
    End,
    Framing,
    Pause,
    Reply,
    Request,
    WireServer,
    event_stream_reply,
    json_reply,
)
from tests.unit.pooling import list_loop_pools, list_pools
from tests.wire.ways import STREAMED, Way

_TOKEN: Final = "token-of-the-tests"
_TURNS: Final = 12

every_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)


pytestmark = pytest.mark.usefixtures("fresh_pools")


def _build(url: str, token: str = _TOKEN, **settings: Any) -> ChatClarifai:
    return ChatClarifai(
        model="gpt-oss-120b", base_url=url, api_key=SecretStr(token), **settings
    )


async def _ask(way: Way, model: ChatClarifai) -> str:
    match way:
        case Way.INVOKE:
            return (await asyncio.to_thread(model.invoke, "a")).text
        case Way.STREAM:
            chunks = await asyncio.to_thread(lambda: [*model.stream("a")])
            return "".join(chunk.text for chunk in chunks)
        case Way.AINVOKE:
            return (await model.ainvoke("a")).text
        case Way.ASTREAM:
            return "".join([chunk.text async for chunk in model.astream("a")])


# --- Answers that are sent twice ----------------------------------------------------


def _answer_twice(request: Request, seconds: float) -> Reply:
    """Send an answer with the caller's own token, and a while later all of it again."""
    token = request.headers["authorization"]
    if request.json.get("stream"):
        body = sse(*text_chunks(token))
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        headers = b"content-type: text/event-stream\r\ntransfer-encoding: chunked"
    else:
        body = json.dumps(completion(choice(token))).encode()
        headers = b"content-type: application/json\r\ncontent-length: %d" % len(body)
    whole = b"HTTP/1.1 200 OK\r\n%b\r\n\r\n%b" % (headers, body)
    late = [Pause(seconds), whole] if seconds else [whole]
    return Reply(body=[whole, *late], framing=Framing.RAW, end=End.KEEP)


@every_way
@pytest.mark.parametrize("seconds", [0, 0.02, 0.05])
async def test_answer_that_is_sent_twice_never_reaches_another_token(
    wire: WireServer, way: Way, seconds: float
) -> None:
    """However late the copy comes: before the next request is written or after it."""
    wire.handler = lambda request: _answer_twice(request, seconds)
    models = {
        f"Bearer token-{name}": _build(wire.url, f"token-{name}") for name in "ab"
    }
    answered = 0

    async def take_turns(expected: str, model: ChatClarifai) -> None:
        nonlocal answered
        for turn in range(_TURNS):
            try:
                assert await _ask(way, model) == expected
                answered += 1
            except ClarifaiError:  # a copy may break the caller's own next answer
                continue
            # Sometimes while the connection is idle, sometimes at once.
            await asyncio.sleep(seconds * (turn % 3) * 0.7)

    await asyncio.gather(*(take_turns(*pair) for pair in models.items()))
    for expected, model in [*models.items()] * 3:  # one after the other, too
        assert await _ask(way, model) == expected
        answered += 1
    assert answered > _TURNS
    for model in models.values():
        await model.aclose()


# --- Who is the same tenant ---------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "connections"),
    [
        ({}, 1),
        ({"default_headers": {"X-Trace": "2"}}, 1),
        ({"default_query": {"page": "2"}}, 1),
        ({"api_key": SecretStr("another")}, 2),
        ({"default_headers": {"authorization": "Basic another"}}, 2),
        ({"default_headers": {"X-API-Key": "another"}}, 2),
        ({"default_headers": {"Cookie": "session=another"}}, 2),
        ({"default_query": {"key": "another"}}, 2),
    ],
)
async def test_connections_serve_those_with_the_same_secrets(
    wire: WireServer, settings: dict[str, Any], connections: int
) -> None:
    """A header of the user's tells tenants apart as the token does; others do not."""
    wire.handler = lambda _: json_reply(completion(choice("hi")))
    first, second = _build(wire.url), _build(wire.url).model_copy(update=settings)
    for model in (first, second):
        await model.ainvoke("a")
    assert wire.connections == connections
    for model in (first, second):
        await asyncio.to_thread(model.invoke, "a")
    assert wire.connections == 2 * connections
    for model in (first, second):
        await model.aclose()


def test_headers_of_a_call_tell_tenants_apart(wire: WireServer) -> None:
    """A service may have one model, and give each call its caller's credentials."""
    wire.handler = lambda _: json_reply(completion(choice("hi")))
    with _build(wire.url) as model:
        for name in "abab":
            model.invoke("a", extra_headers={"Authorization": f"Bearer {name}"})
    assert wire.connections == 2


def test_what_stands_for_a_tenant_shows_no_secret() -> None:
    """Nor do two lists of secrets give the same, that read alike in one line."""
    tenant = identify_tenant("a-long-token", {"X-Api-Key": "a-secret"}, {})
    assert len(tenant) == 16
    alike = [
        {"x-token": "a", "y-token": "b"},
        {"x-token": "a1 1 y-tokenb"},
        {"x-token": "a", "Y-TOKEN": "c"},
    ]
    assert len({identify_tenant("", headers, {}) for headers in alike}) == 3
    assert identify_tenant("a", {}, {}) == identify_tenant("a", {}, {})


# --- Many tenants -------------------------------------------------------------------


def test_thousands_of_tenants_leave_a_hundred_idle_pools() -> None:
    """One model lives on, and each of its calls has another token."""
    lease, opened = Lease(), []
    for number in range(2_000):
        use = pools.lend("https://a.example/v1", b"%d" % number, lease)
        pools.take_back(use)
        opened.append(use.pool)
    kept = list_pools()
    assert kept == opened[-100:]  # the last used
    assert [pool for pool in opened if not pool.http_client.is_closed] == kept
    pools.close(lease)
    assert not list_pools()
    assert all(pool.http_client.is_closed for pool in opened)


async def test_thousands_of_tenants_in_a_loop_leave_a_hundred_idle_pools() -> None:
    """Likewise; and the table of the loop goes with its last pool."""
    lease, opened = Lease(), []
    for number in range(2_000):
        url = "https://a.example/v1"
        table, use = await loop_pools.lend(url, b"%d" % number, lease)
        await table.take_back_and_close(use)
        opened.append(use.pool)
    kept = list_loop_pools()
    assert kept == opened[-100:]
    assert [pool for pool in opened if not pool.http_client.is_closed] == kept
    await loop_pools.close(lease)
    assert all(pool.http_client.is_closed for pool in opened)
    assert not loop_pools._tables


@pytest.mark.parametrize("way", [Way.INVOKE, Way.AINVOKE])
async def test_tenants_that_are_gone_leave_no_connections(
    wire: WireServer, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """120 of them, a model for each request: as many are open as there may be idle."""
    monkeypatch.setattr(tables, "_MOST_IDLE", 5)
    wire.handler = lambda _: json_reply(completion(choice("hi")))
    living = []
    for number in range(120):
        model = _build(wire.url, f"token-{number}")
        assert await _ask(way, model) == "hi"
        if number % 3 == 0:
            living.append(model)
    del model
    assert wire.connections == 120
    for _ in range(500):
        if wire.open_connections <= 6:
            break
        await asyncio.sleep(0.01)
    assert wire.open_connections <= 6
    for model in living:
        await model.aclose()


@pytest.mark.parametrize("way", STREAMED)
async def test_pools_in_use_are_not_retired_for_others(
    wire: WireServer, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream is read to its end, however many other tenants come and go."""
    monkeypatch.setattr(tables, "_MOST_IDLE", 2)
    monkeypatch.setattr(tables, "KEEPALIVE_EXPIRY", 0.0)
    events = [sse(event, done=False) for event in text_chunks("a", "b", "c")]
    wire.handler = lambda request: (
        event_stream_reply(*events[:2], Pause(0.5), *events[2:], sse())
        if "reader" in request.headers["authorization"]
        else json_reply(completion(choice("hi")))
    )
    reader = asyncio.create_task(_ask(way, _build(wire.url, "reader")))
    await asyncio.sleep(0.1)
    others = [_build(wire.url, f"token-{number}") for number in range(10)]
    for other in others:
        await other.ainvoke("a")
        await asyncio.to_thread(other.invoke, "a")
    assert await reader == "abc"
    for other in others:
        await other.aclose()


def test_pools_whose_connections_have_expired_are_closed_for_the_next(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost with them, though their models live on and may use them again."""
    wire.handler = lambda _: json_reply(completion(choice("hi")))
    first, second = _build(wire.url, "first"), _build(wire.url, "second")
    first.invoke("a")
    [pool] = list_pools()
    monkeypatch.setattr(tables, "KEEPALIVE_EXPIRY", 0.0)
    second.invoke("a")
    assert pool.http_client.is_closed
    assert first.invoke("a").text == "hi"
    first.close()
    second.close()


@pytest.mark.slow
def test_threads_of_many_tenants_get_their_own_answers(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pools come and go all the while; none is closed under a request."""
    monkeypatch.setattr(tables, "_MOST_IDLE", 3)
    wire.handler = lambda request: json_reply(
        completion(choice(request.headers["authorization"]))
    )

    def work(thread: int) -> None:
        for number in range(40):
            token = f"token-{(thread + number) % 16}"
            model = _build(wire.url, token, max_retries=0)
            assert model.invoke("a").text == f"Bearer {token}"

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(work, range(8)))
    assert len(wire.exchanges) == 8 * 40
    gc.collect()
    assert len(list_pools()) <= 4
