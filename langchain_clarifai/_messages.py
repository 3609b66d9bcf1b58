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
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
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

from langchain_clarifai._content import (
    SENDABLE_BLOCK_TYPES,
    convert_to_wire_content,
    join_text_parts,
)

_OURS = (None, "clarifai")
_UNSAFE_IN_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64
_RAW_ARGUMENTS = "__raw__"
_ARGUMENTS_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=str)

_EMPTY_RESULT = "(no output)"
_UNANSWERED = "No result: this call was not run, or its result was lost."
_MALFORMED = (
    "No result: this call was malformed and was not run. "
    "The arguments of a call must be a JSON object."
)
_MEDIA_KINDS = {
    "image_url": "image",
    "input_audio": "audio",
    "audio_url": "audio",
    "video_url": "video",
}

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
    transcript = _Transcript(image_tool_message=image_tool_message)
    for position, message in enumerate(messages):
        add = _ADDERS.get(type(message)) or _find_adder(message, position)
        add(transcript, message, position)
    return transcript.build()


@dataclass(slots=True)
class _Result:
    """What a tool gave back, apart from which call it answers."""

    content: str | list[dict[str, Any]]
    media: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class _Call:
    """A tool call, and its result: until one comes, that there is none."""

    given_id: str
    wire_call: dict[str, Any]
    result: _Result


@dataclass(slots=True)
class _Turn:
    """What follows an assistant message before anyone else may speak."""

    calls: list[_Call]
    media: list[dict[str, Any]]

    def build(self) -> Iterator[dict[str, Any]]:
        """Build the results in the order of the calls, and what they show."""
        media = self.media[:]
        for call in self.calls:
            media += call.result.media
            yield {
                "role": "tool",
                "tool_call_id": call.wire_call["id"],
                "content": call.result.content,
            }
        if media:
            yield {"role": "user", "content": media}


class _Transcript:
    """The wire messages so far, and the calls that still wait for a result."""

    def __init__(self, *, image_tool_message: bool) -> None:
        self.image_tool_message = image_tool_message
        self._entries: list[dict[str, Any] | _Turn] = []
        # By the id that was given, then by turn (the latest last), then by call.
        self._waiting: dict[str, list[deque[_Call]]] = {}
        self._answers: dict[str, _Result] = {}

    def add(self, wire_message: dict[str, Any]) -> None:
        """Add a message."""
        self._entries.append(wire_message)

    def open_turn(self, calls: list[_Call], media: list[dict[str, Any]]) -> None:
        """Keep room for the results of calls, after the message just added."""
        self._entries.append(_Turn(calls, media))
        waiting: dict[str, deque[_Call]] = {}
        for call in calls:
            waiting.setdefault(call.given_id, deque()).append(call)
        for given_id, calls_of_id in waiting.items():
            self._waiting.setdefault(given_id, []).append(calls_of_id)

    def answer(self, given_id: str, name: str | None, result: _Result) -> None:
        """Put a result with its call, or quote it where there is none."""
        call = self._take(given_id if given_id in self._waiting else "")
        if call is not None:
            call.result = self._answers[given_id] = result
        elif self._answers.get(given_id) != result:
            self.add(_build_quotation(given_id, name, result))

    def _take(self, given_id: str) -> _Call | None:
        turns = self._waiting.get(given_id)
        if not turns:
            return None
        call = turns[-1].popleft()
        if not turns[-1]:
            turns.pop()
        return call

    def build(self) -> list[dict[str, Any]]:
        """Build the wire messages, every result behind its call."""
        wire_messages: list[dict[str, Any]] = []
        for entry in self._entries:
            if isinstance(entry, _Turn):
                wire_messages.extend(entry.build())
            else:
                wire_messages.append(entry)
        return wire_messages


def _build_quotation(
    given_id: str, name: str | None, result: _Result
) -> dict[str, Any]:
    origin = ", ".join(part for part in (name, given_id) if part) or "unknown"
    text = f"Result of an earlier tool call ({origin}):"
    parts = result.media
    if isinstance(result.content, str):
        text = f"{text}\n{result.content}"
    else:
        parts = [*result.content, *parts]
    content = [{"type": "text", "text": text}, *parts] if parts else text
    return {"role": "user", "content": content}


def _add_system(transcript: _Transcript, message: SystemMessage, position: int) -> None:
    is_developer = message.additional_kwargs.get("__openai_role__") == "developer"
    role = "developer" if is_developer else "system"
    text = convert_to_wire_content(message.content, position=position, joined=True)
    transcript.add(_build_message(role, text, message))


def _add_chat(transcript: _Transcript, message: ChatMessage, position: int) -> None:
    content = convert_to_wire_content(
        message.content, position=position, joined=message.role != "user"
    )
    transcript.add(_build_message(message.role, content, message))


def _add_user(transcript: _Transcript, message: HumanMessage, position: int) -> None:
    content: str | list[Any] = message.content
    # Anthropic keeps results in the user's messages.
    answers = _blocks_of_type(content, "tool_result")
    for block in answers:
        result = _convert_to_result(transcript, block.get("content") or "", position)
        transcript.answer(block.get("tool_use_id") or "", None, result)
    if answers:
        content = [
            "" if _has_type(block, "tool_result") else block for block in content
        ]
    wire_content = convert_to_wire_content(content, position=position)
    if wire_content or not answers:
        transcript.add(_build_message("user", wire_content, message))


def _build_message(
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


def _add_result(transcript: _Transcript, message: ToolMessage, position: int) -> None:
    result = _convert_to_result(transcript, message.content, position)
    transcript.answer(message.tool_call_id, message.name, result)


def _convert_to_result(
    transcript: _Transcript, content: str | list[Any], position: int
) -> _Result:
    """Convert a tool's output; a list with anything but blocks is sent as JSON."""
    if isinstance(content, list) and not all(map(_is_block, content)):
        content = json.dumps(content, ensure_ascii=False, default=str)
    text, media = _split_media(
        convert_to_wire_content(content, position=position, joined=True),
        keep_images=transcript.image_tool_message,
    )
    if isinstance(text, str) and not text.strip():
        text = _build_placeholder(media)
    return _Result(text, media)


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


def _split_media(
    content: str | list[dict[str, Any]], *, keep_images: bool = False
) -> tuple[str | list[dict[str, Any]], list[dict[str, Any]]]:
    """Split wire content into what its role may carry, and what the user has to show.

    Most backends take media from users alone:
    https://github.com/vllm-project/vllm/issues/43203.
    """
    if isinstance(content, str):
        return content, []
    kept_types = ("text", "image_url") if keep_images else ("text",)
    kept = [part for part in content if part["type"] in kept_types]
    media = [part for part in content if part["type"] not in kept_types]
    return join_text_parts(kept), media


def _add_assistant(transcript: _Transcript, message: AIMessage, position: int) -> None:
    if isinstance(message.content, str) and not (
        message.tool_calls or message.invalid_tool_calls or message.additional_kwargs
    ):
        # Most messages are plain text, and a history has many of them.
        transcript.add(_build_message("assistant", message.content, message))
        return
    is_ours = message.response_metadata.get("model_provider") in _OURS
    content: str | list[Any] = message.content
    if isinstance(content, list):
        # An empty string is left out, and keeps the places of the blocks behind it.
        content = [
            "" if _is_unsent(block, is_ours=is_ours) else block for block in content
        ]
    text, media = _split_media(
        convert_to_wire_content(content, position=position, joined=True)
    )
    wire_message = _build_message("assistant", text, message)
    if is_ours:
        _add_reasoning(wire_message, message)
    if refusal := _read_refusal(message):
        wire_message["refusal"] = refusal
    transcript.add(wire_message)
    calls = _build_calls(message, position)
    if calls:
        _add_calls(wire_message, calls)
    if calls or media:
        transcript.open_turn(calls, media)


def _is_unsent(block: str | dict[str, Any], *, is_ours: bool) -> bool:
    """Tell whether a block of an assistant's content stays behind.

    A block that nobody knows is an error in a message of ours, and a speciality of the
    house in a message of another provider.
    """
    if isinstance(block, str):
        return False
    block_type = str(block.get("type"))
    return (
        block_type in _UNSENT_BLOCK_TYPES
        or block_type.endswith(_UNSENT_BLOCK_SUFFIXES)
        or not (is_ours or block_type in SENDABLE_BLOCK_TYPES)
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
    if reasoning_field == "content":
        text = wire_message["content"]
        wire_message["content"] = _prepend_thoughts(reasoning, text)
    elif reasoning_field == "reasoning":
        wire_message["reasoning"] = reasoning
    else:
        wire_message["reasoning_content"] = reasoning


def _read_reasoning(message: AIMessage) -> str | None:
    for key in ("reasoning_content", "reasoning"):
        reasoning = message.additional_kwargs.get(key)
        if isinstance(reasoning, str):
            return reasoning
    thoughts = [
        block["reasoning"]
        for block in _blocks_of_type(message.content, "reasoning")
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
        for block in _blocks_of_type(message.content, "refusal")
    )


def _blocks_of_type(content: str | list[Any], *types: str) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return []
    return [block for block in content if _has_type(block, *types)]


def _has_type(block: Any, *types: str) -> bool:
    return isinstance(block, dict) and block.get("type") in types


def _build_calls(message: AIMessage, position: int) -> list[_Call]:
    """Build the calls of a message, the invalid ones last.

    Calls in content blocks count where the message has no others: such is a history in
    Anthropic's own form, which LangChain takes over as it is.
    """
    given: list[Any] = [*message.tool_calls, *message.invalid_tool_calls]
    if not given:
        given = [
            {**block, "args": block.get("args", block.get("input"))}
            for block in _blocks_of_type(message.content, "tool_call", "tool_use")
        ]
    return [
        _build_call(call, f"call_{position}_{index}", message.additional_kwargs)
        for index, call in enumerate(given)
    ]


def _build_call(
    call: Mapping[str, Any], spare_id: str, additional_kwargs: Mapping[str, Any]
) -> _Call:
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
    excuse = _UNANSWERED if isinstance(arguments, dict) else _MALFORMED
    return _Call(given_id, wire_call, _Result(excuse))


def _convert_to_arguments(arguments: Any) -> str:
    """Convert a call's arguments to the text of a JSON object.

    Anything else in a history is answered with 400 on every later turn, since chat
    templates read the arguments: https://github.com/vllm-project/vllm/pull/48922.
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


def _add_calls(wire_message: dict[str, Any], calls: list[_Call]) -> None:
    wire_message["tool_calls"] = [call.wire_call for call in calls]
    # Some servers refuse null beside calls, and Anthropic refuses blank text:
    # https://github.com/langchain-ai/langchain/issues/24531.
    text = wire_message["content"]
    if isinstance(text, str) and not text.strip():
        del wire_message["content"]


_Adder = Callable[[_Transcript, Any, int], None]

_ADDERS: dict[type[BaseMessage], _Adder] = {
    AIMessage: _add_assistant,
    AIMessageChunk: _add_assistant,
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
