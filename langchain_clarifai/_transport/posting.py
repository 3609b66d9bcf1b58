"""An attempt and a client → the response, and its body read to the end.

This is the I/O of one attempt. What is sent, and what the answer means, is the
attempt's to say.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import ExitStack, aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._connections.patience import begin, limit_body, limit_rest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from langchain_clarifai._transport.attempts import Attempt

# How long the end of a body may follow the end of the answer in it.
_DRAIN_TIMEOUT: Final = 0.5


def read_body(attempt: Attempt, response: Any) -> bytes:
    """Read the whole body of a response, within the time that the attempt has."""
    # `take_piece` checks the time with each piece; this is for when none comes.
    limit_body(response, attempt.seconds_left)
    try:
        for piece in response.iter_bytes():
            attempt.take_piece(piece)
    except Exception:
        attempt.check_deadline()
        raise
    return attempt.body


async def aread_body(attempt: Attempt, response: Any) -> bytes:
    """Read the whole body of a response, likewise."""
    # What is there as a whole, as small answers are, is waited for no more.
    is_whole = getattr(response, "is_whole", False)
    try:
        async with asyncio.timeout(None if is_whole else attempt.seconds_left):
            async for piece in response.aiter_bytes():
                attempt.take_piece(piece)
    except TimeoutError:
        attempt.check_deadline()
        raise
    return attempt.body


def post(attempt: Attempt, client: Any) -> Any:
    """Send a request; return its response, of which the body is yet to be read."""
    # A redirect would take the prompt, and headers of the user, elsewhere.
    response = client.send(attempt.build(client), stream=True, follow_redirects=False)
    with ExitStack() as stack:
        stack.callback(response.close)
        if not attempt.read_headers(response):
            # The status says enough, so a body that breaks off will do.
            with suppress(Exception):
                read_body(attempt, response)
            raise attempt.build_failure()
        stack.pop_all()
    return response


async def apost(attempt: Attempt, client: Any) -> Any:
    """Send a request; return its response, of which the body is yet to be read.

    It is no async generator, as `asynccontextmanager` would have it: a loop that shuts
    down closes all of them at once, and this one under the stream that reads from it.
    """
    http_request = attempt.build(client)
    async with asyncio.timeout(None) as header_timeout:
        # Our own client calls it; waiting for a connection has a limit of its own.
        http_request.extensions["when_connected"] = partial(
            begin, header_timeout, attempt.header_timeout
        )
        response = await client.send(http_request, stream=True, follow_redirects=False)
    try:
        is_good = attempt.read_headers(response)
    except BaseException:
        await response.aclose()
        raise
    if not is_good:
        async with aclosing(response):
            with suppress(Exception):
                await aread_body(attempt, response)
            raise attempt.build_failure()
    return response


def drain(response: Any, pieces: Iterator[bytes]) -> None:
    """Read the end of a body whose answer is whole, so that its connection is reused.

    It follows the answer at once. A server that keeps it back loses the connection.
    """
    if limit_rest(response, _DRAIN_TIMEOUT):
        deque(pieces, maxlen=0)
    else:
        response.close()


async def adrain(pieces: AsyncIterator[bytes]) -> None:
    """Read the end of a body whose answer is whole, likewise."""
    async with asyncio.timeout(_DRAIN_TIMEOUT):
        async for _ in pieces:
            pass
