"""The connections to one server: those that requests use, and those that are idle.

The pool of the HTTP library's core looks at all its connections under a lock whenever a
request begins or ends, and asks the system about each that idles. Here a request takes
the connection that was used last, looks at that one, and owns it until its answer has
ended. The core still makes the connections, and knows when one is used up.

There are no locks: each step is a single operation of a queue or a set, which nothing
can interrupt. So any number of threads may send, and signal handlers in the middle of
them. A handler that raises costs the request its connection, and nothing else: what is
lent is an object, and counts as long as it exists.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from contextlib import suppress
from typing import Any, Final

from langchain_clarifai._connections.http_library import MAX_CONNECTIONS, import_core
from langchain_clarifai._connections.living import Living

# The SDK's own limit, of its `_constants`.
_MAX_KEPT: Final = 100

# How often, in seconds, a request that waits looks for itself. Those that end wake it,
# but one that was interrupted wakes nobody.
_LOOK: Final = 0.05

_core: Any = import_core()


class Lent:
    """A connection in the hands of one request."""

    __slots__ = ("__weakref__", "connection")

    def __init__(self) -> None:
        self.connection: Any = None


class Connections:
    """Lends connections to one server, each to one request at a time.

    Args:
        pool: A pool of the core's. It makes the connections, through its proxy if it
            has one, and holds none of them.
    """

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._idle: deque[Any] = deque()  # the one that was used last is at the end
        self._is_closed = False
        self._lent = Living()
        self._waiting = Living()
        # An item wakes a request that waits.
        self._ends: queue.SimpleQueue[None] = queue.SimpleQueue()

    def take(self, origin: Any, timeout: float) -> Lent:
        """Lend a connection to one request, perhaps one that is yet to connect.

        Args:
            origin: The server, always the same.
            timeout: How many seconds to wait for another request's connection, where
                there are as many as there may be.

        Raises:
            PoolTimeout: If none was given back in that time. It is the core's error.
        """
        lent = Lent()
        if self._waiting or not self._admit(lent):
            self._wait(lent, timeout)
        try:
            self._close_oldest()
            lent.connection = self._find_idle() or self._pool.create_connection(origin)
        except BaseException:
            self._end(lent)
            raise
        return lent

    def give_back(self, lent: Lent) -> None:
        """Keep a connection for later requests, or close it if it can take none."""
        connection = lent.connection
        try:
            if connection.is_closed():
                return
            if not connection.is_idle() or len(self._idle) >= _MAX_KEPT:
                connection.close()
                return
            self._idle.append(connection)
            if self._is_closed:
                self._close_idle()
        finally:
            self._end(lent)

    def drop(self, lent: Lent) -> None:
        """Close a connection whose request was broken off, in whatever state it is."""
        try:
            lent.connection.close()
        finally:
            self._end(lent)

    def close(self) -> None:
        """Close what idles now, and the others when they are given back."""
        self._is_closed = True
        self._close_idle()

    def _admit(self, lent: Lent) -> bool:
        """Count a request; tell whether there may be as many."""
        # Of two threads in the same moment, both are rather sent away than let in.
        self._lent.add(lent)
        if len(self._lent) <= MAX_CONNECTIONS:
            return True
        self._lent.discard(lent)
        return False

    def _wait(self, lent: Lent, timeout: float) -> None:
        """Wait until the request is let in."""
        until = time.monotonic() + timeout
        self._waiting.add(lent)
        try:
            while not self._admit(lent):
                left = until - time.monotonic()
                if left <= 0:
                    raise _core.PoolTimeout
                with suppress(queue.Empty):
                    self._ends.get(timeout=min(left, _LOOK))
        finally:
            self._waiting.discard(lent)

    def _end(self, lent: Lent) -> None:
        self._lent.discard(lent)
        if self._waiting:
            self._ends.put(None)

    def _find_idle(self) -> Any:
        """Return the connection that was used last, of those that are still good."""
        while (connection := _pop(self._idle.pop)) is not None:
            if not connection.has_expired():
                return connection
            connection.close()
        return None

    def _close_oldest(self) -> None:
        """Close what idled for too long; a server may have closed it already."""
        while len(self._idle) > 1:
            connection = _pop(self._idle.popleft)
            if connection is None:
                return
            if not connection.has_expired():
                self._idle.appendleft(connection)
                return
            connection.close()

    def _close_idle(self) -> None:
        while (connection := _pop(self._idle.pop)) is not None:
            connection.close()


def _pop(pop: Any) -> Any:
    """Take a connection out; None where another thread was faster."""
    try:
        return pop()
    except IndexError:
        return None
