"""Examples with several models or many questions: fallbacks, costs, a fan-out."""

from __future__ import annotations

import dataclasses
import threading
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.integration.running_examples import GPT_OSS, read_output, run_example
from tests.servers.openai_wire import (
    chunk,
    completion,
    openai_error,
    platform_error,
    runner_error,
    sse,
    usage,
)
from tests.servers.scripted import ScriptedServer
from tests.servers.wire import (
    End,
    Pause,
    Reply,
    Request,
    event_stream_reply,
    json_reply,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.wire import Exchange, WireServer

MODEL = "openai/chat-completion/models/gpt-oss-120b"
CLAUDE = "https://clarifai.com/anthropic/completion/models/claude-sonnet-4"


class WithoutClaude(ScriptedServer):
    """A server that answers for every model but one."""

    def __init__(self, refuse: Callable[[Request], Reply | None]) -> None:
        self.refuse = refuse
        super().__init__()

    def _handle(self, request: Request) -> Reply:
        refused = request.json["model"] == CLAUDE and self.refuse(request)
        return refused or super()._handle(request)


def is_starting(_request: Request) -> Reply:
    """Refuse with a status, as a model does that is not running yet."""
    return json_reply(platform_error(21351, "Model is deploying"), status=503)


def fails_in_runner(request: Request) -> Reply:
    """Refuse in a success, as Clarifai's runner does."""
    error = runner_error("CUDA out of memory")
    streamed = request.json.get("stream")
    return event_stream_reply(sse(error)) if streamed else json_reply(error)


@pytest.mark.parametrize("refuse", [is_starting, fails_in_runner])
def test_fallbacks_ask_the_second_model_when_the_first_refuses(
    refuse: Callable[[Request], Reply], tmp_path: Path
) -> None:
    """The first is asked once, then the second answers, plain and streamed."""
    with WithoutClaude(refuse) as server:
        output = read_output("fallbacks.py", tmp_path, server.origin)

    greeting = "Hello, thank you for writing:"
    assert output.splitlines() == [
        f"{MODEL}: {greeting} Name three primary colours.",
        f"{greeting} Name the four seasons.",
    ]
    asked = [
        (request.json["model"], request.json.get("stream", False))
        for request in server.requests
    ]
    assert asked == [(m, s) for s in (False, True) for m in (CLAUDE, GPT_OSS)]
    assert server.failures == []


def test_fallbacks_do_not_continue_a_stream_that_has_begun(tmp_path: Path) -> None:
    """Once the first model's chunk is printed, its fault is an error, as promised."""

    def break_off(request: Request) -> Reply | None:
        if not request.json.get("stream"):
            return None
        return event_stream_reply(sse(chunk("Spring"), done=False), end=End.RESET)

    with WithoutClaude(break_off) as server:
        run = run_example("fallbacks.py", tmp_path, server.origin)

    assert run.stdout.endswith("\nSpring")
    assert run.returncode == 1
    assert "ClarifaiConnectionError" in run.stderr.splitlines()[-1]
    assert [request.json["model"] for request in server.requests] == [CLAUDE, CLAUDE]


def test_cost_report_adds_up_what_answers_cost(
    wire: WireServer, tmp_path: Path
) -> None:
    """Two answers of each model: by published prices, by one's own, by the server."""
    counts = usage(1_000, 500, prompt_tokens_details={"cached_tokens": 400})
    estimated = json_reply(completion(usage=counts))
    told = json_reply(completion(usage={**counts, "cost": 0.25}))
    wire.reply(*[estimated] * 4, told, told)

    output = read_output("cost_report.py", tmp_path, wire.origin)

    qwen = "qwen/qwenLM/models/Qwen3-30B-A3B-Instruct-2507"
    assert output.splitlines() == [
        f"{MODEL.replace('120b', '20b')}: $0.00027000 (prices of 2026-07-02)",
        f"{MODEL}-high-throughput: $0.00050400 (your own prices)",
        f"{qwen}: $0.50000000 (the server's word)",
        "All together: $0.50077400",
    ]


class FourAtATime(ScriptedServer):
    """Answers once four requests are there; knows nothing of Kenya, ponders France."""

    def __init__(self) -> None:
        self._four = threading.Barrier(4)
        super().__init__()

    def _handle(self, request: Request) -> Reply:
        self._four.wait(30)
        question = request.json["messages"][-1]["content"]
        if "Kenya" in question:
            return json_reply(openai_error("Kenya is not served."), status=400)
        pause = Pause(0.3 if "France" in question else 0.05)
        return dataclasses.replace(super()._handle(request), before=[pause])


def test_fan_out_keeps_order_and_errors_and_shows_progress(tmp_path: Path) -> None:
    """Four are asked at a time, one fails, all others are answered, in order."""
    with FourAtATime() as server:
        run = run_example("fan_out.py", tmp_path, server.origin)

    assert run.returncode == 0
    lines = run.stdout.splitlines()
    countries = [
        "France",
        "Japan",
        "Kenya",
        "Peru",
        "Norway",
        "Nepal",
        "Ghana",
        "Chile",
    ]
    for country, line in zip(countries, lines, strict=True):
        question = f"What is the capital of {country}?"
        if country == "Kenya":
            assert line.startswith(f"{question} FAILED: ")
            assert "Kenya is not served." in line
        else:
            assert line == f"{question} Hello, thank you for writing: {question}"
    assert server.failures == []
    assert max(_count_open(server.exchanges)) == 4
    _check_bar(run.stderr)


def _count_open(exchanges: list[Exchange]) -> Iterator[int]:
    """Count after each event how many requests were waiting for their answer."""
    events = [(exchange.started_at, 1) for exchange in exchanges]
    events += [(exchange.sent_at[0], -1) for exchange in exchanges]
    count = 0
    for _, change in sorted(events):
        count += change
        yield count


def _check_bar(stderr: str) -> None:
    """Check that nothing but the bar was printed, and that it only ever grew."""
    states = [state for state in stderr.replace("\n", "\r").split("\r") if state]
    done = [int(state.partition("/8 ")[0].rpartition(" ")[2]) for state in states]
    assert done[0] == 0
    assert done[-1] == 8
    assert all(before <= after for before, after in pairwise(done))
