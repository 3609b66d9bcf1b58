"""Settings → shared, lazy, loop-safe clients of the SDK.

All models of a process share one pool of connections and one TLS context: one pool for
sync calls, and one for each event loop, since the sockets of a loop die with it. The
pool of a loop is closed when the loop shuts down its asynchronous generators
(`asyncio.run` does), and forgotten when the loop was closed without that.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import ssl
import threading
import weakref
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import openai
from typing_extensions import override

from langchain_clarifai._version import __version__

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from langchain_clarifai._lease import Lease

_HEADERS: Mapping[str, str] = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": (
        f"langchain-clarifai/{__version__} openai-python/{openai.__version__}"
    ),
    "X-Clarifai-Request-Id-Prefix": f"langchain-clarifai-{__version__}",
}

# What the SDK would otherwise look up in OpenAI's environment variables. The token
# of a request travels in the request's own headers.
_SDK_SETTINGS: Mapping[str, Any] = {
    "api_key": "unused",
    "admin_api_key": "",
    "organization": "",
    "project": "",
    "webhook_secret": "",
    "max_retries": 0,
}


class _Client(openai.OpenAI):
    @property
    @override
    def default_headers(self) -> dict[str, Any]:
        """Nothing of OPENAI_CUSTOM_HEADERS, organization or project is sent."""
        return {**_HEADERS}


class _AsyncClient(openai.AsyncOpenAI):
    @property
    @override
    def default_headers(self) -> dict[str, Any]:
        """Nothing of OPENAI_CUSTOM_HEADERS, organization or project is sent."""
        return {**_HEADERS}


def _build_client(base_url: str, http_client: Any) -> openai.OpenAI:
    return _Client(base_url=base_url, http_client=http_client, **_SDK_SETTINGS)


def _build_async_client(base_url: str, http_client: Any) -> openai.AsyncOpenAI:
    return _AsyncClient(base_url=base_url, http_client=http_client, **_SDK_SETTINGS)


ClientT = TypeVar("ClientT", openai.OpenAI, openai.AsyncOpenAI)


class _Pool(Generic[ClientT]):
    """One HTTP client, and the SDK's clients on it by base URL."""

    def __init__(self, http_client: Any, build: Callable[[str, Any], ClientT]) -> None:
        self.http_client = http_client
        self.leases: weakref.WeakSet[Lease] = weakref.WeakSet()
        self._build: Callable[[str, Any], ClientT] = build
        self._clients: dict[str, ClientT] = {}

    def get(self, base_url: str, lease: Lease) -> ClientT:
        self.leases.add(lease)
        if base_url not in self._clients:
            self._clients[base_url] = self._build(base_url, self.http_client)
        return self._clients[base_url]

    def give_back(self, lease: Lease) -> bool:
        """End a claim; tell whether it was the last."""
        if lease not in self.leases:
            return False
        self.leases.discard(lease)
        return not self.leases


class _LoopPool(_Pool[openai.AsyncOpenAI]):
    """The pool of one event loop."""

    def __init__(self, http_client: Any, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(http_client, _build_async_client)
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
_pool: _Pool[openai.OpenAI] | None = None
_loop_pools: dict[int, _LoopPool] = {}
_tls_context: ssl.SSLContext | None = None
_tls_lock = threading.Lock()
# What a forked child inherits is the parent's: neither used nor closed.
_inherited: list[Any] = []


def get_client(base_url: str, http_client: Any, lease: Lease) -> openai.OpenAI:
    """Return the client for sync calls, on the user's HTTP client if there is one."""
    if http_client is not None:
        return lease.wrap(base_url, http_client, _build_client)
    global _pool  # noqa: PLW0603 - one pool for the process is what this module is for
    context = _get_tls_context()
    with _lock:
        if _pool is None:
            _pool = _Pool(openai.DefaultHttpxClient(verify=context), _build_client)
        return _pool.get(base_url, lease)


async def get_async_client(
    base_url: str, http_client: Any, lease: Lease
) -> openai.AsyncOpenAI:
    """Return the client for the running loop, on the user's HTTP client if given."""
    if http_client is not None:
        return lease.wrap(base_url, http_client, _build_async_client)
    loop = asyncio.get_running_loop()
    pool = _loop_pools.get(id(loop))
    if pool is None or pool.loop is not loop:
        # Reading certificates blocks, which a server's loop must not.
        context = _tls_context
        if context is None:
            context = await asyncio.to_thread(_get_tls_context)
        pool = await _open_loop_pool(loop, context)
    return pool.get(base_url, lease)


async def _open_loop_pool(
    loop: asyncio.AbstractEventLoop, context: ssl.SSLContext
) -> _LoopPool:
    with _lock:
        _forget_closed_loops()
        pool = _loop_pools.get(id(loop))
        if pool is not None:
            return pool
        http_client = openai.DefaultAioHttpClient(verify=context)
        pool = _loop_pools[id(loop)] = _LoopPool(http_client, loop)
    await anext(pool.guard)
    return pool


def close(lease: Lease) -> None:
    """End a model's claim on the sync pool; the last one to leave closes it."""
    global _pool  # noqa: PLW0603 - as above
    lease.own.clear()
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
            _tls_context = _build_tls_context()
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
