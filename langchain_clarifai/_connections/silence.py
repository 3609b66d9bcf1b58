"""The body of an async answer → its pieces, or an error if the server is silent.

aiohttp's own timer runs from one read of the network to the next, whether or not anyone
waits for bytes: a reader who takes long over a chunk would be told that the server was
silent, although the rest of the answer is there already. Here only the time counts in
which the reader waits and nothing is there.
"""

from __future__ import annotations

import asyncio
import math
from typing import Final, Self

import aiohttp

# How long a loop may take, in seconds, to read what has come while it was held up.
_GRACE: Final = 0.01


class Pieces:
    """The pieces of a body, each of them all that has come since the last one.

    A timer looks, now and then, for how long the reader has been waiting. One timer
    serves for many pieces: to set one for each would cost as much as reading the piece.

    Raises:
        SocketTimeoutError: If the reader waits for longer than the given seconds.
    """

    __slots__ = ("_content", "_handle", "_is_over", "_loop", "_seconds", "_since")

    def __init__(self, content: aiohttp.StreamReader, seconds: float) -> None:
        self._content = content
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._since = math.inf  # when the reader began to wait; infinite if it does not
        self._handle: asyncio.TimerHandle | None = None
        self._is_over = False  # whether the time of this wait is over

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        self._since = self._loop.time()
        self._is_over = False
        # A small answer is there as a whole, and nothing has to be waited for.
        if self._handle is None and not self._content.is_eof():
            self._look_at(self._since + self._seconds)
        piece = await self._content.readany()
        self._since = math.inf
        if piece:
            return piece
        raise StopAsyncIteration

    def stop(self) -> None:
        """End the timer; nothing more is read."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _look_at(self, when: float) -> None:
        self._handle = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        self._handle = None
        if self._since == math.inf:
            return  # the next wait sets the timer anew
        end = self._since + self._seconds
        if self._loop.time() < end:
            self._look_at(end)
        elif not self._is_over:
            # The loop may have been held up, and not yet have read what has come.
            self._is_over = True
            self._look_at(self._loop.time() + _GRACE)
        else:
            self._content.set_exception(
                aiohttp.SocketTimeoutError("The server was silent for too long.")
            )
