"""What can be wrong with the bytes of an answer, told without knowing its response.

The accumulator raises these; `_errors` turns them into the exceptions users see.
"""

from __future__ import annotations

from typing import Any, Final

EXCERPT_LENGTH: Final = 200


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
        self.excerpt = body.decode("utf-8", "replace")[:EXCERPT_LENGTH]


class UnfinishedStream(Fault):
    """The stream ended without a finish reason and without `[DONE]`."""


class SilentStream(Fault):
    """The stream brought nothing but keep-alives for too long."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class SlowAnswer(Fault):
    """A plain answer trickled in for longer than the read timeout."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


_SUCCESS: Final = {10000, "10000", "SUCCESS"}


def is_error_body(payload: Any) -> bool:
    """Tell whether a JSON value reports an error, in any of the shapes in use.

    `{"error": …}` is OpenAI's, `{"status": {"code": …}}` Clarifai's platform's, and
    `{"code", "description", "details"}` what Clarifai's runner returns as an answer.
    """
    if isinstance(payload, list):  # Gemini wraps its errors in a list
        return len(payload) > 0 and is_error_body(payload[0])
    if not isinstance(payload, dict):
        return False
    status = payload.get("status")
    if isinstance(status, dict) and status.get("code") is not None:
        return bool(payload.get("error")) or status["code"] not in _SUCCESS
    return bool(payload.get("error")) or (
        not payload.get("choices") and _is_bare_error(payload)
    )


def _is_bare_error(payload: dict[str, Any]) -> bool:
    texts = (payload.get(name) for name in _TEXTS)
    has_code = payload.get("code") not in {None, *_SUCCESS}
    return payload.get("object") == "error" or (has_code and any(texts))


_TEXTS: Final = ("description", "details", "message", "detail")
