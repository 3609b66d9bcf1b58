"""One request → its answer, however many attempts it takes.

The sync and the async half differ by `await` alone: what decides anything is in
`attempts`, which does no I/O.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import ExitStack, aclosing, closing, suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from langchain_clarifai._errors.base import ClarifaiError
from langchain_clarifai._errors.catching import ConversionAtHand
from langchain_clarifai._transport.attempts import (
    AnswerT,
    Attempt,
    ChatAttempt,
    StreamAttempt,
    WholeAttempt,
)
from langchain_clarifai._transport.loans import AsyncLoan, Loan
from langchain_clarifai._transport.patience import limit_body, limit_rest
from langchain_clarifai._transport.retries import Retries

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Callable,
        Generator,
        Iterator,
    )

    from langchain_core.callbacks import (
        AsyncCallbackManagerForLLMRun,
        CallbackManagerForLLMRun,
    )
    from langchain_core.outputs import ChatGenerationChunk, ChatResult

    from langchain_clarifai._request.request import Request

    # The class of an attempt, or what else makes one of a request and its token.
    AttemptBuilder: TypeAlias = Callable[[Request, str], WholeAttempt[AnswerT]]

# How long the end of a body may follow the end of the answer in it.
_DRAIN_TIMEOUT: Final = 0.5


def _read_body(attempt: Attempt, response: Any) -> bytes:
    # `take_piece` checks the time with each piece; this is for when none comes.
    limit_body(response, attempt.seconds_left)
    try:
        for piece in response.iter_bytes():
            attempt.take_piece(piece)
    except Exception:
        attempt.check_deadline()
        raise
    return attempt.body


async def _aread_body(attempt: Attempt, response: Any) -> bytes:
    try:
        async with asyncio.timeout(attempt.seconds_left):
            async for piece in response.aiter_bytes():
                attempt.take_piece(piece)
    except TimeoutError:
        attempt.check_deadline()
        raise
    return attempt.body


def _post(attempt: Attempt, client: Any) -> Any:
    """Send a request; return its response, of which the body is yet to be read."""
    # A redirect would take the prompt, and headers of the user, elsewhere.
    response = client.send(attempt.build(client), stream=True, follow_redirects=False)
    with ExitStack() as stack:
        stack.callback(response.close)
        if not attempt.read_headers(response):
            # The status says enough, so a body that breaks off will do.
            with suppress(Exception):
                _read_body(attempt, response)
            raise attempt.build_failure()
        stack.pop_all()
    return response


async def _apost(attempt: Attempt, client: Any) -> Any:
    """Send a request; return its response, of which the body is yet to be read.

    It is no async generator, as `asynccontextmanager` would have it: a loop that shuts
    down closes all of them at once, and this one under the stream that reads from it.
    """
    http_request = attempt.build(client)
    async with attempt.header_timeout as header_timeout:
        # Our own transport begins it, once the request is sent.
        http_request.extensions["header_timeout"] = header_timeout
        response = await client.send(http_request, stream=True, follow_redirects=False)
    try:
        is_good = attempt.read_headers(response)
    except BaseException:
        await response.aclose()
        raise
    if not is_good:
        async with aclosing(response):
            with suppress(Exception):
                await _aread_body(attempt, response)
            raise attempt.build_failure()
    return response


def _drain(response: Any, pieces: Iterator[bytes]) -> None:
    """Read the end of a body whose answer is whole, so that its connection is reused.

    It follows the answer at once. A server that keeps it back loses the connection.
    """
    if limit_rest(response, _DRAIN_TIMEOUT):
        deque(pieces, maxlen=0)
    else:
        response.close()


async def _adrain(pieces: AsyncIterator[bytes]) -> None:
    """Read the end of a body, likewise."""
    async with asyncio.timeout(_DRAIN_TIMEOUT):
        async for _ in pieces:
            pass


def _build_retries(request: Request) -> Retries:
    return Retries(
        request.max_retries, request.cold_start_timeout, request.total_timeout
    )


def _wait(
    retries: Retries, seconds: float, run_manager: CallbackManagerForLLMRun | None
) -> None:
    """Wait before an attempt, and let the callbacks of the run know."""
    if run_manager is not None:
        run_manager.on_retry(retries.build_retry_state(seconds))
    time.sleep(seconds)


async def _await(
    retries: Retries, seconds: float, run_manager: AsyncCallbackManagerForLLMRun | None
) -> None:
    """Wait before an attempt, likewise."""
    if run_manager is not None:
        await run_manager.on_retry(retries.build_retry_state(seconds))
    await asyncio.sleep(seconds)


def generate(
    request: Request, run_manager: CallbackManagerForLLMRun | None = None
) -> ChatResult:
    """Send a request and return its whole answer."""
    return fetch(request, ChatAttempt, run_manager)


async def agenerate(
    request: Request, run_manager: AsyncCallbackManagerForLLMRun | None = None
) -> ChatResult:
    """Send a request and return its whole answer."""
    return await afetch(request, ChatAttempt, run_manager)


def fetch(
    request: Request,
    build_attempt: AttemptBuilder[AnswerT],
    run_manager: CallbackManagerForLLMRun | None = None,
) -> AnswerT:
    """Send a request and return its answer, as the attempt converts it.

    Raises:
        ClarifaiError: If no attempt got an answer.
    """
    retries = _build_retries(request)
    while True:
        attempt = build_attempt(request, request.read_token())
        if turn := retries.wait_for_turn(attempt.throttle):
            _wait(retries, turn, run_manager)
        attempt.take_waits(retries.metadata)
        try:
            with (
                attempt.converted_errors(),
                Loan(request) as client,
                closing(_post(attempt, client)) as response,
            ):
                return attempt.convert(_read_body(attempt, response))
        except ClarifaiError as error:
            wait = retries.wait_before_next(error, attempt.throttle)
        _wait(retries, wait, run_manager)


async def afetch(
    request: Request,
    build_attempt: AttemptBuilder[AnswerT],
    run_manager: AsyncCallbackManagerForLLMRun | None = None,
) -> AnswerT:
    """Send a request and return its answer, as the attempt converts it.

    Raises:
        ClarifaiError: If no attempt got an answer.
    """
    retries = _build_retries(request)
    while True:
        attempt = build_attempt(request, await request.aread_token())
        if turn := retries.wait_for_turn(attempt.throttle):
            await _await(retries, turn, run_manager)
        attempt.take_waits(retries.metadata)
        try:
            with attempt.converted_errors():
                async with (
                    ConversionAtHand(),
                    AsyncLoan(request) as client,
                    aclosing(await _apost(attempt, client)) as response,
                ):
                    return attempt.convert(await _aread_body(attempt, response))
        except ClarifaiError as error:
            wait = retries.wait_before_next(error, attempt.throttle)
        await _await(retries, wait, run_manager)


def stream(
    request: Request, run_manager: CallbackManagerForLLMRun | None = None
) -> Generator[ChatGenerationChunk]:
    """Send a request and yield its answer as it comes.

    Raises:
        ClarifaiError: If no attempt got an answer, or the stream broke.
    """
    retries = _build_retries(request)
    while True:
        attempt = StreamAttempt(request, request.read_token())
        if turn := retries.wait_for_turn(attempt.throttle):
            _wait(retries, turn, run_manager)
        attempt.take_waits(retries.metadata)
        try:
            with (
                attempt.converted_errors(),
                Loan(request) as client,
                closing(_post(attempt, client)) as response,
            ):
                pieces = response.iter_bytes()
                for piece in pieces:
                    yield from attempt.read(piece)
                    if attempt.is_done:
                        _drain(response, pieces)
                    attempt.ask()
                yield from attempt.finish()
        except ClarifaiError as error:
            piece = b""  # tracebacks may show it, and a server may echo the token
            wait = retries.wait_before_next(
                error, attempt.throttle, has_yielded=attempt.has_yielded
            )
        else:
            return
        _wait(retries, wait, run_manager)


async def astream(
    request: Request, run_manager: AsyncCallbackManagerForLLMRun | None = None
) -> AsyncGenerator[ChatGenerationChunk]:
    """Send a request and yield its answer as it comes.

    Raises:
        ClarifaiError: If no attempt got an answer, or the stream broke.
    """
    retries = _build_retries(request)
    while True:
        attempt = StreamAttempt(request, await request.aread_token())
        if turn := retries.wait_for_turn(attempt.throttle):
            await _await(retries, turn, run_manager)
        attempt.take_waits(retries.metadata)
        try:
            with attempt.converted_errors():
                async with (
                    ConversionAtHand(),
                    AsyncLoan(request) as client,
                    aclosing(await _apost(attempt, client)) as response,
                ):
                    pieces = response.aiter_bytes()
                    async for piece in pieces:
                        for generation_chunk in attempt.read(piece):
                            yield generation_chunk
                        if attempt.is_done:
                            await _adrain(pieces)
                        attempt.ask()
                    for generation_chunk in attempt.finish():
                        yield generation_chunk
        except ClarifaiError as error:
            piece = b""  # tracebacks may show it, and a server may echo the token
            wait = retries.wait_before_next(
                error, attempt.throttle, has_yielded=attempt.has_yielded
            )
        else:
            return
        await _await(retries, wait, run_manager)
