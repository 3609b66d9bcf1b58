"""An HTTP client → the same one, which remembers what was sent and what came."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langchain_clarifai._connections.unpacking import limit_unpacking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator


class TooManyRequestsError(Exception):
    """The check has sent as many requests as it had announced."""


@dataclass(slots=True)
class Exchange:
    """One request and its answer; times in seconds from when it was sent."""

    method: str
    url: str
    sent: bytes
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytearray = field(default_factory=bytearray)
    first_byte_after: float | None = None
    ended_after: float | None = None
    _started: float = field(default_factory=time.monotonic)

    def read_head(self, response: Any) -> None:
        """Take status and headers."""
        self.status = response.status_code
        self.headers = dict(response.headers)
        self.ended_after = self._look_at_clock()

    def read_piece(self, piece: bytes) -> None:
        """Take bytes of the body, as they are after decompression."""
        self.ended_after = self._look_at_clock()
        if self.first_byte_after is None:
            self.first_byte_after = self.ended_after
        self.body += piece

    def _look_at_clock(self) -> float:
        return round(time.monotonic() - self._started, 4)


class Recorder:
    """What was sent so far, and how many requests may be sent."""

    def __init__(self, most_requests: int) -> None:
        self.exchanges: list[Exchange] = []
        self._most_requests = most_requests

    def begin(self, request: Any) -> Exchange:
        """Count a request.

        Raises:
            TooManyRequestsError: If as many as were announced have been sent.
        """
        if len(self.exchanges) >= self._most_requests:
            raise TooManyRequestsError(
                f"{self._most_requests} requests were announced and sent."
            )
        content = request.content or b""
        exchange = Exchange(request.method, str(request.url), content)
        self.exchanges.append(exchange)
        return exchange


class RecordingClient:
    """Takes the place of the HTTP client of sync calls, which it wraps."""

    def __init__(self, recorder: Recorder, find_client: Callable[[], Any]) -> None:
        self._recorder = recorder
        self._find_client = find_client

    def build_request(self, *arguments: Any, **options: Any) -> Any:
        """Build a request, as the client does."""
        return self._find_client().build_request(*arguments, **options)

    def send(self, request: Any, **options: Any) -> Any:
        """Send a request, and write along what comes."""
        exchange = self._recorder.begin(request)
        response = self._find_client().send(request, **options)
        exchange.read_head(response)
        limit_unpacking(response)
        read = response.iter_bytes

        def iter_bytes(*arguments: Any) -> Iterator[bytes]:
            for piece in read(*arguments):
                exchange.read_piece(piece)
                yield piece

        response.iter_bytes = iter_bytes
        return response


class AsyncRecordingClient:
    """Takes the place of the HTTP client of async calls, which it wraps."""

    def __init__(
        self, recorder: Recorder, find_client: Callable[[], Awaitable[Any]]
    ) -> None:
        self._recorder = recorder
        self._find_client = find_client
        self._client: Any = None

    async def prepare(self) -> None:
        """Get the shared client, which only a coroutine can."""
        self._client = await self._find_client()

    def build_request(self, *arguments: Any, **options: Any) -> Any:
        """Build a request, as the client does."""
        return self._client.build_request(*arguments, **options)

    async def send(self, request: Any, **options: Any) -> Any:
        """Send a request, and write along what comes."""
        exchange = self._recorder.begin(request)
        response = await self._client.send(request, **options)
        exchange.read_head(response)
        limit_unpacking(response)
        read = response.aiter_bytes

        async def aiter_bytes(*arguments: Any) -> AsyncIterator[bytes]:
            async for piece in read(*arguments):
                exchange.read_piece(piece)
                yield piece

        response.aiter_bytes = aiter_bytes
        return response
