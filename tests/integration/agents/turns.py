"""What is said in an agent's turn → as a server answers it, and as it goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.servers.openai_wire import JSON, choice, completion
from tests.servers.wire import json_reply

if TYPE_CHECKING:
    from tests.servers.wire import Reply


def calls_reply(*calls: JSON, text: str | None = None, **fields: Any) -> Reply:
    """Answer with tool calls; other keywords go into the message."""
    fields["tool_calls"] = list(calls)
    return json_reply(completion(choice(text, finish_reason="tool_calls", **fields)))


def text_reply(text: str, **fields: Any) -> Reply:
    """Answer with text; other keywords go into the completion."""
    return json_reply(completion(choice(text), **fields))


def user(text: str) -> JSON:
    """Build a user's message as it goes out."""
    return {"role": "user", "content": text}


def tool_result(text: str, call_id: str = "call_1", name: str = "get_weather") -> JSON:
    """Build a tool's result as it goes out."""
    return {
        "role": "tool",
        "tool_call_id": call_id,
        "name": name,
        "content": text,
    }
