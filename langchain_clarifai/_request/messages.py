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

**Reasoning** goes back under the field it came in, and only to where it came from: the
reasoning of another provider is not sent.

**Nothing to say.** An assistant message with calls and no visible text has no
`content`; one with neither has the empty string. A tool message has a placeholder.
"""

from __future__ import annotations

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
from langchain_clarifai._request.results import convert_to_result
from langchain_clarifai._request.tool_names import ToolNames
from langchain_clarifai._request.transcript import Result, Transcript
from langchain_clarifai._request.wire_messages import (
    build_message,
    is_block_of,
    is_turn_block,
    select_blocks,
)


def convert_to_wire_messages(
    messages: Sequence[BaseMessage],
    *,
    image_tool_message: bool = False,
    names: ToolNames | None = None,
) -> list[dict[str, Any]]:
    """Convert a history to wire messages.

    Args:
        messages: The history, oldest message first. It is not changed.
        image_tool_message: Whether the model takes images inside tool messages.
        names: How the wire calls the tools of this request; those of the history are
            added.

    Raises:
        ValueError: If there is no message, or a message or a content block has no form
            on the wire. The text names its place.
    """
    if not messages:
        raise ValueError(
            "The conversation is empty. Give at least one message, such as "
            "HumanMessage('Hello')."
        )
    transcript = Transcript(
        image_tool_message=image_tool_message, names=names or ToolNames()
    )
    for position, message in enumerate(messages):
        add = _ADDERS.get(type(message)) or _find_adder(message, position)
        add(transcript, message, position)
    return transcript.build()


def _add_system(transcript: Transcript, message: SystemMessage, position: int) -> None:
    is_developer = message.additional_kwargs.get("__openai_role__") == "developer"
    role = "developer" if is_developer else "system"
    text = convert_to_wire_content(
        _drop_turn_blocks(message.content), position=position, separator="\n"
    )
    transcript.add(build_message(role, text, message))


def _add_chat(transcript: Transcript, message: ChatMessage, position: int) -> None:
    separators = {"user": None, "assistant": ""}
    content = convert_to_wire_content(
        _drop_turn_blocks(message.content),
        position=position,
        separator=separators.get(message.role, "\n"),
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
    wire_content = convert_to_wire_content(
        _drop_turn_blocks(content), position=position
    )
    if wire_content or not answers:
        transcript.add(build_message("user", wire_content, message))


def _add_result(transcript: Transcript, message: ToolMessage, position: int) -> None:
    result = _convert_to_result(transcript, message.content, position)
    transcript.answer(message.tool_call_id, message.name, result)


def _convert_to_result(
    transcript: Transcript, content: str | list[Any], position: int
) -> Result:
    keep_images = transcript.image_tool_message
    return convert_to_result(content, position, keep_images=keep_images)


def _drop_turn_blocks(content: str | list[Any]) -> str | list[Any]:
    """Drop what only an assistant's turn can have; the others keep their places."""
    if isinstance(content, str):
        return content
    return ["" if is_turn_block(block) else block for block in content]


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
