"""Short versions of `make load`: many requests at once, and every answer its own."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.load.__main__ import run_load
from tests.load.running import build_model, count_sockets, write_prompt
from tests.load.server import Task, read_counts, served_tasks
from tests.servers.openai_wire import choice, completion, openai_error
from tests.servers.wire import Reply, Request, WireServer, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def base_url() -> Iterator[str]:
    with served_tasks() as url:
        yield url


@pytest.mark.parametrize(
    ("how", "count", "at_once", "deltas"),
    [
        ("astream", 200, 200, 50),
        ("ainvoke", 1_000, 200, 3),
        ("abatch", 1_000, 100, 3),
    ],
)
def test_many_calls_at_once_all_get_their_own_answer(
    base_url: str, how: str, count: int, at_once: int, deltas: int
) -> None:
    """None is wrong, lost or sent twice, and sockets are bounded and given back."""
    before = count_sockets()
    report = run_load(base_url, how, count, at_once, deltas)
    assert len(report.outcomes) == count
    assert all(outcome.is_right for outcome in report.outcomes)
    assert set(report.requests.values()) == {1}
    assert len(report.requests) == count
    assert report.sockets <= at_once
    assert count_sockets() == before


def test_memory_returns_to_where_it_was(base_url: str) -> None:
    """After a load, no more objects are alive than after the one before."""
    counts: list[int] = []
    for how in ("warm", "first", "second"):
        report = run_load(base_url, "ainvoke", 300, 100)
        assert len(report.outcomes) == 300, how
        del report
        gc.collect()
        counts.append(len(gc.get_objects()))
    assert counts[2] <= counts[1] * 1.05


async def test_connections_are_used_again_and_not_opened_for_each_request(
    base_url: str,
) -> None:
    """Twenty workers that ask five times each need twenty connections."""
    async with build_model(base_url) as model:

        async def work(name: str) -> None:
            for number in range(5):
                task = Task(nonce=f"{name}.{number}")
                answer = await model.ainvoke(write_prompt(task))
                assert answer.text == task.answer

        await asyncio.gather(*(work(f"worker{number}") for number in range(20)))
    counts = await asyncio.to_thread(read_counts, base_url)
    assert counts.connections <= 20


async def test_hundred_throttled_calls_come_back_spread_out(wire: WireServer) -> None:
    """None before its time, and not all of them at once; each gets its own answer."""
    came: dict[str, list[float]] = {}

    def throttle_once(request: Request) -> Reply:
        text = request.json["messages"][-1]["content"]
        came.setdefault(text, []).append(time.monotonic())
        if len(came[text]) == 1:
            headers = {"retry-after": "2"}
            return json_reply(openai_error("Slow down"), status=429, headers=headers)
        return json_reply(completion(choice(text)))

    wire.handler = throttle_once
    async with build_model(wire.url) as model:
        texts = [f"caller {number}" for number in range(100)]
        answers = await asyncio.gather(*(model.ainvoke(text) for text in texts))
    assert [answer.text for answer in answers] == texts
    waits = [again - refused for refused, again in came.values()]
    assert min(waits) >= 2
    # A quarter of what the server asked for, which they are spread over.
    assert max(waits) - min(waits) > 0.25
    moments = Counter(round(wait / 0.05) for wait in waits)
    assert max(moments.values()) < 50
