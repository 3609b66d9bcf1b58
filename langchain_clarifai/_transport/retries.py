"""An error of an attempt → how long to wait before the next, or the error itself.

| the error                      | is waited for                                |
|--------------------------------|----------------------------------------------|
| a model that starts or is busy | up to `cold_start_timeout`, however often    |
| too many requests              | `max_retries` times; as `Retry-After` says,  |
|                                | else about 15 s, as Clarifai advises         |
| no connection, a server error  | `max_retries` times, half a second, doubling |
| any other; a bad certificate   | never                                        |

Nothing is tried again once a chunk was handed out, and where the user set a `timeout`
all waiting together stays within it. What `Retry-After` says to one caller counts for
all of the process that use the same server and token: see `throttling`.
"""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tenacity import RetryCallState

    from langchain_clarifai._errors.base import ClarifaiError
    from langchain_clarifai._transport.throttling import Throttle

logger = logging.getLogger("langchain_clarifai")

MAX_RETRY_AFTER: Final = 60.0
"""Longest `Retry-After` that is waited for, in seconds; a longer one is an error."""

_THROTTLED_WAIT: Final = 15.0
_SOON_WAIT: Final = 0.5
_LONGEST_SOON_WAIT: Final = 8.0
# How long after the server's wait the last of its callers comes back, at least.
_LATER: Final = 0.25
_COLD_START_WAIT: Final = 0.5
_COLD_START_GROWTH: Final = 1.5
_LONGEST_COLD_START_WAIT: Final = 20.0
# A wait reaches its longest long before; without a bound the power would overflow.
_MOST_GROWTHS: Final = 32
# In seconds. A server that asks for less has hardly measured how long it needs.
_SHORTEST_RETRY_AFTER: Final = 1.0


@dataclass(slots=True)
class Retries:
    """How often one request was tried, and how long it waited.

    All times are in seconds.
    """

    max_retries: int
    cold_start_timeout: float
    timeout: float | None
    _tried: int = 0
    _cold_starts: int = 0
    _waited: float = 0.0
    _has_turn: bool = False
    _error: ClarifaiError | None = None
    _started: float = field(default_factory=time.monotonic)

    @property
    def metadata(self) -> dict[str, Any]:
        """What a message tells of its waits: nothing, where nothing was waited for."""
        if not self._waited:
            return {}
        return {
            "attempts": self._tried + self._cold_starts + 1,
            "seconds_waited": round(self._waited, 3),
        }

    def build_retry_state(self, wait: float) -> RetryCallState:
        """Describe a wait as LangChain's `on_retry` wants it.

        Its number is that of the attempts made; its outcome is the error of the last
        one, or None where the first attempt of all waits for its turn.
        """
        import tenacity

        state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
        state.attempt_number = max(1, self._tried + self._cold_starts)
        if (error := self._error) is not None:
            state.set_exception((type(error), error, None))
        state.idle_for = self._waited - wait
        state.upcoming_sleep = wait
        state.next_action = tenacity.RetryAction(wait)
        return state

    def wait_for_turn(self, throttle: Throttle) -> float:
        """Return how long to wait before an attempt, as others were told to wait.

        There is no wait for a user who wants no second attempt, or whose time does not
        suffice: the server's refusal then says so at once.
        """
        if not self.max_retries or (self._has_turn and not throttle.is_closed):
            return 0.0
        wait = throttle.take_turn()
        if not wait or not self._has_time_for(wait):
            return 0.0
        self._waited += wait
        logger.info("The server asks for fewer requests: waiting for %.1f s.", wait)
        return wait

    def wait_before_next(
        self, error: ClarifaiError, throttle: Throttle, *, has_yielded: bool = False
    ) -> float:
        """Return how long to wait before the next attempt.

        Args:
            error: What the last one failed with.
            throttle: What is known of the rate of its server and token.
            has_yielded: Whether it had handed out a chunk: then there is no next one.

        Raises:
            ClarifaiError: The error itself, when there shall be no next attempt.
        """
        # The frames of HTTP libraries, and what they raised, hold the token.
        error.__context__ = error.__traceback__ = None
        wait = None if has_yielded else self._choose_wait(error, throttle)
        if wait is None or not self._has_time_for(wait):
            raise error
        self._waited += wait
        self._error = error
        logger.warning(
            "Attempt %d failed: %s Trying again in %.1f s.",
            self._tried + self._cold_starts,
            error,
            wait,
        )
        return wait

    def _choose_wait(self, error: ClarifaiError, throttle: Throttle) -> float | None:
        retry_after = _read_retry_after(error)
        is_throttled = error.retry_kind == "throttled"
        if error.retry_kind == "never" or (retry_after or 0.0) > MAX_RETRY_AFTER:
            return None
        if error.retry_kind == "cold_start":
            return self._wait_for_cold_start(retry_after)
        turn = 0.0
        if is_throttled and retry_after is not None:
            turn = throttle.take_refusal(retry_after)
            self._has_turn = True
        if self._tried >= self.max_retries:
            return None
        self._tried += 1
        growth = 2.0 ** min(self._tried - 1, _MOST_GROWTHS)
        soon = _spread(min(_SOON_WAIT * growth, _LONGEST_SOON_WAIT))
        if retry_after is None:
            return _spread(_THROTTLED_WAIT) if is_throttled else soon
        later = max(turn, _spread_later(retry_after))
        if self._tried > 1 and retry_after < _SHORTEST_RETRY_AFTER:
            # "At once" was wrong the first time: wait ever longer.
            return max(later, soon)
        return later

    def _wait_for_cold_start(self, retry_after: float | None) -> float | None:
        growth = _COLD_START_GROWTH ** min(self._cold_starts, _MOST_GROWTHS)
        wait = _spread(min(_COLD_START_WAIT * growth, _LONGEST_COLD_START_WAIT))
        if retry_after is not None:
            # A server that always says "at once" does not know: wait ever longer.
            at_once = retry_after < _SHORTEST_RETRY_AFTER
            later = _spread_later(retry_after)
            wait = max(later, wait) if at_once else later
        left = self.cold_start_timeout - (time.monotonic() - self._started)
        if left <= 0:
            return None
        self._cold_starts += 1
        return min(wait, left)

    def _has_time_for(self, wait: float) -> bool:
        return self.timeout is None or self._waited + wait <= self.timeout


def _spread(wait: float) -> float:
    """Spread callers that failed together over ±40 % of the wait."""
    return wait * random.uniform(0.6, 1.4)  # noqa: S311 - no secret depends on it


def _spread_later(wait: float) -> float:
    """Spread callers over the time after the server's wait, never before its end."""
    return wait + random.uniform(0, max(_LATER, wait * 0.25))  # noqa: S311 - as above


def _read_retry_after(error: ClarifaiError) -> float | None:
    """Return what the server asks for: seconds, milliseconds or a date."""
    response = getattr(error, "response", None)
    if response is None:
        return None
    headers: Mapping[str, str] = response.headers
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        # Not a number compares false, and infinity is over every cap.
        return max(0.0, seconds) if seconds == seconds else None  # noqa: PLR0124
    try:
        date = parsedate_to_datetime(headers["retry-after"]).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError, OSError):
        return None
    return max(0.0, date - time.time())
