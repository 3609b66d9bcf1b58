"""Pools of connections: whom each serves, who may use it, and which are idle.

A pool serves one tenant of one server. It ends with its last claim *and* its last
answer. A model that closes gives up its claims. A pool without claims is retired: no
new request gets it, and whoever ends the last answer in it closes it. So closing a
model waits for nobody, and takes no connection away from a reader.

A process that serves thousands of tenants does not collect their connections: pools
that are idle are retired when there are too many of them, or when the next one is
opened and their models are gone, or their connections have expired.
"""

from __future__ import annotations

import time
import weakref
from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from langchain_clarifai._connections.http_library import KEEPALIVE_EXPIRY
from langchain_clarifai._connections.living import Living

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_clarifai._settings.lease import Lease

# Server and tenant.
Key: TypeAlias = tuple[str, bytes]

# How many idle pools are kept.
_MOST_IDLE: Final = 100


class Pool:
    """One HTTP client, the claims on it, and the requests that use it right now.

    Attributes:
        leases: The models that have a claim on it.
        uses: One object for each request.
        idle_since: When the last request ended, by the monotonic clock.
        is_held: Whether somebody keeps the client, for requests that nobody counts.
        is_retired: Whether it takes no new request.
        is_closed: Whether somebody closes the client, or has closed it.
    """

    def __init__(self, key: Key, http_client: Any) -> None:
        self.key = key
        self.http_client = http_client
        self.leases: weakref.WeakSet[Lease] = weakref.WeakSet()
        self.uses = Living()
        self.idle_since = 0.0
        self.is_held = False
        self.is_retired = False
        self.is_closed = False

    @property
    def in_flight(self) -> int:
        """How many requests use the pool."""
        return len(self.uses)

    def end(self) -> bool:
        """Tell a caller whether to close the pool; only one caller is told to."""
        if self.in_flight or self.is_closed:
            return False
        self.is_closed = True
        return True


class Use:
    """A request's use of a pool. It ends when it is taken back, or forgotten."""

    __slots__ = ("__weakref__", "pool")

    def __init__(self, pool: Pool) -> None:
        self.pool = pool


class PoolTable:
    """Pools, by the server and tenant that they serve. One thread at a time may use it.

    Between any two steps, a signal handler of the same thread may close a model and so
    retire any pool that no request uses. The order of the steps allows for that.
    """

    def __init__(self) -> None:
        self.by_key: dict[Key, Pool] = {}
        self.leaving: set[Pool] = set()
        """Retired pools that requests still use."""

        self._idle: OrderedDict[Key, Pool] = OrderedDict()  # the longest idle first

    def add(self, key: Key, http_client: Any) -> Pool:
        """Open a pool."""
        pool = self.by_key[key] = Pool(key, http_client)
        return pool

    def lend(self, pool: Pool, lease: Lease) -> Use:
        """Begin a request of a model, which gives the model a claim on the pool."""
        pool.leases.add(lease)
        use = Use(pool)
        pool.uses.add(use)
        if pool.in_flight == 1:
            self._idle.pop(pool.key, None)
        return use

    def take_back(self, use: Use) -> Pool | None:
        """End a request; return the pool that is to be closed for it, if one is."""
        pool = use.pool
        if pool.in_flight == 1 and not pool.is_retired:
            pool.idle_since = time.monotonic()
            pool.is_held = False
            self._idle[pool.key] = pool
        pool.uses.discard(use)
        if pool.is_retired:
            return pool if self._end(pool) else None
        if len(self._idle) > _MOST_IDLE:
            oldest = next(iter(self._idle.values()))
            return oldest if self.retire(oldest) else None
        return None

    def hold(self, use: Use) -> None:
        """End a request whose client is kept: idle or not, the pool stays open."""
        use.pool.is_held = True
        use.pool.uses.discard(use)

    def retire(self, pool: Pool) -> bool:
        """Let no new request in; tell whether the pool is to be closed now."""
        pool.is_retired = True
        for pools in (self.by_key, self._idle):
            if pools.get(pool.key) is pool:
                pools.pop(pool.key, None)
        return self._end(pool)

    def give_up(self, lease: Lease) -> list[Pool]:
        """End a model's claims; return the pools that are to be closed for it."""
        closing = []
        for pool in list(self.by_key.values()):
            if lease in pool.leases:
                pool.leases.discard(lease)
                if not pool.leases and self.retire(pool):
                    closing.append(pool)
        return closing

    def sweep(self) -> list[Pool]:
        """Retire idle pools that are of no more use; return those to be closed.

        They include those whose last request was forgotten: nobody took it back.
        """
        expired = time.monotonic() - KEEPALIVE_EXPIRY
        missed_by_nobody = [
            pool
            for pool in list(self.by_key.values())
            if not (pool.in_flight or pool.is_held)
            and (not pool.leases or pool.idle_since < expired)
        ]
        return self.retire_all([*missed_by_nobody, *list(self.leaving)])

    def retire_all(self, pools: Iterable[Pool]) -> list[Pool]:
        """Retire pools; return those that are to be closed now."""
        return [pool for pool in pools if self.retire(pool)]

    def disown(self) -> None:
        """Let nobody close the pools, in a forked child.

        Their sockets are the parent's, and so are the requests, which the child's copy
        of a reader may still end.
        """
        for pool in (*self.by_key.values(), *self.leaving):
            pool.is_retired = pool.is_closed = True

    def _end(self, pool: Pool) -> bool:
        if pool.in_flight:
            self.leaving.add(pool)
            return False
        self.leaving.discard(pool)
        return pool.end()


@lru_cache(maxsize=256)
def find_origin(base_url: str) -> str:
    """Return scheme, host and port of a URL, which identify the server."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"
