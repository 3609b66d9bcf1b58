"""An error of an attempt is waited for as the table says, or raised."""

from __future__ import annotations

import itertools
import logging
import random
import time
from collections import Counter
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any

import pytest

from langchain_clarifai._errors.classes import (
    ClarifaiBadRequestError,
    ClarifaiColdStartError,
    ClarifaiConnectionError,
    ClarifaiConnectTimeoutError,
    ClarifaiError,
    ClarifaiInternalServerError,
    ClarifaiRateLimitError,
)
from langchain_clarifai._transport.retries import Retries
from langchain_clarifai._transport.throttling import Throttle

_servers = itertools.count()


def _build(error_class: type[ClarifaiError], **headers: str) -> ClarifaiError:
    error = error_class.__new__(error_class)
    error.args = ("It failed.",)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    error.response = SimpleNamespace(headers=named)
    return error


def _throttle() -> Throttle:
    """Build that of a server which nobody else asks."""
    return Throttle(f"https://{next(_servers)}.example/v1", "token")


def _retry(
    max_retries: int = 2, cold_start: float = 60, timeout: Any = None
) -> Retries:
    return Retries(max_retries, cold_start, timeout)


@pytest.mark.parametrize(
    ("error_class", "headers", "least", "most"),
    [
        (ClarifaiRateLimitError, {}, 9, 21),
        (ClarifaiRateLimitError, {"retry_after": "2"}, 2, 2.5),
        (ClarifaiRateLimitError, {"retry_after": "0"}, 0, 0.25),
        (ClarifaiRateLimitError, {"retry_after": "-5"}, 0, 0.25),
        (ClarifaiRateLimitError, {"retry_after": "60"}, 60, 75),
        (ClarifaiRateLimitError, {"retry_after_ms": "1500"}, 1.5, 1.9),
        (ClarifaiRateLimitError, {"retry_after_ms": "1", "retry_after": "50"}, 0, 0.3),
        (ClarifaiRateLimitError, {"retry_after_ms": "x", "retry_after": "5"}, 5, 6.3),
        (ClarifaiRateLimitError, {"retry_after": "soon"}, 9, 21),
        (ClarifaiRateLimitError, {"retry_after": "nan"}, 9, 21),
        (ClarifaiRateLimitError, {"retry_after": ""}, 9, 21),
        (ClarifaiRateLimitError, {"retry_after": formatdate(0, usegmt=True)}, 0, 0.25),
        (ClarifaiInternalServerError, {}, 0.3, 0.7),
        (ClarifaiInternalServerError, {"retry_after": "3"}, 3, 3.75),
        (ClarifaiConnectionError, {}, 0.3, 0.7),
        (ClarifaiConnectTimeoutError, {}, 0.3, 0.7),
        (ClarifaiColdStartError, {}, 0.3, 0.7),
        (ClarifaiColdStartError, {"retry_after": "4"}, 4, 5),
        (ClarifaiColdStartError, {"retry_after": "0"}, 0.3, 0.7),
    ],
)
def test_first_wait_is_as_the_server_says_or_as_the_error_asks(
    error_class: type[ClarifaiError],
    headers: dict[str, str],
    least: float,
    most: float,
) -> None:
    """Spread, so that callers who failed together do not come back together."""
    assert (
        least
        <= _retry().wait_before_next(_build(error_class, **headers), _throttle())
        <= most
    )


def test_date_is_waited_for() -> None:
    """`Retry-After` may be one."""
    date = formatdate(time.time() + 30, usegmt=True)
    wait = _retry().wait_before_next(
        _build(ClarifaiRateLimitError, retry_after=date), _throttle()
    )
    assert 25 < wait < 40


@pytest.mark.parametrize(
    "retry_after", ["61", "1e400", "Fri, 31 Dec 2099 23:59:59 GMT"]
)
@pytest.mark.parametrize(
    "error_class", [ClarifaiRateLimitError, ClarifaiColdStartError]
)
def test_wait_that_is_too_long_is_an_error(
    error_class: type[ClarifaiError], retry_after: str
) -> None:
    """Nobody sleeps an hour because a server says so, nor polls it meanwhile."""
    error = _build(error_class, retry_after=retry_after)
    with pytest.raises(error_class):
        _retry().wait_before_next(error, _throttle())


def test_error_without_a_response_is_waited_for() -> None:
    """There was no connection, so there are no headers."""
    error = _build(ClarifaiInternalServerError)
    error.response = None
    assert _retry().wait_before_next(error, _throttle()) < 1


def test_waits_grow() -> None:
    """Up to a limit."""
    retries = _retry(max_retries=20)
    waits = [
        retries.wait_before_next(_build(ClarifaiInternalServerError), _throttle())
        for _ in range(20)
    ]
    assert waits[3] > waits[0]
    assert max(waits) <= 8 * 1.4


_WAITED_FOR = (
    ClarifaiRateLimitError,
    ClarifaiInternalServerError,
    ClarifaiColdStartError,
)


@pytest.mark.parametrize("error_class", _WAITED_FOR)
@pytest.mark.parametrize("retry_after", ["0", "0.001", "-5", "-inf"])
def test_server_that_always_says_at_once_is_asked_ever_later(
    error_class: type[ClarifaiError], retry_after: str
) -> None:
    """Up to the longest wait, and not beyond what a number holds in 2,000 attempts."""
    retries, throttle = _retry(max_retries=2_000, cold_start=1e9), _throttle()
    error = _build(error_class, retry_after=retry_after)
    waits = [retries.wait_before_next(error, throttle) for _ in range(2_000)]
    assert waits[0] < 1
    assert min(waits[20:]) > 4
    assert max(waits) < 30


@pytest.mark.parametrize("error_class", _WAITED_FOR)
@pytest.mark.parametrize(
    "retry_after",
    [
        "nan",
        "-nan",
        "",
        " ",
        "soon",
        "1,5",
        "0x10",
        "\xff",
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "Sat, 01 Jan 0000 00:00:00 GMT",
        "Sat, 01 Jan 0001 00:00:00 +2359",
        "Fri, 99 Foo 2026 25:61:61 GMT",
        "9" * 5_000 + " Jan 2026",
    ],
    ids=lambda value: ascii(value[:30]) if isinstance(value, str) else value.__name__,
)
def test_word_that_makes_no_sense_is_none(
    error_class: type[ClarifaiError], retry_after: str
) -> None:
    """Neither an error of its own, nor a wait without end; a date may be long past."""
    error = _build(error_class, retry_after=retry_after)
    assert 0 <= _retry().wait_before_next(error, _throttle()) < 30


def test_retries_are_counted() -> None:
    """And cold starts are not among them."""
    retries = _retry(max_retries=1)
    for _ in range(3):
        retries.wait_before_next(_build(ClarifaiColdStartError), _throttle())
    retries.wait_before_next(_build(ClarifaiInternalServerError), _throttle())
    with pytest.raises(ClarifaiInternalServerError):
        retries.wait_before_next(_build(ClarifaiInternalServerError), _throttle())


def test_cold_start_is_waited_for_until_its_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last wait is cut to what is left, and then it is over."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    retries = Retries(0, 600, None, _started=0.0)
    waits: list[float] = []
    while clock.now < 600:
        waits.append(
            retries.wait_before_next(_build(ClarifaiColdStartError), _throttle())
        )
        clock.now += waits[-1]
    with pytest.raises(ClarifaiColdStartError):
        retries.wait_before_next(_build(ClarifaiColdStartError), _throttle())
    assert sum(waits) == pytest.approx(600)
    assert max(waits) <= 20 * 1.4
    assert 20 < len(waits) < 60


def test_all_waiting_stays_within_the_timeout() -> None:
    """Where the user set one."""
    retries = _retry(timeout=5)
    retries.wait_before_next(
        _build(ClarifaiRateLimitError, retry_after="3"), _throttle()
    )
    with pytest.raises(ClarifaiRateLimitError):
        retries.wait_before_next(
            _build(ClarifaiRateLimitError, retry_after="3"), _throttle()
        )


@pytest.mark.parametrize("has_yielded", [False, True])
def test_error_that_stays_is_raised_as_it_is(*, has_yielded: bool) -> None:
    """So is any error once a chunk was handed out."""
    kind = ClarifaiColdStartError if has_yielded else ClarifaiBadRequestError
    error = _build(kind)
    with pytest.raises(kind) as caught:
        _retry().wait_before_next(error, _throttle(), has_yielded=has_yielded)
    assert caught.value is error


def test_what_is_behind_an_error_is_dropped() -> None:
    """Frames and causes of HTTP libraries hold the token."""
    error = _build(ClarifaiBadRequestError)
    error.__context__ = ValueError("token")
    with pytest.raises(ClarifaiBadRequestError):
        _retry().wait_before_next(error, _throttle())
    assert error.__context__ is None


def test_wait_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Users see why nothing happens for a while."""
    with caplog.at_level(logging.WARNING, "langchain_clarifai"):
        _retry().wait_before_next(_build(ClarifaiColdStartError), _throttle())
    assert "Attempt 1 failed: It failed. Trying again in" in caplog.text


@pytest.mark.parametrize(
    ("headers", "first", "last"),
    [({}, 9.0, 21.0), ({"retry_after": "8"}, 8.0, 10.0)],
    ids=["as advised", "as the server says"],
)
def test_hundred_throttled_callers_come_back_spread_out(
    headers: dict[str, str], first: float, last: float
) -> None:
    """Evenly over the whole span: no quarter of it has more than half of them."""
    random.seed(0)
    waits = [
        _retry().wait_before_next(
            _build(ClarifaiRateLimitError, **headers), _throttle()
        )
        for _ in range(100)
    ]
    assert first <= min(waits)
    assert max(waits) <= last
    quarter = (last - first) / 4
    quarters = Counter(int((wait - first) / quarter) for wait in waits)
    assert len(quarters) == 4
    assert max(quarters.values()) <= 50
    # And no two at the same moment, as far as milliseconds go.
    assert len({round(wait, 3) for wait in waits}) > 90


def test_refused_caller_that_waited_does_not_queue_again() -> None:
    """It has its turn already, unless the server refused others meanwhile."""
    throttle, retries = _throttle(), _retry()
    error = _build(ClarifaiRateLimitError, retry_after="0")
    retries.wait_before_next(error, throttle)
    assert retries.wait_for_turn(throttle) == 0
    _retry().wait_before_next(_build(ClarifaiRateLimitError, retry_after="9"), throttle)
    assert 9 <= retries.wait_for_turn(throttle) < 10


@pytest.mark.parametrize(
    ("settings", "waits"),
    [
        ({}, True),
        ({"max_retries": 0}, False),
        ({"timeout": 3}, False),
        ({"timeout": 60}, True),
    ],
    ids=str,
)
def test_word_to_one_caller_is_waited_for_by_the_next(
    settings: dict[str, Any], *, waits: bool
) -> None:
    """Unless it wants no second attempt, or has not that much time: it asks at once."""
    throttle = _throttle()
    error = _build(ClarifaiRateLimitError, retry_after="5")
    _retry().wait_before_next(error, throttle)
    assert (_retry(**settings).wait_for_turn(throttle) > 4) is waits


def test_refusal_without_retry_after_holds_nobody_else_up() -> None:
    """The server said nothing that would be true for others."""
    throttle = _throttle()
    _retry().wait_before_next(_build(ClarifaiRateLimitError), throttle)
    assert _retry().wait_for_turn(throttle) == 0
