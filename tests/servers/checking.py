"""A chat completion request → nothing, or the refusal that backends would give."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.servers.openai_wire import JSON

_PARTS: Final = frozenset(
    {"file", "image_url", "input_audio", "refusal", "text", "video_url"}
)


class RefusedError(Exception):
    """The request is one that backends refuse with status 400."""


def read_text(message: JSON) -> str:
    """Read the text of a message, whatever form its content has."""
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content)
    return content or ""


def read_parts(messages: Sequence[JSON]) -> Iterator[JSON]:
    """Read the content parts of all messages."""
    for message in messages:
        if isinstance(content := message.get("content"), list):
            yield from content


def check(body: JSON) -> None:
    """Refuse what backends refuse.

    Raises:
        RefusedError: With the text of the error.
    """
    messages = body.get("messages")
    if not messages:
        raise RefusedError("'messages' must be a list with at least one message.")
    for message in messages:
        _check_message(message)
    _check_tool_results(messages)
    _check_tools(body)
    _check_json_mode(body)


def _check_message(message: JSON) -> None:
    role, content = message.get("role"), message.get("content")
    if role not in {"system", "developer", "user", "assistant", "tool"}:
        raise RefusedError(f"Unknown role: {role!r}.")
    if content is None and not (role == "assistant" and message.get("tool_calls")):
        raise RefusedError(f"A {role} message needs content.")
    if content == [] or message.get("tool_calls") == []:
        raise RefusedError("[] is too short.")
    name = message.get("name")
    if name is not None and not re.fullmatch(r"[^\s<|\\/>]+", name):
        raise RefusedError(f"Invalid 'name': {name!r}.")
    for part in read_parts([message]):
        if part.get("type") not in _PARTS:
            raise RefusedError(f"Unknown part type: {part.get('type')!r}.")
        if part["type"] == "text" and not part.get("text"):
            raise RefusedError("text content blocks must be non-empty.")
        if role == "tool" and part["type"] != "text":
            raise RefusedError("A tool message takes text only.")
    for call in message.get("tool_calls") or ():
        _check_tool_call(call)


def _check_tool_call(call: JSON) -> None:
    try:
        arguments = json.loads(call["function"]["arguments"])
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError(f"A tool call's arguments are no JSON: {call}") from error
    if not isinstance(arguments, dict):
        raise RefusedError(f"A tool call's arguments are no object: {arguments}")


def _check_tool_results(messages: Sequence[JSON]) -> None:
    waiting: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            if message.get("tool_call_id") not in waiting:
                raise RefusedError("A tool message must follow its tool call.")
            waiting.remove(message["tool_call_id"])
            continue
        _check_nothing_waits(waiting)
        waiting = {call["id"] for call in message.get("tool_calls") or ()}
    _check_nothing_waits(waiting)


def _check_nothing_waits(waiting: set[str]) -> None:
    if waiting:
        raise RefusedError(f"No tool message answers these calls: {sorted(waiting)}.")


def _check_tools(body: JSON) -> None:
    tools = body.get("tools")
    if tools == []:
        raise RefusedError("[] is too short - 'tools'")
    if body.get("tool_choice") is not None and not tools:
        raise RefusedError("'tool_choice' is only allowed when 'tools' are specified.")
    known = {tool["function"]["name"] for tool in tools or ()}
    named = find_named_tool(body)
    if named is not None and named not in known:
        raise RefusedError(f"Tool choice {named!r} not found in 'tools' parameter.")


def _check_json_mode(body: JSON) -> None:
    if (body.get("response_format") or {}).get("type") != "json_object":
        return
    if not any("json" in read_text(message).lower() for message in body["messages"]):
        raise RefusedError("'messages' must contain the word 'json' in some form.")


def find_named_tool(body: JSON) -> str | None:
    """Find the one tool that the request demands."""
    choice = body.get("tool_choice")
    return choice["function"]["name"] if isinstance(choice, dict) else None
