"""What tests of the shared connections have in common."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from langchain_clarifai import ChatClarifai
from langchain_clarifai._connections import loop_pools, pools, warm_up
from langchain_clarifai._connections.tables import Pool, PoolTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.servers.wire import WireServer


@contextmanager
def starting_over(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test begin as a process does, with nothing built."""
    monkeypatch.setattr(pools, "_table", PoolTable())
    monkeypatch.setattr(loop_pools, "_tables", {})
    monkeypatch.setattr(warm_up, "_tls_context", None)
    yield
    for pool in list_pools():
        pool.http_client.close()


def list_pools() -> list[Pool]:
    """List the pools of sync calls that take requests."""
    return [*pools._table.by_key.values()]


def list_loop_pools() -> list[Pool]:
    """List the pools of all event loops that take requests."""
    return [
        pool for table in loop_pools._tables.values() for pool in table.by_key.values()
    ]


def build_model(wire: WireServer, **settings: Any) -> ChatClarifai:
    """Build a model of a server."""
    return ChatClarifai(
        model="gpt-oss-120b", base_url=wire.url, api_key=SecretStr("token"), **settings
    )


async def begin_call(model: ChatClarifai, wire: WireServer) -> asyncio.Task[Any]:
    """Begin a call; return its task once the request has reached the server."""
    task = asyncio.create_task(model.ainvoke("a"))
    while not wire.exchanges:  # noqa: ASYNC110 - the server is in a thread
        await asyncio.sleep(0.01)
    return task
