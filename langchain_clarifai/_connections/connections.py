"""The connections to one server: those that requests use, and those that are idle.

The pool of the HTTP library's core looks at all its connections under a lock whenever a
request begins or ends, and asks the system about each that idles. Here a request takes
the connection that was used last, looks at that one, and owns it until its answer has
ended. The core still makes the connections, and knows when one is used up.

There are no locks: each step is a single operation of a queue, which nothing can
interrupt. So any number of threads may send, and signal handlers in the middle of them.
"""

from __future__ import annotations

import queue
from collections import deque
from typing import Any, Final

from langchain_clarifai._connections.http_library import MAX_CONNECTIONS, import_core

# The SDK's own limit, of its `_constants`.
_MAX_KEPT: Final = 100

_core: Any = import_core()


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
        # It holds one item for each connection that a request may still take.
        self._places: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(MAX_CONNECTIONS):
            self._places.put(None)

    def take(self, origin: Any, timeout: float) -> Any:
        """Return a connection for one request, perhaps one that is yet to connect.

        Args:
            origin: The server, always the same.
            timeout: How many seconds to wait for another request's connection, where
                there are as many as there may be.

        Raises:
            PoolTimeout: If none was given back in that time. It is the core's error.
        """
        try:
            self._places.get(timeout=timeout)
        except queue.Empty:
            raise _core.PoolTimeout from None
        try:
            self._close_oldest()
            return self._find_idle() or self._pool.create_connection(origin)
        except BaseException:
            self._places.put(None)
            raise

    def give_back(self, connection: Any) -> None:
        """Keep a connection for later requests, or close it if it can take none."""
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
            self._places.put(None)

    def close(self) -> None:
        """Close what idles now, and the others when they are given back."""
        self._is_closed = True
        self._close_idle()

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
