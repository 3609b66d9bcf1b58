"""Connections of aiohttp → connections that hold nothing of another answer.

aiohttp parses whatever arrives on an idle connection, and hands it to the next request
that gets the connection: an answer that was sent twice, or a `408` for a client that
kept quiet, would be taken for the answer to that request.

Here a connection is watched while it is idle. It is closed if bytes come then, or still
lie in the system's buffer when the next request is to have it. Bytes that come once
that request was written cannot be told from its answer, here or anywhere.

All names are public ones of asyncio and aiohttp. To mend it in aiohttp itself,
`ResponseHandler` would close its transport in `data_received` when no request waits,
and `BaseConnector._get` would ask `should_close` beside `is_connected`, and whether the
socket is readable.
"""

from __future__ import annotations

import asyncio
import select
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.connector import Connection

when_connected: Final[ContextVar[Callable[[], None] | None]] = ContextVar(
    "when_connected", default=None
)
"""A function that is called once the request of this task has a connection. aiohttp's
own tracing could tell that, too, and costs ten times as much."""


class _IdleWatch(asyncio.Protocol):
    """Takes the place of a connection's own protocol while no request has it."""

    def __init__(self, protocol: Any, transport: asyncio.Transport) -> None:
        self.protocol = protocol
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._transport.close()

    @override
    def eof_received(self) -> bool | None:
        is_open: bool | None = self.protocol.eof_received()
        return is_open

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.protocol.connection_lost(exc)

    @override
    def pause_writing(self) -> None:
        self.protocol.pause_writing()

    @override
    def resume_writing(self) -> None:
        self.protocol.resume_writing()


class WatchedConnections(aiohttp.BaseConnector):
    """A mixin for connectors whose idle connections are watched."""

    @override
    async def connect(self, *arguments: Any, **settings: Any) -> Connection:
        while True:
            connection = await super().connect(*arguments, **settings)
            if _wake(connection):
                connection.add_callback(partial(_rest, connection))
                if (call := when_connected.get()) is not None:
                    call()
                return connection
            connection.close()


class WatchedConnector(WatchedConnections, aiohttp.TCPConnector):
    """aiohttp's connector for TCP and TLS, with idle connections that are watched."""


def _rest(connection: Connection) -> None:
    """Watch a connection that is given back, also where it is then closed."""
    transport = connection.transport
    if transport is not None and not transport.is_closing():
        transport.set_protocol(_IdleWatch(connection.protocol, transport))


def _wake(connection: Connection) -> bool:
    """Give a connection its protocol back; tell whether it can take a request."""
    transport = connection.transport
    if transport is None or transport.is_closing():
        return False
    watch = transport.get_protocol()
    if not isinstance(watch, _IdleWatch):
        return True  # it is new
    transport.set_protocol(watch.protocol)
    return not (watch.protocol.should_close or _has_unread(transport))


def _has_unread(transport: asyncio.Transport) -> bool:
    """Tell whether bytes, or the end, have come that the loop did not read yet."""
    connection = transport.get_extra_info("socket")
    if connection is None:
        return False
    if hasattr(select, "poll"):
        # Without the limit of `select`, which is 1,024 descriptors.
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([connection.fileno()], [], [], 0)[0])
