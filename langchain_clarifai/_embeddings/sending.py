"""One job → its vectors, in as many requests as that takes, several at once.

The sync and the async half differ by `await` alone: what decides anything is in `run`,
which does no I/O.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from langchain_core.runnables.config import ContextThreadPoolExecutor
from typing_extensions import override

from langchain_clarifai._answer.faults import MalformedAnswer
from langchain_clarifai._embeddings.answer import Answer, convert_to_answer
from langchain_clarifai._embeddings.run import Batch, Run
from langchain_clarifai._errors.base import ClarifaiError
from langchain_clarifai._transport.attempts import WholeAttempt
from langchain_clarifai._transport.calls import afetch, fetch

if TYPE_CHECKING:
    from langchain_clarifai._embeddings.job import Job
    from langchain_clarifai._request.request import Request


class _BatchAttempt(WholeAttempt[Answer]):
    """One try of embedding a batch."""

    def __init__(self, request: Request, token: str, *, run: Run, batch: Batch) -> None:
        super().__init__(request, token)
        self._run = run
        self._batch = batch

    @override
    def convert(self, body: bytes) -> Answer:
        self.take_body(body)
        batch = self._batch
        answer = convert_to_answer(body, len(batch.places), is_base64=batch.is_base64)
        length = len(answer.vectors[0])
        if (first := self._run.check_length(length)) != length:
            raise MalformedAnswer(
                f"The vectors differ in length: {first}, and now {length} numbers.",
                body,
            )
        return answer


def embed(job: Job) -> list[list[float]]:
    """Send a job and return its vectors.

    Raises:
        ClarifaiError: If some did not come; it has the others.
    """
    run = Run(job)
    if run.workers == 1:
        _work(run)
        return run.finish()
    with ContextThreadPoolExecutor(run.workers) as executor:
        try:
            for done in [executor.submit(_work, run) for _ in range(run.workers)]:
                done.result()
        except BaseException:
            run.end()  # or the executor would wait for all the rest
            raise
    return run.finish()


async def aembed(job: Job) -> list[list[float]]:
    """Send a job and return its vectors.

    Raises:
        ClarifaiError: If some did not come; it has the others.
    """
    # A progress bar has to be imported, which would block the loop.
    run = await asyncio.to_thread(Run, job) if job.show_progress else Run(job)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(run.workers):
            tasks.create_task(_awork(run))
    return run.finish()


def _work(run: Run) -> None:
    """Send batches until there are no more."""
    try:
        while (batch := run.take_batch()) is not None:
            attempt = partial(_BatchAttempt, run=run, batch=batch)
            try:
                answer = fetch(batch.request, attempt)
            except ClarifaiError as error:
                run.take_error(batch, error)
            else:
                run.take_answer(batch, answer)
    except Exception as error:  # noqa: BLE001 - `finish` raises it
        run.end(error)


async def _awork(run: Run) -> None:
    """Send batches until there are no more."""
    try:
        while (batch := run.take_batch()) is not None:
            attempt = partial(_BatchAttempt, run=run, batch=batch)
            try:
                answer = await afetch(batch.request, attempt)
            except ClarifaiError as error:
                run.take_error(batch, error)
            else:
                run.take_answer(batch, answer)
    except Exception as error:  # noqa: BLE001 - `finish` raises it
        run.end(error)
