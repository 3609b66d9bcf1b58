"""Settings, messages and the arguments of one call → one request.

The body holds only what the user set: no defaults, no nulls.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import SecretStr

from langchain_clarifai._credentials import MISSING_TOKEN, check_token, find_token
from langchain_clarifai._messages import convert_to_wire_messages
from langchain_clarifai._model_ids import is_clarifai_base_url, resolve_model
from langchain_clarifai._structured_output import build_response_format
from langchain_clarifai._tools import convert_to_wire_tool_choice, convert_to_wire_tools

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from langchain_clarifai._lease import Lease
    from langchain_clarifai._reasoning import ReasoningFormat
    from langchain_clarifai._retries import Retries

ApiKey = (
    SecretStr | str | Callable[[], str | SecretStr | Awaitable[str | SecretStr]] | None
)

# What the `create()` of Clarifai's runner knows, and what the runner itself reads
# before it calls that: `top_k`, and `mcp_servers` of its agentic models. Any other
# key at the top of the body fails the call with code 21313.
_KNOWN_TO_RUNNER: Final = frozenset(
    {
        "audio",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "mcp_servers",
        "messages",
        "metadata",
        "modalities",
        "model",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
    }
)

# Arguments of a call that are for us, or left over from other callers.
_NEVER_IN_BODY: Final = frozenset(
    {
        "stream",
        "structured_output_format",
        "run_manager",
        "callbacks",
        "strict",
        "method",
        "include_raw",
    }
)
_LEFTOVER_PREFIXES: Final = ("ls_", "lc_", "__")

# They belong to the model: the arguments of a call are traced.
_NOT_PER_CALL: Final = frozenset(
    {
        "api_key",
        "pat",
        "base_url",
        "http_client",
        "http_async_client",
        "default_headers",
    }
)

_TIMEOUT_PARTS: Final = ("connect", "read", "write", "pool")
_READ_TIMEOUT: Final = 600.0


@dataclass(slots=True, kw_only=True, repr=False)
class Settings:
    """What a model says about its requests besides their bodies; times in seconds."""

    base_url: str
    api_key: ApiKey
    headers: Mapping[str, str]
    query: Mapping[str, Any]
    timeout: Any
    max_retries: int
    cold_start_timeout: float
    stream_idle_timeout: float | None
    stream_usage: bool
    allow_unfinished_stream: bool
    include_response_headers: bool
    reasoning_format: ReasoningFormat
    image_tool_message: bool
    http_client: Any
    http_async_client: Any
    lease: Lease


# Settings that one call may change by an argument of that name.
_PER_CALL_SETTINGS: Final = frozenset(
    {
        "timeout",
        "max_retries",
        "cold_start_timeout",
        "stream_idle_timeout",
        "stream_usage",
        "allow_unfinished_stream",
        "include_response_headers",
        "reasoning_format",
    }
)


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
        return self.timeouts.get("read", _READ_TIMEOUT)

    def build_retries(self) -> Retries:
        """Build the state that decides about further attempts."""
        from langchain_clarifai._retries import Retries

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
    body_fields: Mapping[str, Any],
    messages: Sequence[BaseMessage],
    call_arguments: Mapping[str, Any],
    *,
    stream: bool,
) -> Request:
    """Build the request of one call.

    Args:
        settings: What the model says about its requests.
        body_fields: What the model was constructed with for the body, `model` first.
        messages: The conversation.
        call_arguments: Keyword arguments of the call; they win over `body_fields`.
        stream: Whether the answer shall be streamed.

    Raises:
        ValueError: If an argument is not allowed; the text says what is.
    """
    changes, arguments = _split_call_arguments(call_arguments)
    merged = {**body_fields, **arguments}
    if "max_completion_tokens" in arguments and "max_tokens" not in arguments:
        merged.pop("max_tokens", None)
    extra_body = merged.pop("extra_body", None) or {}
    headers = {**settings.headers, **(merged.pop("extra_headers", None) or {})}
    query = {**settings.query, **(merged.pop("extra_query", None) or {})}
    fields = {name: value for name, value in merged.items() if value is not None}
    model = fields["model"]
    is_clarifai = is_clarifai_base_url(settings.base_url)
    body = {
        **fields,
        "model": resolve_model(model, settings.base_url),
        "messages": convert_to_wire_messages(
            messages, image_tool_message=settings.image_tool_message
        ),
    }
    _convert_tools(body)
    _convert_response_format(body)
    stream_usage = changes.get("stream_usage", settings.stream_usage)
    _set_streaming(body, stream=stream, stream_usage=stream_usage)
    body = _add_extra_body(body, extra_body, nest_unknown=is_clarifai)
    timeouts, total_timeout = read_timeouts(changes.get("timeout", settings.timeout))

    def setting(name: str) -> Any:
        return changes.get(name, getattr(settings, name))

    return Request(
        body=dump_body(body),
        model=model,
        base_url=settings.base_url,
        headers=check_headers(headers),
        query=query,
        timeouts=timeouts,
        total_timeout=total_timeout,
        idle_timeout=setting("stream_idle_timeout") if stream else None,
        max_retries=setting("max_retries"),
        cold_start_timeout=setting("cold_start_timeout"),
        allow_unfinished=setting("allow_unfinished_stream"),
        include_headers=setting("include_response_headers"),
        reasoning_format=setting("reasoning_format"),
        http_client=settings.http_client,
        http_async_client=settings.http_async_client,
        lease=settings.lease,
        api_key=settings.api_key,
    )


def _split_call_arguments(
    call_arguments: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell what changes a setting from what goes into the body."""
    changes: dict[str, Any] = {}
    arguments: dict[str, Any] = {}
    for name, value in call_arguments.items():
        name = _ALIASES.get(name, name)  # noqa: PLW2901 - an alias is the name
        if name in _NOT_PER_CALL:
            raise ValueError(
                f"`{name}` cannot be given to a single call, because the arguments of "
                "a call are traced. Give it to ChatClarifai, or make it a "
                "configurable field."
            )
        if name in _PER_CALL_SETTINGS:
            changes[name] = value
        elif name not in _NEVER_IN_BODY and not name.startswith(_LEFTOVER_PREFIXES):
            arguments[name] = value
    return changes, arguments


_ALIASES: Final = {
    "model_name": "model",
    "request_timeout": "timeout",
    "stop_sequences": "stop",
}


def _convert_tools(body: dict[str, Any]) -> None:
    """Bring tools into their wire form; leave out an empty list and its choice."""
    if "tools" not in body:
        return
    tools = body["tools"]
    if not all(isinstance(tool, dict) and "function" in tool for tool in tools):
        # What `bind_tools` got is converted already; this came with the call itself.
        tools = body["tools"] = convert_to_wire_tools(tools)
    if not tools:
        # https://github.com/langchain-ai/langchain/issues/37184: vLLM refuses it.
        for name in ("tools", "tool_choice", "parallel_tool_calls"):
            body.pop(name, None)
    elif "tool_choice" in body:
        tool_choice = convert_to_wire_tool_choice(body["tool_choice"], tools)
        if tool_choice is None:
            del body["tool_choice"]
        else:
            body["tool_choice"] = tool_choice


def _convert_response_format(body: dict[str, Any]) -> None:
    response_format = body.get("response_format")
    if response_format is not None and not (
        isinstance(response_format, dict) and "type" in response_format
    ):
        body["response_format"] = build_response_format(response_format, strict=None)


def _set_streaming(body: dict[str, Any], *, stream: bool, stream_usage: bool) -> None:
    if not stream:
        body.pop("stream_options", None)
        return
    if body.get("n", 1) != 1:
        raise ValueError(
            f"n={body['n']} cannot be streamed, because a stream is one answer. Leave "
            "`n` out, or use generate() with disable_streaming=True."
        )
    body["stream"] = True
    if stream_usage and "stream_options" not in body:
        body["stream_options"] = {"include_usage": True}
    if not body.get("stream_options"):
        body.pop("stream_options", None)


def _add_extra_body(
    body: dict[str, Any], extra_body: Mapping[str, Any], *, nest_unknown: bool
) -> dict[str, Any]:
    """Merge what the user put into `extra_body`.

    Clarifai's runner takes keys that it does not know only in a nested `extra_body`,
    which it unfolds for the backend. Other servers read them at the top.
    """
    body = {**body, **extra_body}
    if not nest_unknown:
        return body
    nested = {name: body.pop(name) for name in list(body) if name not in _UNNESTED}
    if nested:
        body["extra_body"] = {**(body.get("extra_body") or {}), **nested}
    return body


_UNNESTED: Final = _KNOWN_TO_RUNNER | {"extra_body"}


def dump_body(body: Mapping[str, Any]) -> bytes:
    """Return the body as JSON.

    Raises:
        ValueError: If it holds something that JSON cannot express.
    """
    try:
        return orjson.dumps(body)
    except TypeError:
        pass
    # Integers as keys (logit_bias), large integers, and half surrogates in texts.
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"The request cannot be written as JSON: {error}. Use plain dicts, lists, "
            "strings, numbers and booleans in messages, tools and parameters."
        ) from None
    utf16 = text.encode("utf-16", "surrogatepass")
    return utf16.decode("utf-16", "replace").encode()


def check_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """Return headers that may be sent.

    Raises:
        ValueError: If a name or a value could end the header and begin another. The
            value is not shown: it may be a secret.
    """
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
