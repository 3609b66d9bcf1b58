"""Batch inference on Ray: workers and runs that are killed, and what is written."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pytest
from hypothesis import given, strategies as st
from langchain_core.messages import AIMessage
from ray_batch import run as ray_batch

from tests.servers.openai_wire import choice, completion, platform_error
from tests.servers.wire import Pause, Reply, Request, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.servers.wire import WireServer

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="Ray is not installed; `make test-ray` installs it and runs this test",
)
# Ray takes 15 s to start on a quiet machine.
patient = pytest.mark.timeout(300)

Line: TypeAlias = dict[str, Any]

SCRIPT: Final = ray_batch.__file__
TOKEN: Final = "secret-token"
BATCH_SIZE: Final = 64


def write_prompts(path: Path, count: int) -> dict[str, str]:
    """Write prompts; return the right answer to each."""
    prompts = {f"id-{number}": f"nonce {number * 7919}" for number in range(count)}
    lines = [json.dumps({"id": key, "prompt": text}) for key, text in prompts.items()]
    path.write_text("\n".join(lines), encoding="utf-8")
    return {key: f"echo:{text}" for key, text in prompts.items()}


def echo(request: Request) -> Reply:
    """Say what was said, after the time that a quick model takes."""
    text = request.json["messages"][-1]["content"]
    reply = json_reply(completion(choice(f"echo:{text}")))
    return dataclasses.replace(reply, before=[Pause(0.1)])


class Runs:
    """Runs of the script over one folder, on a Ray of their own each."""

    def __init__(self, directory: Path, temporary: str, url: str) -> None:
        self.prompts = directory / "prompts.jsonl"
        self.answers = directory / "answers"
        self._log = directory / "log.txt"
        self._settings = json.dumps({"base_url": url})
        self._temporary = temporary
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """Start a run."""
        command = [sys.executable, SCRIPT, str(self.prompts), str(self.answers)]
        with self._log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - the project's own script
                [*command, "--settings", self._settings, *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "CLARIFAI_PAT": TOKEN,
                    # Sockets are in it, and their paths may have 107 characters only.
                    "RAY_TMPDIR": self._temporary,
                },
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def finish(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for a run; it must succeed."""
        assert process.wait(timeout=200) == 0, self.read_log()

    def wait_for(self, answers: int, process: subprocess.Popen[bytes]) -> list[Any]:
        """Wait until that many answers are written; return them."""
        while len(rows := [*ray_batch.read_answers(self.answers).values()]) < answers:
            assert process.poll() is None, self.read_log()
            time.sleep(0.02)
        return rows

    def read_result(self) -> list[Any]:
        """Read the lines of the result."""
        text = (self.answers / "answers.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def read_log(self) -> str:
        """Read what all runs said."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """End what is left of the runs."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def runs(tmp_path: Path, wire: WireServer) -> Iterator[Runs]:
    wire.handler = echo
    temporary = tempfile.mkdtemp(prefix="ray-")
    started = Runs(tmp_path, temporary, wire.url)
    yield started
    started.close()
    shutil.rmtree(temporary, ignore_errors=True)


def count_prompts(wire: WireServer) -> Counter[str]:
    """Count how often each prompt was sent."""
    return Counter(each.json["messages"][-1]["content"] for each in wire.requests)


def count_most(times: Sequence[float]) -> int:
    """Count the most requests that came within one second."""
    return max(sum(time <= other < time + 1 for other in times) for time in times)


@needs_ray
@patient
def test_worker_killed_in_the_middle_loses_and_doubles_no_answer(
    runs: Runs, wire: WireServer
) -> None:
    """All 2,000 prompts have one right answer; at most a batch was sent twice.

    A second run sends nothing.
    """
    expected = write_prompts(runs.prompts, 2000)
    process = runs.start("--workers", "2", "--concurrency", "16")
    worker = runs.wait_for(700, process)[-1]["worker"]
    os.kill(int(worker.rpartition(":")[2]), signal.SIGKILL)
    runs.finish(process)

    rows = runs.read_result()
    assert [(row["id"], row["answer"]) for row in rows] == [*expected.items()]
    assert len({row["worker"] for row in rows}) >= 3, (
        "two, and one in place of the dead"
    )
    counts = count_prompts(wire)
    assert len(counts) == 2000
    assert max(counts.values()) <= 2
    sent = len(wire.requests)
    assert 2000 <= sent <= 2000 + BATCH_SIZE
    print(f"sent twice after the loss of a worker: {sent - 2000}")

    runs.finish(runs.start("--workers", "2"))
    assert len(wire.requests) == sent
    assert runs.read_result() == rows
    assert TOKEN not in runs.read_log()


@needs_ray
@patient
def test_interrupted_run_is_resumed_within_the_shared_rate(
    runs: Runs, wire: WireServer
) -> None:
    """What was written is not asked for again, and all workers keep to one rate."""
    expected = write_prompts(runs.prompts, 400)
    options = "--workers", "2", "--concurrency", "4", "--batch-size", "16"
    process = runs.start(*options, "--rate", "50")
    runs.wait_for(200, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=100) == 130, runs.read_log()
    arrivals = sorted(exchange.started_at for exchange in wire.exchanges)
    # Until it has imported the SDK a worker holds its first requests back. The others
    # cannot come closer than the rate has them, however busy the machine is.
    assert arrivals[-1] - arrivals[8] >= 0.8 * (len(arrivals) - 9) / 50

    first, later = (count_most(times) for times in (arrivals[:9], arrivals[9:]))
    print(f"most in one second at a rate of 50: {first} of 9 at first, then {later}")

    kept = {row["id"] for row in ray_batch.read_answers(runs.answers).values()}
    assert 200 <= len(kept) < 400
    sent = len(wire.requests)
    runs.finish(runs.start(*options))
    assert len(wire.requests) - sent == 400 - len(kept)
    rows = runs.read_result()
    assert [(row["id"], row["answer"]) for row in rows] == [*expected.items()]
    assert sum(count_prompts(wire).values()) <= 400 + 2 * 16


# --- Without Ray ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"id": "a", "prompt": "x"}\n{"id": "a", "prompt": "y"}', "2: id 'a' occurs"),
        ('{"id": 1, "prompt": "x"}', "1 is no prompt"),
        ('\n{"id": "a"}', "2 is no prompt"),
        ("[]", "1 is no prompt"),
        ("hello", "1 is no prompt"),
    ],
    ids=["same id twice", "id is a number", "no prompt", "a list", "no JSON"],
)
def test_bad_line_among_prompts_is_named(
    tmp_path: Path, text: str, complaint: str
) -> None:
    """Nothing is sent for a file with a line that is no prompt."""
    path = tmp_path / "prompts.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=complaint):
        ray_batch.read_prompts(path)


def test_answer_is_preferred_to_an_error_whichever_was_written_first(
    tmp_path: Path,
) -> None:
    """Of several lines for one prompt one counts; drafts do not."""
    error: Line = {"error": {}}
    answer: Line = {"answer": "yes"}
    later: Line = {"answer": "again"}
    parts: dict[str, list[Line]] = {
        "1.jsonl": [{"id": "a", **error}, {"id": "b", **answer}, {"id": "c", **error}],
        "2.jsonl": [{"id": "a", **answer}, {"id": "b", **later}],
        "3.jsonl": [{"id": "b", **error}, {"id": "c", **error}],
        "4.jsonl.vm-1.draft": [{"id": "c", **answer}],
    }
    for name, rows in parts.items():
        ray_batch.write_lines(tmp_path / "parts" / name, rows)
    path = ray_batch.write_result(tmp_path, ["c", "b", "a", "not answered"])
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": "c", **error},
        {"id": "b", **answer},
        {"id": "a", **answer},
    ]


def test_file_that_could_not_be_written_whole_is_not_there(tmp_path: Path) -> None:
    """A part either has all lines of its batch or does not exist."""
    path = tmp_path / "part.jsonl"
    lines: list[Line] = [{"id": "a"}, {"id": object()}]
    with pytest.raises(TypeError):
        ray_batch.write_lines(path, lines)
    assert not path.exists()


async def test_batch_has_errors_beside_answers_and_is_not_sent_again(
    tmp_path: Path, wire: WireServer
) -> None:
    """A prompt that fails is recorded with its error, and the others are answered."""

    def refuse_one(request: Request) -> Reply:
        if request.json["messages"][-1]["content"] == "b":
            return json_reply(platform_error(11102, "Bad", "No such."), status=400)
        return echo(request)

    wire.handler = refuse_one
    batch = build_batch("abc")
    for _ in range(2):
        assert await build_worker(tmp_path, wire)(batch) == {"prompts": [3]}
    assert len(wire.requests) == 3
    rows = ray_batch.read_answers(tmp_path)
    assert [rows[key].get("answer") for key in "abc"] == ["echo:a", None, "echo:c"]
    assert rows["b"]["error"]["type"] == "ClarifaiBadRequestError"
    assert "No such." in rows["b"]["error"]["text"]
    assert rows["a"]["finish_reason"] == "stop"

    wire.handler = echo
    await build_worker(tmp_path, wire, run="2")(build_batch("b"))
    assert ray_batch.read_answers(tmp_path)["b"]["answer"] == "echo:b"


async def test_wrong_token_ends_the_run(tmp_path: Path, wire: WireServer) -> None:
    """An error that no prompt escapes is not recorded for every prompt."""
    from langchain_clarifai import ClarifaiAuthenticationError

    refusal = json_reply(platform_error(11001, "Invalid token"), status=401)
    wire.reply(refusal, refusal)
    with pytest.raises(ClarifaiAuthenticationError):
        await build_worker(tmp_path, wire)(build_batch("ab"))
    assert ray_batch.read_answers(tmp_path) == {}


def build_worker(directory: Path, wire: WireServer, run: str = "1") -> ray_batch.Worker:
    """Build what Ray would run in an actor."""
    settings = {"model": "gpt-oss-120b", "base_url": wire.url, "api_key": TOKEN}
    return ray_batch.Worker(settings, directory, run, concurrency=2)


def build_batch(texts: Sequence[str]) -> dict[str, list[str]]:
    """Build a batch as Ray Data hands it out."""
    return {"line": [json.dumps({"id": text, "prompt": text}) for text in texts]}


def test_message_is_told_by_its_text_and_what_it_cost() -> None:
    """A line has what a reader of answers needs to judge one."""
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    message = AIMessage("yes", response_metadata={"finish_reason": "length"})
    message = message.model_copy(update={"usage_metadata": usage})
    assert ray_batch.convert_to_answer(message) == {
        "answer": "yes",
        "finish_reason": "length",
        "usage": usage,
    }


@given(
    rate=st.floats(0.1, 1000),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=50),
)
def test_moments_are_never_closer_than_the_rate_says(
    rate: float, pauses: list[float]
) -> None:
    """Whenever workers ask, requests start evenly spread and none in the past."""
    now = 100.0
    schedule = ray_batch.Schedule(rate, clock=lambda: now)
    moments: list[float] = []
    for pause in pauses:
        now += pause
        wait = schedule.reserve()
        assert wait is not None
        assert wait >= 0
        moments.append(now + wait)
    gaps = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert all(gap >= 1 / rate - 1e-6 for gap in gaps)
    assert schedule.reserve(0) is None


def test_moment_that_is_not_taken_stays_free() -> None:
    """Asking without waiting uses nothing up."""
    now = 0.0
    schedule = ray_batch.Schedule(10, clock=lambda: now)
    assert [schedule.reserve(0), schedule.reserve(0), schedule.reserve(0)] == [
        0,
        None,
        None,
    ]
    now = 0.1
    assert schedule.reserve(0) == 0
