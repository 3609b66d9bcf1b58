"""Codes and statuses of errors → their classes: the tables that `bodies` reads by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from langchain_clarifai._errors.classes import (
    ClarifaiAccountError,
    ClarifaiAuthenticationError,
    ClarifaiBadRequestError,
    ClarifaiColdStartError,
    ClarifaiConflictError,
    ClarifaiInternalServerError,
    ClarifaiNotDeployedError,
    ClarifaiNotFoundError,
    ClarifaiPermissionDeniedError,
    ClarifaiPredictionError,
    ClarifaiRateLimitError,
    ClarifaiUnprocessableEntityError,
)

if TYPE_CHECKING:
    from langchain_clarifai._errors.base import ClarifaiError

# Clarifai's codes by name. A body gives a code as a number or as its name.
CODES: Final = {
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
CODES_BY_NAME: Final = {name: code for code, (name, _) in CODES.items()}
PREDICTION_FAILED: Final = CODES_BY_NAME["MODEL_PREDICTION_FAILED"]
# These codes say only that something is wrong with the request. An HTTP status tells
# more and decides, unless it is 500, which tells even less.
GENERIC_CODES: Final = frozenset({11100, 11102})
# Codes from here on are internal or uncategorised: the server's fault.
FIRST_INTERNAL_CODE: Final = 98000

STATUSES: Final[dict[int, type[ClarifaiError]]] = {
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
STATUSES_BY_NAME: Final = {
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

# Errors of these classes may speak of tokens as well, and do not mean their number.
NEVER_OVERFLOWS: Final = (
    ClarifaiAuthenticationError,
    ClarifaiPermissionDeniedError,
    ClarifaiNotFoundError,
    ClarifaiRateLimitError,
    ClarifaiColdStartError,
)
