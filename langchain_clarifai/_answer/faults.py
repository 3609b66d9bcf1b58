"""What can be wrong with the bytes of an answer, without its HTTP response.

The accumulator raises these; `_errors.conversion` turns them into the exceptions that
users see.
"""

from __future__ import annotations

from typing import Any, Final

# What is kept of a body that is no answer. Users see less; more is kept so that a
# token in it is found and blotted out before the text is cut.
KEPT_BYTES: Final = 4_000


class Fault(Exception):  # noqa: N818 - internal, and never seen by a user
    """Base of all faults."""


class ErrorBody(Fault):
    """The body, or an event, is an error and no answer."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self.body = body


class MalformedAnswer(Fault):
    """The bytes are neither an answer nor an error that could be understood."""

    def __init__(self, reason: str, body: bytes) -> None:
        super().__init__(reason)
        self.reason = reason
        self.start = body[:KEPT_BYTES].decode("utf-8", "replace")


class EventTooLong(Fault):
    """A line or an event of the stream is longer than is allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The event stream holds a line or an event of over {limit:,} bytes."
        )


class UnfinishedStream(Fault):
    """The stream ended without a finish reason and without `[DONE]`."""


class SilentStream(Fault):
    """The stream brought nothing but keep-alives for too long."""


class SlowAnswer(Fault):
    """A plain answer trickled in for longer than the read timeout."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


# 10001 and 10002 are successes that come with a warning of something deprecated.
_SUCCESSES: Final = (10000, "10000", "SUCCESS", 10001, "10001", 10002, "10002")
_TEXTS: Final = ("description", "details", "message", "detail")


def is_error_body(payload: Any) -> bool:
    """Tell whether a JSON value reports an error, in any of the shapes in use.

    `{"error": …}` is OpenAI's, `{"status": {"code": …}}` Clarifai's platform's, and
    `{"code", "description", "details"}` what Clarifai's runner returns as an answer.
    """
    if isinstance(payload, list):  # Gemini wraps its errors in a list
        return len(payload) > 0 and is_error_body(payload[0])
    if not isinstance(payload, dict):
        return False
    if payload.get("error") or is_failed_status(payload.get("status")):
        return True
    return not payload.get("choices") and _is_bare_error(payload)


def is_failed_status(status: Any) -> bool:
    """Tell whether the `status` of Clarifai's platform reports a failure."""
    return isinstance(status, dict) and _is_failure(status.get("code"))


def _is_bare_error(payload: dict[str, Any]) -> bool:
    texts = (payload.get(name) for name in _TEXTS)
    return payload.get("object") == "error" or (
        _is_failure(payload.get("code")) and any(texts)
    )


def _is_failure(code: Any) -> bool:
    # On other servers 0 is a success; Clarifai has no such code.
    return bool(code) and code not in _SUCCESSES
