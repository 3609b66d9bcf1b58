"""What can go wrong with a request: our exceptions, as a tree.

Each class inherits the SDK's exception and LangChain's, so that either `except` works
and `is_retryable` is right.

    ClarifaiError
    ├── ClarifaiAuthenticationError         401; codes 11001, 11002, 11008, 11009, 11200
    ├── ClarifaiPermissionDeniedError       403; codes 11007, 21201, 25601
    │   └── ClarifaiAccountError            402; codes 11000, 11004, 11006, 69xxx, 99005
    ├── ClarifaiBadRequestError             400 and other 4xx; codes 111xx, 2120x, …
    │   ├── ClarifaiContentFilterError      any of them that a content filter gave
    │   └── ClarifaiContextOverflowError    any of them that names the context length
    ├── ClarifaiNotFoundError               404; codes 11101, 21200, …_DOES_NOT_EXIST
    │   └── ClarifaiNotDeployedError        codes 21350, 21352, 21353, 25903
    ├── ClarifaiConflictError               409
    ├── ClarifaiUnprocessableEntityError    422
    ├── ClarifaiRateLimitError              429; codes 11003, 11005     waited for
    ├── ClarifaiInternalServerError         5xx; codes 10030, 25604, …  tried again
    │   ├── ClarifaiColdStartError          503; codes 21351, 21354, 21355  waited for
    │   └── ClarifaiPredictionError         code 21313, 25607, 25608
    ├── ClarifaiMalformedResponseError      200, but no answer
    ├── ClarifaiConnectionError             no connection               tried again
    │   ├── ClarifaiTLSError                a certificate is refused, or no TLS
    │   └── ClarifaiUnfinishedStreamError   the stream broke off        tried again
    └── ClarifaiTimeoutError                no answer in time
        ├── ClarifaiConnectTimeoutError     no connection in time       tried again
        └── ClarifaiStreamIdleTimeoutError  silence in a stream

Code 21313 wraps whatever went wrong in the runner of a model; its details decide.
Meanings of the codes: https://github.com/Clarifai/clarifai-grpc, `status_code.proto`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import openai
from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelTimeoutError,
)

from langchain_clarifai._errors.base import ClarifaiError, RetryKind
from langchain_clarifai._structured.refusals import ModelRefusalError

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

__all__ = ["ClarifaiError"]


class ClarifaiAuthenticationError(
    ClarifaiError, openai.AuthenticationError, ModelAuthenticationError
):
    """The token is missing, wrong or expired. Not retried."""

    advice = (
        "Check the token: it is taken from the argument `api_key`, then CLARIFAI_PAT, "
        "CLARIFAI_API_KEY, then the context of the Clarifai CLI (`clarifai login`). "
        "Make one at https://clarifai.com/settings/security."
    )


class ClarifaiPermissionDeniedError(
    ClarifaiError, openai.PermissionDeniedError, ModelPermissionDeniedError
):
    """The token is valid but may not use this model. Not retried."""

    advice = (
        "The token (`api_key` or CLARIFAI_PAT) may not use this model: check its "
        "scopes, and whether the model's owner shares it with you."
    )


class ClarifaiAccountError(ClarifaiPermissionDeniedError):
    """The account's plan, quota or billing stands in the way. Not retried."""

    advice = "Check plan, quota and billing at https://clarifai.com/settings/billing."


class ClarifaiBadRequestError(
    ClarifaiError, openai.BadRequestError, ModelInvalidRequestError
):
    """The request is not valid for this model. Not retried."""

    blames_content: ClassVar[bool] = True


class ClarifaiContentFilterError(ClarifaiBadRequestError, ModelRefusalError):
    """A content filter of the server refused the request or its answer. Not retried.

    `except ModelRefusalError` catches it like a model's own refusal of structured
    output. `partial_message` has what came before a filter broke a stream.
    """

    raw_message: BaseMessage | None = None
    advice = "Rephrase what was sent, or have the filter of the deployment loosened."


class ClarifaiContextOverflowError(ClarifaiBadRequestError, ContextOverflowError):
    """The prompt is longer than the model's context. Not retried: shorten it."""

    advice = "Shorten the messages, or ask for fewer tokens with `max_tokens`."


class ClarifaiNotFoundError(ClarifaiError, openai.NotFoundError, ModelNotFoundError):
    """There is no such model, or it is not visible to the token. Not retried."""

    advice = (
        "Check the model id: user, app and model are case-sensitive, and a dot in a "
        "version is written `_` (https://clarifai.com/openai/chat-completion/models/"
        "gpt-4_1). Check `base_url`, too."
    )


class ClarifaiNotDeployedError(ClarifaiNotFoundError):
    """The model exists but nothing serves it. Not retried: deploy it."""

    advice = (
        "The model is not deployed. Deploy it (`clarifai model deploy`, or in the "
        "portal under Compute), or choose a model that Clarifai hosts."
    )


class ClarifaiConflictError(
    ClarifaiError, openai.ConflictError, ModelInvalidRequestError
):
    """The request conflicts with the state of the server (409). Not retried."""


class ClarifaiUnprocessableEntityError(
    ClarifaiError, openai.UnprocessableEntityError, ModelInvalidRequestError
):
    """The backend refuses a value of the request (422). Not retried."""

    blames_content: ClassVar[bool] = True


class ClarifaiRateLimitError(ClarifaiError, openai.RateLimitError, ModelRateLimitError):
    """Too many requests. Retried `max_retries` times, as `Retry-After` says."""

    retry_kind: ClassVar[RetryKind] = "throttled"
    advice = (
        "Clarifai allows 15 requests a second on every plan. Send fewer at once: "
        "`max_concurrency` of batch, or a `rate_limiter`."
    )


class ClarifaiInternalServerError(
    ClarifaiError, openai.InternalServerError, ModelAPIError
):
    """The server failed (5xx). Retried `max_retries` times before the first chunk."""

    retry_kind: ClassVar[RetryKind] = "soon"


class ClarifaiColdStartError(ClarifaiInternalServerError):
    """The model is starting or busy. Waited for, up to `cold_start_timeout`."""

    retry_kind: ClassVar[RetryKind] = "cold_start"
    advice = (
        "The model was still starting. Wait longer with `cold_start_timeout`, or keep "
        "a replica running (min_replicas of its deployment)."
    )


class ClarifaiPredictionError(ClarifaiInternalServerError):
    """The model's runner failed on this request. Not retried by itself."""

    retry_kind: ClassVar[RetryKind] = "never"
    blames_content: ClassVar[bool] = True


class ClarifaiMalformedResponseError(
    ClarifaiError, openai.APIResponseValidationError, ModelAPIError
):
    """The response is a success, yet holds no answer. Not retried by itself."""


class ClarifaiConnectionError(
    ClarifaiError, openai.APIConnectionError, ModelConnectionError
):
    """The server cannot be reached, or hung up. Retried before the first chunk."""

    retry_kind: ClassVar[RetryKind] = "soon"


class ClarifaiTLSError(ClarifaiConnectionError):
    """The server's certificate was refused, or no TLS could be agreed on. Not retried.

    Certificates are those of the system, or of SSL_CERT_FILE where a company has its
    own.
    """

    is_retryable = False
    retry_kind: ClassVar[RetryKind] = "never"


class ClarifaiUnfinishedStreamError(ClarifaiConnectionError):
    """The stream ended without saying that the answer is complete.

    `partial_message` has what arrived. `allow_unfinished_stream=True` takes such
    answers as complete, for servers that never finish a stream properly.
    """


class ClarifaiTimeoutError(ClarifaiError, openai.APITimeoutError, ModelTimeoutError):
    """The server took too long. Raise `timeout` if the model needs longer.

    Only a connection that could not be made in time is tried again: a request that
    was sent may be paid for already.
    """


class ClarifaiConnectTimeoutError(ClarifaiTimeoutError):
    """The connection could not be made in time. Retried."""

    retry_kind: ClassVar[RetryKind] = "soon"


class ClarifaiStreamIdleTimeoutError(ClarifaiTimeoutError):
    """The stream was silent for `stream_idle_timeout` seconds. Not retried by itself.

    Attributes:
        chunks_received: How many events had arrived before the silence.
    """

    chunks_received: int = 0
