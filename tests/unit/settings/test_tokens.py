"""A function as `api_key` → the token of each request, in the caller's context."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING, Any, Final

import pytest

from langchain_clarifai._settings.credentials import DEFAULT_BASE_URL
from langchain_clarifai._settings.tokens import aread_token, read_token
from tests.servers.openai_wire import completion, sse, text_chunks
from tests.servers.wire import event_stream_reply, json_reply
from tests.wire.ways import Way, build_model, call

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_clarifai import ChatClarifai
    from tests.servers.wire import Reply, Request, WireServer

_tenant: contextvars.ContextVar[str] = contextvars.ContextVar("_tenant")
every_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)


def _answer(request: Request) -> Reply:
    if b'"stream":true' in request.body:
        return event_stream_reply(sse(*text_chunks("Hi")))
    return json_reply(completion())


def _give() -> str:
    token = f"token-of-{_tenant.get()}"
    _tenant.set("somebody-else")
    return token


async def _agive() -> str:
    await asyncio.sleep(0)
    return _give()


class _Vault:
    async def __call__(self) -> str:
        return await _agive()


FUNCTIONS: Final[dict[str, Callable[[], Any]]] = {
    "sync": _give,
    "async": _agive,
    "async object": _Vault(),
    "sync that gives an awaitable": lambda: _agive(),  # noqa: PLW0108 - no coroutine function
}
every_function = pytest.mark.parametrize(
    "api_key", FUNCTIONS.values(), ids=list(FUNCTIONS)
)


@every_way
@every_function
def test_function_sees_the_context_of_its_caller(
    wire: WireServer, way: Way, api_key: Callable[[], Any]
) -> None:
    """Servers keep there which of their users a request is for."""
    wire.handler = _answer
    for tenant in ("one", "two"):
        context = contextvars.copy_context()
        context.run(_tenant.set, tenant)
        context.run(call, way, wire, api_key=api_key)
        assert wire.last_request.headers["authorization"] == f"Bearer token-of-{tenant}"


@every_function
async def test_sync_call_within_a_loop_sees_the_context_too(
    wire: WireServer, api_key: Callable[[], Any]
) -> None:
    """Where an async function is awaited in a loop of its own."""
    wire.handler = _answer
    _tenant.set("three")
    build_model(wire, api_key=api_key).invoke("Hi")
    assert wire.last_request.headers["authorization"] == "Bearer token-of-three"


async def test_context_of_an_async_caller_stays_as_it_was(wire: WireServer) -> None:
    """A sync function runs in a copy of it."""
    wire.handler = _answer
    _tenant.set("four")
    await build_model(wire, api_key=_give).ainvoke("Hi")
    assert _tenant.get() == "four"


def _be_cancelled() -> str:
    raise asyncio.CancelledError


async def _abe_cancelled() -> str:
    raise asyncio.CancelledError


@every_way
@pytest.mark.parametrize("api_key", [_be_cancelled, _abe_cancelled])
def test_function_that_is_cancelled_is_named(
    wire: WireServer, way: Way, api_key: Callable[[], Any]
) -> None:
    """Since nobody cancelled the call, it is an error; and nothing is sent."""
    with pytest.raises(RuntimeError, match="as `api_key` was cancelled") as caught:
        call(way, wire, api_key=api_key)
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert wire.exchanges == []


@pytest.mark.parametrize("name", ["ainvoke", "astream"])
async def test_call_that_is_cancelled_meanwhile_is_cancelled(
    wire: WireServer, name: str
) -> None:
    """Its function is cancelled with it, and nothing is sent."""
    seen: list[str] = []

    async def wait() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return "never"

    task = asyncio.create_task(_ask(build_model(wire, api_key=wait), name))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled"]
    assert wire.exchanges == []


async def _ask(model: ChatClarifai, name: str) -> None:
    if name == "ainvoke":
        await model.ainvoke("Hi")
    else:
        _ = [chunk async for chunk in model.astream("Hi")]


@pytest.mark.parametrize("name", ["ainvoke", "astream"])
async def test_function_that_blocks_does_not_block_the_loop(
    wire: WireServer, name: str
) -> None:
    """It asks a vault over the network, say: the loop goes on meanwhile."""
    wire.handler = _answer
    has_gone_on = threading.Event()

    def wait_for_the_loop() -> str:
        assert has_gone_on.wait(10)
        return "a-token"

    model = build_model(wire, api_key=wait_for_the_loop)
    asyncio.get_running_loop().call_later(0.05, has_gone_on.set)
    await _ask(model, name)
    assert wire.last_request.headers["authorization"] == "Bearer a-token"


async def fail() -> str:
    raise LookupError("no vault")


def fail_at_once() -> str:
    raise LookupError("no vault")


@pytest.mark.parametrize("api_key", [fail, fail_at_once])
async def test_error_of_the_users_function_is_the_users(
    api_key: Callable[[], Any],
) -> None:
    """It passes through unchanged."""
    with pytest.raises(LookupError, match="no vault"):
        read_token(api_key, DEFAULT_BASE_URL)
    with pytest.raises(LookupError, match="no vault"):
        await aread_token(api_key, DEFAULT_BASE_URL)


async def test_function_that_returns_no_token_is_told_so() -> None:
    """The text says what it returned, and what is allowed."""
    with pytest.raises(ValueError, match=r"returned, a int\. It must be a string"):
        await aread_token(lambda: 5, DEFAULT_BASE_URL)  # type: ignore[arg-type, return-value]  # as a user might
    with pytest.raises(ValueError, match="No Clarifai token was found"):
        read_token(lambda: None, DEFAULT_BASE_URL)  # type: ignore[arg-type, return-value]  # likewise
    with pytest.raises(ValueError, match="No Clarifai token was found"):
        await aread_token(lambda: None, DEFAULT_BASE_URL)  # type: ignore[arg-type, return-value]  # likewise
