"""Role and content → a wire message: what messages of all roles have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from langchain_clarifai._request.content import join_text_parts

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

_UNSAFE_IN_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64

# Types of blocks that only an assistant's turn may have → keys of which such a block
# has at least one. A block without any of them may be a record of some tool.
_CALL_KEYS = frozenset({"args", "id", "input"})
_TURN_BLOCKS = {
    "invalid_tool_call": _CALL_KEYS,
    "reasoning": frozenset({"extras", "id", "index", "reasoning", "summary"}),
    "redacted_thinking": frozenset({"data"}),
    "refusal": frozenset({"refusal"}),
    "server_tool_call": _CALL_KEYS,
    "server_tool_call_chunk": _CALL_KEYS,
    "server_tool_result": frozenset({"output", "status", "tool_call_id"}),
    "thinking": frozenset({"signature", "thinking"}),
    "tool_call": _CALL_KEYS,
    "tool_call_chunk": _CALL_KEYS,
    "tool_use": _CALL_KEYS,
}


def build_message(
    role: str, content: str | list[dict[str, Any]], message: BaseMessage
) -> dict[str, Any]:
    """Build a wire message, with the name in the letters that OpenAI takes.

    Agents are named by people, with spaces, and those are refused:
    https://github.com/langchain-ai/langchain/issues/35054.
    """
    wire_message: dict[str, Any] = {"role": role, "content": content}
    if message.name:
        safe_name = _UNSAFE_IN_NAME.sub("_", message.name)
        wire_message["name"] = safe_name[:_LONGEST_NAME]
    return wire_message


def split_media(
    content: str | list[dict[str, Any]],
    *,
    keep_images: bool = False,
    separator: str = "",
) -> tuple[str | list[dict[str, Any]], list[dict[str, Any]]]:
    """Split wire content into text for its own role, and media for a user message.

    Most backends take media only in messages of users:
    https://github.com/vllm-project/vllm/issues/43203.
    """
    if isinstance(content, str):
        return content, []
    kept_types = ("text", "image_url") if keep_images else ("text",)
    kept = [part for part in content if part["type"] in kept_types]
    media = [part for part in content if part["type"] not in kept_types]
    return join_text_parts(kept, separator), media


def select_blocks(content: str | list[Any], *types: str) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return []
    return [block for block in content if is_block_of(block, *types)]


def is_block_of(block: Any, *types: str) -> bool:
    return isinstance(block, dict) and block.get("type") in types


def is_turn_block(block: Any) -> bool:
    """Tell whether a block is a thought, a refusal or a call of an assistant's turn.

    LangGraph's handoffs put them into messages of other roles, which cannot have them.
    """
    if not isinstance(block, dict):
        return False
    needed = _TURN_BLOCKS.get(str(block.get("type")))
    return needed is not None and not needed.isdisjoint(block)
