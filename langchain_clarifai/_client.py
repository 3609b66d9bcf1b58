"""The HTTP clients of the SDK, shared, lazy and loop-safe.

All models of a process share one pool of connections and one TLS context: one pool for
sync calls, and one for each event loop, since the sockets of a loop die with it. The
pool of a loop is closed when the loop shuts down its asynchronous generators
(`asyncio.run` does), and forgotten when the loop was closed without that.

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
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import aiohttp
import openai

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from langchain_clarifai._lease import Lease


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
    """The pool of one event loop."""

    def __init__(self, http_client: Any, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(http_client)
        self.loop = loop
        self.guard = self._close_with_loop()

    async def _close_with_loop(self) -> AsyncGenerator[None]:
        # A loop that shuts down closes the asynchronous generators that it has begun.
        try:
            yield
        finally:
            _loop_pools.pop(id(self.loop), None)
            await self.http_client.aclose()

    def abandon(self) -> None:
        """Mark the client as closed; its loop is, so there is nothing to wait for."""
        closing = self.http_client.aclose()
        with contextlib.suppress(StopIteration, RuntimeError):
            closing.send(None)
        closing.close()


_lock = threading.Lock()
_pool: _Pool | None = None
_loop_pools: dict[int, _LoopPool] = {}
_tls_context: ssl.SSLContext | None = None
_tls_lock = threading.Lock()
# What a forked child inherits is the parent's: neither used nor closed.
_inherited: list[Any] = []


def get_client(lease: Lease) -> Any:
    """Return the shared `openai.DefaultHttpxClient` for sync calls."""
    global _pool  # noqa: PLW0603 - one pool for the process is what this module is for
    context = _get_tls_context()
    with _lock:
        if _pool is None:
            _pool = _Pool(
                openai.DefaultHttpxClient(verify=context, cookies=_build_cookie_jar())
            )
        return _pool.lend(lease)


async def get_async_client(lease: Lease) -> Any:
    """Return the shared `openai.DefaultAioHttpClient` of the running loop."""
    loop = asyncio.get_running_loop()
    pool = _loop_pools.get(id(loop))
    if pool is None or pool.loop is not loop:
        # Reading certificates blocks, which a server's loop must not.
        context = _tls_context
        if context is None:
            context = await asyncio.to_thread(_get_tls_context)
        pool = await _open_loop_pool(loop, context)
    return pool.lend(lease)


def _build_cookie_jar() -> CookieJar:
    """Build a jar that keeps no cookie: the pool is shared by different tokens."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


def _refuse_cookies(http_client: Any) -> None:
    """Make aiohttp, which has a jar of its own beside httpx's, keep no cookie either.

    The private names are httpx's, and the only way to the sessions behind it. Without
    them the cookies of one token's answers would travel with another's requests.
    """
    transport: Any = getattr(http_client, "_transport", None)
    proxies: dict[Any, Any] = getattr(http_client, "_mounts", {})
    for one in (transport, *proxies.values()):
        if hasattr(one, "get_client"):
            session = one.get_client()
            one.client = aiohttp.ClientSession(
                connector=session.connector, cookie_jar=aiohttp.DummyCookieJar()
            )
            session.detach()


async def _open_loop_pool(
    loop: asyncio.AbstractEventLoop, context: ssl.SSLContext
) -> _LoopPool:
    with _lock:
        _forget_closed_loops()
        pool = _loop_pools.get(id(loop))
        if pool is not None:
            return pool
        http_client = openai.DefaultAioHttpClient(
            verify=context, cookies=_build_cookie_jar()
        )
        _refuse_cookies(http_client)
        pool = _loop_pools[id(loop)] = _LoopPool(http_client, loop)
    await anext(pool.guard)
    return pool


def close(lease: Lease) -> None:
    """End a model's claim on the sync pool; the last one to leave closes it."""
    global _pool  # noqa: PLW0603 - as above
    with _lock:
        pool = _pool
        if pool is None or not pool.give_back(lease):
            return
        _pool = None
    pool.http_client.close()


async def aclose(lease: Lease) -> None:
    """End a model's claim on the running loop's pool, and on the sync one."""
    close(lease)
    pool = _loop_pools.get(id(asyncio.get_running_loop()))
    if pool is not None and pool.give_back(lease):
        await pool.guard.aclose()


def _get_tls_context() -> ssl.SSLContext:
    """Return the process's TLS context, which takes tens of milliseconds to build."""
    global _tls_context  # noqa: PLW0603 - as above
    with _tls_lock:
        if _tls_context is None:
            context = _build_tls_context()
            # httpx imports its transports when it builds the first client: that shall
            # not happen on a loop either.
            openai.DefaultAioHttpClient(verify=context)
            _tls_context = context
        return _tls_context


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
    global _lock, _pool, _tls_lock  # noqa: PLW0603 - as above
    _inherited.extend([_pool, *_loop_pools.values()])
    _pool = None
    _loop_pools.clear()
    _lock = threading.Lock()
    _tls_lock = threading.Lock()


def _close_at_exit() -> None:
    _forget_closed_loops()
    if _pool is not None:
        _pool.http_client.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over_in_child)
atexit.register(_close_at_exit)
