"""Convert LangChain messages to wire messages.

A history may come from anywhere: another provider, an aborted run, a trimmed thread.
What goes out is a sequence that a strict backend accepts, by these rules.

**Tool calls and results.** Every call is followed by exactly one result, in the order
of the calls, right after the assistant message that made them:

- a result that came late or out of order moves up to its call;
- a call without a result gets one that says so, at the end of the history too;
- a result without a call becomes a user message that quotes it, where it stood;
- of several results for one call the first answers it; another is dropped where it
  says the same, and quoted like a result without a call where it does not;
- an id is never rewritten. A call without one gets one; results without one, or with
  one that no call has, answer such calls in order;
- where a later message uses an id again, a result answers the later call first.

**Media.** Assistant and tool messages carry text. Their images, audio, video and files
follow in one user message after all results of that turn.

**Reasoning** goes back under the field it came in, and only to where it came from: a
message of another provider keeps its reasoning to itself.

**Nothing to say.** An assistant message with calls and no visible text has no
`content`; one with neither has the empty string. A tool message has a placeholder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    ChatMessageChunk,
    HumanMessage,
    HumanMessageChunk,
    SystemMessage,
    SystemMessageChunk,
    ToolMessage,
    ToolMessageChunk,
)

from langchain_clarifai._request.assistant import add_assistant
from langchain_clarifai._request.content import convert_to_wire_content
from langchain_clarifai._request.transcript import Result, Transcript
from langchain_clarifai._request.wire_messages import (
    build_message,
    is_block_of,
    select_blocks,
    split_media,
)

_EMPTY_RESULT = "(no output)"
_MEDIA_KINDS = {
    "image_url": "image",
    "input_audio": "audio",
    "audio_url": "audio",
    "video_url": "video",
}


def convert_to_wire_messages(
    messages: Sequence[BaseMessage], *, image_tool_message: bool = False
) -> list[dict[str, Any]]:
    """Convert a history to wire messages.

    Args:
        messages: The history, oldest message first. It is not changed.
        image_tool_message: Whether the model takes images inside tool messages.

    Raises:
        ValueError: If a message or a content block has no form on the wire. The text
            names its place.
    """
    transcript = Transcript(image_tool_message=image_tool_message)
    for position, message in enumerate(messages):
        add = _ADDERS.get(type(message)) or _find_adder(message, position)
        add(transcript, message, position)
    return transcript.build()


def _add_system(transcript: Transcript, message: SystemMessage, position: int) -> None:
    is_developer = message.additional_kwargs.get("__openai_role__") == "developer"
    role = "developer" if is_developer else "system"
    text = convert_to_wire_content(message.content, position=position, joined=True)
    transcript.add(build_message(role, text, message))


def _add_chat(transcript: Transcript, message: ChatMessage, position: int) -> None:
    content = convert_to_wire_content(
        message.content, position=position, joined=message.role != "user"
    )
    transcript.add(build_message(message.role, content, message))


def _add_user(transcript: Transcript, message: HumanMessage, position: int) -> None:
    content: str | list[Any] = message.content
    # Anthropic keeps results in the user's messages.
    answers = select_blocks(content, "tool_result")
    for block in answers:
        result = _convert_to_result(transcript, block.get("content") or "", position)
        transcript.answer(block.get("tool_use_id") or "", None, result)
    if answers:
        content = [
            "" if is_block_of(block, "tool_result") else block for block in content
        ]
    wire_content = convert_to_wire_content(content, position=position)
    if wire_content or not answers:
        transcript.add(build_message("user", wire_content, message))


def _add_result(transcript: Transcript, message: ToolMessage, position: int) -> None:
    result = _convert_to_result(transcript, message.content, position)
    transcript.answer(message.tool_call_id, message.name, result)


def _convert_to_result(
    transcript: Transcript, content: str | list[Any], position: int
) -> Result:
    """Convert a tool's output; a list with anything but blocks is sent as JSON."""
    if isinstance(content, list) and not all(map(_is_block, content)):
        content = json.dumps(content, ensure_ascii=False, default=str)
    text, media = split_media(
        convert_to_wire_content(content, position=position, joined=True),
        keep_images=transcript.image_tool_message,
    )
    if isinstance(text, str) and not text.strip():
        text = _build_placeholder(media)
    return Result(text, media)


def _build_placeholder(media: list[dict[str, Any]]) -> str:
    """Build the text of a result without text, which Anthropic refuses.

    It does so behind a gateway too: https://github.com/langchain-ai/langchain/pull/34025.
    """
    kinds = {_MEDIA_KINDS.get(part["type"], "file") for part in media}
    if not kinds:
        return _EMPTY_RESULT
    return f"See the attached {' and '.join(sorted(kinds))} below."


def _is_block(element: Any) -> bool:
    if isinstance(element, dict):
        return isinstance(element.get("type"), str)
    return isinstance(element, str)


_Adder = Callable[[Transcript, Any, int], None]

_ADDERS: dict[type[BaseMessage], _Adder] = {
    AIMessage: add_assistant,
    AIMessageChunk: add_assistant,
    ChatMessage: _add_chat,
    ChatMessageChunk: _add_chat,
    HumanMessage: _add_user,
    HumanMessageChunk: _add_user,
    SystemMessage: _add_system,
    SystemMessageChunk: _add_system,
    ToolMessage: _add_result,
    ToolMessageChunk: _add_result,
}


def _find_adder(message: BaseMessage, position: int) -> _Adder:
    for parent in type(message).__mro__:
        if parent in _ADDERS:
            return _ADDERS[parent]
    raise ValueError(
        f"messages[{position}] is a {type(message).__name__}, which cannot be sent. "
        "Use SystemMessage, HumanMessage, AIMessage, ChatMessage, or ToolMessage (with "
        "a tool_call_id, in place of FunctionMessage)."
    )
