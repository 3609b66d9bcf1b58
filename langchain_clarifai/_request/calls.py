"""The tool calls of an assistant's message → wire calls, as their server sent them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from langchain_clarifai._request.transcript import Call, Result
from langchain_clarifai._request.wire_messages import select_blocks

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

# Where the raw text of a call of type `custom` stands among its arguments.
_RAW_INPUT = "__arg1"
_RAW_ARGUMENTS = "__raw__"
_ARGUMENTS_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=str)

_UNANSWERED = "No result: this call was not run, or its result was lost."
_MALFORMED = (
    "No result: this call was malformed and was not run. "
    "The arguments of a call must be a JSON object."
)


def build_calls(message: AIMessage, position: int) -> list[Call]:
    """Build the calls of a message, the invalid ones last.

    Calls in content blocks count where the message has no others, as in histories in
    Anthropic's own form, which LangChain leaves as they are.
    """
    given: list[Any] = [*message.tool_calls, *message.invalid_tool_calls]
    if not given:
        given = [
            {**block, "args": block.get("args", block.get("input"))}
            for block in select_blocks(message.content, "tool_call", "tool_use")
        ]
    return [
        _build_call(call, f"call_{position}_{index}", message.additional_kwargs)
        for index, call in enumerate(given)
    ]


def _build_call(
    call: Mapping[str, Any], spare_id: str, additional_kwargs: Mapping[str, Any]
) -> Call:
    given_id = call.get("id") or ""
    arguments = call.get("args")
    wire_call: dict[str, Any] = {
        "id": given_id or spare_id,
        "type": "function",
        "function": {
            "name": call.get("name") or "unknown",
            "arguments": _convert_to_arguments(arguments),
        },
    }
    extra_content = additional_kwargs.get("tool_call_extra_content")
    if isinstance(extra_content, Mapping) and given_id in extra_content:
        wire_call["extra_content"] = extra_content[given_id]
    _add_extra_fields(wire_call, additional_kwargs.get("tool_call_extra_fields"))
    excuse = _UNANSWERED if isinstance(arguments, dict) else _MALFORMED
    return Call(given_id, wire_call, Result(excuse))


def _add_extra_fields(wire_call: dict[str, Any], extra_fields: Any) -> None:
    """Give a call back what its provider attached to it, a thought signature say."""
    if isinstance(extra_fields, Mapping) and wire_call["id"] in extra_fields:
        fields = dict(extra_fields[wire_call["id"]])
        wire_call["function"].update(fields.pop("function", {}))
        if fields.get("type") == "custom":
            function = wire_call.pop("function")
            wire_call["custom"] = {
                "name": function["name"],
                "input": _read_raw_input(function["arguments"]),
            }
        wire_call.update(fields)


def _read_raw_input(arguments: str) -> str:
    """Read the raw text of a custom call, also of one that was cut off."""
    parsed = orjson.loads(arguments)
    raw = parsed.get(_RAW_INPUT)
    if isinstance(raw, str):
        return raw
    cut = str(parsed.get(_RAW_ARGUMENTS, arguments))
    text = cut.removeprefix(f'{{"{_RAW_INPUT}": "')
    try:
        return str(json.loads(f'"{text}"')) if text != cut else cut
    except ValueError:
        return text


def _convert_to_arguments(arguments: Any) -> str:
    """Convert a call's arguments to the text of a JSON object.

    Chat templates read the arguments of a history: if they are anything else, every
    later turn is answered with 400 (https://github.com/vllm-project/vllm/pull/48922).
    """
    if isinstance(arguments, dict):
        try:
            return _ARGUMENTS_ENCODER.encode(arguments)
        except (TypeError, ValueError):  # NaN, keys that are no strings, a circle
            arguments = str(arguments)
    if arguments is None or not str(arguments).strip():
        return "{}"
    if _is_json_object(arguments):
        return str(arguments)
    return _ARGUMENTS_ENCODER.encode({_RAW_ARGUMENTS: str(arguments)})


def _is_json_object(text: Any) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False
