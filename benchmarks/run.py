"""Runs the comparison: every client against one loopback server → table, JSON, plot.

Each client is a process of its own, and they take turns, metric by metric and round
by round, so that what disturbs the machine disturbs all of them. The best round
counts. Ratios travel from machine to machine, times do not.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

from clients import IMPORTS
from compared import (
    build_compared_python,
    build_variables,
    read_compared_versions,
)
from embeddings import build_embeddings_table, measure_embeddings
from processes import run_server
from publish import publish
from report import TARGETS, TITLES, build_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from report import Results, Rounds

HERE = Path(__file__).parent
PATIENCE = 60.0  # seconds for one measurement of one client
LITELLM_ROUNDS = 2  # it takes most of the time
CORE, OPENAI, CHAT_OPENAI, LITELLM, CLARIFAI = IMPORTS
EVERY = (CORE, OPENAI, CHAT_OPENAI, LITELLM, CLARIFAI)
WITHOUT_LITELLM = (CORE, OPENAI, CHAT_OPENAI, CLARIFAI)
MODELS = (CHAT_OPENAI, LITELLM, CLARIFAI)
ADDING = (CORE, CHAT_OPENAI, CLARIFAI)


@dataclass(frozen=True)
class Step:
    """A metric at a size, for some clients; zero seconds measure once, unwarmed."""

    metric: str
    size: int
    clients: tuple[str, ...] = EVERY
    rounds: int = 1
    seconds: float = 0.0
    fresh: bool = False  # in a new process: memory is measured


TABLE = [
    Step("request", 1, rounds=4, seconds=0.25),
    Step("requests_at_once", 100, rounds=4, seconds=0.25),
    Step("chunk", 1000, rounds=4, seconds=0.2),
    Step("chunk_async", 1000, rounds=4, seconds=0.2),
    Step("tool_chunk", 1000, rounds=4, seconds=0.2),
    Step("construct", 1, MODELS, rounds=3, seconds=0.1),
    Step("import", 1),
    Step("import", 1, (CORE, CLARIFAI), rounds=4),
    Step("first_token", 1),
    Step("first_token_async", 1),
    Step("first_token", 1, (CORE, CLARIFAI), rounds=4),
    Step("first_token_async", 1, (CORE, CLARIFAI), rounds=4),
]
BURST = [
    Step("chunk_burst", 1000, WITHOUT_LITELLM, rounds=2, seconds=0.1),
    Step("chunk_async_burst", 1000, WITHOUT_LITELLM, rounds=2, seconds=0.1),
    Step("tool_chunk_burst", 1000, WITHOUT_LITELLM, rounds=2, seconds=0.1),
]
PACED = [
    Step("chunk_paced", 200, WITHOUT_LITELLM, rounds=2, seconds=0.1),
    Step("chunk_async_paced", 200, WITHOUT_LITELLM, rounds=2, seconds=0.1),
    Step("tool_chunk_paced", 200, WITHOUT_LITELLM, rounds=2, seconds=0.1),
]
CURVES = [
    *(Step("chunk_mean", size, WITHOUT_LITELLM) for size in (100, 1000, 10_000)),
    Step("chunk_mean", 100_000, (CORE, CLARIFAI)),
    *(Step("history", size, seconds=0.1) for size in (1, 100, 1000)),
    *(Step("tools", size, seconds=0.1) for size in (1, 20, 100)),
    Step("added_text", 5_000, ADDING),
    Step("added_text", 50_000, (CORE, CLARIFAI)),
    Step("added_tool_call", 5_000, ADDING),
    Step("added_tool_call", 50_000, (CLARIFAI,)),
    Step("streams_at_once", 1000, WITHOUT_LITELLM, fresh=True),
    Step("long_stream", 100, WITHOUT_LITELLM, fresh=True),
    Step("long_stream_alone", 100, (CLARIFAI,), fresh=True),
    Step("memory_after", 10_000, (CLARIFAI,), fresh=True),
]
QUICK = [
    Step(
        step.metric,
        step.size,
        tuple(c for c in step.clients if c != LITELLM),
        seconds=0.1,
    )
    for step in [*TABLE, PACED[0]]
]

# Code for a new process: the client on argv, then the server; it prints CPU seconds.
IMPORT_CODE = (
    "import sys, time; start = time.process_time(); {statement}; "
    "print(time.process_time() - start)"
)
IMPORTED_CODE = f"import time; {IMPORTS[CORE]}; print(time.process_time())"
FIRST_TEXT_CODE = """
import sys, time
from clients import build_call
call = build_call(*sys.argv[1:3], "text-10-0")
next(text for chunk in call.stream() if (text := call.get_text(chunk)))
print(time.process_time())
"""
FIRST_TEXT_ASYNC_CODE = """
import asyncio, sys, time
from clients import build_call
async def read():
    call = build_call(*sys.argv[1:3], "text-10-0")
    async for chunk in call.astream():
        if call.get_text(chunk):
            print(time.process_time(), flush=True)
            return
asyncio.run(read())
"""


class Worker:
    """A process that measures one client."""

    def __init__(self, python: str, client: str, server: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603  (our own command)
            [python, str(HERE / "measure.py"), client, server],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=build_variables(),
            text=True,
        )

    def measure(self, step: Step) -> dict[str, Any]:
        """Let the process measure a step, and end it when it takes too long."""
        assert self.process.stdin  # noqa: S101  (for the types)
        assert self.process.stdout  # noqa: S101  (for the types)
        command = {"metric": step.metric, "size": step.size, "seconds": step.seconds}
        timer = Timer(PATIENCE, self.process.kill)
        timer.start()
        try:
            print(json.dumps(command), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        return json.loads(line) if line else {"error": "the process ended"}

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


class Bench:
    """Runs steps and keeps the best of what they measure."""

    def __init__(self, pythons: dict[str, str], server: str) -> None:
        self.pythons = pythons
        self.server = server
        self.workers: dict[str, Worker] = {}
        self.results: Results = {}
        self.rounds: Rounds = {}
        self.errors: dict[str, str] = {}
        # What is measured from outside; everything else, measure.py does.
        self.outside: dict[str, Callable[[str], float]] = {
            "import": self.measure_import,
            "first_token": self.measure_first_token,
            "first_token_async": self.measure_first_token_async,
        }

    def build_worker(self, client: str) -> Worker:
        """Start the process of a client."""
        return Worker(self.pythons[client], client, self.server)

    def run(self, step: Step) -> None:
        """Run the rounds of a step, the clients in turn."""
        for number in range(step.rounds):
            for client in step.clients:
                if client == LITELLM and number >= LITELLM_ROUNDS:
                    continue
                answer = self.measure(step, client)
                for metric, value in answer.get("values", {}).items():
                    self.keep(metric, str(step.size), client, value)
                if "error" in answer:
                    cell = f"{TITLES[step.metric]}, {step.size:,}, {client}"
                    self.errors[cell] = answer["error"]

    def keep(self, metric: str, size: str, client: str, value: float) -> None:
        """Keep a value unless an earlier round was better."""
        sizes = self.results.setdefault(metric, {})
        cells = sizes.setdefault(size, dict.fromkeys(EVERY))
        best = cells[client]
        cells[client] = value if best is None else min(best, value)
        self.rounds.setdefault(metric, {}).setdefault(client, []).append(value)

    def measure(self, step: Step, client: str) -> dict[str, Any]:
        """Measure a step once, in the process that fits it."""
        if step.metric in self.outside:
            try:
                return {"values": {step.metric: self.outside[step.metric](client)}}
            except (subprocess.SubprocessError, ValueError) as error:
                return {"error": type(error).__name__}
        if not step.fresh:
            if client not in self.workers:
                self.workers[client] = self.build_worker(client)
            return self.workers[client].measure(step)
        worker = self.build_worker(client)
        try:
            return worker.measure(step)
        finally:
            worker.close()

    def measure_import(self, client: str) -> float:
        """Measure the CPU milliseconds to import a client in a new process."""
        code = IMPORT_CODE.format(statement=IMPORTS[client])
        return self.run_code(client, code) * 1000

    def measure_first_token(self, client: str) -> float:
        """Measure the CPU milliseconds from a new process to its first token.

        langchain-core has no server to ask: what counts is that it is imported.
        """
        code = IMPORTED_CODE if client == CORE else FIRST_TEXT_CODE
        return self.run_code(client, code) * 1000

    def measure_first_token_async(self, client: str) -> float:
        """Measure the same for an asynchronous stream."""
        code = IMPORTED_CODE if client == CORE else FIRST_TEXT_ASYNC_CODE
        return self.run_code(client, code) * 1000

    def run_code(self, client: str, code: str) -> float:
        """Run code in a new process, and get the number that it prints."""
        command = [self.pythons[client], "-c", code, client, self.server]
        output = subprocess.check_output(  # noqa: S603  (our own command)
            command,
            env=build_variables() | {"PYTHONPATH": str(HERE)},
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            text=True,
        )
        return float(output.splitlines()[-1])

    def close(self) -> None:
        """End all processes."""
        for worker in self.workers.values():
            worker.close()


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    parser = argparse.ArgumentParser(description="Compare ChatClarifai's speed.")
    parser.add_argument(
        "--quick", action="store_true", help="the table only, without LiteLLM"
    )
    parser.add_argument("--output", type=Path, help="folder for results.json and .png")
    return parser


def main() -> None:
    """Run all steps, print the report, and write it."""
    arguments = build_parser().parse_args()
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    langchain, litellm = (
        build_compared_python("langchain"),
        build_compared_python("litellm"),
    )
    pythons = dict.fromkeys(EVERY, langchain) | {LITELLM: litellm}
    started = time.monotonic()
    with ExitStack() as stack:
        bench = Bench(pythons, stack.enter_context(run_server(langchain, "server.py")))
        stack.callback(bench.close)
        for step in QUICK if arguments.quick else TABLE + BURST + PACED + CURVES:
            step_started = time.monotonic()
            bench.run(step)
            seconds = time.monotonic() - step_started
            print(f"{step.metric} {step.size}: {seconds:.1f} s", file=sys.stderr)
    report = {
        "python": platform.python_version(),
        "versions": read_compared_versions(langchain),
        "litellm_versions": read_compared_versions(litellm),
        "seconds": round(time.monotonic() - started),
        "errors": bench.errors,
        "results": bench.results,
        "rounds": {metric: bench.rounds.get(metric, {}) for metric in TARGETS},
        "embeddings": measure_embeddings(langchain),
    }
    print(build_report(report))
    print(build_embeddings_table(report["embeddings"]))
    folder = arguments.output or (None if arguments.quick else HERE)
    if folder:
        path = folder / "results.json"
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        plot = [langchain, str(HERE / "plot.py"), str(path)]
        subprocess.run(plot, check=True)  # noqa: S603  (our own command)
        if folder == HERE:
            publish(report)


if __name__ == "__main__":
    main()
