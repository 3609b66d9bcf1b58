"""The HTTP clients of sync calls: shared, lazy, safe with threads, signals and forks.

All models that send the same token to the same server share one pool of connections.
All pools share one TLS context. Those of async calls are in `loop_pools`.
"""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._connections import warm_up
from langchain_clarifai._connections.proxies import check_socks, find_proxy
from langchain_clarifai._connections.tables import Pool, PoolTable, Use, find_origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_clarifai._settings.lease import Lease

_SOCKS: Final = "socksio"

# It can be taken again by the thread that holds it: a signal handler may close a model
# in the middle of anything.
_lock = threading.RLock()
_table = PoolTable()
# What a forked child inherits is the parent's: neither used nor closed.
_inherited: list[PoolTable] = []


def lend(base_url: str, tenant: bytes, lease: Lease) -> Use:
    """Begin one more request's use of its pool, which is opened if there is none.

    Args:
        base_url: The server's.
        tenant: The tenant that the request is sent for.
        lease: The claim of the model that asks.
    """
    key = find_origin(base_url), tenant
    # Reading certificates takes a while, in which nobody shall wait for the lock.
    http_client = None if key in _table.by_key else _build_http_client(key[0])
    while True:
        unused: list[Pool] = []
        with _lock:
            pool = _table.by_key.get(key)
            if pool is None:
                http_client = http_client or _build_http_client(key[0])
                unused = _table.sweep()
                pool = _table.add(key, http_client)
                http_client = None
            use = _table.lend(pool, lease)
            # A signal handler may have closed it in between.
            is_open = not pool.is_closed
            if not is_open:
                _table.take_back(use)
        _close(unused)
        if is_open:
            return use


def take_back(use: Use) -> None:
    """End a request's use of a pool, and close what is to be closed for it."""
    with _lock:
        closing = _table.take_back(use)
    if closing is not None:
        closing.http_client.close()


def get_client(base_url: str, tenant: bytes, lease: Lease) -> Any:
    """Return the HTTP client, to be kept until the claim `lease` is given up."""
    use = lend(base_url, tenant, lease)
    with _lock:
        _table.hold(use)
    return use.pool.http_client


def close(lease: Lease) -> None:
    """End a model's claims on sync pools; those that nobody else claims are retired."""
    with _lock:
        closing = _table.give_up(lease)
    _close(closing)


def _close(pools: Iterable[Pool]) -> None:
    for pool in pools:
        pool.http_client.close()


def _build_http_client(origin: str) -> Any:
    proxy = find_proxy(origin)
    check_socks(proxy, _SOCKS)
    # Async calls, whose table closes these pools too, shall not wait for its import.
    from langchain_clarifai._connections.sync_client import build_client

    return build_client(warm_up.find_tls_context(origin, proxy), proxy)


def _start_over_in_child() -> None:
    global _lock, _table  # noqa: PLW0603 - one for the process
    _lock = threading.RLock()
    _table.disown()
    _inherited.append(_table)
    _table = PoolTable()


def _close_at_exit() -> None:
    """Close the pools that no request uses.

    Daemon threads still run, and go on reading from theirs; all others have ended.
    """
    with _lock:
        closing = _table.retire_all(list(_table.by_key.values()))
    _close(closing)


if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows
    os.register_at_fork(after_in_child=_start_over_in_child)
atexit.register(_close_at_exit)
