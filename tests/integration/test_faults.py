"""Every fault of the wire ends in the right answer or in an error of ours, in time.

`make chaos` runs the same faults over 10,000 requests.
"""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from langchain_clarifai import (
    ClarifaiConnectionError,
    ClarifaiConnectTimeoutError,
    ClarifaiError,
    ClarifaiTimeoutError,
)
from tests.load.__main__ import run_chaos
from tests.load.running import (
    ASYNC,
    SYNC,
    build_model,
    run_async,
    run_sync,
)
from tests.load.server import FAULTS, Task, read_counts, served_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_clarifai import ChatClarifai

_HARMLESS: Final = {
    "latency",
    "drip",
    "answer sent twice",
    "late 408 while idle",
    "100 Continue",
}
# A fault that one attempt meets, and that is never tried again: the model may have
# been paid, or would fail again.
_FINAL: Final = {
    "HTML with status 200",
    "headers that drip",
    "half-open before the headers",
    "half-open in mid-body",
}
# Final once a chunk was handed out; a plain answer is asked for again.
_FINAL_IN_STREAM: Final = {
    "reset in mid-body",
    "truncated chunk",
    "content-length too long",
    "error in mid-stream",
}
# httpx takes the part that was announced, which then is no whole answer; aiohttp sees
# that there is more, and the request is tried again.
_FINAL_IN_SYNC: Final = {"content-length too short"}
_PLAIN: Final = {"invoke", "ainvoke"}


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with served_tasks() as url:
        yield url


def _build(base_url: str, **settings: Any) -> ChatClarifai:
    settings = {
        "timeout": {"connect": 5, "read": 0.5},
        "stream_idle_timeout": 0.5,
        **settings,
    }
    return build_model(base_url, **settings)


def _run(model: ChatClarifai, task: Task, call: Any) -> Any:
    if call in SYNC:
        [outcome] = run_sync(model, [task], call, 1)
    else:
        [outcome] = asyncio.run(run_async(model, [task], call, 1))
    return outcome


@pytest.mark.parametrize("call", [*SYNC, *ASYNC], ids=lambda call: call.__name__)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_ends_as_the_table_says(
    base_url: str, fault: str, call: Any
) -> None:
    """What may be tried again is; the rest is an error; no part passes as whole."""
    nonce = f"{fault}/{call.__name__}"
    task = Task(nonce=nonce, deltas=40, fault=fault)
    outcome = _run(_build(base_url), task, call)
    is_final = (
        fault in _FINAL
        or (fault in _FINAL_IN_STREAM and call.__name__ not in _PLAIN)
        or (fault in _FINAL_IN_SYNC and call in SYNC)
    )
    counts = read_counts(base_url)
    if is_final:
        assert isinstance(outcome.error, ClarifaiError), outcome
        assert counts.requests[nonce] == 1
    else:
        assert outcome.is_right, outcome
        assert counts.requests[nonce] == (1 if fault in _HARMLESS else 2)
    assert counts.answered[nonce] <= 1


@pytest.mark.parametrize("call", [*SYNC, *ASYNC], ids=lambda call: call.__name__)
@pytest.mark.parametrize("fault", sorted(set(FAULTS) - _HARMLESS))
def test_a_fault_that_stays_is_an_error_of_ours(
    base_url: str, fault: str, call: Any
) -> None:
    """After as many attempts as were allowed, and none more."""
    nonce = f"{fault}/{call.__name__}/stays"
    task = Task(nonce=nonce, deltas=40, fault=fault, times=99)
    model = _build(base_url, max_retries=1, cold_start_timeout=0.1)
    outcome = _run(model, task, call)
    assert isinstance(outcome.error, ClarifaiError), outcome
    counts = read_counts(base_url)
    if "503" not in fault:
        assert counts.requests[nonce] <= 2
    assert counts.answered[nonce] == 0


def test_requests_among_random_faults_are_right_or_fail_with_our_errors() -> None:
    """Nothing hangs, nothing is answered twice, no partial answer passes as whole."""
    with served_tasks() as base_url:
        report = run_chaos(base_url, 300, seed=1)
    assert len(report.outcomes) == 300
    assert report.wrong == []
    assert report.lost == []
    assert report.doubled == []
    assert report.find_extra_sends(lambda _: 3 + 20) == []


# --- Before there is a connection ----------------------------------------------------


@pytest.mark.parametrize("call", [*SYNC, *ASYNC], ids=lambda call: call.__name__)
def test_a_refused_connection_says_where(call: Any) -> None:
    """Nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    model = build_model(f"http://127.0.0.1:{port}/v2/ext/openai/v1", max_retries=0)
    outcome = _run(model, Task(nonce="a"), call)
    assert isinstance(outcome.error, ClarifaiConnectionError)
    assert "127.0.0.1" in str(outcome.error)


@pytest.mark.parametrize("call", [*SYNC, *ASYNC], ids=lambda call: call.__name__)
def test_a_listener_that_never_accepts_is_a_timeout(call: Any) -> None:
    """Neither the connection nor the answer is waited for longer than allowed."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.settimeout(0)
            one.connect_ex(address)
        model = build_model(
            f"http://127.0.0.1:{address[1]}/v2/ext/openai/v1",
            max_retries=0,
            timeout=0.3,
        )
        outcome = _run(model, Task(nonce="a"), call)
        for one in waiting:
            one.close()
    assert isinstance(outcome.error, ClarifaiTimeoutError), outcome


@pytest.mark.parametrize("call", [*SYNC, *ASYNC], ids=lambda call: call.__name__)
def test_slow_dns_delays_the_answer_and_nothing_else(
    base_url: str, monkeypatch: pytest.MonkeyPatch, call: Any
) -> None:
    """The answer comes; other tasks of the loop go on meanwhile."""
    look_up = socket.getaddrinfo

    def look_up_slowly(*arguments: Any, **settings: Any) -> Any:
        time.sleep(0.3)
        return look_up(*arguments, **settings)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_slowly)
    # A host of its own, so that no connection is at hand.
    model = build_model(base_url.replace("127.0.0.1", "localhost"))
    task = Task(nonce=f"dns/{call.__name__}")
    if call in SYNC:
        assert _run(model, task, call).is_right
        return

    async def run() -> tuple[Any, int]:
        running = asyncio.create_task(run_async(model, [task], call, 1))
        ticks = 0
        while not running.done():
            await asyncio.sleep(0.01)
            ticks += 1
        [outcome] = running.result()
        return outcome, ticks

    outcome, ticks = asyncio.run(run())
    assert outcome.is_right
    assert ticks > 5


@pytest.mark.parametrize("call", [*SYNC, *ASYNC], ids=lambda call: call.__name__)
def test_a_host_without_address_is_a_connection_error(
    monkeypatch: pytest.MonkeyPatch, call: Any
) -> None:
    """And it names the host."""

    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    model = build_model("https://nowhere.invalid/v2/ext/openai/v1", max_retries=0)
    outcome = _run(model, Task(nonce="a"), call)
    assert isinstance(outcome.error, ClarifaiConnectionError)
    assert "nowhere.invalid" in str(outcome.error)


@pytest.mark.parametrize("call", [*SYNC, *ASYNC], ids=lambda call: call.__name__)
def test_a_server_that_does_not_speak_tls_is_an_error(base_url: str, call: Any) -> None:
    """Nothing is sent in the clear instead."""
    model = build_model(base_url.replace("http:", "https:"), max_retries=0, timeout=0.3)
    nonce = f"tls/{call.__name__}"
    outcome = _run(model, Task(nonce=nonce), call)
    assert isinstance(
        outcome.error, ClarifaiConnectionError | ClarifaiConnectTimeoutError
    ), outcome
    assert read_counts(base_url).requests[nonce] == 0
