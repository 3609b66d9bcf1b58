"""The HTTP clients, shared, lazy and loop-safe.

All models that talk to the same server share one pool of connections: one for sync
calls, and one for each event loop, since the sockets of a loop die with it. All pools
share one TLS context. The pools of a loop are closed when the loop shuts down its
asynchronous generators (`asyncio.run` does), and forgotten when the loop was closed
without that.

A pool ends with its last claim *and* its last answer. A model that closes takes its
claims away; where they were the last, the pool is retired: no new request gets it, and
whoever ends the last answer in it closes it. So closing waits for nobody and takes no
connection from under a reader. Pools whose models are all gone are closed by whoever
opens the next one.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import threading
import weakref
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from langchain_clarifai._transport import warm_up
from langchain_clarifai._transport.clients import build_async_client
from langchain_clarifai._transport.proxies import check_socks, find_proxy
from langchain_clarifai._transport.sync_client import build_client

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator

    from langchain_clarifai._transport.lease import Lease

_SYNC_SOCKS: Final = "socksio"
_ASYNC_SOCKS: Final = "aiohttp_socks"


class Pool:
    """One HTTP client, who may use it, and how many requests do right now."""

    def __init__(self, http_client: Any) -> None:
        self.http_client = http_client
        self.leases: weakref.WeakSet[Lease] = weakref.WeakSet()
        self.in_flight = 0
        self.is_retired = False
        self.is_closed = False

    @property
    def is_unused(self) -> bool:
        """Whether all its models are gone, and all answers ended."""
        return not (self.in_flight or self.leases)

    def lend(self, lease: Lease) -> None:
        """Begin a request, for a model that thereby has a claim."""
        self.leases.add(lease)
        self.in_flight += 1

    def take_back(self) -> bool:
        """End a request; tell whether the pool is to be closed for it."""
        self.in_flight -= 1
        return self.is_retired and self._end()

    def give_up(self, lease: Lease) -> bool:
        """End a model's claim; tell whether it was the last, which retires the pool."""
        if lease not in self.leases:
            return False
        self.leases.discard(lease)
        self.is_retired = not self.leases
        return self.is_retired

    def retire(self) -> bool:
        """Let no new request in; tell whether the pool is to be closed now."""
        self.is_retired = True
        return self._end()

    def _end(self) -> bool:
        """Tell whether to close the pool: to one caller only, so that it is once."""
        if self.in_flight or self.is_closed:
            return False
        self.is_closed = True
        return True


class LoopPool(Pool):
    """The pool of one event loop for one server. Only this loop touches it."""

    def __init__(
        self, http_client: Any, loop: asyncio.AbstractEventLoop, origin: str
    ) -> None:
        super().__init__(http_client)
        self.loop = loop
        self.key = id(loop), origin
        self.has_begun = False
        self.guard = self._close_with_loop()

    async def _close_with_loop(self) -> AsyncGenerator[None]:
        # A loop that shuts down closes the asynchronous generators that it has begun,
        # all at once: open streams end, and this pool with them, whoever is first.
        try:
            yield
        finally:
            self._forget()
            self.is_closed = True
            await self.http_client.aclose()

    async def retire_and_close(self) -> None:
        """Let no new request in, and close the pool if nothing is in flight."""
        self._forget()
        if self.retire():
            await self.http_client.aclose()

    def _forget(self) -> None:
        with _lock:
            if _loop_pools.get(self.key) is self:
                del _loop_pools[self.key]

    def abandon(self) -> None:
        """Mark the client as closed; its loop is, so there is nothing to wait for."""
        self.is_closed = True
        closing = self.http_client.aclose()
        with contextlib.suppress(StopIteration, RuntimeError):
            closing.send(None)
        closing.close()


# It can be taken again by the thread that holds it: a signal handler may close a model
# in the middle of anything.
_lock = threading.RLock()
# By the server's origin; those of a loop by the loop's id as well.
_pools: dict[str, Pool] = {}
_loop_pools: dict[tuple[int, str], LoopPool] = {}
# What a forked child inherits is the parent's: neither used nor closed.
_inherited: list[Any] = []


def lend(base_url: str, lease: Lease) -> Pool:
    """Return the pool of a server, for one more request; open it if there is none."""
    origin = _find_origin(base_url)
    if origin not in _pools:
        # Reading certificates takes a while, in which nobody shall wait for the lock.
        _prepare(origin)
    while True:
        unused: list[Pool] = []
        with _lock:
            pool = _pools.get(origin)
            if pool is None:
                pool = Pool(_build_http_client(origin))
                unused = _take_unused()
                _pools[origin] = pool
            pool.lend(lease)
            # A signal handler may have closed it in between.
            is_open = not pool.is_closed or pool.take_back()
        for other in unused:
            other.http_client.close()
        if is_open:
            return pool


def take_back(pool: Pool) -> bool:
    """End a request's use of a sync pool; tell whether it is to be closed now."""
    with _lock:
        return pool.take_back()


def _take_unused() -> list[Pool]:
    """Take out the sync pools whose models are all gone, for closing."""
    unused = [(origin, pool) for origin, pool in list(_pools.items()) if pool.is_unused]
    for origin, _ in unused:
        _pools.pop(origin, None)
    return [pool for _, pool in unused if pool.retire()]


async def alend(base_url: str, lease: Lease) -> LoopPool:
    """Return the pool of a server in the running loop, likewise."""
    loop = asyncio.get_running_loop()
    origin = _find_origin(base_url)
    pool = _loop_pools.get((id(loop), origin))
    if pool is not None and pool.loop is loop:
        pool.lend(lease)
        return pool
    context = warm_up.find_context()
    if context is None:
        context = await asyncio.to_thread(warm_up.prepare_loops)
    pool = _open_loop_pool(loop, origin, context)
    # At once: a pool without claims would be taken for one that is left over.
    pool.lend(lease)
    if not pool.has_begun:
        await _begin(pool)
    return pool


async def _begin(pool: LoopPool) -> None:
    """Tie a new pool to its loop, and close what models that are gone have left."""
    pool.has_begun = True
    try:
        await anext(pool.guard)
        for other in _list_loop_pools(pool.loop):
            if other.is_unused:
                await other.retire_and_close()
    except BaseException:
        pool.take_back()
        raise


@lru_cache(maxsize=256)
def _find_origin(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _prepare(origin: str) -> ssl.SSLContext | None:
    """Get the TLS context if connections to a server, or to its proxy, need one."""
    urls = (origin, find_proxy(origin) or "")
    is_needed = any(url.startswith("https:") for url in urls)
    return warm_up.get_tls_context() if is_needed else None


def _build_http_client(origin: str) -> Any:
    proxy = find_proxy(origin)
    check_socks(proxy, _SYNC_SOCKS)
    return build_client(_prepare(origin), proxy)


def _open_loop_pool(
    loop: asyncio.AbstractEventLoop, origin: str, context: ssl.SSLContext
) -> LoopPool:
    with _lock:
        _forget_closed_loops()
        pool = _loop_pools.get((id(loop), origin))
        if pool is None:
            proxy = find_proxy(origin)
            check_socks(proxy, _ASYNC_SOCKS)
            http_client = build_async_client(context, proxy)
            pool = LoopPool(http_client, loop, origin)
            _loop_pools[pool.key] = pool
        return pool


def _list_loop_pools(loop: asyncio.AbstractEventLoop) -> list[LoopPool]:
    with _lock:
        return [pool for pool in _loop_pools.values() if pool.loop is loop]


def close(lease: Lease) -> None:
    """End a model's claims on sync pools; those that nobody else claims are retired."""
    closing: list[Pool] = []
    with _lock:
        # A signal handler may do the same at any point of it.
        for origin, pool in list(_pools.items()):
            if pool.give_up(lease):
                _pools.pop(origin, None)
                if pool.retire():
                    closing.append(pool)
    for pool in closing:
        pool.http_client.close()


async def aclose(lease: Lease) -> None:
    """End a model's claims on the running loop's pools, and on the sync ones."""
    close(lease)
    for pool in _list_loop_pools(asyncio.get_running_loop()):
        if pool.give_up(lease):
            await pool.retire_and_close()


def _forget_closed_loops() -> None:
    for key, pool in list(_loop_pools.items()):
        if pool.loop.is_closed():
            del _loop_pools[key]
            pool.abandon()


def _start_over_in_child() -> None:
    global _lock  # noqa: PLW0603 - one for the process
    _lock = threading.RLock()
    inherited: list[Pool] = [*_pools.values(), *_loop_pools.values()]
    for pool in inherited:
        pool.is_closed = True  # for the child, whatever it ends of its parent's
    _inherited.extend(inherited)
    _pools.clear()
    _loop_pools.clear()


def _close_at_exit() -> None:
    """Close what nothing is in flight in: threads that still run keep what they read.

    Threads that are no daemons have ended before.
    """
    with _lock:
        _forget_closed_loops()
        pools = [_pools.pop(origin) for origin in list(_pools)]
        closing = [pool for pool in pools if pool.retire()]
    for pool in closing:
        pool.http_client.close()


if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows
    os.register_at_fork(after_in_child=_start_over_in_child)
atexit.register(_close_at_exit)
