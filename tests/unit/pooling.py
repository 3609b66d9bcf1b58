"""What tests of the shared connections have in common."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from langchain_clarifai import ChatClarifai
from langchain_clarifai._connections import loop_pools, pools, warm_up
from langchain_clarifai._connections.tables import Pool, PoolTable
from tests.servers.openai_wire import choice, completion, sse, text_chunks
from tests.servers.wire import event_stream_reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.servers.wire import Reply, Request, WireServer


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


def echo(request: Request) -> Reply:
    """Answer with what the last message says."""
    body = request.json
    text = body["messages"][-1]["content"]
    if body.get("stream"):
        return event_stream_reply(sse(*text_chunks("echo:", text)))
    return json_reply(completion(choice(f"echo:{text}")))


def build_model(wire: WireServer, **settings: Any) -> ChatClarifai:
    """Build a model of a server."""
    return ChatClarifai(
        model="gpt-oss-120b", base_url=wire.url, api_key=SecretStr("token"), **settings
    )
