"""An exception → what caused it, and whether the network did.

The libraries of the network are known by name, because importing one of them would tie
us to one major version of openai.
"""

from __future__ import annotations

from typing import Final

FAILURES_TO_CONNECT: Final = {
    "ConnectError",
    "ConnectTimeout",
    "ConnectionTimeoutError",
    "PoolTimeout",
}
"""Classes of errors that say that no connection was made."""

_TRANSPORTS: Final = {
    "aiohttp",
    "anyio",
    "h11",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
}


def list_causes(error: BaseException) -> list[BaseException]:
    """Return the error and what caused it, the innermost last."""
    causes = [error]
    # asyncio's timeouts are caused by a CancelledError, which is no Exception.
    while isinstance(cause := causes[-1].__cause__, Exception) and cause not in causes:
        causes.append(cause)
    return causes


def is_transport_error(error: BaseException) -> bool:
    """Tell whether the network or the HTTP library raised it."""
    module = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError) or module in _TRANSPORTS
