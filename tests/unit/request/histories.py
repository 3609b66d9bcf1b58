"""Messages, calls and blocks of histories, with what they become on the wire."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import BaseMessage, InvalidToolCall, ToolCall

from langchain_clarifai._request.messages import convert_to_wire_messages

OURS = {"model_provider": "clarifai"}
IMAGE = {"type": "image", "url": "https://a.b/c.png"}
IMAGE_PART = {"type": "image_url", "image_url": {"url": "https://a.b/c.png"}}
FILE = {"type": "file", "file_id": "file-1"}
FILE_PART = {"type": "file", "file": {"file_id": "file-1"}}
CACHED = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}


def call(call_id: str | None, **args: Any) -> ToolCall:
    return ToolCall(name="look", args=args, id=call_id)


def invalid_call(
    call_id: str | None, args: str | None, name: str | None = "look"
) -> InvalidToolCall:
    return InvalidToolCall(
        type="invalid_tool_call", name=name, args=args, id=call_id, error=None
    )


def wire_call(call_id: str, arguments: str = "{}", **more: Any) -> dict[str, Any]:
    function = {"name": "look", "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function, **more}


def wire_calls(*calls: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "tool_calls": list(calls)}


def wire_result(call_id: str, content: Any, name: str = "look") -> dict[str, Any]:
    return {
        "role": "tool",
        "tool_call_id": call_id,
        "name": name,
        "content": content,
    }


def wire_user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def wire_assistant(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def convert_one(message: BaseMessage) -> dict[str, Any]:
    (wire_message,) = convert_to_wire_messages([message])
    return wire_message
