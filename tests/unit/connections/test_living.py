"""What is in use is counted by what exists, so an interrupt loses no count."""

from __future__ import annotations

import gc
import random
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from langchain_clarifai._connections import pools
from langchain_clarifai._connections.living import Living
from langchain_clarifai._settings.lease import Lease
from tests.servers.echoing import echo
from tests.unit.pooling import build_model, list_pools

if TYPE_CHECKING:
    from langchain_clarifai import ChatClarifai
    from tests.servers.wire import WireServer

pytestmark = pytest.mark.usefixtures("fresh_pools")


class _User:
    """Anything that can be referred to weakly."""


class _Interrupt(BaseException):
    """What the signal handler raises, as Ctrl-C does."""


def test_object_counts_until_it_is_removed_or_forgotten() -> None:
    """Whichever comes first; the other then changes nothing."""
    living, removed, forgotten = Living(), _User(), _User()
    living.add(removed)
    living.add(forgotten)
    assert len(living) == 2
    living.discard(removed)
    living.discard(removed)
    assert len(living) == 1
    del removed, forgotten
    assert len(living) == 0


def test_retired_pool_whose_request_was_forgotten_is_closed_by_the_next() -> None:
    """Nobody takes the request back, so whoever opens a pool closes this one."""
    lease = Lease()
    use = pools.lend("https://a.example/v1", b"", lease)
    pool = use.pool
    pools.close(lease)
    assert not pool.is_closed
    del use
    pools.take_back(pools.lend("https://b.example/v1", b"", lease))
    assert pool.http_client.is_closed


def test_idle_pool_whose_request_was_forgotten_is_closed_by_the_next() -> None:
    """Likewise where its model is gone; a client that is held stays open."""
    lease, holding = Lease(), Lease()
    forgotten = pools.lend("https://a.example/v1", b"", lease).pool
    held = pools.get_client("https://b.example/v1", b"", holding)
    del lease, holding
    pools.take_back(pools.lend("https://c.example/v1", b"", Lease()))
    assert forgotten.http_client.is_closed
    assert not held.is_closed


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such timer")
# The connection of a response that nobody got to hold is closed by its finaliser.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_calls_interrupted_anywhere_leave_nothing_in_use(wire: WireServer) -> None:
    """A signal handler that raises, at 1,000 random moments, costs connections only."""
    wire.handler = echo
    model = build_model(wire, max_retries=0)
    assert _ask(model, "warm", streamed=False) == "echo:warm"
    interrupted = _interrupt_calls(model, calls=1_000, seconds=4)
    gc.collect()
    [pool] = list_pools()
    assert interrupted > 50
    assert pool.in_flight == 0
    assert len(pool.http_client._connections._lent) == 0
    assert len(pool.http_client._connections._waiting) == 0
    assert _ask(model, "next", streamed=True) == "echo:next"
    model.close()
    assert not list_pools()
    assert pool.http_client.is_closed
    assert not pool.http_client._connections._idle


def _interrupt_calls(model: ChatClarifai, calls: int, seconds: float) -> int:
    """Interrupt calls at random moments; return how many were."""
    chance = random.Random(7)  # noqa: S311 - it picks moments, no secrets
    until, interrupted = time.monotonic() + seconds, 0

    def interrupt(*_: object) -> None:
        raise _Interrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for number in range(calls):
            if time.monotonic() > until:
                break
            try:
                try:
                    delay = chance.uniform(1e-6, 0.004)
                    signal.setitimer(signal.ITIMER_REAL, delay)
                    answer = _ask(model, str(number), streamed=number % 2 == 0)
                    assert answer == f"echo:{number}"
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except (_Interrupt, ValidationError):
                # Where it interrupts an `isinstance` of pydantic's, pydantic takes it
                # for a no.
                interrupted += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return interrupted


def _ask(model: ChatClarifai, text: str, *, streamed: bool) -> str:
    if streamed:
        return "".join(chunk.text for chunk in model.stream(text))
    return model.invoke(text).text
