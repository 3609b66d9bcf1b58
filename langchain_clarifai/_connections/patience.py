"""Limits for what takes too long: headers that trickle in, bodies that do not end.

The HTTP libraries limit each read from the network, not all of them together. A
connection of ours keeps such limits itself (see `network`). On others they are kept
from here, as far as that is possible.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any


class PatientConnection:
    """A sync connection that limits the time of an answer's parts."""

    __slots__ = ()

    def take_headers(self, headers: Any) -> None:
        """End the time of the headers, and begin to count the body."""
        raise NotImplementedError

    def limit_rest(self, seconds: float) -> None:
        """Limit the time for all that is still to be read of the answer."""
        raise NotImplementedError


def take_headers(response: Any) -> None:
    """Tell the connection of a sync response that its headers are complete."""
    network_stream = response.extensions.get("network_stream")
    if isinstance(network_stream, PatientConnection):
        network_stream.take_headers(response.headers)


def limit_body(response: Any, seconds: float) -> None:
    """Limit the time for the whole body of a sync response, on a connection of ours."""
    network_stream = response.extensions.get("network_stream")
    if isinstance(network_stream, PatientConnection):
        network_stream.limit_rest(seconds)


def limit_rest(response: Any, seconds: float) -> bool:
    """Limit the time for the rest of a sync response's body, if that is possible.

    The limit ends with the answer: the reader keeps it, and no timer is left that could
    end another request on the same connection.
    """
    network_stream = response.extensions.get("network_stream")
    if response.http_version != "HTTP/1.1":
        return False
    if isinstance(network_stream, PatientConnection):
        network_stream.limit_rest(seconds)
        return True
    return _limit_reads(response, seconds)


def _limit_reads(response: Any, seconds: float) -> bool:
    """Limit the rest of a body with a client of the user's, by a timer.

    The HTTP library's `trace` extension says when the connection is about to be given
    back. Until then the timer may shut it down, and whoever gives it back waits for
    that: the library lends out no connection that is shut down already.
    """
    network_stream = response.extensions.get("network_stream")
    connection = network_stream and network_stream.get_extra_info("socket")
    if connection is None:
        return False
    lock = threading.Lock()
    is_given_back = False

    def hang_up() -> None:
        with lock, suppress(OSError):
            if not is_given_back:
                connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True

    def give_back(event: str, _: Any) -> None:
        nonlocal is_given_back
        if event == "http11.response_closed.started":
            with lock:
                is_given_back = True
            timer.cancel()

    response.request.extensions["trace"] = give_back
    timer.start()
    return True


def begin(timeout: asyncio.Timeout, seconds: float) -> None:
    """Let the time of a timeout run from now on."""
    timeout.reschedule(asyncio.get_running_loop().time() + seconds)
