"""What a server said to one caller about its rate → when the others take their turn."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from langchain_clarifai._transport import throttling
from langchain_clarifai._transport.throttling import LONGEST_QUEUE, Throttle

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = "https://api.example/v2/ext/openai/v1"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Stop the time, and begin with nothing known."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(throttling, "_gates", {})
    return clock


def test_nothing_is_waited_for_where_nothing_was_said() -> None:
    """Nor is anything kept of servers that throttle nobody."""
    assert Throttle(SERVER, "a").take_turn() == 0
    assert throttling._gates == {}


def test_callers_come_back_one_after_another() -> None:
    """Each has a turn of its own, no earlier than the server said."""
    throttle = Throttle(SERVER, "a")
    waits = [throttle.take_refusal(2), *(throttle.take_turn() for _ in range(30))]
    assert waits[0] == 2
    gaps = [later - sooner for sooner, later in itertools.pairwise(waits)]
    assert gaps == pytest.approx([1 / 15] * 30)


def test_short_word_makes_a_short_queue() -> None:
    """Who asks for 20 ms has no limit of 15 a second; who asks for 0, no queue."""
    throttle = Throttle(SERVER, "a")
    assert [throttle.take_refusal(0) for _ in range(100)] == [0] * 100
    waits = [throttle.take_refusal(0.02) for _ in range(100)]
    assert max(waits) == pytest.approx(0.02 + 99 * 0.02 / 15)


def test_answers_let_the_next_follow_closer(clock: SimpleNamespace) -> None:
    """A server that takes 200 a second is not held at 15 for one refusal."""
    throttle = Throttle(SERVER, "a")
    throttle.take_refusal(1)
    clock.now += 1
    waits: list[float] = []
    for _ in range(2000):
        waits.append(throttle.take_turn())
        throttle.take_success()
        clock.now += 1 / 200
    assert max(waits) < 4
    assert waits[-1] == 0


def test_answers_on_their_way_do_not_count(clock: SimpleNamespace) -> None:
    """They were asked for before the refusal; a new one slows down again."""
    throttle = Throttle(SERVER, "a")
    throttle.take_refusal(1)
    for _ in range(100):
        throttle.take_success()
    assert throttle.take_turn() == pytest.approx(1 + 1 / 15)
    clock.now += 1
    for _ in range(100):
        throttle.take_success()
    assert throttle.take_refusal(1) == pytest.approx(1 + 0)
    assert throttle.take_turn() == pytest.approx(1 + 1 / 15)


@pytest.mark.parametrize(
    ("base_url", "token", "shares"),
    [
        (SERVER, "a", True),
        ("https://api.example/v1/embeddings", "a", True),
        (SERVER, "b", False),
        ("https://other.example/v1", "a", False),
        ("http://api.example/v1", "a", False),
    ],
)
def test_word_counts_for_one_server_and_token(
    base_url: str, token: str, *, shares: bool
) -> None:
    """Limits are those of an account, at a server."""
    Throttle(SERVER, "a").take_refusal(2)
    throttle = Throttle(base_url, token)
    assert throttle.is_closed is shares
    assert (throttle.take_turn() > 0) is shares


def test_later_word_counts_if_it_asks_for_more(clock: SimpleNamespace) -> None:
    """A shorter one does not let the others in earlier."""
    throttle = Throttle(SERVER, "a")
    throttle.take_refusal(5)
    throttle.take_refusal(1)
    clock.now += 4
    assert throttle.is_closed
    throttle.take_refusal(3)
    assert throttle.take_turn() >= 3


def test_word_is_forgotten_when_all_have_had_their_turn(clock: SimpleNamespace) -> None:
    """The next caller is not delayed, and memory is given back."""
    throttle = Throttle(SERVER, "a")
    throttle.take_refusal(2)
    clock.now += 3
    assert throttle.take_turn() == 0
    assert throttling._gates == {}


def test_queue_has_an_end() -> None:
    """Of very many callers some come back together rather than after hours."""
    throttle = Throttle(SERVER, "a")
    waits = [throttle.take_refusal(2) for _ in range(5000)]
    assert max(waits) <= 2 + LONGEST_QUEUE + 1 / 15


def test_memory_is_bounded(clock: SimpleNamespace) -> None:
    """Many tokens: what is over is forgotten first, then what was learned first."""
    for number in range(1000):
        Throttle(SERVER, f"{number}").take_refusal(1)
    clock.now += 2
    for number in range(1000, 3000):
        Throttle(SERVER, f"{number}").take_refusal(1)
    assert len(throttling._gates) <= 1024
    assert Throttle(SERVER, "2999").is_closed
    assert not Throttle(SERVER, "1000").is_closed


def test_no_token_is_kept() -> None:
    """Neither in a key nor in a value."""
    Throttle(SERVER, "secret-token").take_refusal(1)
    assert "secret-token" not in repr(vars(throttling))
