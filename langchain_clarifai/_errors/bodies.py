"""The body of an error → the class of our exception, and what it says.

Bodies come in the shapes of Clarifai's platform (`{"status": …}`), of its runner (the
bare `{"code", "description", "details"}`) and of OpenAI (`{"error": …}`). One table of
codes and one of statuses decide.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from langchain_clarifai._answer.faults import is_failed_status
from langchain_clarifai._errors.classes import (
    ClarifaiAccountError,
    ClarifaiAuthenticationError,
    ClarifaiBadRequestError,
    ClarifaiColdStartError,
    ClarifaiConflictError,
    ClarifaiContextOverflowError,
    ClarifaiError,
    ClarifaiInternalServerError,
    ClarifaiNotDeployedError,
    ClarifaiNotFoundError,
    ClarifaiPermissionDeniedError,
    ClarifaiPredictionError,
    ClarifaiRateLimitError,
    ClarifaiUnprocessableEntityError,
)

# Clarifai's codes by name. A body gives a code as a number or as its name.
_CODES: Final = {
    10030: ("TRY_AGAIN", ClarifaiInternalServerError),
    11000: ("CONN_ACCOUNT_ISSUES", ClarifaiAccountError),
    11001: ("CONN_TOKEN_INVALID", ClarifaiAuthenticationError),
    11002: ("CONN_CREDENTIALS_INVALID", ClarifaiAuthenticationError),
    11003: ("CONN_EXCEED_HOURLY_LIMIT", ClarifaiRateLimitError),
    11004: ("CONN_EXCEED_MONTHLY_LIMIT", ClarifaiAccountError),
    11005: ("CONN_THROTTLED", ClarifaiRateLimitError),
    11006: ("CONN_EXCEEDS_LIMITS", ClarifaiAccountError),
    11007: ("CONN_INSUFFICIENT_SCOPES", ClarifaiPermissionDeniedError),
    11008: ("CONN_KEY_INVALID", ClarifaiAuthenticationError),
    11009: ("CONN_KEY_NOT_FOUND", ClarifaiAuthenticationError),
    11100: ("CONN_BAD_REQUEST_FORMAT", ClarifaiBadRequestError),
    11101: ("CONN_DOES_NOT_EXIST", ClarifaiNotFoundError),
    11102: ("CONN_INVALID_REQUEST", ClarifaiBadRequestError),
    11103: ("CONN_METHOD_NOT_ALLOWED", ClarifaiBadRequestError),
    11200: ("CONN_AUTH_METHOD_DISABLED", ClarifaiAuthenticationError),
    21200: ("MODEL_DOES_NOT_EXIST", ClarifaiNotFoundError),
    21201: ("MODEL_PERMISSION_DENIED", ClarifaiPermissionDeniedError),
    21202: ("MODEL_INVALID_ARGUMENT", ClarifaiBadRequestError),
    21203: ("MODEL_INVALID_REQUEST", ClarifaiBadRequestError),
    21313: ("MODEL_PREDICTION_FAILED", ClarifaiPredictionError),
    21350: ("MODEL_DEPLOYMENT_FAILED", ClarifaiNotDeployedError),
    21351: ("MODEL_DEPLOYING", ClarifaiColdStartError),
    21352: ("MODEL_QUEUED_FOR_DEPLOYMENT", ClarifaiNotDeployedError),
    21353: ("MODEL_NOT_DEPLOYED", ClarifaiNotDeployedError),
    21354: ("MODEL_BUSY_PLEASE_RETRY", ClarifaiColdStartError),
    21355: ("MODEL_LOADING", ClarifaiColdStartError),
    25600: ("RUNNER_DOES_NOT_EXIST", ClarifaiNotFoundError),
    25601: ("RUNNER_PERMISSION_DENIED", ClarifaiPermissionDeniedError),
    25604: ("RUNNER_NEEDS_RETRY", ClarifaiInternalServerError),
    25607: ("RUNNER_ITEM_CANCELLED", ClarifaiPredictionError),
    25608: ("RUNNER_PROCESSING_FAILED", ClarifaiPredictionError),
    25700: ("NODEPOOL_DOES_NOT_EXIST", ClarifaiNotFoundError),
    25800: ("COMPUTE_CLUSTER_DOES_NOT_EXIST", ClarifaiNotFoundError),
    25900: ("DEPLOYMENT_DOES_NOT_EXIST", ClarifaiNotFoundError),
    25903: ("DEPLOYMENT_DISABLED", ClarifaiNotDeployedError),
    69000: ("BILLING_INVALID_INFO", ClarifaiAccountError),
    69001: ("BILLING_MISSING_TOKENS", ClarifaiAccountError),
    99005: ("BILLING_UNCATEGORIZED", ClarifaiAccountError),
}
_CODES_BY_NAME: Final = {name: code for code, (name, _) in _CODES.items()}
_PREDICTION_FAILED: Final = _CODES_BY_NAME["MODEL_PREDICTION_FAILED"]
# Codes from here on are internal or uncategorised: the server's fault.
_FIRST_INTERNAL_CODE: Final = 98000

_STATUSES: Final[dict[int, type[ClarifaiError]]] = {
    401: ClarifaiAuthenticationError,
    402: ClarifaiAccountError,
    403: ClarifaiPermissionDeniedError,
    404: ClarifaiNotFoundError,
    408: ClarifaiInternalServerError,
    409: ClarifaiConflictError,
    422: ClarifaiUnprocessableEntityError,
    429: ClarifaiRateLimitError,
    503: ClarifaiColdStartError,
}

# What OpenAI, Anthropic, vLLM and gRPC write as `code`, `type` or `status` where no
# number is at hand.
_STATUSES_BY_NAME: Final = {
    "BadRequestError": 400,
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "NotFoundError": 404,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "UNAUTHENTICATED": 401,
    "UNAVAILABLE": 503,
    "authentication_error": 401,
    "context_length_exceeded": 400,
    "insufficient_quota": 402,
    "invalid_api_key": 401,
    "invalid_request_error": 400,
    "model_not_found": 404,
    "not_found_error": 404,
    "overloaded_error": 503,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
}

# How OpenAI, vLLM, SGLang, llama.cpp, LM Studio, Ollama, Anthropic, Gemini, xAI,
# Bedrock, Groq, Cohere, Moonshot, Qwen and TGI say that the prompt does not fit.
_CONTEXT: Final = r"context[_ ]?(length|window|size|limit)"
_EXCEEDS: Final = r"(exceed\w*|(long|larg|great)er than|beyond)"
_OVERFLOW_PHRASES: Final = (
    r"maximum (context|model|sequence|prompt|input) length",
    rf"{_CONTEXT}[^.\n]{{0,20}}exceed",
    rf"{_EXCEEDS}[^.\n]{{0,60}}({_CONTEXT}|model length|max_model_len)",
    r"exceed_context",
    r"context (the )?overflow",
    r"(prompt|input|messages|request) (\(\d+ tokens\) )?(is|are) too (long|large)",
    r"(prompt|input|request)[^.\n]{0,40}(length|tokens?\b)[^.\n]{0,40}exceeds?\b",
    r"(prompt|input)( text)? exceeds? (the )?max(imum)? (allowed )?length",
    r"exceed\w* (the )?model'?s? token limit",
    r"max_prompt_tokens_exceeded",
    r"too many (input |prompt )?tokens(?!,? (per|please wait))",
    r"reduce the (length of the (messages|prompt|input)|input token)",
    r"inputs`? tokens \+ `?max_new_tokens`? must be",
    r"inputs`? must have (less|fewer) than",
    r"range of input length should be",
)
_CONTEXT_OVERFLOW: Final = re.compile("|".join(_OVERFLOW_PHRASES), re.IGNORECASE)
# These speak of tokens too, and mean something else.
_NEVER_OVERFLOWS: Final = (
    ClarifaiAuthenticationError,
    ClarifaiPermissionDeniedError,
    ClarifaiNotFoundError,
    ClarifaiRateLimitError,
    ClarifaiColdStartError,
)

_WRAPPED_STATUS: Final = re.compile(r"error code: ([45]\d\d)\b", re.IGNORECASE)
_UNKNOWN_ARGUMENT: Final = re.compile(r"unexpected keyword argument '(\w+)'")

_TEXT_FIELDS: Final = (
    "message",
    "description",
    "details",
    "detail",
    "error",
    "metadata",  # where OpenRouter puts the error of its provider
)


@dataclass(slots=True, frozen=True)
class Description:
    """What an error body says."""

    code: int | str | None
    """Clarifai's code as a number, or the provider's own."""

    text: str
    request_id: str | None
    status: int | None
    """The HTTP status that the body names, or the one that its words stand for."""

    @property
    def label(self) -> str:
        """The code, with its name where it is Clarifai's."""
        known = _CODES.get(self.code) if isinstance(self.code, int) else None
        return f"{self.code} {known[0]}" if known else str(self.code or "")

    @property
    def advice(self) -> str:
        """What to do about it, where its words tell."""
        if (unknown := _UNKNOWN_ARGUMENT.search(self.text)) is None:
            return ""
        name = unknown[1]
        return (
            f"The runner does not know the parameter `{name}`: leave it out, or send "
            f'it to the backend nested, extra_body={{"extra_body": {{"{name}": …}}}}.'
        )


def describe(body: Any) -> Description:
    """Read an error body of any shape."""
    if isinstance(body, list) and body:
        body = body[0]  # Gemini's OpenAI surface wraps its errors in a list
    if not isinstance(body, dict):
        return Description(None, _convert_to_text(body), None, None)
    inner = _find_inner(body)
    code = _read_code(inner.get("code"))
    texts = [_convert_to_text(inner.get(name)) for name in _TEXT_FIELDS]
    request_id = inner.get("req_id") or body.get("req_id") or body.get("request_id")
    return Description(
        code=code,
        text=". ".join(text.rstrip(". ") for text in texts if text)
        or ("" if code else _convert_to_text(inner)),
        request_id=request_id if isinstance(request_id, str) else None,
        status=_read_status(inner, code),
    )


def choose_class(description: Description, status: int) -> type[Any]:
    """Choose the class of an error, by its code, else by its status."""
    code, text = description.code, description.text
    if code == _PREDICTION_FAILED:
        error_class = _choose_by_details(text)
    elif isinstance(code, int) and code in _CODES:
        error_class = _CODES[code][1]
    elif isinstance(code, int) and code >= _FIRST_INTERNAL_CODE:
        error_class = ClarifaiInternalServerError
    else:
        error_class = _choose_by_status(status)
    overflows = _CONTEXT_OVERFLOW.search(f"{code} {text}") is not None
    if overflows and not issubclass(error_class, _NEVER_OVERFLOWS):
        return ClarifaiContextOverflowError
    return error_class


def _choose_by_details(details: str) -> type[ClarifaiError]:
    """Look through the runner's wrapper at what really failed."""
    if wrapped := _WRAPPED_STATUS.search(details):
        return _choose_by_status(int(wrapped[1]))
    if _UNKNOWN_ARGUMENT.search(details):
        return ClarifaiBadRequestError
    return ClarifaiPredictionError


def _choose_by_status(status: int) -> type[ClarifaiError]:
    default = (
        ClarifaiInternalServerError
        if status >= 500  # noqa: PLR2004 - server errors start here
        else ClarifaiBadRequestError
    )
    return _STATUSES.get(status, default)


def _find_inner(body: dict[str, Any]) -> dict[str, Any]:
    """Return the object that holds code and texts."""
    names = ["error", "detail", "status"]
    if is_failed_status(body.get("status")):
        names = ["status"]
    inner = (body[name] for name in names if isinstance(body.get(name), dict))
    return next(inner, body)


def _read_code(code: Any) -> int | str | None:
    if isinstance(code, str):
        code = code.strip()
        if code.isdecimal() and code.isascii():
            return int(code[:18])  # Python refuses to convert thousands of digits
        return _CODES_BY_NAME.get(code.upper(), code) or None
    is_whole = isinstance(code, int) or (isinstance(code, float) and code.is_integer())
    return int(code) if is_whole and not isinstance(code, bool) else None


def _read_status(inner: dict[str, Any], code: int | str | None) -> int | None:
    names = (inner.get("code"), inner.get("type"), inner.get("status"))
    candidates = (
        inner.get("http_status_code"),
        inner.get("status_code"),
        inner.get("status"),
        code,
        *(_STATUSES_BY_NAME.get(name) for name in names if isinstance(name, str)),
    )
    return next(
        (
            status
            for status in candidates
            if isinstance(status, int) and 400 <= status < 600  # noqa: PLR2004
        ),
        None,
    )


def _convert_to_text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return (value or "").strip()
    return json.dumps(value, ensure_ascii=False) if value else ""
