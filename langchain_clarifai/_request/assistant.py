"""An assistant's message → its wire message, and the media that it shows.

Reasoning goes back under the field it came in, and only to where it came from: the
reasoning of another provider is not sent.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from langchain_clarifai._request.calls import build_calls
from langchain_clarifai._request.content import (
    SENDABLE_BLOCK_TYPES,
    convert_to_wire_content,
)
from langchain_clarifai._request.origins import ENTRIES, THINKING_PARTS, is_ours
from langchain_clarifai._request.wire_messages import (
    build_message,
    select_blocks,
    split_media,
)

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from langchain_clarifai._request.transcript import Call, Transcript

# What an assistant's content holds besides text and media: thoughts, calls (they are
# in `tool_calls` too), refusals, and the work of tools that the provider ran itself.
_UNSENT_BLOCK_TYPES = frozenset(
    {
        "code_execution_result",
        "container_upload",
        "executable_code",
        "input_json_delta",
        "mcp_approval_request",
        "mcp_list_tools",
        "non_standard",
        "reasoning",
        "reasoning_content",
        "redacted_thinking",
        "refusal",
        "server_tool_result",
        "thinking",
        "tool_use",
    }
)
_UNSENT_BLOCK_SUFFIXES = (
    "_call",
    "_call_chunk",
    "_call_output",
    "_tool_result",
    "_tool_use",
)


def add_assistant(transcript: Transcript, message: AIMessage, position: int) -> None:
    if isinstance(message.content, str) and not (
        message.tool_calls or message.invalid_tool_calls or message.additional_kwargs
    ):
        # Most messages are plain text, and a history has many of them.
        transcript.add(build_message("assistant", message.content, message))
        return
    ours = is_ours(message)
    content: str | list[Any] = message.content
    if isinstance(content, list):
        # An empty string is not sent; it keeps the positions of the blocks behind it,
        # which errors name.
        content = ["" if _is_unsent(block, ours=ours) else block for block in content]
    text, media = split_media(
        convert_to_wire_content(content, position=position, separator="")
    )
    wire_message = build_message("assistant", text, message)
    if ours:
        _add_reasoning(wire_message, message)
        _add_attached(wire_message, message)
    if refusal := _read_refusal(message):
        wire_message["refusal"] = refusal
    transcript.add(wire_message)
    calls = build_calls(message, position)
    if calls:
        _add_calls(wire_message, calls)
    if calls or media:
        transcript.open_turn(calls, media)


def _is_unsent(block: str | dict[str, Any], *, ours: bool) -> bool:
    """Tell whether a block of an assistant's content is left out.

    In a message of another provider, a block that is unknown here is something that
    only this provider understands. In a message of ours it is an error.
    """
    if isinstance(block, str):
        return False
    block_type = str(block.get("type"))
    return (
        block_type in _UNSENT_BLOCK_TYPES
        or block_type.endswith(_UNSENT_BLOCK_SUFFIXES)
        or not (ours or block_type in SENDABLE_BLOCK_TYPES)
    )


def _add_reasoning(wire_message: dict[str, Any], message: AIMessage) -> None:
    """Add the reasoning to a message of ours, in the place it came from.

    Several backends refuse a tool loop in which it is missing, and DeepSeek wants the
    field even when it is empty: https://github.com/langchain-ai/langchain/pull/34516.
    """
    reasoning = _read_reasoning(message)
    if reasoning is None:
        return
    reasoning_field = message.additional_kwargs.get("reasoning_field")
    if reasoning_field in (*ENTRIES, THINKING_PARTS) and (
        message.additional_kwargs.get(reasoning_field)
    ):
        return  # its entries or parts go back instead, see `_add_attached`
    if reasoning_field == "content":
        text = wire_message["content"]
        wire_message["content"] = _prepend_thoughts(reasoning, text)
    elif reasoning_field == "reasoning":
        wire_message["reasoning"] = reasoning
    else:
        wire_message["reasoning_content"] = reasoning


def _add_attached(wire_message: dict[str, Any], message: AIMessage) -> None:
    """Add what came with the answer, without which servers refuse the next turn.

    Entries of thoughts hold signatures and encrypted parts, so they go back verbatim:
    https://openrouter.ai/docs/use-cases/reasoning-tokens. Sound goes back by its id,
    while the server keeps it, or else as its transcript.
    """
    attached = message.additional_kwargs
    for name in (*ENTRIES, "extra_content"):
        if attached.get(name):
            wire_message[name] = attached[name]
    parts = attached.get(THINKING_PARTS)
    if isinstance(parts, list) and parts:
        text = wire_message["content"]
        if isinstance(text, str):
            text = [{"type": "text", "text": text}] if text else []
        wire_message["content"] = [*parts, *text]
    audio = attached.get("audio")
    if isinstance(audio, dict) and not wire_message["content"]:
        if audio.get("id") and not _is_over(audio.get("expires_at")):
            wire_message["audio"] = {"id": audio["id"]}
        else:
            wire_message["content"] = str(audio.get("transcript") or "")


def _is_over(expires_at: Any) -> bool:
    return isinstance(expires_at, int | float) and expires_at < time.time()


def _read_reasoning(message: AIMessage) -> str | None:
    for key in ("reasoning_content", "reasoning"):
        reasoning = message.additional_kwargs.get(key)
        if isinstance(reasoning, str):
            return reasoning
    thoughts = [
        block["reasoning"]
        for block in select_blocks(message.content, "reasoning")
        if isinstance(block.get("reasoning"), str)
    ]
    return "".join(thoughts) if thoughts else None


def _prepend_thoughts(
    reasoning: str, text: str | list[dict[str, Any]]
) -> str | list[dict[str, Any]]:
    if not reasoning:
        return text
    thoughts = f"<think>{reasoning}</think>"
    if isinstance(text, str):
        return f"{thoughts}\n\n{text}" if text else thoughts
    return [{"type": "text", "text": f"{thoughts}\n\n"}, *text]


def _read_refusal(message: AIMessage) -> str:
    """Read the refusal, which OpenAI's content may hold as blocks."""
    refusal = message.additional_kwargs.get("refusal")
    if isinstance(refusal, str):
        return refusal
    return "".join(
        str(block.get("refusal") or "")
        for block in select_blocks(message.content, "refusal")
    )


def _add_calls(wire_message: dict[str, Any], calls: list[Call]) -> None:
    wire_message["tool_calls"] = [call.wire_call for call in calls]
    # Some servers refuse null beside calls, and Anthropic refuses blank text:
    # https://github.com/langchain-ai/langchain/issues/24531.
    text = wire_message["content"]
    if isinstance(text, str) and not text.strip():
        del wire_message["content"]
