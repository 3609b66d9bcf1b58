"""The SDK's HTTP clients → clients that keep no cookies and wait no longer than told.

The HTTP libraries limit each read from the network, not all of them together: a server
that sends its headers byte by byte would be waited for as long as it pleases. Here the
headers as a whole have as long as the read timeout says, from the moment on that the
request is on its way.

The private names are httpx's and httpcore's, and there are no public ones for this.
Where they are missing, as in a client of the user's with a transport of another kind,
requests work all the same, with the libraries' own limits.
"""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Self

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

# The least that a read waits for, in seconds: zero would mean not to wait at all, which
# is no timeout but another error.
_LEAST_TIMEOUT: Final = 0.001


def prepare_client(http_client: Any) -> None:
    """Make a sync client limit the time in which headers arrive."""
    for transport in _list_transports(http_client):
        pool: Any = getattr(transport, "_pool", None)
        backend = getattr(pool, "_network_backend", None)
        if backend is not None:
            pool._network_backend = _PatientBackend(backend)  # noqa: SLF001 - see above


def prepare_async_client(http_client: Any) -> None:
    """Make an async client do the same, and keep no cookies.

    aiohttp has a jar of its own beside httpx's: the cookies of one token's answers
    would travel with another's requests.
    """
    for transport in _list_transports(http_client):
        if hasattr(transport, "get_client"):
            session = transport.get_client()
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_begin_to_wait)
            transport.client = aiohttp.ClientSession(
                connector=session.connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[trace],
            )
            session.detach()


def _list_transports(http_client: Any) -> Iterator[Any]:
    """List the transport of a client, and those of the environment's proxies."""
    yield getattr(http_client, "_transport", None)
    yield from getattr(http_client, "_mounts", {}).values()


def stop_waiting(response: Any) -> None:
    """Tell the connection of a sync response that its headers are complete."""
    network_stream = response.extensions.get("network_stream")
    if isinstance(network_stream, _PatientStream):
        network_stream.is_waiting = False


def hang_up(response: Any) -> None:
    """Close the connection of a sync response whose body made no sense.

    What follows of it would be read as the answer to the next request. aiohttp does
    this by itself.
    """
    network_stream = response.extensions.get("network_stream")
    if isinstance(network_stream, _PatientStream):
        network_stream.close()


class _PatientBackend:
    """A network backend of httpcore's whose connections limit their headers."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def connect_tcp(self, *arguments: Any, **settings: Any) -> _PatientStream:
        return _PatientStream(self._backend.connect_tcp(*arguments, **settings))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


class _PatientStream:
    """A connection that waits for headers as long as for a single read, in all."""

    __slots__ = ("_deadline", "_stream", "is_waiting")

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._deadline = 0.0
        self.is_waiting = False

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)
        self._deadline = 0.0
        self.is_waiting = True

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self.is_waiting and timeout is not None:
            timeout = self._shorten(timeout)
        piece: bytes = self._stream.read(max_bytes, timeout)
        return piece

    def _shorten(self, timeout: float) -> float:
        now = time.monotonic()
        self._deadline = self._deadline or now + timeout
        return max(self._deadline - now, _LEAST_TIMEOUT)

    def start_tls(self, *arguments: Any, **settings: Any) -> _PatientStream:
        return _PatientStream(self._stream.start_tls(*arguments, **settings))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class HeaderTimeout:
    """Limit the time in which the headers of an async response arrive.

    The time runs once the request is sent: waiting for a connection has a limit of its
    own.

    Raises:
        TimeoutError: When it leaves, if the time was over.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timeout = asyncio.timeout(None)

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._outer = _header_timeout.set(self)
        return self

    async def __aexit__(
        self,
        error_class: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _header_timeout.reset(self._outer)
        await self._timeout.__aexit__(error_class, error, traceback)

    def begin(self) -> None:
        """Let the time run."""
        now = asyncio.get_running_loop().time()
        self._timeout.reschedule(now + self._seconds)


# The one of the running task: aiohttp hands nothing of ours to its traces.
_header_timeout: ContextVar[HeaderTimeout | None] = ContextVar(
    "header_timeout", default=None
)


async def _begin_to_wait(*_: Any) -> None:
    header_timeout = _header_timeout.get()
    if header_timeout is not None:
        header_timeout.begin()
