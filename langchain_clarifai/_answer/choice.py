"""Deltas and messages of one choice → chunks, and the message they add up to.

Plain and streamed answers go through the same accumulator, so they cannot differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk as create_tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_clarifai._answer.chunks import build_chunk, copy_text_chunk
from langchain_clarifai._answer.open_chunk import OpenMessageChunk, is_cut_by_length
from langchain_clarifai._answer.reasoning import join_parts, read_reasoning
from langchain_clarifai._answer.tool_calls import ToolCallSlots
from langchain_clarifai._answer.usage import convert_to_usage_metadata
from langchain_clarifai._answer.whole_calls import convert_to_tool_calls

if TYPE_CHECKING:
    from langchain_core.messages import InvalidToolCall
    from langchain_core.messages.ai import UsageMetadata
    from langchain_core.messages.tool import ToolCall, ToolCallChunk

    from langchain_clarifai._answer.metadata import AnswerMetadata
    from langchain_clarifai._answer.think_tags import ThinkTags

# Keys of a delta that ask for a closer look.
_EXTRAS = frozenset(
    {
        "annotations",
        "audio",
        "function_call",
        "reasoning",
        "reasoning_content",
        "refusal",
        "tool_calls",
    }
)


class ChoiceAccumulator:
    """Collects one choice, whether it comes as deltas or as one message.

    Attributes:
        finish_reason: The last one that came; `""` counts as none.
    """

    def __init__(self, think_tags: ThinkTags | None) -> None:
        self.finish_reason: str | None = None
        self._think_tags = think_tags
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._reasoning_field = ""
        self._refusal: list[str] = []
        self._logprobs: dict[str, list[Any]] = {}
        self._attachments: dict[str, Any] = {}
        self._has_calls = False
        self._slots = ToolCallSlots()
        self._chunk_class: type[AIMessageChunk] = OpenMessageChunk

    @property
    def is_empty(self) -> bool:
        """Whether nothing was read that a reader would see."""
        return not (
            self._content or self._reasoning or self._refusal or self._has_calls
        )

    def read(self, choice: dict[str, Any]) -> ChatGenerationChunk | None:
        """Take a choice of a chunk; tool calls wait for `drain_tool_calls`."""
        if finish_reason := choice.get("finish_reason"):
            self.finish_reason = str(finish_reason)
        delta = choice.get("delta")
        if not delta and self.is_empty:
            # A server that ignores the streaming flag sends a message in its place.
            delta = choice.get("message")
        if not isinstance(delta, dict):
            return None
        content = delta.get("content")
        if (
            content.__class__ is str
            and content
            and self._think_tags is None
            and _EXTRAS.isdisjoint(delta)
            and not choice.get("logprobs")
        ):
            # The common case, and most of what streaming costs: text, nothing else.
            self._content.append(content)
            if self._chunk_class is AIMessageChunk:
                return copy_text_chunk(content)
            return self._build_chunk(content)
        return self._read_delta(delta, choice.get("logprobs"))

    def read_whole(self, choice: dict[str, Any]) -> ChatGenerationChunk | None:
        """Take a choice that holds the whole message.

        Its calls are whole as well, so each gets an index of its own, whatever ids and
        indices the server gave them.
        """
        message = choice.get("message") or choice.get("delta")
        if isinstance(message, dict) and isinstance(message.get("tool_calls"), list):
            tool_calls = message["tool_calls"]
            indexed = [
                {**tool_call, "index": index}
                for index, tool_call in enumerate(tool_calls)
                if isinstance(tool_call, dict)
            ]
            message = {**message, "tool_calls": indexed}
            choice = {**choice, "message": message, "delta": None}
        return self.read(choice)

    def drain_tool_calls(self) -> ChatGenerationChunk | None:
        """Return what has come of tool calls since the last time.

        Called once for each read from the network: thousands of tiny deltas would
        make a reader's `total += chunk` quadratic.
        """
        if not self._has_calls:
            return None
        tool_call_chunks = self._slots.drain()
        return self._build_chunk("", tool_call_chunks) if tool_call_chunks else None

    def finish(self, metadata: AnswerMetadata) -> list[ChatGenerationChunk]:
        """Return what was held back, and the last chunk with all metadata."""
        content, thought = self._flush_think_tags()
        tool_call_chunks = self._slots.finish()
        held_back = (
            [self._build_chunk(content, tool_call_chunks, thought)]
            if content or tool_call_chunks or thought
            else []
        )
        last = AIMessageChunk(
            content="",
            additional_kwargs=self._build_additional_kwargs(),
            response_metadata=metadata.build(self.finish_reason),
            usage_metadata=_build_usage_metadata(metadata),
            chunk_position="last",
        )
        self._report_broken_calls(last)
        return [*held_back, ChatGenerationChunk(message=last)]

    def build_message(self, metadata: AnswerMetadata) -> AIMessage:
        """Build the message that the chunks add up to, or would have added up to."""
        self._flush_think_tags()
        tool_calls, invalid_tool_calls = self._convert_tool_calls()
        additional_kwargs = self._build_additional_kwargs()
        if self._reasoning:
            additional_kwargs["reasoning_content"] = "".join(self._reasoning)
        response_metadata = metadata.build(self.finish_reason)
        if self._logprobs:
            response_metadata["logprobs"] = self._logprobs
        return AIMessage(
            content="".join(self._content),
            additional_kwargs=additional_kwargs,
            tool_calls=tool_calls,
            invalid_tool_calls=invalid_tool_calls,
            response_metadata=response_metadata,
            usage_metadata=_build_usage_metadata(metadata),
        )

    def _convert_tool_calls(self) -> tuple[list[ToolCall], list[InvalidToolCall]]:
        return convert_to_tool_calls(
            self._slots.snapshot(), cut_by_length=is_cut_by_length(self.finish_reason)
        )

    def _report_broken_calls(self, last: AIMessageChunk) -> None:
        """Let the last chunk say which calls are broken, for who does not add chunks.

        The v3 event stream reads each chunk by itself. In a sum, the empty chunks of
        the calls change nothing.
        """
        _, invalid_tool_calls = self._convert_tool_calls()
        broken = {call["id"] for call in invalid_tool_calls}
        last.tool_call_chunks = [
            create_tool_call_chunk(args="", id=call["id"], index=call["index"])
            for call in self._slots.snapshot()
            if call["id"] in broken
        ]
        last.invalid_tool_calls = invalid_tool_calls

    def _read_delta(
        self, delta: dict[str, Any], logprobs: Any
    ) -> ChatGenerationChunk | None:
        content, thought = self._read_content(delta)
        if (refusal := delta.get("refusal")) and isinstance(refusal, str):
            self._refusal.append(refusal)
        self._read_calls(delta)
        for name in ("audio", "annotations"):
            if value := delta.get(name):
                self._attach(name, value)
        response_metadata = self._read_logprobs(logprobs)
        if not content and not thought and not response_metadata:
            return None
        return self._build_chunk(
            content, None, thought, response_metadata=response_metadata
        )

    def _read_content(self, delta: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Take the text of a delta; return it, and its thought as additional kwargs.

        Thoughts come in a field or in tags; what comes first counts, and the other is
        a repetition.
        """
        reasoning, reasoning_field = read_reasoning(delta)
        content = delta.get("content")
        if isinstance(content, list | dict):
            parts = content if isinstance(content, list) else [content]
            content, thought = join_parts(parts)
            reasoning = reasoning or thought
        content = content if isinstance(content, str) else ""
        if reasoning and self._reasoning_field != "content":
            self._reasoning_field = (
                self._reasoning_field or reasoning_field or "reasoning_content"
            )
            self._reasoning.append(reasoning)
            if self._think_tags is not None:
                content = self._think_tags.expect_repetition(self._reasoning) + content
        else:
            reasoning = ""
        tags = self._think_tags
        if tags is not None and content:
            thought, content = tags.feed(content)
            self._take_thought(tags, thought)
            reasoning = reasoning or thought
        return self._take(content, reasoning)

    def _flush_think_tags(self) -> tuple[str, dict[str, Any]]:
        """Take what waited for a tag; return it as content and additional kwargs."""
        tags = self._think_tags
        if tags is None:
            return "", {}
        thought, content = tags.flush()
        self._take_thought(tags, thought)
        self._think_tags = None
        return self._take(content, thought)

    def _take_thought(self, tags: ThinkTags, thought: str) -> None:
        if tags.found:
            self._reasoning_field = "content"
        if tags.is_done:
            self._think_tags = None
        if thought:
            self._reasoning.append(thought)

    def _take(self, content: str, reasoning: str) -> tuple[str, dict[str, Any]]:
        if content:
            self._content.append(content)
        return content, {"reasoning_content": reasoning} if reasoning else {}

    def _read_calls(self, delta: dict[str, Any]) -> None:
        if tool_calls := delta.get("tool_calls"):
            self._apply(tool_calls if isinstance(tool_calls, list) else [tool_calls])
        elif isinstance(function := delta.get("function_call"), dict):
            # What `tool_calls` were before OpenAI's parallel calls; some servers stay.
            self._apply([{"index": "function_call", "function": function}])

    def _apply(self, tool_calls: list[Any]) -> None:
        self._has_calls = True
        self._slots.apply(tool_calls)

    def _read_logprobs(self, logprobs: Any) -> dict[str, Any]:
        if not isinstance(logprobs, dict):
            return {}
        found = {
            name: tokens
            for name, tokens in logprobs.items()
            if isinstance(tokens, list) and tokens
        }
        for name, tokens in found.items():
            self._logprobs.setdefault(name, []).extend(tokens)
        return {"logprobs": found} if found else {}

    def _attach(self, name: str, value: Any) -> None:
        """Collect what is handed out once, on the last chunk."""
        known = self._attachments.get(name)
        if isinstance(known, list) and isinstance(value, list):
            self._attachments[name] = [*known, *value]
        elif isinstance(known, dict) and isinstance(value, dict):
            growing = {
                key: known[key] + text
                for key, text in value.items()
                if key in {"data", "transcript"}
                and isinstance(text, str)
                and isinstance(known.get(key), str)
            }
            self._attachments[name] = {**known, **value, **growing}
        else:
            self._attachments[name] = value

    def _build_additional_kwargs(self) -> dict[str, Any]:
        """Build what stands on the last chunk, and on the message."""
        additional_kwargs = dict(self._attachments)
        if self._refusal:
            additional_kwargs["refusal"] = "".join(self._refusal)
        if self._reasoning_field not in {"", "reasoning_content"}:
            additional_kwargs["reasoning_field"] = self._reasoning_field
        return {**additional_kwargs, **_split_provider_fields(self._slots)}

    def _build_chunk(
        self,
        content: str,
        tool_call_chunks: list[ToolCallChunk] | None = None,
        additional_kwargs: dict[str, Any] | None = None,
        *,
        response_metadata: dict[str, Any] | None = None,
    ) -> ChatGenerationChunk:
        generation_chunk = build_chunk(
            self._chunk_class,
            content,
            tool_call_chunks,
            additional_kwargs,
            response_metadata=response_metadata,
        )
        self._chunk_class = AIMessageChunk
        return generation_chunk


def _split_provider_fields(slots: ToolCallSlots) -> dict[str, Any]:
    """Return what providers attached to calls, as it stands in additional kwargs."""
    extra_content: dict[str, Any] = {}
    others: dict[str, dict[str, Any]] = {}
    for call_id, fields in slots.provider_fields().items():
        if "extra_content" in fields:
            extra_content[call_id] = fields.pop("extra_content")
        if fields:
            others[call_id] = fields
    collected = {
        "tool_call_extra_content": extra_content,
        "tool_call_extra_fields": others,
    }
    return {name: by_id for name, by_id in collected.items() if by_id}


def _build_usage_metadata(metadata: AnswerMetadata) -> UsageMetadata | None:
    if metadata.usage is None:
        return None
    return convert_to_usage_metadata(metadata.usage)
