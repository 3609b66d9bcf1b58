"""Timeouts as users give them → seconds for each part of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_TIMEOUT_PARTS: Final = ("connect", "read", "write", "pool")
READ_TIMEOUT: Final = 600.0
"""The SDK's own limit, for requests whose user set none; in seconds."""

LONGEST_TIMEOUT: Final = 1_000_000.0
"""In seconds: eleven days. Sockets refuse about twice as much."""

_WRONG_TIMEOUT: Final = (
    "timeout={!r} is not allowed. Give a positive number of seconds, up to a million; "
    "or a mapping, a tuple in this order or an openai.Timeout with connect, read, "
    "write and pool. Leave it out, or give None, for the defaults."
)


def read_timeouts(timeout: Any) -> tuple[Mapping[str, float], float | None]:
    """Return the timeouts by part, and the one for everything if it is a number.

    Args:
        timeout: Seconds; or a mapping, a tuple in this order, or an `openai.Timeout`
            with connect, read, write and pool; or None for the defaults.

    Raises:
        ValueError: If it is none of these, not positive, or over `LONGEST_TIMEOUT`.
    """
    if timeout is None:
        return {}, None
    if isinstance(timeout, bool):
        raise ValueError(_WRONG_TIMEOUT.format(timeout))
    if isinstance(timeout, int | float):
        parts: Mapping[str, Any] = dict.fromkeys(_TIMEOUT_PARTS, timeout)
    else:
        parts = _read_timeout_parts(timeout)
    parts = {name: part for name, part in parts.items() if part is not None}
    for name, part in parts.items():
        if name not in _TIMEOUT_PARTS or not _is_timeout(part):
            raise ValueError(_WRONG_TIMEOUT.format(timeout))
    total = float(timeout) if isinstance(timeout, int | float) else None
    return {name: float(part) for name, part in parts.items()}, total


def _is_timeout(part: Any) -> bool:
    is_number = isinstance(part, int | float) and not isinstance(part, bool)
    return is_number and 0 < part <= LONGEST_TIMEOUT


def _read_timeout_parts(timeout: Any) -> Mapping[str, Any]:
    if isinstance(timeout, Mapping):
        return timeout
    if isinstance(timeout, tuple | list) and len(timeout) <= len(_TIMEOUT_PARTS):
        return dict(zip(_TIMEOUT_PARTS, timeout, strict=False))
    if all(hasattr(timeout, name) for name in _TIMEOUT_PARTS):
        return {name: getattr(timeout, name) for name in _TIMEOUT_PARTS}
    raise ValueError(_WRONG_TIMEOUT.format(timeout))
