"""The HTTP clients, shared, lazy and loop-safe.

All models that talk to the same server share one pool of connections: one for sync
calls, and one for each event loop, since the sockets of a loop die with it. All pools
share one TLS context. The pools of a loop are closed when the loop shuts down its
asynchronous generators (`asyncio.run` does), and forgotten when the loop was closed
without that.

Requests go to these clients directly. The SDK's own `post()` would double their cost
(482 µs against 252 µs of CPU) for what is done here anyway: headers, retries, errors.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import ssl
import threading
import weakref
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from langchain_clarifai._transport.clients import build_async_client, build_client
from langchain_clarifai._transport.patience import prepare_client
from langchain_clarifai._transport.proxies import find_proxy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from langchain_clarifai._transport.lease import Lease


class _Pool:
    """One HTTP client, and who uses it."""

    def __init__(self, http_client: Any) -> None:
        self.http_client = http_client
        self.leases: weakref.WeakSet[Lease] = weakref.WeakSet()

    def lend(self, lease: Lease) -> Any:
        self.leases.add(lease)
        return self.http_client

    def give_back(self, lease: Lease) -> bool:
        """End a claim; tell whether it was the last."""
        if lease not in self.leases:
            return False
        self.leases.discard(lease)
        return not self.leases


class _LoopPool(_Pool):
    """The pool of one event loop for one server."""

    def __init__(
        self, http_client: Any, loop: asyncio.AbstractEventLoop, origin: str
    ) -> None:
        super().__init__(http_client)
        self.loop = loop
        self.key = id(loop), origin
        self.guard = self._close_with_loop()

    async def _close_with_loop(self) -> AsyncGenerator[None]:
        # A loop that shuts down closes the asynchronous generators that it has begun.
        try:
            yield
        finally:
            _loop_pools.pop(self.key, None)
            await self.http_client.aclose()

    def abandon(self) -> None:
        """Mark the client as closed; its loop is, so there is nothing to wait for."""
        closing = self.http_client.aclose()
        with contextlib.suppress(StopIteration, RuntimeError):
            closing.send(None)
        closing.close()


_lock = threading.Lock()
# By the server's origin; those of a loop by the loop's id as well.
_pools: dict[str, _Pool] = {}
_loop_pools: dict[tuple[int, str], _LoopPool] = {}
_tls_context: ssl.SSLContext | None = None
_tls_lock = threading.Lock()
_is_imported = False
# What a forked child inherits is the parent's: neither used nor closed.
_inherited: list[Any] = []


def get_client(base_url: str, lease: Lease) -> Any:
    """Return the shared HTTP client for sync calls."""
    origin = _find_origin(base_url)
    context = _get_tls_context()
    with _lock:
        pool = _pools.get(origin)
        if pool is None:
            _close_unused()
            http_client = build_client(context, cookies=_build_cookie_jar())
            prepare_client(http_client)
            pool = _pools[origin] = _Pool(http_client)
        return pool.lend(lease)


async def get_async_client(base_url: str, lease: Lease) -> Any:
    """Return the shared HTTP client of the running loop."""
    loop = asyncio.get_running_loop()
    origin = _find_origin(base_url)
    pool = _loop_pools.get((id(loop), origin))
    if pool is None or pool.loop is not loop:
        context = _tls_context if _is_imported else None
        if context is None:
            context = await asyncio.to_thread(_prepare_loops)
        pool = await _open_loop_pool(loop, origin, context)
    return pool.lend(lease)


@lru_cache(maxsize=256)
def _find_origin(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _close_unused() -> None:
    """Close the sync pools whose models are all gone."""
    for origin in [origin for origin, pool in _pools.items() if not pool.leases]:
        _pools.pop(origin).http_client.close()


def _build_cookie_jar() -> CookieJar:
    """Build a jar that keeps no cookie: the pool is shared by different tokens."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


async def _open_loop_pool(
    loop: asyncio.AbstractEventLoop, origin: str, context: ssl.SSLContext
) -> _LoopPool:
    with _lock:
        _forget_closed_loops()
        pool = _loop_pools.get((id(loop), origin))
        if pool is not None:
            return pool
        http_client = build_async_client(
            context, find_proxy(origin), cookies=_build_cookie_jar()
        )
        pool = _LoopPool(http_client, loop, origin)
        _loop_pools[pool.key] = pool
    await anext(pool.guard)
    return pool


def close(lease: Lease) -> None:
    """End a model's claims on sync pools; the last one to leave a pool closes it."""
    with _lock:
        left = [origin for origin, pool in _pools.items() if pool.give_back(lease)]
        closing = [_pools.pop(origin) for origin in left]
    for pool in closing:
        pool.http_client.close()


async def aclose(lease: Lease) -> None:
    """End a model's claims on the running loop's pools, and on the sync ones."""
    close(lease)
    loop = asyncio.get_running_loop()
    pools = [pool for pool in _loop_pools.values() if pool.loop is loop]
    for pool in pools:
        if pool.give_back(lease):
            await pool.guard.aclose()


def _get_tls_context() -> ssl.SSLContext:
    """Return the process's TLS context, which takes tens of milliseconds to build."""
    global _tls_context  # noqa: PLW0603 - as above
    with _tls_lock:
        if _tls_context is None:
            context = _build_tls_context()
            _tls_context = context
        return _tls_context


def _prepare_loops() -> ssl.SSLContext:
    """Do what would block a loop: read certificates, and modules of the libraries.

    The HTTP library imports its transports when it builds the first client.
    """
    global _is_imported  # noqa: PLW0603 - of the process
    context = _get_tls_context()
    build_async_client(context)
    _is_imported = True
    return context


def _build_tls_context() -> ssl.SSLContext:
    """Build a verifying context: SSL_CERT_FILE, SSL_CERT_DIR, or the system's store."""
    context = ssl.create_default_context()
    paths: Any = ssl.get_default_verify_paths()
    if not (context.get_ca_certs() or paths.cafile or paths.capath):
        # Slim containers, and Python from python.org on macOS, have no store.
        with contextlib.suppress(ImportError):
            import certifi

            context.load_verify_locations(certifi.where())
    return context


def _forget_closed_loops() -> None:
    for key, pool in list(_loop_pools.items()):
        if pool.loop.is_closed():
            del _loop_pools[key]
            pool.abandon()


def _start_over_in_child() -> None:
    global _lock, _tls_lock  # noqa: PLW0603 - one of each for the process
    _inherited.extend([*_pools.values(), *_loop_pools.values()])
    _pools.clear()
    _loop_pools.clear()
    _lock = threading.Lock()
    _tls_lock = threading.Lock()


def _close_at_exit() -> None:
    _forget_closed_loops()
    for pool in _pools.values():
        pool.http_client.close()


if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows
    os.register_at_fork(after_in_child=_start_over_in_child)
atexit.register(_close_at_exit)
