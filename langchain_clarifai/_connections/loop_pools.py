"""The HTTP clients of async calls: one table of them for each event loop.

The sockets of a loop die with it. Its pools are closed when the loop shuts down its
asynchronous generators (`asyncio.run` does), and forgotten when the loop was closed
without that.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._connections import warm_up

# Only the function is imported. At exit, Python clears the names of modules that are
# still referred to: `_inherited` too, whose connections are the parent's, and would be
# closed.
from langchain_clarifai._connections.pools import close as close_sync_pools
from langchain_clarifai._connections.proxies import (
    check_socks,
    find_proxy,
    speaks_tls,
)
from langchain_clarifai._connections.tables import (
    Key,
    Pool,
    PoolTable,
    Use,
    find_origin,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from langchain_clarifai._settings.lease import Lease

_SOCKS: Final = "aiohttp_socks"


class LoopPools(PoolTable):
    """The pools of one event loop. Only this loop touches them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.loop = loop
        self._guard = self._close_with_loop()
        self._has_begun = False
        self._is_ending = False

    def find(self, key: Key, proxy: str | None) -> Pool:
        """Return the pool of a tenant; open it, through the proxy, if there is none."""
        pool = self.by_key.get(key)
        return pool or self.add(key, _build_http_client(key[0], proxy))

    async def begin(self) -> None:
        """Tie the table to its loop, and close pools that are of no more use."""
        if not self._has_begun:
            self._has_begun = True
            await anext(self._guard)
        await self.close(self.sweep())

    async def take_back_and_close(self, use: Use) -> None:
        """End a request's use of a pool, and close what is to be closed for it."""
        if (closing := self.take_back(use)) is not None:
            await self.close([closing])

    async def close(self, pools: Iterable[Pool]) -> None:
        """Close pools that were retired, and the table with the last one."""
        for pool in pools:
            await pool.http_client.aclose()
        if not (self.by_key or self.leaving or self._is_ending):
            self._forget()
            await self._guard.aclose()

    async def _close_with_loop(self) -> AsyncGenerator[None]:
        # A loop that shuts down closes the asynchronous generators that it has begun,
        # all at once: open streams end, and these pools with them, whoever is first.
        try:
            yield
        finally:
            self._is_ending = True
            self._forget()
            async with contextlib.AsyncExitStack() as stack:
                for pool in self.take_all():
                    stack.push_async_callback(pool.http_client.aclose)

    def take_all(self) -> list[Pool]:
        """Take all pools out for closing, also those that requests still use."""
        taken = [*self.by_key.values(), *self.leaving]
        for pool in taken:
            self.retire(pool)
            pool.is_closed = True
        return taken

    def abandon(self) -> None:
        """Mark the clients as closed; the loop is, so there is nothing to wait for."""
        for pool in self.take_all():
            # No loop is there to run this: it is run by hand, up to where it waits.
            closing = pool.http_client.aclose()
            with contextlib.suppress(StopIteration, RuntimeError):
                closing.send(None)
            closing.close()

    def _forget(self) -> None:
        with _lock:
            if _tables.get(id(self.loop)) is self:
                del _tables[id(self.loop)]


_lock = threading.RLock()
# By the loop's id, which the next loop may have as well.
_tables: dict[int, LoopPools] = {}
# What a forked child inherits is the parent's: neither used nor closed.
_inherited: list[LoopPools] = []


async def lend(base_url: str, tenant: bytes, lease: Lease) -> tuple[LoopPools, Use]:
    """Begin one more request's use of its pool; return the loop's table with it.

    Args:
        base_url: The server's.
        tenant: The tenant that the request is sent for.
        lease: The claim of the model that asks.
    """
    loop = asyncio.get_running_loop()
    key = find_origin(base_url), tenant
    table = _tables.get(id(loop))
    if table is not None and table.loop is loop:
        pool = table.by_key.get(key)
        if pool is not None:
            return table, table.lend(pool, lease)
    proxy = find_proxy(key[0])
    tls = speaks_tls(key[0], proxy)
    if not warm_up.are_loops_prepared(tls=tls):
        await asyncio.to_thread(warm_up.prepare_loops, tls=tls)
    table = _find_table(loop)
    pool = table.find(key, proxy)
    # This comes before anything is awaited: a pool without claims would be closed.
    use = table.lend(pool, lease)
    try:
        await table.begin()
    except BaseException:
        await table.take_back_and_close(use)
        raise
    return table, use


async def get_client(base_url: str, tenant: bytes, lease: Lease) -> Any:
    """Return the HTTP client, to be kept until the claim `lease` is given up."""
    table, use = await lend(base_url, tenant, lease)
    table.hold(use)
    return use.pool.http_client


async def close(lease: Lease) -> None:
    """End a model's claims on the running loop's pools, and on the sync ones."""
    close_sync_pools(lease)
    loop = asyncio.get_running_loop()
    table = _tables.get(id(loop))
    if table is not None and table.loop is loop:
        await table.close(table.give_up(lease))


def _find_table(loop: asyncio.AbstractEventLoop) -> LoopPools:
    with _lock:
        _forget_closed_loops()
        table = _tables.get(id(loop))
        if table is None:
            table = _tables[id(loop)] = LoopPools(loop)
        return table


def _build_http_client(origin: str, proxy: str | None) -> Any:
    check_socks(proxy, _SOCKS)
    # Sync calls shall not wait for aiohttp to be imported.
    from langchain_clarifai._connections.async_client import AsyncClient

    return AsyncClient(warm_up.find_tls_context(origin, proxy), proxy)


def _forget_closed_loops() -> None:
    with _lock:
        for key, table in list(_tables.items()):
            if table.loop.is_closed():
                del _tables[key]
                table.abandon()


def _start_over_in_child() -> None:
    global _lock  # noqa: PLW0603 - one for the process
    _lock = threading.RLock()
    for table in _tables.values():
        table.disown()
    _inherited.extend(_tables.values())
    _tables.clear()


if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows
    os.register_at_fork(after_in_child=_start_over_in_child)
atexit.register(_forget_closed_loops)
