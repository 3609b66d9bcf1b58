"""Whatever goes wrong with a request → our exceptions.

Errors arrive as exceptions of the HTTP library, or as faults of what was read. `bodies`
reads what their body says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from langchain_clarifai._answer import faults
from langchain_clarifai._errors.advice import ADVICE_WITHOUT_KEY, choose_advice
from langchain_clarifai._errors.base import ClarifaiError
from langchain_clarifai._errors.bodies import Description, choose_class, describe
from langchain_clarifai._errors.causes import (
    FAILURES_TO_CONNECT,
    is_transport_error,
    list_causes,
)
from langchain_clarifai._errors.classes import (
    ClarifaiAuthenticationError,
    ClarifaiConnectionError,
    ClarifaiConnectTimeoutError,
    ClarifaiMalformedResponseError,
    ClarifaiNotFoundError,
    ClarifaiStreamIdleTimeoutError,
    ClarifaiTimeoutError,
    ClarifaiTLSError,
    ClarifaiUnfinishedStreamError,
)
from langchain_clarifai._errors.hiding import hide_secrets
from langchain_clarifai._errors.redaction import WITHOUT_SECRETS
from langchain_clarifai._errors.request_ids import read_request_id
from langchain_clarifai._errors.tls import explain
from langchain_clarifai._settings import known_names
from langchain_clarifai._settings.hosts import speaks_for_clarifai
from langchain_clarifai._settings.model_ids import read_unknown_name

if TYPE_CHECKING:
    from langchain_clarifai._errors.exchange import Exchange
    from langchain_clarifai._errors.redaction import Redaction

ErrorT = TypeVar("ErrorT", bound=ClarifaiError)
TimeoutT = TypeVar("TimeoutT", bound=ClarifaiTimeoutError)

_EXCERPT_LENGTH: Final = 200
_LONGEST_TEXT: Final = 2_000
_FIRST_REDIRECT: Final = 300
_FIRST_FAILURE: Final = 400


_ADVICE_ON_BARE_NAMES: Final = (
    "The name was sent as it is, since this package does not know it, and Clarifai "
    "finds only featured models by their id alone. {}Write the whole id: "
    "user/app/models/model."
)
_ADVICE_ON_REDIRECTS: Final = (
    "Redirects are not followed, since the token would travel along. Check `base_url`."
)


def convert_to_error(error: Exception, exchange: Exchange) -> ClarifaiError | None:
    """Return our error for a fault or an error of the network; None for others."""
    hide_secrets(exchange)
    if isinstance(error, faults.Fault):
        return _convert_fault(error, exchange)
    causes = list_causes(error)
    if not any(is_transport_error(cause) for cause in causes):
        return None
    # The innermost error says what happened last. The outer ones may mislead:
    # the transport for aiohttp calls every lost connection a `ConnectTimeout`.
    if isinstance(causes[-1], TimeoutError) or "Timeout" in type(causes[-1]).__name__:
        return _build_timeout_error(causes, exchange)
    if exchange.response is None and (reason := explain(causes)):
        text = f"No connection to {_name_server(exchange)}: {reason}"
        return _finish_connection(ClarifaiTLSError, text, exchange)
    return _build_connection_error(causes[-1], exchange)


def _convert_fault(fault: faults.Fault, exchange: Exchange) -> ClarifaiError:
    if isinstance(fault, faults.ErrorBody):
        return build_body_error(fault.body, exchange)
    if isinstance(fault, faults.UnfinishedStream):
        return _build_unfinished_error(exchange)
    if isinstance(fault, faults.SilentStream):
        return _build_silence_error(exchange)
    if isinstance(fault, faults.SlowAnswer):
        text = (
            f"The answer was not complete within {fault.seconds:g} seconds. Raise "
            "`timeout`, or stream it."
        )
        return _finish_timeout(ClarifaiTimeoutError, text, exchange)
    start = fault.start if isinstance(fault, faults.MalformedAnswer) else ""
    redaction = exchange.redaction
    excerpt = redaction.redact_start(redaction.redact_start(start)[:_EXCERPT_LENGTH])
    text = f"{fault} The body begins: {excerpt!r}." if excerpt else str(fault)
    return _finish(
        ClarifaiMalformedResponseError(
            exchange.response, excerpt or None, message=_add_place(text, exchange)
        ),
        exchange,
    )


def build_body_error(body: Any, exchange: Exchange) -> ClarifaiError:
    """Build the error for the body of a failed request, or for one within a 200."""
    # The error is classified before secrets are blotted out, since one of them may be a
    # word that tells its class.
    description = describe(WITHOUT_SECRETS.redact_body(body))
    status: int | None = exchange.response.status_code
    if exchange.response.status_code < _FIRST_REDIRECT:  # an error in a success
        status = description.status
    error_class = choose_class(description, status)
    if _FIRST_REDIRECT <= (status or 0) < _FIRST_FAILURE:
        said, advice = "The server redirects", _ADVICE_ON_REDIRECTS
    else:
        said = _say(error_class, description, exchange)
        advice = _advise(error_class, description, exchange)
    redaction = exchange.redaction
    body = redaction.redact_body(body)
    # The request id and the code may have been cut, as all texts of a server's.
    request_id = description.request_id
    request_id = request_id and redaction.redact_start(request_id)
    # Of OpenAI's `{"error": …}` the SDK keeps the inner object, as its users expect.
    wrapped = body.get("error") if isinstance(body, dict) else None
    error: ClarifaiError = error_class(
        _add_place(f"{said}. {advice}".strip(), exchange, request_id),
        response=exchange.response,
        body=wrapped if isinstance(wrapped, dict) else body,
    )
    code = description.code
    error.code = redaction.redact_start(code) if isinstance(code, str) else code
    return _finish(error, exchange, request_id)


def _say(error_class: type[Any], description: Description, exchange: Exchange) -> str:
    """Say what the server says: code, model and words."""
    redaction = exchange.redaction
    label = redaction.redact_start(description.label)
    label = f"Clarifai error {label}" if label else ""
    if issubclass(error_class, ClarifaiNotFoundError):
        # The user must know which model was not found.
        label = label or "The server reports an error"
    if label and exchange.model:
        label = f"{label} from {exchange.model}"
    said = (label, _shorten(redaction.redact(description.text), redaction))
    return ": ".join(part for part in said if part) or "The server reports an error"


def _advise(
    error_class: type[Any], description: Description, exchange: Exchange
) -> str:
    """Say what to do about it, as its words, its class and the request suggest."""
    if issubclass(error_class, ClarifaiAuthenticationError) and not exchange.token:
        return ADVICE_WITHOUT_KEY
    if description.advice:
        return description.advice
    advice = choose_advice(error_class, exchange.base_url)
    if error_class is ClarifaiNotFoundError:
        return _advise_on_bare_name(exchange) or advice
    return advice


def _advise_on_bare_name(exchange: Exchange) -> str:
    """Explain why Clarifai may not find a name that was sent as it is."""
    if not speaks_for_clarifai(exchange.base_url):
        return ""
    name = read_unknown_name(exchange.model)
    if name is None:
        return ""
    return _ADVICE_ON_BARE_NAMES.format(known_names.suggest(name))


def _build_unfinished_error(exchange: Exchange) -> ClarifaiError:
    text = (
        "The stream ended before the answer was complete, without a finish reason, "
        f"after {_count(exchange)}. The part that arrived is in `partial_message`; "
        "`allow_unfinished_stream=True` takes such answers as complete."
    )
    return _finish_connection(ClarifaiUnfinishedStreamError, text, exchange)


def _build_timeout_error(
    causes: list[BaseException], exchange: Exchange
) -> ClarifaiError:
    if any(type(cause).__name__ in FAILURES_TO_CONNECT for cause in causes):
        text = f"No connection to {_name_server(exchange)} could be made in time."
        return _finish_timeout(ClarifaiConnectTimeoutError, text, exchange)
    if exchange.silence is not None:
        return _build_silence_error(exchange)
    text = (
        f"{_name_server(exchange)} did not answer in time. Raise `timeout` if the "
        "model needs longer."
    )
    return _finish_timeout(ClarifaiTimeoutError, text, exchange)


def _build_silence_error(exchange: Exchange) -> ClarifaiError:
    setting, seconds = exchange.silence or ("timeout", 0.0)
    text = (
        f"The stream was silent for {seconds:g} seconds, after {_count(exchange)}. "
        f"Raise `{setting}` if the model pauses for longer."
    )
    error = _finish_timeout(ClarifaiStreamIdleTimeoutError, text, exchange)
    error.chunks_received = exchange.chunks_received
    return error


def _build_connection_error(cause: BaseException, exchange: Exchange) -> ClarifaiError:
    said = " ".join(str(cause).split()).rstrip(".")
    what = f"{type(cause).__name__}: {said}" if said else type(cause).__name__
    if exchange.response is None:
        text = (
            f"No answer from {_name_server(exchange)} ({what}). Check `base_url` and "
            "the network."
        )
    else:
        count = _count(exchange) if exchange.chunks_received else "the headers"
        text = f"The connection broke after {count} ({what})."
        if exchange.partial_message is not None:
            text += " What had arrived is in `partial_message`."
    return _finish_connection(ClarifaiConnectionError, text, exchange)


def _finish_connection(
    error_class: type[ClarifaiConnectionError], text: str, exchange: Exchange
) -> ClarifaiError:
    message = exchange.redaction.redact(_add_place(text, exchange))
    return _finish(error_class(message=message, request=exchange.request), exchange)


def _finish_timeout(
    error_class: type[TimeoutT], text: str, exchange: Exchange
) -> TimeoutT:
    # The SDK's class has a text of its own and takes no other.
    error = error_class(request=exchange.request)
    error.message = _add_place(text, exchange)
    error.args = (error.message,)
    return _finish(error, exchange)


def _finish(error: ErrorT, exchange: Exchange, request_id: str | None = None) -> ErrorT:
    # Half of a surrogate pair, which JSON can bring, can be neither printed nor sent.
    error.message = error.message.encode("utf-8", "replace").decode()
    error.args = (error.message, *error.args[1:])
    error.response = exchange.response
    error.request_id = request_id or _read_request_id(exchange)
    error.partial_message = exchange.partial_message
    return error


def _add_place(text: str, exchange: Exchange, request_id: str | None = None) -> str:
    """Add where the answer came from: status and request id."""
    response = exchange.response
    if response is None:
        return text
    place = f"HTTP {response.status_code}"
    redaction = exchange.redaction
    if request_id := request_id or _read_request_id(exchange):
        place += f", request id {_shorten(request_id, redaction)}"
    if location := response.headers.get("location"):
        place += f", redirected to {_shorten(location, redaction)}"
    return f"{text.rstrip()} [{place}]"


def _read_request_id(exchange: Exchange) -> str | None:
    return exchange.response and read_request_id(exchange.response.headers)


def _name_server(exchange: Exchange) -> str:
    url = getattr(exchange.request, "url", None)
    return f"{url.scheme}://{url.netloc.decode()}" if url else "the server"


def _shorten(text: str, redaction: Redaction) -> str:
    """Cut a text that nobody would read to its end, such as a proxy's HTML page."""
    limit = _EXCERPT_LENGTH if text.startswith("<") else _LONGEST_TEXT
    if len(text) <= limit:
        return redaction.redact_start(text)
    return f"{redaction.redact_start(text[:limit])}…"


def _count(exchange: Exchange) -> str:
    plural = "" if exchange.chunks_received == 1 else "s"
    return f"{exchange.chunks_received} chunk{plural}"
