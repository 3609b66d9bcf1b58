"""What a server said to one caller about its rate → when the others take their turn.

A server that throttles refuses every caller of a process apart, and each would learn by
its own refusal alone what the first was told. Here a `Retry-After` counts for all that
send to the same server with the same token: they wait as long, and then come back one
after another instead of all at once. The shorter the wait that the server asks for,
the closer they follow; and each answer to one of them lets the next follow closer, so
that one refusal does not slow down a server that takes many more.

Only what a server said is shared. A refusal without `Retry-After` tells nothing about
the others, who may be served meanwhile.
"""

from __future__ import annotations

import os
import random
import threading
import time
from typing import Final

LONGEST_QUEUE: Final = 60.0
"""How long after the server's word the last of many callers comes back, in seconds."""

# How many callers come back in the time that the server asked for, and at most in one
# second: Clarifai documents 15 requests a second for every plan, and who comes back too
# early waits all over again.
_PACE: Final = 15
# What an answer leaves of the time between two callers: 35 answers double the pace.
_GAIN: Final = 0.98
_MOST_GATES: Final = 1024


class _Gate:
    """When one server takes requests with one token again; times are monotonic."""

    __slots__ = ("next_turn", "opens_at", "spacing")

    def __init__(self) -> None:
        self.opens_at = 0.0
        self.next_turn = 0.0
        self.spacing = 0.0  # seconds between one caller and the next

    def close(self, now: float, retry_after: float) -> None:
        """Let nobody in for as long as the server says."""
        self.opens_at = max(self.opens_at, now + retry_after)
        self.spacing = max(self.spacing, min(retry_after, 1.0) / _PACE)

    def take_turn(self, now: float) -> float:
        """Return how long the next caller waits, and let the one after it wait more."""
        turn = max(self.opens_at, self.next_turn)
        if turn - self.opens_at > LONGEST_QUEUE:
            delay = random.uniform(0, LONGEST_QUEUE)  # noqa: S311 - it hides nothing
            return self.opens_at + delay - now
        self.next_turn = turn + self.spacing
        return max(0.0, turn - now)

    def is_over(self, now: float) -> bool:
        return now >= max(self.opens_at, self.next_turn)


# By server and token, of which only the hash is kept.
_gates: dict[int, _Gate] = {}
# A signal handler may send a request while the thread that it interrupts holds it.
_lock = threading.RLock()


class Throttle:
    """What is known of the rate at which one server takes requests with one token."""

    __slots__ = ("_key",)

    def __init__(self, base_url: str, token: str) -> None:
        # Scheme and host alone: a server counts the requests to all its paths.
        self._key = hash((*base_url.split("/", 3)[:3], token))

    @property
    def is_closed(self) -> bool:
        """Whether the server's word holds for everyone at this moment."""
        gate = _gates.get(self._key)
        return gate is not None and gate.opens_at > time.monotonic()

    def take_turn(self) -> float:
        """Return how many seconds to wait before a request; 0 if nothing is known."""
        now = time.monotonic()
        with _lock:
            gate = _gates.get(self._key)
            if gate is None:
                return 0.0
            if gate.is_over(now):
                del _gates[self._key]
                return 0.0
            return gate.take_turn(now)

    def take_refusal(self, retry_after: float) -> float:
        """Take note of the server's word; return how many seconds its caller waits."""
        now = time.monotonic()
        with _lock:
            if self._key not in _gates and len(_gates) >= _MOST_GATES:
                _forget_some(now)
            gate = _gates.setdefault(self._key, _Gate())
            gate.close(now, retry_after)
            return gate.take_turn(now)

    def take_success(self) -> None:
        """Take note that the server takes requests: the next follow closer."""
        gate = _gates.get(self._key)
        if gate is not None and gate.opens_at <= time.monotonic():
            gate.spacing *= _GAIN


def _forget_some(now: float) -> None:
    """Forget what has expired, or else what was learned first."""
    for key in [key for key, gate in _gates.items() if gate.is_over(now)]:
        del _gates[key]
    while len(_gates) >= _MOST_GATES:
        del _gates[next(iter(_gates))]


def _start_over_in_child() -> None:
    global _lock  # noqa: PLW0603 - one for the process
    _lock = threading.RLock()
    _gates.clear()


if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows
    os.register_at_fork(after_in_child=_start_over_in_child)
