"""Tasks → what became of them: right, an error of ours, or something to be ashamed of.

Each task is one call of a model. Its answer carries the task's own words, so an answer
that belongs to another request, or only looks whole, is found out.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from langchain_clarifai import ChatClarifai, ClarifaiError
from tests.load.server import Task, read_counts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

LOST_AFTER: Final = 60.0
"""Seconds after which a call that neither answers nor fails counts as lost."""


@dataclass(slots=True)
class Outcome:
    """What became of one call."""

    task: Task
    how: str
    text: str = ""
    error: Exception | None = None
    seconds: float = 0.0

    @property
    def is_right(self) -> bool:
        """Whether the answer is whole, and this task's own."""
        return self.error is None and self.text == self.task.answer

    @property
    def is_wrong(self) -> bool:
        """Whether something passed as an answer that is none."""
        return self.error is None and self.text != self.task.answer

    @property
    def is_foreign(self) -> bool:
        """Whether the call failed with an error that is not ours."""
        return self.error is not None and not isinstance(self.error, ClarifaiError)


@dataclass(slots=True)
class Report:
    """What became of all calls, and what it took."""

    outcomes: list[Outcome]
    requests: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    sockets: int = 0
    seconds: float = 0.0

    @property
    def wrong(self) -> list[Outcome]:
        """Answers that are not the task's own, or not whole."""
        return [outcome for outcome in self.outcomes if outcome.is_wrong]

    @property
    def lost(self) -> list[Outcome]:
        """Calls that neither answered nor failed with an error of ours."""
        return [outcome for outcome in self.outcomes if outcome.is_foreign]

    @property
    def doubled(self) -> list[str]:
        """Tasks that the server answered in full more than once."""
        return [nonce for nonce, count in self.answered.items() if count > 1]

    @property
    def errors(self) -> Counter[tuple[str, str]]:
        """How often each fault ended in each outcome."""
        return Counter(
            (
                outcome.task.fault or "none",
                "right answer"
                if outcome.is_right
                else type(outcome.error).__name__
                if outcome.error
                else "WRONG",
            )
            for outcome in self.outcomes
        )

    def find_extra_sends(self, allowed: Callable[[Task], int]) -> list[str]:
        """Find tasks that were sent more often than allowed."""
        return [
            outcome.task.nonce
            for outcome in self.outcomes
            if self.requests[outcome.task.nonce] > allowed(outcome.task)
        ]


def build_model(base_url: str, **settings: Any) -> ChatClarifai:
    """Build the model under test."""
    return ChatClarifai(
        model="gpt-oss-120b", base_url=base_url, api_key=SecretStr("load"), **settings
    )


def write_prompt(task: Task) -> str:
    """Write the message that tells the server what to do."""
    return json.dumps(
        {
            "nonce": task.nonce,
            "deltas": task.deltas,
            "fault": task.fault,
            "times": task.times,
        }
    )


def invoke(model: ChatClarifai, task: Task) -> str:
    """Ask for a plain answer."""
    return model.invoke(write_prompt(task)).text


def stream(model: ChatClarifai, task: Task) -> str:
    """Ask for a stream."""
    return "".join(piece.text for piece in model.stream(write_prompt(task)))


async def ainvoke(model: ChatClarifai, task: Task) -> str:
    """Ask for a plain answer."""
    return (await model.ainvoke(write_prompt(task))).text


async def astream(model: ChatClarifai, task: Task) -> str:
    """Ask for a stream."""
    return "".join([piece.text async for piece in model.astream(write_prompt(task))])


SYNC: Final[Sequence[Callable[[ChatClarifai, Task], str]]] = (invoke, stream)
ASYNC: Final[Sequence[Callable[[ChatClarifai, Task], Awaitable[str]]]] = (
    ainvoke,
    astream,
)


def run_sync(
    model: ChatClarifai,
    tasks: Sequence[Task],
    call: Callable[[ChatClarifai, Task], str],
    at_once: int,
) -> list[Outcome]:
    """Run tasks in threads."""

    def run(task: Task) -> Outcome:
        outcome = Outcome(task, call.__name__)
        started = time.monotonic()
        try:
            outcome.text = call(model, task)
        except Exception as error:  # noqa: BLE001 - any error is an outcome
            outcome.error = error
        outcome.seconds = time.monotonic() - started
        return outcome

    with ThreadPoolExecutor(at_once) as executor:
        return list(executor.map(run, tasks))


async def run_async(
    model: ChatClarifai,
    tasks: Sequence[Task],
    call: Callable[[ChatClarifai, Task], Awaitable[str]],
    at_once: int,
) -> list[Outcome]:
    """Run tasks in the running loop."""
    turns = asyncio.Semaphore(at_once)

    async def run(task: Task) -> Outcome:
        outcome = Outcome(task, call.__name__)
        async with turns:
            started = time.monotonic()
            try:
                async with asyncio.timeout(LOST_AFTER):
                    outcome.text = await call(model, task)
            except Exception as error:  # noqa: BLE001 - any error is an outcome
                outcome.error = error
            outcome.seconds = time.monotonic() - started
        return outcome

    return await asyncio.gather(*(run(task) for task in tasks))


def build_report(base_url: str, outcomes: list[Outcome], started: float) -> Report:
    """Set what the calls saw against what the server saw."""
    counts = read_counts(base_url)
    return Report(
        outcomes,
        counts.requests,
        counts.answered,
        counts.most_connections,
        time.monotonic() - started,
    )


def read_memory() -> float:
    """Return the memory of this process, in MB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def count_sockets() -> int:
    """Count the open sockets of this process."""
    count = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            count += link.readlink().name.startswith("socket:")
        except FileNotFoundError:
            continue  # the listing itself was one
    return count
