"""The class of an error, and the server it came from → what to do about it.

Only users of Clarifai are told of its plans, its login and its ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._errors.classes import (
    ClarifaiAccountError,
    ClarifaiAuthenticationError,
    ClarifaiColdStartError,
    ClarifaiNotDeployedError,
    ClarifaiNotFoundError,
    ClarifaiPermissionDeniedError,
    ClarifaiRateLimitError,
)
from langchain_clarifai._settings.hosts import speaks_for_clarifai

if TYPE_CHECKING:
    from langchain_clarifai._errors.base import ClarifaiError

ADVICE_WITHOUT_KEY: Final = (
    "No token was sent. One that is found, in the environment or by the Clarifai CLI, "
    "goes to Clarifai's hosts and to this machine only: pass `api_key` if this server "
    "wants one."
)

# The first class that fits counts, so special classes stand before general ones.
_ELSEWHERE: Final[tuple[tuple[type[ClarifaiError], str], ...]] = (
    (ClarifaiAuthenticationError, "Check the token that was passed as `api_key`."),
    (
        ClarifaiAccountError,
        "Check plan, quota and billing with whoever runs this server.",
    ),
    (
        ClarifaiPermissionDeniedError,
        "The token (`api_key`) may not use this model on this server.",
    ),
    (
        ClarifaiNotDeployedError,
        "The server knows the model, but nothing serves it. Have it deployed.",
    ),
    (
        ClarifaiNotFoundError,
        "Check the model's name, as this server knows it, and `base_url`.",
    ),
    (
        ClarifaiRateLimitError,
        "Send fewer requests at once: `max_concurrency` of batch, or a `rate_limiter`.",
    ),
    (
        ClarifaiColdStartError,
        "The server was still starting or busy. Wait longer with `cold_start_timeout`.",
    ),
)


def choose_advice(error_class: type[Any], base_url: str) -> str:
    """Choose what to tell the user who met an error on this server."""
    if speaks_for_clarifai(base_url):
        advice: str = error_class.advice
        return advice
    return next(
        (text for known, text in _ELSEWHERE if issubclass(error_class, known)),
        error_class.advice,
    )
