"""Settings, messages and the arguments of one call → one request."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from langchain_clarifai._request.body import build_body, dump_body
from langchain_clarifai._settings.credentials import (
    MISSING_TOKEN,
    check_token,
    find_token,
)

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from langchain_clarifai._answer.reasoning import ReasoningFormat
    from langchain_clarifai._settings.settings import ApiKey, Settings
    from langchain_clarifai._transport.lease import Lease
    from langchain_clarifai._transport.retries import Retries

# Other names that the arguments of a call may have.
_ALIASES: Final = {
    "model_name": "model",
    "request_timeout": "timeout",
    "stop_sequences": "stop",
}

# Arguments of a call that are for us, or left over from other callers.
_NEVER_IN_BODY: Final = frozenset(
    {
        "cache",
        "callbacks",
        "disable_streaming",
        "include_raw",
        "method",
        "output_version",
        "profile",
        "run_manager",
        "stream",
        "streaming",
        "strict",
        "structured_output_format",
        "verbose",
    }
)
_LEFTOVER_PREFIXES: Final = ("ls_", "lc_", "__")

# They belong to the model: the arguments of a call are traced.
_NOT_PER_CALL: Final = frozenset(
    {
        "allow_http",
        "api_base",
        "api_key",
        "base_url",
        "default_headers",
        "default_query",
        "http_async_client",
        "http_client",
        "pat",
    }
)

_NEVER_TRACED: Final = _NOT_PER_CALL | {"extra_headers", "extra_query"}

# Settings that one call may change by an argument of that name, and whether `None` is
# a value of theirs. Otherwise it leaves them as they are.
_PER_CALL_SETTINGS: Final = {
    "allow_unfinished_stream": False,
    "cold_start_timeout": False,
    "include_response_headers": False,
    "max_retries": False,
    "reasoning_format": False,
    "stream_idle_timeout": True,
    "stream_usage": False,
    "timeout": True,
}

_TIMEOUT_PARTS: Final = ("connect", "read", "write", "pool")
READ_TIMEOUT: Final = 600.0
"""The SDK's own limit, for requests whose user set none; in seconds."""

_NO_HEADERS: Final[Mapping[str, str]] = {}


@dataclass(slots=True, kw_only=True, repr=False)
class Request:
    """One request, ready to be sent as often as it takes; times in seconds."""

    body: bytes
    model: str
    """The model as the user wrote it."""

    base_url: str
    headers: Mapping[str, str]
    query: Mapping[str, Any]
    timeouts: Mapping[str, float]
    total_timeout: float | None
    idle_timeout: float | None
    max_retries: int
    cold_start_timeout: float
    allow_unfinished: bool
    include_headers: bool
    reasoning_format: ReasoningFormat
    http_client: Any
    http_async_client: Any
    lease: Lease
    api_key: ApiKey = field(default=None)

    @property
    def read_timeout(self) -> float:
        """How long to wait for bytes; a plain answer must be whole by then."""
        return self.timeouts.get("read", READ_TIMEOUT)

    def build_retries(self) -> Retries:
        """Build the state that decides about further attempts."""
        from langchain_clarifai._transport.retries import Retries

        return Retries(self.max_retries, self.cold_start_timeout, self.total_timeout)

    def read_token(self) -> str:
        """Return the token, asking the user's callable if there is one.

        Raises:
            ValueError: If there is none, or it cannot be a token.
        """
        token = self.api_key() if callable(self.api_key) else self.api_key
        if inspect.isawaitable(token):
            token = _run_in_thread(token)
        return _reveal(token)

    async def aread_token(self) -> str:
        """Return the token, awaiting the user's callable if there is one.

        Raises:
            ValueError: If there is none, or it cannot be a token.
        """
        token = self.api_key() if callable(self.api_key) else self.api_key
        if inspect.isawaitable(token):
            token = await token
        if token is None:
            # The environment is looked at first, but a CLI config is a file.
            token = await asyncio.to_thread(find_token)
        return _reveal(token)


def build_request(
    settings: Settings,
    fields: Mapping[str, Any],
    messages: Sequence[BaseMessage],
    call_arguments: Mapping[str, Any],
    *,
    stream: bool,
) -> Request:
    """Build the request of one call.

    Args:
        settings: What the model says about its requests.
        fields: What the model was constructed with for the body, `model` among it.
        messages: The conversation.
        call_arguments: Keyword arguments of the call; they win over the fields.
        stream: Whether the answer shall be streamed.

    Raises:
        ValueError: If an argument is not allowed; the text says what is.
    """
    arguments: dict[str, Any] = {}
    if call_arguments:
        changes, arguments = _split_call_arguments(call_arguments)
        settings = _change_settings(settings, changes, arguments)
    timeouts, total_timeout = read_timeouts(settings.timeout)
    body = build_body(settings, fields, arguments, messages, stream=stream)
    return Request(
        body=dump_body(body),
        model=arguments.get("model") or fields["model"],
        base_url=settings.base_url,
        headers=check_headers(settings.headers),
        query=settings.query,
        timeouts=timeouts,
        total_timeout=total_timeout,
        idle_timeout=settings.stream_idle_timeout if stream else None,
        max_retries=settings.max_retries,
        cold_start_timeout=settings.cold_start_timeout,
        allow_unfinished=settings.allow_unfinished_stream,
        include_headers=settings.include_response_headers,
        reasoning_format=settings.reasoning_format,
        http_client=settings.http_client,
        http_async_client=settings.http_async_client,
        lease=settings.lease,
        api_key=settings.api_key,
    )


def resolve_call_aliases(call_arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Name the arguments of a call as the fields are named."""
    return {_ALIASES.get(name, name): call_arguments[name] for name in call_arguments}


def drop_untraced(call_arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Drop from the arguments of a call what no trace may show."""
    return {
        name: call_arguments[name]
        for name in call_arguments
        if name not in _NEVER_TRACED
    }


def _split_call_arguments(
    call_arguments: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell what changes a setting from what goes into the body."""
    changes: dict[str, Any] = {}
    arguments: dict[str, Any] = dict(call_arguments.get("model_kwargs") or {})
    for name, value in resolve_call_aliases(call_arguments).items():
        if name in _NOT_PER_CALL:
            raise ValueError(
                f"`{name}` cannot be given to a single call, because the arguments of "
                "a call are traced. Give it to ChatClarifai, or make it a "
                "configurable field."
            )
        if name in _PER_CALL_SETTINGS:
            if value is not None or _PER_CALL_SETTINGS[name]:
                changes[name] = value
        elif name not in _NEVER_IN_BODY and not name.startswith(_LEFTOVER_PREFIXES):
            arguments[name] = value
    arguments.pop("model_kwargs", None)
    return changes, arguments


def _change_settings(
    settings: Settings, changes: dict[str, Any], arguments: dict[str, Any]
) -> Settings:
    """Lay what a call says about headers, query and settings over the model's own."""
    if extra_headers := arguments.pop("extra_headers", None):
        changes["headers"] = _merge_headers(settings.headers, extra_headers)
    if extra_query := arguments.pop("extra_query", None):
        changes["query"] = {**settings.query, **extra_query}
    return replace(settings, **changes) if changes else settings


def _merge_headers(
    headers: Mapping[str, Any], extra_headers: Mapping[str, Any]
) -> dict[str, Any]:
    """Lay headers over others; their names differ in case, and `None` removes one."""
    replaced = {name.lower() for name in extra_headers}
    kept = {name: headers[name] for name in headers if name.lower() not in replaced}
    added = {name: value for name, value in extra_headers.items() if value is not None}
    return kept | added


def check_headers(headers: Mapping[str, Any]) -> Mapping[str, str]:
    """Return headers that may be sent.

    Raises:
        ValueError: If a name or a value could end the header and begin another. The
            value is not shown: it may be a secret.
    """
    if not headers:
        return _NO_HEADERS
    for name, value in headers.items():
        text = f"{name}{value}"
        if not text.isprintable() or not text.isascii() or not name or ":" in name:
            raise ValueError(
                f"The header {name!r} cannot be sent. Names and values of headers are "
                "printable ASCII on one line, and a name has no colon."
            )
    return {name: str(value) for name, value in headers.items()}


def read_timeouts(timeout: Any) -> tuple[Mapping[str, float], float | None]:
    """Return the timeouts by part, and the one for everything if it is a number.

    Args:
        timeout: Seconds; or a mapping, a tuple in this order, or an `openai.Timeout`
            with connect, read, write and pool; or None for the defaults.

    Raises:
        ValueError: If it is none of these, or not positive.
    """
    if timeout is None:
        return {}, None
    if isinstance(timeout, bool):
        raise ValueError(_WRONG_TIMEOUT.format(timeout))
    if isinstance(timeout, int | float):
        parts: Mapping[str, Any] = dict.fromkeys(_TIMEOUT_PARTS, timeout)
        total = float(timeout)
    else:
        parts, total = _read_timeout_parts(timeout), None
    parts = {name: part for name, part in parts.items() if part is not None}
    for name, part in parts.items():
        is_number = isinstance(part, int | float) and not isinstance(part, bool)
        if name not in _TIMEOUT_PARTS or not is_number or not part > 0:
            raise ValueError(_WRONG_TIMEOUT.format(timeout))
    return {name: float(part) for name, part in parts.items()}, total


def _read_timeout_parts(timeout: Any) -> Mapping[str, Any]:
    if isinstance(timeout, Mapping):
        return timeout
    if isinstance(timeout, tuple | list) and len(timeout) <= len(_TIMEOUT_PARTS):
        return dict(zip(_TIMEOUT_PARTS, timeout, strict=False))
    if all(hasattr(timeout, name) for name in _TIMEOUT_PARTS):
        return {name: getattr(timeout, name) for name in _TIMEOUT_PARTS}
    raise ValueError(_WRONG_TIMEOUT.format(timeout))


_WRONG_TIMEOUT: Final = (
    "timeout={!r} is not allowed. Give a positive number of seconds; or a mapping, a "
    "tuple in this order or an openai.Timeout with connect, read, write and pool."
)


def _reveal(token: Any) -> str:
    if token is None:
        token = find_token()
    if isinstance(token, SecretStr):
        token = token.get_secret_value()
    if token is None:
        raise ValueError(MISSING_TOKEN)
    if not isinstance(token, str):
        raise ValueError(
            f"`api_key` is, or returned, a {type(token).__name__}. It must be a "
            "string, a SecretStr, or a sync or async function that returns one."
        )
    return check_token(token)


def _run_in_thread(awaitable: Awaitable[Any]) -> Any:
    """Await in a loop of its own: a sync call may stand in a loop that runs."""
    outcome: list[Any] = []

    async def wait() -> None:
        try:
            outcome.append(await awaitable)
        except Exception as error:  # noqa: BLE001 - it is raised again below
            outcome.append(error)

    thread = threading.Thread(target=lambda: asyncio.run(wait()))
    thread.start()
    thread.join()
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]
