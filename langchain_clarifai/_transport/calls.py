"""One request → its answer, however many attempts it takes.

The sync and the async half differ by `await` alone. What they decide is decided in
`attempts` and `retries`, which do no I/O; `posting` sends and reads.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from langchain_clarifai._errors.base import ClarifaiError
from langchain_clarifai._errors.catching import ConversionAtHand
from langchain_clarifai._transport.attempts import (
    AnswerT,
    Attempt,
    ChatAttempt,
    WholeAttempt,
)
from langchain_clarifai._transport.loans import AsyncLoan, Loan
from langchain_clarifai._transport.posting import (
    adrain,
    apost,
    aread_body,
    drain,
    post,
    read_body,
)
from langchain_clarifai._transport.retries import Retries
from langchain_clarifai._transport.stream_attempts import StreamAttempt

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        Callable,
        Generator,
    )

    from langchain_core.callbacks import (
        AsyncCallbackManagerForLLMRun,
        CallbackManagerForLLMRun,
    )
    from langchain_core.outputs import ChatGenerationChunk, ChatResult

    from langchain_clarifai._request.request import Request

    # The class of an attempt, or a function that makes one of a request and its token.
    AttemptBuilder: TypeAlias = Callable[[Request, str], WholeAttempt[AnswerT]]

AttemptT = TypeVar("AttemptT", bound=Attempt)


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


def _begin(
    build_attempt: Callable[[Request, str], AttemptT],
    request: Request,
    retries: Retries,
    run_manager: CallbackManagerForLLMRun | None,
) -> AttemptT:
    """Make the next attempt, with the token as it is now, and wait for its turn."""
    attempt = build_attempt(request, request.read_token())
    if turn := retries.wait_for_turn(attempt.throttle):
        _wait(retries, turn, run_manager)
    attempt.take_waits(retries.metadata)
    return attempt


async def _abegin(
    build_attempt: Callable[[Request, str], AttemptT],
    request: Request,
    retries: Retries,
    run_manager: AsyncCallbackManagerForLLMRun | None,
) -> AttemptT:
    """Make the next attempt, likewise."""
    attempt = build_attempt(request, await request.aread_token())
    if turn := retries.wait_for_turn(attempt.throttle):
        await _await(retries, turn, run_manager)
    attempt.take_waits(retries.metadata)
    return attempt


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
        attempt = _begin(build_attempt, request, retries, run_manager)
        try:
            with (
                attempt.converted_errors(),
                Loan(request, attempt.token) as client,
                closing(post(attempt, client)) as response,
            ):
                return attempt.convert(read_body(attempt, response))
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
        attempt = await _abegin(build_attempt, request, retries, run_manager)
        try:
            with attempt.converted_errors():
                async with (
                    ConversionAtHand(),
                    AsyncLoan(request, attempt.token) as client,
                    aclosing(await apost(attempt, client)) as response,
                ):
                    return attempt.convert(await aread_body(attempt, response))
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
        attempt = _begin(StreamAttempt, request, retries, run_manager)
        try:
            with (
                attempt.converted_errors(),
                Loan(request, attempt.token) as client,
                closing(post(attempt, client)) as response,
            ):
                pieces = response.iter_bytes()
                for piece in pieces:
                    yield from attempt.read(piece)
                    if attempt.is_done:
                        drain(response, pieces)
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
        attempt = await _abegin(StreamAttempt, request, retries, run_manager)
        try:
            with attempt.converted_errors():
                async with (
                    ConversionAtHand(),
                    AsyncLoan(request, attempt.token) as client,
                    aclosing(await apost(attempt, client)) as response,
                ):
                    pieces = response.aiter_bytes()
                    async for piece in pieces:
                        for generation_chunk in attempt.read(piece):
                            yield generation_chunk
                        if attempt.is_done:
                            await adrain(pieces)
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
