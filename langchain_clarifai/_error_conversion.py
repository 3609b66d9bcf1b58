"""Whatever goes wrong with a request → our exceptions.

Errors arrive as exceptions of the SDK, of its HTTP library or of the accumulator, with
a body in one of the shapes in use: `{"status": …}` of Clarifai's platform, the bare
`{"code", "description", "details"}` of its runner, or OpenAI's `{"error": …}`. One
table of codes and one of statuses decide.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import openai

from langchain_clarifai import _faults
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
from langchain_clarifai._metadata import read_request_id
from langchain_clarifai._sse import EventTooLongError

if TYPE_CHECKING:
    from collections.abc import Generator

    from langchain_core.messages import AIMessage

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

# What OpenAI, Anthropic and vLLM write as `code` or `type` where no status is at hand.
_STATUSES_BY_NAME: Final = {
    "BadRequestError": 400,
    "NotFoundError": 404,
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

# How OpenAI, vLLM, SGLang, llama.cpp, Anthropic, Gemini, xAI, Bedrock, Groq and TGI
# say that the prompt does not fit.
_OVERFLOW_PHRASES: Final = (
    r"maximum (context|model|sequence|prompt|input) length",
    r"context[_ ](length|window|size|limit)[_ ](is )?exceeded",
    r"exceed[a-z_ ]*context[_ ](length|window|size|limit)",
    r"(exceed|longer than|larger than|greater than|beyond)[^.\n]{0,60}context",
    r"(exceed|longer than|larger than)[^.\n]{0,60}(model length|max_model_len)",
    r"(prompt|input|messages|request) (is|are) too (long|large)",
    r"(input|prompt)[^.\n]{0,40}exceeds? the maximum number of tokens",
    r"max_prompt_tokens_exceeded",
    r"too many (input |prompt )?tokens",
    r"reduce the length of the (messages|prompt|input)",
    r"inputs`? tokens \+ `?max_new_tokens`? must be",
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

_WRAPPED_STATUS: Final = re.compile(r"Error code: (\d{3})")
_UNKNOWN_ARGUMENT: Final = re.compile(r"unexpected keyword argument '(\w+)'")


@dataclass(slots=True)
class Exchange:
    """What is known of the request and the response when something goes wrong.

    `request` and `response` are the HTTP library's own objects, None before they
    exist; they are typed Any because openai 2 and 3 use different libraries.
    `stream_idle_timeout` is None for plain answers.
    """

    token: str = field(default="", repr=False)
    model: str = ""
    request: Any = None
    response: Any = None
    partial_message: AIMessage | None = None
    chunks_received: int = 0
    stream_idle_timeout: float | None = None


@dataclass(slots=True, frozen=True)
class _Description:
    """What an error body says."""

    code: Any = None
    text: str = ""
    request_id: str | None = None
    status: int | None = None


@contextmanager
def converted_errors(exchange: Exchange) -> Generator[None]:
    """Raise what goes wrong inside as one of our errors.

    The cause keeps its type and its text, but no traceback: the frames of HTTP
    libraries hold the headers, and with them the token.
    """
    try:
        yield
    except ClarifaiError:
        raise
    except Exception as error:
        converted = _convert_to_error(error, exchange)
        if converted is None:
            raise
    else:
        return
    raise converted


def _convert_to_error(error: Exception, exchange: Exchange) -> ClarifaiError | None:
    """Return our error for one of the SDK, the transport or the accumulator."""
    exchange.response = getattr(error, "response", None) or exchange.response
    exchange.request = getattr(error, "request", None) or exchange.request
    if isinstance(error, _faults.Fault | EventTooLongError):
        converted = _convert_fault(error, exchange)
    elif isinstance(error, openai.APIStatusError):
        converted = build_body_error(error.body, exchange)
    elif _is_timeout(error):
        converted = _build_timeout_error(error, exchange)
    elif isinstance(error, openai.APIConnectionError) or _is_transport_error(error):
        converted = _build_connection_error(error, exchange)
    else:
        return None
    if not isinstance(error, _faults.Fault):
        converted.__cause__ = _without_tracebacks(error)
    converted.__suppress_context__ = True
    return converted


def _convert_fault(
    fault: _faults.Fault | EventTooLongError, exchange: Exchange
) -> ClarifaiError:
    if isinstance(fault, _faults.ErrorBody):
        return build_body_error(fault.body, exchange)
    if isinstance(fault, _faults.UnfinishedStream):
        return _finish_error(
            ClarifaiUnfinishedStreamError(
                message=_sentence(
                    "The stream ended before the answer was complete, without a "
                    f"finish reason, after {_count(exchange.chunks_received)}. The "
                    "part that arrived is in `partial_message`; "
                    "`allow_unfinished_stream=True` takes such answers as complete.",
                    exchange,
                ),
                request=exchange.request,
            ),
            exchange,
        )
    if isinstance(fault, _faults.SilentStream | _faults.SlowAnswer):
        return _build_timeout_error(fault, exchange)
    reason, excerpt = (
        (fault.reason, fault.excerpt)
        if isinstance(fault, _faults.MalformedAnswer)
        else (str(fault), "")
    )
    body = _redact(excerpt, exchange) or None
    text = f"{reason} The body begins: {body!r}." if body else reason
    return _finish_error(
        ClarifaiMalformedResponseError(
            exchange.response, body, message=_sentence(text, exchange)
        ),
        exchange,
    )


def build_body_error(body: Any, exchange: Exchange) -> ClarifaiError:
    """Build the error for the body of a failed request, or for one within a 200."""
    body = _redact(body, exchange)
    description = _describe(body)
    status = exchange.response.status_code
    if status < 300:  # noqa: PLR2004 - an error in the body of a success
        status = description.status or 500
    error_class = _choose_class(description, status)
    text = (
        _text_of(description, exchange)
        or f"HTTP status {exchange.response.status_code}"
    )
    error: Any = error_class(
        _sentence(f"{text}. {_advice(error_class, description)}".strip(), exchange),
        response=exchange.response,
        body=body,
    )
    error.code = description.code
    return _finish_error(error, exchange, description.request_id)


def _choose_class(description: _Description, status: int) -> type[Any]:
    known = _CODES.get(description.code)
    if description.code == _CODES_BY_NAME["MODEL_PREDICTION_FAILED"]:
        error_class = _choose_by_details(description.text)
    elif known is not None:
        error_class = known[1]
    elif isinstance(description.code, int) and description.code >= _FIRST_INTERNAL_CODE:
        error_class = ClarifaiInternalServerError
    else:
        error_class = _choose_by_status(status)
    if not issubclass(error_class, _NEVER_OVERFLOWS) and _CONTEXT_OVERFLOW.search(
        f"{description.code} {description.text}"
    ):
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


def _describe(body: Any) -> _Description:
    """Read an error body of any shape."""
    if isinstance(body, list) and body:
        body = body[0]  # Gemini's OpenAI surface wraps its errors in a list
    if not isinstance(body, dict):
        return _Description(text=_shorten(body or ""))
    inner = next(
        (
            body[name]
            for name in ("status", "error", "detail")
            if isinstance(body.get(name), dict)
        ),
        body,
    )
    code = inner.get("code")
    code = _CODES_BY_NAME.get(code, code) if isinstance(code, str) else code
    if isinstance(code, str) and code.isdigit():
        code = int(code)
    texts = [
        inner.get(name)
        for name in ("message", "description", "details", "detail", "error")
    ]
    return _Description(
        code=code,
        text=". ".join(_shorten(text).rstrip(".") for text in texts if text),
        request_id=inner.get("req_id") or body.get("request_id"),
        status=_read_status(inner, code),
    )


def _read_status(inner: dict[str, Any], code: Any) -> int | None:
    candidates = (
        inner.get("http_status_code"),
        inner.get("status_code"),
        inner.get("status"),
        code,
        _STATUSES_BY_NAME.get(str(inner.get("code"))),
        _STATUSES_BY_NAME.get(str(inner.get("type"))),
    )
    return next(
        (
            status
            for status in candidates
            if isinstance(status, int) and 400 <= status < 600  # noqa: PLR2004
        ),
        None,
    )


def _text_of(description: _Description, exchange: Exchange) -> str:
    known = _CODES.get(description.code)
    code = f"{description.code} {known[0]}" if known else description.code
    model = f" from {exchange.model}" if exchange.model else ""
    label = f"Clarifai error {code}{model}" if code is not None else ""
    return ": ".join(part for part in (label, description.text) if part)


def _advice(error_class: type[ClarifaiError], description: _Description) -> str:
    if unknown := _UNKNOWN_ARGUMENT.search(description.text):
        name = unknown[1]
        return (
            f"The runner does not know the parameter `{name}`: leave it out, or send "
            f'it to the backend nested, extra_body={{"extra_body": {{"{name}": …}}}}.'
        )
    return error_class.advice


def _is_timeout(error: Exception) -> bool:
    return isinstance(error, openai.APITimeoutError | TimeoutError) or (
        _is_transport_error(error) and "Timeout" in type(error).__name__
    )


def _is_transport_error(error: Exception) -> bool:
    """Tell whether the HTTP library raised it.

    openai 2 lets httpx's errors through while a stream is read. The libraries are
    known by name because importing either of them would tie us to one major version.
    """
    return type(error).__module__.partition(".")[0] in _TRANSPORTS


_TRANSPORTS: Final = {"httpx", "httpx2", "httpcore", "httpcore2", "aiohttp", "h11"}


def _build_timeout_error(error: Exception, exchange: Exchange) -> ClarifaiError:
    if isinstance(error, _faults.SlowAnswer):
        error_class: type[ClarifaiTimeoutError] = ClarifaiTimeoutError
        text = (
            f"The answer was not complete within {error.seconds:g} seconds. Raise "
            "`timeout`, or stream it."
        )
    elif _names_of_causes(error) & _CONNECT_TIMEOUTS:
        error_class = ClarifaiConnectTimeoutError
        text = f"No connection to {_host(exchange)} could be made in time."
    elif exchange.stream_idle_timeout is not None:
        error_class = ClarifaiStreamIdleTimeoutError
        text = (
            f"The stream was silent for {exchange.stream_idle_timeout:g} seconds, "
            f"after {_count(exchange.chunks_received)}. Raise `stream_idle_timeout` "
            "(None turns it off) if the model pauses for longer."
        )
    else:
        error_class = ClarifaiTimeoutError
        text = (
            f"{_host(exchange)} did not answer in time. Raise `timeout` if the model "
            "needs longer."
        )
    converted = error_class(request=exchange.request)
    converted.message = _sentence(text, exchange)
    converted.args = (converted.message,)
    if isinstance(converted, ClarifaiStreamIdleTimeoutError):
        converted.chunks_received = exchange.chunks_received
    return _finish_error(converted, exchange)


_CONNECT_TIMEOUTS: Final = {"ConnectTimeout", "PoolTimeout", "ConnectionTimeoutError"}


def _build_connection_error(error: Exception, exchange: Exchange) -> ClarifaiError:
    cause = error.__cause__ or error
    text = str(cause).strip() or type(cause).__name__
    if exchange.response is None:
        text = (
            f"No connection to {_host(exchange)}: {text}. Check `base_url` and the "
            "network."
        )
    else:
        text = (
            f"The connection broke after {_count(exchange.chunks_received)}: {text}. "
            "What had arrived is in `partial_message`."
        )
    return _finish_error(
        ClarifaiConnectionError(
            message=_redact(_sentence(text, exchange), exchange),
            request=exchange.request,
        ),
        exchange,
    )


def _finish_error(
    error: ClarifaiError, exchange: Exchange, request_id: str | None = None
) -> ClarifaiError:
    response = exchange.response
    if response is not None:
        error.response = response
        request_id = request_id or read_request_id(response.headers)
    error.request_id = request_id
    error.partial_message = exchange.partial_message
    return error


def _sentence(text: str, exchange: Exchange) -> str:
    """Add where the answer came from: status and request id."""
    response = exchange.response
    if response is None:
        return text
    request_id = read_request_id(response.headers)
    where = f"HTTP {response.status_code}"
    if request_id:
        where += f", request id {request_id}"
    if response.headers.get("location"):
        where += f", redirected to {response.headers['location']}"
    return f"{text.rstrip()} [{where}]"


def _redact(value: Any, exchange: Exchange) -> Any:
    """Blot out the token, which some servers repeat in their errors."""
    token = exchange.token
    if not token:
        return value
    if isinstance(value, str):
        return value.replace(token, "**********")
    if isinstance(value, dict):
        return {key: _redact(item, exchange) for key, item in value.items()}
    if isinstance(value, list):
        return [_redact(item, exchange) for item in value]
    return value


def _without_tracebacks(error: BaseException) -> BaseException:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        current.__traceback__ = None
        current = current.__cause__ or current.__context__
    return error


def _names_of_causes(error: BaseException) -> set[str]:
    names: set[str] = set()
    current: BaseException | None = error
    while current is not None and type(current).__name__ not in names:
        names.add(type(current).__name__)
        current = current.__cause__ or current.__context__
    return names


def _host(exchange: Exchange) -> str:
    url = getattr(exchange.request, "url", None)
    return f"{url.scheme}://{url.host}" if url is not None else "the server"


def _count(chunks_received: int) -> str:
    return f"{chunks_received} chunk{'' if chunks_received == 1 else 's'}"


def _shorten(text: Any) -> str:
    limit = 2_000
    text = text if isinstance(text, str) else str(text)
    return text if len(text) <= limit else f"{text[:limit]}…"
