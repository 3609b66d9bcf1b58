"""One request → its answer, however many attempts it takes.

The sync and the async half differ by `await` alone: what decides anything is in
`_Attempt`, which does no I/O.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, contextmanager
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
from langchain_clarifai._responses import convert_to_chat_result
from langchain_clarifai._streaming import StreamAccumulator
from langchain_clarifai._version import __version__

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

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


class _Attempt:
    """One try of a request: what it sends, what came back, what went wrong."""

    def __init__(self, request: Request, token: str) -> None:
        self._request = request
        self._read_timeout = _shorter(request.read_timeout, request.idle_timeout)
        self._deadline = time.monotonic() + request.read_timeout
        self._metadata = AnswerMetadata(
            request.model, include_headers=request.include_headers
        )
        self._exchange = Exchange(token=token, model=request.model)

    @contextmanager
    def converted_errors(self) -> Generator[None]:
        """Raise whatever goes wrong as one of our errors."""
        with converted_errors(self._exchange):
            yield

    def build(self, client: Any) -> Any:
        """Build the HTTP request, with a client of the SDK's or the user's."""
        request = self._request
        timeouts = request.timeouts
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
            timeout=(
                timeouts.get("connect", _CONNECT_TIMEOUT),
                self._read_timeout,
                timeouts.get("write", _READ_TIMEOUT),
                timeouts.get("pool", _READ_TIMEOUT),
            ),
        )
        self._exchange.request = built
        return built

    def read_headers(self, response: Any) -> bool:
        """Take the response, of which the body is yet to come; tell if it is good."""
        self._exchange.response = response
        self._metadata.headers = response.headers
        is_good: bool = response.status_code < _LOWEST_FAILURE
        return is_good

    def build_failure(self, body: bytes) -> ErrorBody:
        """Build the fault for a response whose status is one."""
        try:
            return ErrorBody(parse_json(body))
        except ValueError:
            return ErrorBody(body.decode("utf-8", "replace"))

    def check_time(self) -> None:
        """Watch that a plain answer does not trickle in for ever."""
        if time.monotonic() > self._deadline:
            raise SlowAnswer(self._request.read_timeout)

    def convert_to_chat_result(self, body: bytes) -> ChatResult:
        """Take the body of a plain answer."""
        request = self._request
        return convert_to_chat_result(
            body, self._metadata, request.reasoning_format, request.model
        )


class _StreamAttempt(_Attempt):
    """One try of a request whose answer is streamed."""

    def __init__(self, request: Request, token: str) -> None:
        super().__init__(request, token)
        self.has_yielded = False
        self._last_progress = time.monotonic()
        self._accumulator = StreamAccumulator(
            self._metadata,
            build_think_tags(request.reasoning_format, request.model),
            allow_unfinished=request.allow_unfinished,
        )
        self._exchange.stream_idle_timeout = request.idle_timeout and self._read_timeout

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
                    return  # the answer is whole, and what comes after does not count
                self._exchange.partial_message = accumulator.build_partial_message()
                self._exchange.chunks_received = accumulator.chunks_received
                raise

    def read(self, piece: bytes) -> list[ChatGenerationChunk]:
        """Take the next bytes, and watch that the stream is alive."""
        generation_chunks = self._accumulator.feed(piece)
        idle_timeout = self._request.idle_timeout
        now = time.monotonic()
        if self._accumulator.made_progress:
            self._last_progress = now
        elif idle_timeout is not None and now - self._last_progress > idle_timeout:
            raise SilentStream(idle_timeout)
        self.has_yielded = self.has_yielded or bool(generation_chunks)
        return generation_chunks

    def finish(self) -> list[ChatGenerationChunk]:
        """Take the end of the stream."""
        generation_chunks = self._accumulator.finish()
        self.has_yielded = True
        return generation_chunks


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
        attempt.check_time()
    return b"".join(body)


async def _aread_body(attempt: _Attempt, response: Any) -> bytes:
    body: list[bytes] = []
    async for piece in response.aiter_bytes():
        body.append(piece)
        attempt.check_time()
    return b"".join(body)


@contextmanager
def _post(attempt: _Attempt, request: Request) -> Generator[Any]:
    """Send a request; yield its response while the body is yet to be read."""
    client = request.http_client or _client.get_client(request.lease)
    # A redirect would take the prompt, and headers of the user, elsewhere.
    response = client.send(attempt.build(client), stream=True, follow_redirects=False)
    try:
        if not attempt.read_headers(response):
            raise attempt.build_failure(response.read())
        yield response
    finally:
        response.close()


@asynccontextmanager
async def _apost(attempt: _Attempt, request: Request) -> AsyncGenerator[Any]:
    """Send a request; yield its response while the body is yet to be read."""
    client = request.http_async_client or await _client.get_async_client(request.lease)
    response = await client.send(
        attempt.build(client), stream=True, follow_redirects=False
    )
    try:
        if not attempt.read_headers(response):
            raise attempt.build_failure(await response.aread())
        yield response
    finally:
        await response.aclose()


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
                _post(attempt, request) as response,
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
                async with _apost(attempt, request) as response:
                    body = await _aread_body(attempt, response)
                    return attempt.convert_to_chat_result(body)
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
                _post(attempt, request) as response,
            ):
                for piece in response.iter_bytes():
                    yield from attempt.read(piece)
                yield from attempt.finish()
        except ClarifaiError as error:
            if attempt.has_yielded:
                raise
            wait = retries.wait_before_next(error)
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
                async with _apost(attempt, request) as response:
                    async for piece in response.aiter_bytes():
                        for generation_chunk in attempt.read(piece):
                            yield generation_chunk
                    for generation_chunk in attempt.finish():
                        yield generation_chunk
        except ClarifaiError as error:
            if attempt.has_yielded:
                raise
            wait = retries.wait_before_next(error)
        else:
            return
        await asyncio.sleep(wait)
