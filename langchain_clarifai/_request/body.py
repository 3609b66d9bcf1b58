"""Fields, messages and the arguments of one call → the body of a request.

The body holds only what the user set: no defaults, no nulls.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from langchain_clarifai._request.messages import convert_to_wire_messages
from langchain_clarifai._request.tool_names import ToolNames
from langchain_clarifai._request.tools import (
    convert_to_wire_tool_choice,
    convert_to_wire_tools,
    read_function_names,
    read_tool_name,
    rename_functions,
    rename_tool_choice,
    rename_tools,
)
from langchain_clarifai._settings.model_ids import is_clarifai_base_url, resolve_model
from langchain_clarifai._settings.parameters import KNOWN_TO_RUNNER
from langchain_clarifai._structured.schemas import build_response_format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.messages import BaseMessage

    from langchain_clarifai._settings.settings import Settings

# One limit under two names: the one that is given, and the one that it replaces.
# Otherwise Clarifai's runner would let `max_completion_tokens` win over a call's own.
_LIMITS: Final = (
    ("max_tokens", "max_completion_tokens"),
    ("max_completion_tokens", "max_tokens"),
)

_OF_TOOLS: Final = frozenset(
    {"functions", "mcp_servers", "parallel_tool_calls", "tool_choice", "tools"}
)

_SCHEMA_TYPES: Final = (None, "object", "array")


def build_body(
    settings: Settings,
    fields: Mapping[str, Any],
    arguments: Mapping[str, Any],
    messages: Sequence[BaseMessage],
    *,
    stream: bool,
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Build the body of one request, and the names of tools as the user gave them.

    Args:
        settings: Where the body goes, which decides about the model's name and about
            what is nested; whether images stay in tool messages; whether a stream
            shall end with its token usage.
        fields: What the model was constructed with for the body, `model` among it.
        arguments: What the call says; it wins, and `None` removes a field.
        messages: The conversation.
        stream: Whether the answer shall be streamed.

    Raises:
        ValueError: If an argument is not allowed; the text says what is.
    """
    merged = _merge_arguments(fields, arguments) if arguments else fields
    body = {name: value for name, value in merged.items() if value is not None}
    body["model"] = resolve_model(body["model"], settings.base_url)
    extra_body = body.pop("extra_body", None)
    if extra_body:
        body.update(_check_mapping("extra_body", extra_body))
    if not body.get("stop", True):
        del body["stop"]
    names = _convert_tools(body)
    body["messages"] = convert_to_wire_messages(
        messages, image_tool_message=settings.image_tool_message, names=names
    )
    _convert_response_format(body)
    _set_streaming(body, stream=stream, stream_usage=settings.stream_usage)
    if is_clarifai_base_url(settings.base_url):
        nest_unknown(body, KNOWN_TO_RUNNER)
    return body, names.own_names


def _merge_arguments(
    fields: Mapping[str, Any], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Lay the arguments of a call over the fields of the model."""
    merged = {**fields, **arguments}
    if merged["model"] is None:
        merged["model"] = fields["model"]
    for name, other_name in _LIMITS:
        if arguments.get(name) is not None and other_name not in arguments:
            merged.pop(other_name, None)
    if isinstance(merged.get("stop"), str):
        merged["stop"] = [merged["stop"]]
    if arguments.get("extra_body") and fields.get("extra_body"):
        extra_body = _check_mapping("extra_body", arguments["extra_body"])
        merged["extra_body"] = {**fields["extra_body"], **extra_body}
    return merged


def _check_mapping(name: str, value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise ValueError(f"`{name}` is a {type(value).__name__}. Give a dict.")


def _convert_tools(body: dict[str, Any]) -> ToolNames:
    """Bring tools into their wire form; leave out an empty list and its choice.

    Returns:
        The names of the tools.
    """
    if _OF_TOOLS.isdisjoint(body):
        return ToolNames()
    if "tools" in body:
        tools = body["tools"]
        if not all(isinstance(tool, dict) and "function" in tool for tool in tools):
            # `bind_tools` has converted its tools; these came with the call itself.
            tools = body["tools"] = convert_to_wire_tools(tools)
        if not tools:
            # vLLM refuses an empty list:
            # https://github.com/langchain-ai/langchain/issues/37184.
            del body["tools"]
    elif "mcp_servers" in body:
        return ToolNames()  # Clarifai's agentic models get tools from these servers
    tools = body.get("tools", ())
    given = [*map(read_tool_name, tools), *read_function_names(body)]
    names = ToolNames(filter(None, given))
    rename_functions(body, names)
    if tools:
        body["tools"] = rename_tools(tools, names)
    else:
        body.pop("parallel_tool_calls", None)
    if "tool_choice" in body:
        tool_choice = convert_to_wire_tool_choice(body.pop("tool_choice"), tools)
        if tool_choice is not None:
            body["tool_choice"] = rename_tool_choice(tool_choice, names)
    return names


def _convert_response_format(body: dict[str, Any]) -> None:
    """Bring a schema into the wire's form; what has that form already is kept."""
    if "response_format" not in body:
        return
    response_format = body["response_format"]
    if isinstance(response_format, str):
        raise ValueError(
            f"response_format={response_format!r} is not allowed. Give a pydantic "
            'class, a TypedDict, a JSON schema with a title, {"type": "json_object"} '
            'or {"type": "json_schema", "json_schema": …}.'
        )
    is_schema = (
        not isinstance(response_format, Mapping)
        or response_format.get("type") in _SCHEMA_TYPES
    )
    if is_schema:
        body["response_format"] = build_response_format(response_format, strict=None)


def _set_streaming(body: dict[str, Any], *, stream: bool, stream_usage: bool) -> None:
    """Ask for a stream, or for a whole answer, whatever the fields say."""
    if not stream:
        body.pop("stream", None)
        body.pop("stream_options", None)
        return
    if body.get("n", 1) != 1:
        raise ValueError(
            f"n={body['n']} cannot be streamed, because a stream is one answer. Leave "
            "`n` out, or use generate() with disable_streaming=True."
        )
    body["stream"] = True
    if stream_usage:
        body.setdefault("stream_options", {"include_usage": True})
    if not body.get("stream_options", True):
        del body["stream_options"]


def nest_unknown(body: dict[str, Any], known: frozenset[str]) -> None:
    """Move keys that Clarifai's runner does not know into an `extra_body`.

    The runner takes such keys only there, and unfolds them for the backend. Other
    servers read them at the top of the body.
    """
    if body.keys() <= known:
        return
    nested = {name: body.pop(name) for name in body.keys() - known}
    given = _check_mapping("extra_body", body.get("extra_body") or {})
    body["extra_body"] = {**given, **nested}


def dump_body(body: Mapping[str, Any]) -> bytes:
    """Return the body as JSON.

    Raises:
        ValueError: If it holds something that JSON cannot express.
    """
    try:
        dumped = orjson.dumps(body)
    except TypeError:
        # orjson refuses integers as keys (logit_bias), integers beyond 64 bits, and
        # half surrogates in texts.
        text = _dump_slowly(body)
        utf16 = text.encode("utf-16", "surrogatepass")
        return utf16.decode("utf-16", "replace").encode()
    if b"null" in dumped:
        _dump_slowly(body)  # orjson writes NaN as null, which would go unnoticed
    return dumped


def _dump_slowly(body: Mapping[str, Any]) -> str:
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, default=_dump_any)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"The request cannot be written as JSON: {error}. Use plain dicts, lists, "
            "strings, booleans and finite numbers in messages, tools and parameters."
        ) from None


def _dump_any(value: Any) -> Any:
    """Write what orjson knows and json does not, such as dates, as orjson does."""
    return orjson.loads(orjson.dumps(value))
