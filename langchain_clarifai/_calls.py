"""One request → its answer, however many attempts it takes.

The sync and the async half differ by `await` alone: what decides anything is in
`_Attempt`, which does no I/O.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import openai
from typing_extensions import override

from langchain_clarifai import _client
from langchain_clarifai._error_conversion import Exchange, converted_errors
from langchain_clarifai._errors import ClarifaiError
from langchain_clarifai._faults import SilentStream, SlowAnswer
from langchain_clarifai._metadata import AnswerMetadata
from langchain_clarifai._reasoning import build_think_tags
from langchain_clarifai._responses import convert_to_chat_result
from langchain_clarifai._streaming import StreamAccumulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator

    from langchain_core.outputs import ChatGenerationChunk, ChatResult
    from openai import AsyncOpenAI, OpenAI

    from langchain_clarifai._request import Request

_PATH = "/chat/completions"

# The SDK's own limits, for requests whose user set none.
_CONNECT_TIMEOUT = 5.0
_READ_TIMEOUT = 600.0


class _Pieces(openai.Stream[bytes]):
    """The body as it comes. The SDK would build a pydantic object for every event."""

    @override
    def __iter__(self) -> Iterator[bytes]:
        return self.response.iter_bytes()


class _AsyncPieces(openai.AsyncStream[bytes]):
    """The body as it comes, for async calls."""

    @override
    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.response.aiter_bytes()


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

    def read_headers(self, response: Any) -> None:
        """Take the response, of which the body is yet to come."""
        self._exchange.response = response
        self._exchange.request = response.request
        self._metadata.headers = response.headers

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

    def build_options(self) -> dict[str, Any]:
        """Build the SDK's options of this request."""
        request = self._request
        authorization = _Masked(f"Bearer {self._exchange.token}")
        options: dict[str, Any] = {
            "headers": {"Authorization": authorization, **request.headers},
            "timeout": openai.Timeout(
                connect=request.timeouts.get("connect", _CONNECT_TIMEOUT),
                read=self._read_timeout,
                write=request.timeouts.get("write", _READ_TIMEOUT),
                pool=request.timeouts.get("pool", _READ_TIMEOUT),
            ),
            # A redirect would take the prompt, and headers of the user, elsewhere.
            "follow_redirects": False,
        }
        if request.query:
            options["params"] = request.query
        return options


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


def _post(client: OpenAI, request: Request, options: Any) -> _Pieces:
    return client.post(
        _PATH,
        cast_to=object,
        content=request.body,
        options=options,
        stream=True,
        stream_cls=_Pieces,
    )


async def _apost(client: AsyncOpenAI, request: Request, options: Any) -> _AsyncPieces:
    return await client.post(
        _PATH,
        cast_to=object,
        content=request.body,
        options=options,
        stream=True,
        stream_cls=_AsyncPieces,
    )


def _read_body(attempt: _Attempt, pieces: _Pieces) -> bytes:
    body: list[bytes] = []
    for piece in pieces:
        body.append(piece)
        attempt.check_time()
    return b"".join(body)


async def _aread_body(attempt: _Attempt, pieces: _AsyncPieces) -> bytes:
    body: list[bytes] = []
    async for piece in pieces:
        body.append(piece)
        attempt.check_time()
    return b"".join(body)


def generate(request: Request) -> ChatResult:
    """Send a request and return its whole answer.

    Raises:
        ClarifaiError: If no attempt got an answer.
    """
    retries = request.build_retries()
    while True:
        attempt = _Attempt(request, request.read_token())
        client = _client.get_client(
            request.base_url, request.http_client, request.lease
        )
        try:
            with (
                attempt.converted_errors(),
                _post(client, request, attempt.build_options()) as pieces,
            ):
                attempt.read_headers(pieces.response)
                return attempt.convert_to_chat_result(_read_body(attempt, pieces))
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
        client = await _client.get_async_client(
            request.base_url, request.http_async_client, request.lease
        )
        try:
            with attempt.converted_errors():
                async with await _apost(
                    client, request, attempt.build_options()
                ) as pieces:
                    attempt.read_headers(pieces.response)
                    body = await _aread_body(attempt, pieces)
                    return attempt.convert_to_chat_result(body)
        except ClarifaiError as error:
            wait = retries.wait_before_next(error)
        await asyncio.sleep(wait)


def stream(request: Request) -> Iterator[ChatGenerationChunk]:
    """Send a request and yield its answer as it comes.

    Raises:
        ClarifaiError: If no attempt got an answer, or the stream broke.
    """
    retries = request.build_retries()
    while True:
        attempt = _StreamAttempt(request, request.read_token())
        client = _client.get_client(
            request.base_url, request.http_client, request.lease
        )
        try:
            with (
                attempt.converted_errors(),
                _post(client, request, attempt.build_options()) as pieces,
            ):
                attempt.read_headers(pieces.response)
                for piece in pieces:
                    yield from attempt.read(piece)
                yield from attempt.finish()
        except ClarifaiError as error:
            if attempt.has_yielded:
                raise
            wait = retries.wait_before_next(error)
        else:
            return
        time.sleep(wait)


async def astream(request: Request) -> AsyncIterator[ChatGenerationChunk]:
    """Send a request and yield its answer as it comes.

    Raises:
        ClarifaiError: If no attempt got an answer, or the stream broke.
    """
    retries = request.build_retries()
    while True:
        attempt = _StreamAttempt(request, await request.aread_token())
        client = await _client.get_async_client(
            request.base_url, request.http_async_client, request.lease
        )
        try:
            with attempt.converted_errors():
                async with await _apost(
                    client, request, attempt.build_options()
                ) as pieces:
                    attempt.read_headers(pieces.response)
                    async for piece in pieces:
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
