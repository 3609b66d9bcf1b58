"""`python -m tests.load load` or `chaos`: the long runs; prints what became of them.

load   1,000 streams of 200 chunks at once, 10,000 calls 200 at a time, and a batch of
       10,000 with `max_concurrency`, each in one process.
chaos  10,000 requests, of which each meets a fault that a fixed seed chooses; sync and
       async, plain and streamed. Then the attacks of `attacks`, one by one, with what
       each costs.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tests.load.attacks import ATTACKS, list_attacks, serve_attack
from tests.load.measuring import Cost, measured_calls
from tests.load.running import (
    ASYNC,
    SYNC,
    Outcome,
    Report,
    ainvoke,
    astream,
    build_model,
    build_report,
    count_sockets,
    read_memory,
    run_async,
    run_sync,
    write_prompt,
)
from tests.load.server import FAULTS, Task, served_tasks
from tests.servers.wire import WireServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from langchain_clarifai import ChatClarifai

SEED: Final = 20_260_101


def choose_tasks(count: int, seed: int = SEED) -> list[Task]:
    """Choose tasks: one in three is served at once, the others meet a fault."""
    chance = random.Random(seed)  # noqa: S311 - it is to be the same each time
    names = list(FAULTS)
    return [
        Task(
            nonce=f"{number}x{chance.getrandbits(32):08x}",
            deltas=chance.randint(2, 12),
            fault=chance.choice(names) if chance.random() < 2 / 3 else "",
            times=chance.choice([1, 1, 1, 2, 9]),
        )
        for number in range(count)
    ]


def run_chaos(base_url: str, count: int, seed: int = SEED) -> Report:
    """Run a quarter of the tasks each way: sync and async, plain and streamed."""
    model = build_model(
        base_url,
        timeout={"connect": 5, "read": 1.0},
        stream_idle_timeout=1.0,
        cold_start_timeout=2.0,
    )
    started = time.monotonic()
    tasks = choose_tasks(count, seed)
    outcomes: list[Outcome] = []
    with _closed_beside(model):
        for number, sync_call in enumerate(SYNC):
            outcomes += run_sync(model, tasks[number::4], sync_call, 50)
        for number, async_call in enumerate(ASYNC, start=len(SYNC)):
            running = run_async(model, tasks[number::4], async_call, 200)
            outcomes += asyncio.run(running)
    model.close()
    return build_report(base_url, outcomes, started)


@contextmanager
def _closed_beside(model: ChatClarifai) -> Iterator[None]:
    """Close the model again and again, which no running call may notice."""
    is_over = threading.Event()

    def close() -> None:
        while not is_over.wait(0.05):
            model.close()

    thread = threading.Thread(target=close)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def run_load(
    base_url: str, how: str, count: int, at_once: int, deltas: int = 3
) -> Report:
    """Run tasks that meet no fault."""
    model = build_model(base_url)
    tasks = [Task(nonce=f"{how}{number}", deltas=deltas) for number in range(count)]
    started = time.monotonic()
    outcomes = LOADS[how](model, tasks, at_once)
    return build_report(base_url, outcomes, started)


def _run_streams(
    model: ChatClarifai, tasks: Sequence[Task], at_once: int
) -> list[Outcome]:
    return asyncio.run(run_async(model, tasks, astream, at_once))


def _run_calls(
    model: ChatClarifai, tasks: Sequence[Task], at_once: int
) -> list[Outcome]:
    return asyncio.run(run_async(model, tasks, ainvoke, at_once))


def _run_batch(
    model: ChatClarifai, tasks: Sequence[Task], at_once: int
) -> list[Outcome]:
    prompts: list[Any] = [write_prompt(task) for task in tasks]
    messages = asyncio.run(model.abatch(prompts, {"max_concurrency": at_once}))
    return [
        Outcome(task, "abatch", message.text)
        for task, message in zip(tasks, messages, strict=True)
    ]


LOADS: Final[
    dict[str, Callable[[ChatClarifai, Sequence[Task], int], list[Outcome]]]
] = {"astream": _run_streams, "ainvoke": _run_calls, "abatch": _run_batch}


def print_report(title: str, report: Report) -> bool:
    """Print the figures; tell whether nothing went wrong."""
    print(f"\n{title}")
    print(f"  requests sent      {sum(report.requests.values()):>7,}")
    for (fault, end), count in sorted(report.errors.items()):
        print(f"  {count:>7,}  {fault:<30} {end}")
    print(f"  right answers      {sum(o.is_right for o in report.outcomes):>7,}")
    print(f"  wrong answers      {len(report.wrong):>7,}")
    print(f"  lost               {len(report.lost):>7,}")
    print(f"  doubled            {len(report.doubled):>7,}")
    print(f"  slowest call       {max(o.seconds for o in report.outcomes):>7.1f} s")
    print(f"  sockets at most    {report.sockets:>7,}")
    print(f"  sockets left       {count_sockets():>7,}")
    print(f"  seconds            {report.seconds:>7.1f}")
    for outcome in [*report.wrong, *report.lost][:5]:
        print(f"    {outcome}")
    return not (report.wrong or report.lost or report.doubled)


def _run_all_loads() -> bool:
    is_good = True
    for how, count, at_once, deltas in (
        ("astream", 1_000, 1_000, 200),
        ("astream", 1_500, 1_500, 20),
        ("ainvoke", 10_000, 200, 3),
        ("abatch", 10_000, 200, 3),
    ):
        # Once to warm up: what the first run loads and the allocator keeps is no leak.
        with served_tasks() as base_url:
            run_load(base_url, how, count, at_once, deltas)
        before = read_memory()
        with served_tasks() as base_url:
            report = run_load(base_url, how, count, at_once, deltas)
        title = f"{count:,} {how}, {at_once:,} at once, {deltas} chunks"
        is_good &= print_report(title, report)
        del report
        after = read_memory()
        change = (after - before) / before
        print(
            f"  memory             {before:>7.1f} MB, then {after:.1f}: {change:+.1%}"
        )
    return is_good


def _run_all_chaos(count: int, seed: int) -> bool:
    with served_tasks() as base_url:
        report = run_chaos(base_url, count, seed)
    is_good = print_report(f"{count:,} requests among faults, seed {seed}", report)
    return is_good & _run_attacks()


def _run_attacks() -> bool:
    """Run every attack; print what it costs at most, whichever way the call goes."""
    costs: dict[str, list[Cost]] = {}
    with measured_calls() as measure:
        for name, way in list_attacks():
            with WireServer() as server:
                cost = serve_attack(server, ATTACKS[name], way, measure)
            costs.setdefault(name, []).append(cost)
    print(f"\n{'attack':<40} {'CPU s':>6} {'MB':>6} {'s':>6}  ends as")
    is_good = True
    for name, found in costs.items():
        attack = ATTACKS[name]
        most = [
            max(getattr(cost, part) for cost in found)
            for part in ("cpu", "memory", "seconds")
        ]
        ends = ", ".join(dict.fromkeys(cost.ended for cost in found))
        print(f"{name:<40} {most[0]:>6.2f} {most[1]:>6.0f} {most[2]:>6.1f}  {ends}")
        expected = {attack.choose_end(way) for way in attack.ways}
        is_good &= {cost.ended for cost in found} == expected
        limits = (attack.cpu, attack.memory, attack.seconds)
        is_good &= all(one < limit for one, limit in zip(most, limits, strict=True))
    return is_good


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("what", choices=["load", "chaos"])
    parser.add_argument("--count", type=int, default=10_000, help="requests of chaos")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    # Every retry is announced in the log; thousands of them are no news here.
    logging.getLogger("langchain_clarifai").setLevel(logging.ERROR)
    if arguments.what == "load":
        return not _run_all_loads()
    return not _run_all_chaos(arguments.count, arguments.seed)


if __name__ == "__main__":
    sys.exit(main())
