"""One request → its answer, however many attempts it takes.

The sync and the async half differ by `await` alone: what decides anything is in
`_Attempt`, which does no I/O.
"""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import time
from collections import deque
from contextlib import aclosing, closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import openai
from typing_extensions import override

from langchain_clarifai import _client
from langchain_clarifai._answer import parse_json
from langchain_clarifai._error_conversion import Exchange, converted_errors
from langchain_clarifai._errors import ClarifaiError
from langchain_clarifai._faults import ErrorBody, SilentStream, SlowAnswer
from langchain_clarifai._metadata import AnswerMetadata
from langchain_clarifai._reasoning import build_think_tags
from langchain_clarifai._responses import check_body_size, convert_to_chat_result
from langchain_clarifai._streaming import StreamAccumulator
from langchain_clarifai._transports import HeaderTimeout, take_headers
from langchain_clarifai._version import __version__

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Generator,
        Iterable,
        Iterator,
    )

    from langchain_core.outputs import ChatGenerationChunk, ChatResult

    from langchain_clarifai._request import Request

_PATH = "/chat/completions"

_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": (
        f"langchain-clarifai/{__version__} openai-python/{openai.__version__}"
    ),
    "X-Clarifai-Request-Id-Prefix": f"langchain-clarifai-{__version__}",
}
_LOWEST_FAILURE = 300

# The SDK's own limits, for requests whose user set none.
_CONNECT_TIMEOUT = 5.0
_READ_TIMEOUT = 600.0

# How long the end of a body may follow the end of the answer in it.
_DRAIN_TIMEOUT = 0.5


class _Attempt:
    """One try of a request: what it sends, what came back, what went wrong."""

    def __init__(self, request: Request, token: str) -> None:
        self._request = request
        self._read_timeout = _shorter(request.read_timeout, request.idle_timeout)
        self._body_size = 0
        self._deadline = math.inf  # until the body begins
        self._metadata = AnswerMetadata(
            request.model, include_headers=request.include_headers
        )
        self._exchange = Exchange(
            token=token, headers=request.headers, model=request.model
        )

    @contextmanager
    def converted_errors(self) -> Generator[None]:
        """Raise whatever goes wrong as one of our errors."""
        with converted_errors(self._exchange):
            yield

    @property
    def header_timeout(self) -> HeaderTimeout:
        """How long the headers of an async response may take."""
        return HeaderTimeout(self._read_timeout)

    @property
    def timeouts(self) -> tuple[float, float, float, float]:
        """Seconds to connect, read, write, and wait for a connection of the pool."""
        timeouts = self._request.timeouts
        return (
            timeouts.get("connect", _CONNECT_TIMEOUT),
            self._read_timeout,
            timeouts.get("write", _READ_TIMEOUT),
            timeouts.get("pool", _READ_TIMEOUT),
        )

    def build(self, client: Any) -> Any:
        """Build the HTTP request, with a client of the SDK's or the user's."""
        request = self._request
        built = client.build_request(
            "POST",
            f"{request.base_url}{_PATH}",
            content=request.body,
            headers={
                **_HEADERS,
                "Authorization": _Masked(f"Bearer {self._exchange.token}"),
                **request.headers,
            },
            params=request.query or None,
            timeout=self.timeouts,
        )
        self._exchange.request = built
        return built

    def read_headers(self, response: Any) -> bool:
        """Take the response, of which the body is yet to come; tell if it is good."""
        self._exchange.response = response
        self._metadata.headers = response.headers
        take_headers(response)
        self._deadline = time.monotonic() + self._request.read_timeout
        is_good: bool = response.status_code < _LOWEST_FAILURE
        return is_good

    def build_failure(self, body: bytes) -> ErrorBody:
        """Build the fault for a response whose status is one."""
        self._exchange.body = body
        try:
            return ErrorBody(parse_json(body))
        except ValueError:
            return ErrorBody(body.decode("utf-8", "replace"))

    def check_body(self, body: list[bytes]) -> None:
        """Watch that a plain answer does not trickle in for ever, nor flood us."""
        if time.monotonic() > self._deadline:
            raise SlowAnswer(self._request.read_timeout)
        self._body_size += len(body[-1])
        check_body_size(self._body_size, body[0])

    def convert_to_chat_result(self, body: bytes) -> ChatResult:
        """Take the body of a plain answer."""
        request = self._request
        self._exchange.body = body
        return convert_to_chat_result(
            body, self._metadata, request.reasoning_format, request.model
        )


class _StreamAttempt(_Attempt):
    """One try of a request whose answer is streamed."""

    def __init__(self, request: Request, token: str) -> None:
        super().__init__(request, token)
        self._last_progress = time.monotonic()
        self._accumulator = StreamAccumulator(
            self._metadata,
            build_think_tags(request.reasoning_format, request.model),
            allow_unfinished=request.allow_unfinished,
        )
        if request.idle_timeout is not None:
            is_impatient = request.read_timeout < request.idle_timeout
            setting = "timeout" if is_impatient else "stream_idle_timeout"
            self._exchange.silence = (setting, self._read_timeout)

    @property
    def is_done(self) -> bool:
        """Whether the answer is whole; what comes after it does not count."""
        return self._accumulator.is_done

    @property
    def has_yielded(self) -> bool:
        """Whether a chunk was handed out."""
        return self._accumulator.has_yielded

    @contextmanager
    @override
    def converted_errors(self) -> Generator[None]:
        """Raise whatever goes wrong as one of our errors, with the partial message."""
        accumulator = self._accumulator
        with converted_errors(self._exchange):
            try:
                yield
            except Exception:
                if accumulator.is_done:
                    return
                self._exchange.partial_message = accumulator.build_partial_message()
                self._exchange.chunks_received = accumulator.chunks_received
                raise

    def read(self, piece: bytes) -> Iterable[ChatGenerationChunk]:
        """Take the next bytes, and watch that the stream is alive."""
        generation_chunks = self._accumulator.feed(piece)
        now = time.monotonic()
        if self._accumulator.made_progress:
            self._last_progress = now
        elif self._is_silent(now):
            raise SilentStream
        return generation_chunks

    def finish(self) -> Iterable[ChatGenerationChunk]:
        """Take the end of the stream."""
        return self._accumulator.finish()

    def _is_silent(self, now: float) -> bool:
        idle_timeout = self._request.idle_timeout
        return (
            idle_timeout is not None
            and not self.is_done
            and now - self._last_progress > idle_timeout
        )


class _Masked(str):
    """A header value that no repr shows, in a traceback with locals, say."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return "'**********'"


def _shorter(timeout: float, idle_timeout: float | None) -> float:
    return timeout if idle_timeout is None else min(timeout, idle_timeout)


def _read_body(attempt: _Attempt, response: Any) -> bytes:
    body: list[bytes] = []
    for piece in response.iter_bytes():
        body.append(piece)
        attempt.check_body(body)
    return b"".join(body)


async def _aread_body(attempt: _Attempt, response: Any) -> bytes:
    body: list[bytes] = []
    async for piece in response.aiter_bytes():
        body.append(piece)
        attempt.check_body(body)
    return b"".join(body)


def _read_failure(attempt: _Attempt, response: Any) -> bytes:
    """Read what there is of an error's body; its status has told what counts."""
    body: list[bytes] = []
    with suppress(Exception):
        for piece in response.iter_bytes():
            body.append(piece)
            attempt.check_body(body)
    return b"".join(body)


async def _aread_failure(attempt: _Attempt, response: Any) -> bytes:
    """Read what there is of an error's body, likewise."""
    body: list[bytes] = []
    with suppress(Exception):
        async for piece in response.aiter_bytes():
            body.append(piece)
            attempt.check_body(body)
    return b"".join(body)


def _post(attempt: _Attempt, request: Request) -> Any:
    """Send a request; return its response, of which the body is yet to be read."""
    client = request.http_client
    if client is None:
        client = _client.get_client(request.base_url, request.lease)
    # A redirect would take the prompt, and headers of the user, elsewhere.
    response = client.send(attempt.build(client), stream=True, follow_redirects=False)
    if not attempt.read_headers(response):
        with closing(response):
            raise attempt.build_failure(_read_failure(attempt, response))
    return response


async def _apost(attempt: _Attempt, request: Request) -> Any:
    """Send a request; return its response, of which the body is yet to be read.

    It is no async generator, as `asynccontextmanager` would have it: a loop that shuts
    down closes all of them at once, and this one under the stream that reads from it.
    """
    client = request.http_async_client
    if client is None:
        client = await _client.get_async_client(request.base_url, request.lease)
    async with attempt.header_timeout:
        response = await client.send(
            attempt.build(client), stream=True, follow_redirects=False
        )
    if not attempt.read_headers(response):
        async with aclosing(response):
            raise attempt.build_failure(await _aread_failure(attempt, response))
    return response


def _drain(response: Any, pieces: Iterator[bytes]) -> None:
    """Read the end of a body whose answer is whole, so that its connection is reused.

    It follows the answer at once. A server that keeps it back loses the connection.
    """
    network_stream = response.extensions.get("network_stream")
    connection = network_stream and network_stream.get_extra_info("socket")
    if connection is None or response.http_version != "HTTP/1.1":
        response.close()
        return
    hang_up = threading.Timer(_DRAIN_TIMEOUT, connection.shutdown, [socket.SHUT_RDWR])
    hang_up.daemon = True
    hang_up.start()
    try:
        deque(pieces, maxlen=0)
    finally:
        hang_up.cancel()


async def _adrain(pieces: AsyncIterator[bytes]) -> None:
    """Read the end of a body, likewise."""
    async with asyncio.timeout(_DRAIN_TIMEOUT):
        async for _ in pieces:
            pass


def generate(request: Request) -> ChatResult:
    """Send a request and return its whole answer.

    Raises:
        ClarifaiError: If no attempt got an answer.
    """
    retries = request.build_retries()
    while True:
        attempt = _Attempt(request, request.read_token())
        try:
            with (
                attempt.converted_errors(),
                closing(_post(attempt, request)) as response,
            ):
                return attempt.convert_to_chat_result(_read_body(attempt, response))
        except ClarifaiError as error:
            wait = retries.wait_before_next(error)
        time.sleep(wait)


async def agenerate(request: Request) -> ChatResult:
    """Send a request and return its whole answer.

    Raises:
        ClarifaiError: If no attempt got an answer.
    """
    retries = request.build_retries()
    while True:
        attempt = _Attempt(request, await request.aread_token())
        try:
            with attempt.converted_errors():
                async with aclosing(await _apost(attempt, request)) as response:
                    return attempt.convert_to_chat_result(
                        await _aread_body(attempt, response)
                    )
        except ClarifaiError as error:
            wait = retries.wait_before_next(error)
        await asyncio.sleep(wait)


def stream(request: Request) -> Generator[ChatGenerationChunk]:
    """Send a request and yield its answer as it comes.

    Raises:
        ClarifaiError: If no attempt got an answer, or the stream broke.
    """
    retries = request.build_retries()
    while True:
        attempt = _StreamAttempt(request, request.read_token())
        try:
            with (
                attempt.converted_errors(),
                closing(_post(attempt, request)) as response,
            ):
                pieces = response.iter_bytes()
                for piece in pieces:
                    yield from attempt.read(piece)
                    if attempt.is_done:
                        _drain(response, pieces)
                yield from attempt.finish()
        except ClarifaiError as error:
            piece = b""  # tracebacks may show it, and a server may echo the token
            wait = retries.wait_before_next(error, has_yielded=attempt.has_yielded)
        else:
            return
        time.sleep(wait)


async def astream(request: Request) -> AsyncGenerator[ChatGenerationChunk]:
    """Send a request and yield its answer as it comes.

    Raises:
        ClarifaiError: If no attempt got an answer, or the stream broke.
    """
    retries = request.build_retries()
    while True:
        attempt = _StreamAttempt(request, await request.aread_token())
        try:
            with attempt.converted_errors():
                async with aclosing(await _apost(attempt, request)) as response:
                    pieces = response.aiter_bytes()
                    async for piece in pieces:
                        for generation_chunk in attempt.read(piece):
                            yield generation_chunk
                        if attempt.is_done:
                            await _adrain(pieces)
                    for generation_chunk in attempt.finish():
                        yield generation_chunk
        except ClarifaiError as error:
            piece = b""  # tracebacks may show it, and a server may echo the token
            wait = retries.wait_before_next(error, has_yielded=attempt.has_yielded)
        else:
            return
        await asyncio.sleep(wait)
