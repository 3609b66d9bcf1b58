"""A file of prompts → a file of answers, by workers on any number of machines.

    pip install langchain-clarifai 'ray[data]'
    export CLARIFAI_PAT=…
    python examples/ray_batch/run.py PROMPTS.jsonl ANSWERS_DIR --workers 2 --rate 14

Each line of the prompts is `{"id": "…", "prompt": "…"}`; a prompt is a text or a list
of messages. Ray Data hands batches of them to a pool of workers. A worker writes what
it has got for a batch at once, as one file under `ANSWERS_DIR/parts`; when all is done,
`ANSWERS_DIR/answers.jsonl` holds one line for each prompt, in the order of the prompts.
The same command again asks only for what is missing or has failed.

Sizing, and what a lost worker costs: docs/many-machines.md
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import importlib
import json
import math
import os
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.rate_limiters import BaseRateLimiter
from typing_extensions import override

from langchain_clarifai import ChatClarifai

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from langchain_core.messages import AIMessage

RATE_LIMITER = "clarifai-requests"

# --- What is read and written -----------------------------------------------------


def read_prompts(path: Path) -> dict[str, str]:
    """Read the prompts' lines by id, in their order.

    Raises:
        ValueError: If a line is no prompt, or an id occurs twice.
    """
    lines: dict[str, str] = {}
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if not line.strip():
            continue
        prompt = _parse(line)
        if not isinstance(prompt.get("id"), str) or "prompt" not in prompt:
            raise ValueError(
                f'{path}:{number} is no prompt. Write {{"id": "…", "prompt": "…"}}.'
            )
        if prompt["id"] in lines:
            raise ValueError(f"{path}:{number}: id {prompt['id']!r} occurs twice.")
        lines[prompt["id"]] = line.decode()
    return lines


def _parse(line: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(line)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def read_answers(directory: Path) -> dict[str, dict[str, Any]]:
    """Read what was written so far by id: an answer rather than an error."""
    answers: dict[str, dict[str, Any]] = {}
    for path in sorted((directory / "parts").glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            answer = json.loads(line)
            if "error" not in answers.get(answer["id"], {"error": None}):
                continue
            answers[answer["id"]] = answer
    return answers


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a file whole or not at all, whatever kills the process meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{socket.gethostname()}.draft")
    with draft.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_result(directory: Path, ids: Sequence[str]) -> Path:
    """Write one line for each prompt that has one, in the order of the prompts."""
    answers = read_answers(directory)
    path = directory / "answers.jsonl"
    write_lines(path, (answers[prompt] for prompt in ids if prompt in answers))
    return path


# --- The limit that all workers share ---------------------------------------------


class Schedule:
    """The moments at which requests may start, evenly spread."""

    def __init__(
        self, rate: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = 1 / rate
        self._clock = clock
        self._next = -math.inf

    def reserve(self, longest_wait: float = math.inf) -> float | None:
        """Take the next moment; return how many seconds away it is.

        None means that it is further away than `longest_wait`, and not taken.
        """
        now = self._clock()
        moment = max(now, self._next)
        if moment - now > longest_wait:
            return None
        self._next = moment + self._interval
        return moment - now


class SharedRateLimiter(BaseRateLimiter):
    """Follow the schedule that lives in the named Ray actor, wherever it runs."""

    def __init__(self, name: str = RATE_LIMITER) -> None:
        self._name = name
        self._schedule: Any = None

    @override
    def acquire(self, *, blocking: bool = True) -> bool:
        import ray

        wait = ray.get(self._reserve(blocking=blocking))
        time.sleep(wait or 0)
        return wait is not None

    @override
    async def aacquire(self, *, blocking: bool = True) -> bool:
        wait = await self._reserve(blocking=blocking)
        await asyncio.sleep(wait or 0)
        return wait is not None

    def _reserve(self, *, blocking: bool) -> Any:
        if self._schedule is None:
            import ray

            # Once in each process: it is a call over the network.
            self._schedule = ray.get_actor(self._name)
        return self._schedule.reserve.remote(math.inf if blocking else 0)


def start_rate_limiter(rate: float) -> Any:
    """Start the actor that all workers ask; it lives as long as what is returned."""
    import ray

    options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}
    return ray.remote(Schedule).options(name=RATE_LIMITER, **options).remote(rate)


# --- The workers ------------------------------------------------------------------


class Worker:
    """One process of the pool, with one model.

    Ray starts a lost worker anew and hands it the same batch again. A batch's file has
    always the same name in one run: what was written is not asked for again, and two
    workers that take each other for dead write the same file.
    """

    def __init__(
        self, settings: Mapping[str, Any], directory: Path, run: str, concurrency: int
    ) -> None:
        # The SDK takes a second to import. Left to the first requests, it would let
        # their moments of the schedule pass, and they would all be sent at once.
        for module in ("aiohttp", "openai.resources.chat.completions"):
            importlib.import_module(module)
        self._model = ChatClarifai(**settings)
        self._directory = directory
        self._run = run
        self._concurrency = concurrency

    async def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[int]]:
        """Answer a batch and write the answers.

        Raises:
            ModelAuthenticationError: If the token is wrong; the run ends then.
        """
        prompts = [json.loads(line) for line in batch["line"]]
        path = self._choose_path([prompt["id"] for prompt in prompts])
        if not path.exists():
            write_lines(path, await self._answer(prompts))
        return {"prompts": [len(prompts)]}

    async def _answer(
        self, prompts: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        from langchain_core.exceptions import ModelAuthenticationError

        outcomes = await self._model.abatch(
            [prompt["prompt"] for prompt in prompts],
            config={"max_concurrency": self._concurrency},
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, ModelAuthenticationError):
                raise outcome
        worker = f"{socket.gethostname()}:{os.getpid()}"
        return [
            {"id": prompt["id"], "worker": worker, **convert_to_answer(outcome)}
            for prompt, outcome in zip(prompts, outcomes, strict=True)
        ]

    def _choose_path(self, ids: Sequence[str]) -> Path:
        digest = hashlib.sha256(json.dumps(ids).encode()).hexdigest()
        return self._directory / "parts" / f"{self._run}-{digest[:16]}.jsonl"


def convert_to_answer(outcome: AIMessage | Exception) -> dict[str, Any]:
    """Convert what became of a prompt to the part of its line that tells of it."""
    if isinstance(outcome, Exception):
        error = {"type": type(outcome).__name__, "text": str(outcome)}
        return {"error": error}
    return {
        "answer": outcome.text,
        "finish_reason": outcome.response_metadata.get("finish_reason"),
        "usage": outcome.usage_metadata,
    }


# --- The run ----------------------------------------------------------------------


def connect(arguments: argparse.Namespace) -> None:
    """Connect to the cluster, or start one on this machine for this run."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray.data
    except ImportError:
        sys.exit("Ray is not installed. Run: pip install 'ray[data]'")
    if arguments.address:
        ray.init(address=arguments.address)
    else:
        # One more than the workers hold, else Ray Data has none left to read with.
        ray.init(num_cpus=arguments.workers + 1, include_dashboard=False)
    ray.data.DataContext.get_current().enable_progress_bars = False


def answer_lines(lines: Sequence[str], arguments: argparse.Namespace) -> None:
    """Have all lines answered and written, telling how far it is."""
    import ray.data

    settings = json.loads(arguments.settings)
    limiter = None
    if arguments.rate:
        limiter = start_rate_limiter(arguments.rate)
        settings["rate_limiter"] = SharedRateLimiter()
    # A block is a batch: Ray restarts lost workers and gives them their blocks again,
    # without limit, unless `max_restarts` and `max_task_retries` say otherwise.
    dataset = ray.data.from_items(
        [{"line": line} for line in lines],
        override_num_blocks=math.ceil(len(lines) / arguments.batch_size),
    ).map_batches(
        Worker,
        batch_size=None,
        compute=ray.data.ActorPoolStrategy(size=arguments.workers),
        num_cpus=1,
        fn_constructor_kwargs={
            "settings": {"model": arguments.model, **settings},
            "directory": arguments.answers.resolve(),
            "run": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            "concurrency": arguments.concurrency,
        },
    )
    done = 0
    for row in dataset.iter_rows():
        done += row["prompts"]
        print(f"{done:,} of {len(lines):,}", flush=True)
    del limiter


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("prompts", type=Path, metavar="PROMPTS.jsonl")
    add(
        "answers", type=Path, metavar="ANSWERS_DIR", help="where all machines can write"
    )
    add("--model", default="openai/chat-completion/models/gpt-oss-120b")
    add("--settings", default="{}", help="more of ChatClarifai's arguments, as JSON")
    add("--workers", type=_parse_positive, default=2, help="processes in the pool")
    add("--concurrency", type=_parse_positive, default=16, help="requests of a worker")
    add("--batch-size", type=_parse_positive, default=64, help="prompts of one file")
    add("--rate", type=float, help="requests a second of all workers together")
    add("--address", help="a Ray cluster, or auto; default: this machine alone")
    return parser.parse_args(arguments)


def _parse_positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it is at least 1")
    return number


def main() -> None:
    """Answer what is not answered yet."""
    arguments = parse_arguments()
    prompts = read_prompts(arguments.prompts)
    answered = {
        key
        for key, row in read_answers(arguments.answers).items()
        if "error" not in row
    }
    missing = [line for key, line in prompts.items() if key not in answered]
    print(f"{len(prompts):,} prompts, {len(missing):,} to answer", flush=True)
    if missing:
        # Wrong settings show here, and not in every worker.
        ChatClarifai(model=arguments.model, **json.loads(arguments.settings))
        connect(arguments)
        answer_lines(missing, arguments)
    print(f"Written to {write_result(arguments.answers, list(prompts))}")


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
