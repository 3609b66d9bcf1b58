"""LangChain chat and embedding models for Clarifai's OpenAI-compatible API."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from langchain_clarifai._importing import import_with_room

# Before anything else imports langchain-core, which takes nearly all of the time.
import_with_room("langchain_clarifai.chat_models")

from langchain_clarifai._structured.refusals import ModelRefusalError  # noqa: E402
from langchain_clarifai._version import __version__  # noqa: E402
from langchain_clarifai.chat_models import ChatClarifai  # noqa: E402

if TYPE_CHECKING:
    from langchain_clarifai._catalogue.listing import alist_models, list_models
    from langchain_clarifai._catalogue.records import ModelRecord
    from langchain_clarifai._errors.base import ClarifaiError
    from langchain_clarifai._errors.classes import (
        ClarifaiAccountError,
        ClarifaiAuthenticationError,
        ClarifaiBadRequestError,
        ClarifaiColdStartError,
        ClarifaiConflictError,
        ClarifaiConnectionError,
        ClarifaiConnectTimeoutError,
        ClarifaiContentFilterError,
        ClarifaiContextOverflowError,
        ClarifaiInternalServerError,
        ClarifaiMalformedResponseError,
        ClarifaiNotDeployedError,
        ClarifaiNotFoundError,
        ClarifaiPermissionDeniedError,
        ClarifaiPredictionError,
        ClarifaiRateLimitError,
        ClarifaiStreamIdleTimeoutError,
        ClarifaiTimeoutError,
        ClarifaiTLSError,
        ClarifaiUnfinishedStreamError,
        ClarifaiUnprocessableEntityError,
    )
    from langchain_clarifai._registration import register
    from langchain_clarifai.embeddings import ClarifaiEmbeddings

__all__ = [
    "ChatClarifai",
    "ClarifaiAccountError",
    "ClarifaiAuthenticationError",
    "ClarifaiBadRequestError",
    "ClarifaiColdStartError",
    "ClarifaiConflictError",
    "ClarifaiConnectTimeoutError",
    "ClarifaiConnectionError",
    "ClarifaiContentFilterError",
    "ClarifaiContextOverflowError",
    "ClarifaiEmbeddings",
    "ClarifaiError",
    "ClarifaiInternalServerError",
    "ClarifaiMalformedResponseError",
    "ClarifaiNotDeployedError",
    "ClarifaiNotFoundError",
    "ClarifaiPermissionDeniedError",
    "ClarifaiPredictionError",
    "ClarifaiRateLimitError",
    "ClarifaiStreamIdleTimeoutError",
    "ClarifaiTLSError",
    "ClarifaiTimeoutError",
    "ClarifaiUnfinishedStreamError",
    "ClarifaiUnprocessableEntityError",
    "ModelRecord",
    "ModelRefusalError",
    "__version__",
    "alist_models",
    "list_models",
    "register",
]

# Names that are imported when they are first asked for → their modules. All others that
# are imported late are error classes: they need the SDK, whose import takes a second.
_HOMES = {
    "ClarifaiEmbeddings": "embeddings",
    "ClarifaiError": "_errors.base",
    "ModelRecord": "_catalogue.records",
    "alist_models": "_catalogue.listing",
    "list_models": "_catalogue.listing",
    "register": "_registration",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for."""
    if name == "prices":
        return import_module("langchain_clarifai.prices")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, "_errors.classes")
    return getattr(import_module(f"langchain_clarifai.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
