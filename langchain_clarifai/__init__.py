"""LangChain chat model for Clarifai's OpenAI-compatible API."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from langchain_clarifai._refusals import ModelRefusalError
from langchain_clarifai._version import __version__
from langchain_clarifai.chat_models import ChatClarifai

if TYPE_CHECKING:
    from langchain_clarifai._errors import (
        ClarifaiAccountError,
        ClarifaiAuthenticationError,
        ClarifaiBadRequestError,
        ClarifaiColdStartError,
        ClarifaiConflictError,
        ClarifaiConnectionError,
        ClarifaiConnectTimeoutError,
        ClarifaiContextOverflowError,
        ClarifaiError,
        ClarifaiInternalServerError,
        ClarifaiMalformedResponseError,
        ClarifaiNotDeployedError,
        ClarifaiNotFoundError,
        ClarifaiPermissionDeniedError,
        ClarifaiPredictionError,
        ClarifaiRateLimitError,
        ClarifaiStreamIdleTimeoutError,
        ClarifaiTimeoutError,
        ClarifaiUnfinishedStreamError,
        ClarifaiUnprocessableEntityError,
    )

__all__ = [
    "ChatClarifai",
    "ClarifaiAccountError",
    "ClarifaiAuthenticationError",
    "ClarifaiBadRequestError",
    "ClarifaiColdStartError",
    "ClarifaiConflictError",
    "ClarifaiConnectTimeoutError",
    "ClarifaiConnectionError",
    "ClarifaiContextOverflowError",
    "ClarifaiError",
    "ClarifaiInternalServerError",
    "ClarifaiMalformedResponseError",
    "ClarifaiNotDeployedError",
    "ClarifaiNotFoundError",
    "ClarifaiPermissionDeniedError",
    "ClarifaiPredictionError",
    "ClarifaiRateLimitError",
    "ClarifaiStreamIdleTimeoutError",
    "ClarifaiTimeoutError",
    "ClarifaiUnfinishedStreamError",
    "ClarifaiUnprocessableEntityError",
    "ModelRefusalError",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Import the error classes when first asked for: they need the SDK."""
    if name in __all__:
        return getattr(import_module("langchain_clarifai._errors"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
