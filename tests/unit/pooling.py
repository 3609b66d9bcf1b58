"""What is known of the shared connections, for tests of them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from langchain_clarifai._transport import loop_pools, pools, warm_up
from langchain_clarifai._transport.tables import Pool, PoolTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


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
