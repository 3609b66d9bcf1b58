"""Deltas and messages of one choice → chunks, and the message they add up to.

Plain and streamed answers go through the same accumulator, so they cannot differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk as create_tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_clarifai._answer.attachments import THINKING_PARTS
from langchain_clarifai._answer.chunks import (
    build_chunk,
    copy_call_chunk,
    copy_text_chunk,
)
from langchain_clarifai._answer.finish_reasons import is_cut_by_length
from langchain_clarifai._answer.fuller_message import choose_fuller
from langchain_clarifai._answer.open_chunk import OpenMessageChunk
from langchain_clarifai._answer.other_fields import CALL_FIELDS, OtherFields
from langchain_clarifai._answer.plain_text import BARE_CHOICE
from langchain_clarifai._answer.reasoning import read_parts, read_reasoning
from langchain_clarifai._answer.texts import Texts
from langchain_clarifai._answer.tool_calls import ToolCallSlots
from langchain_clarifai._answer.whole_calls import (
    convert_to_tool_calls,
    split_provider_fields,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from langchain_core.messages import InvalidToolCall
    from langchain_core.messages.tool import ToolCall, ToolCallChunk

    from langchain_clarifai._answer.metadata import AnswerMetadata
    from langchain_clarifai._answer.think_tags import ThinkTags


class ChoiceAccumulator:
    """Collects one choice, whether it comes as deltas or as one message.

    Attributes:
        finish_reason: The last one that came; `""` counts as none.

    Args:
        makes_chunks: Whether anyone reads chunks; else all of them are None.
    """

    def __init__(
        self,
        think_tags: ThinkTags | None,
        tool_names: Mapping[str, str] | None = None,
        *,
        makes_chunks: bool = True,
    ) -> None:
        self.finish_reason: str | None = None
        self._texts = Texts(think_tags)
        self._others = OtherFields()
        self._message_beside: dict[str, Any] | None = None
        self._has_calls = False
        self._slots = ToolCallSlots(tool_names)
        self._chunk_class: type[AIMessageChunk] | None = (
            OpenMessageChunk if makes_chunks else None
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing was read that a reader would see."""
        return not (
            self._texts.contents
            or self._texts.thoughts
            or self._others.refusal
            or (self._has_calls and not self._slots.is_empty)
        )

    def read(self, choice: dict[str, Any]) -> ChatGenerationChunk | None:
        """Take a choice of a chunk; tool calls wait for `drain_tool_calls`."""
        if finish_reason := choice.get("finish_reason"):
            self.finish_reason = str(finish_reason)
        delta = choice.get("delta")
        if not BARE_CHOICE.issuperset(choice):
            self._others.read_choice(choice)
            if isinstance(message := choice.get("message"), dict):
                # A message beside the deltas grows with them, so only the deltas count.
                self._message_beside = message
                if not delta and self.is_empty:
                    # A server that ignores the streaming flag sends no deltas at all.
                    delta = message
        if not isinstance(delta, dict):
            return None
        return self._read_delta(delta, choice.get("logprobs"))

    @property
    def splits_text(self) -> bool:
        """Whether text may hold thoughts in tags."""
        return self._texts.think_tags is not None

    def read_text(self, text: str) -> ChatGenerationChunk | None:
        """Take a text that holds no tags, of a delta that holds nothing else."""
        self._texts.contents.append(text)
        if self._chunk_class is AIMessageChunk:
            return copy_text_chunk(text)
        return self._build_chunk(text)

    def read_whole(self, choice: dict[str, Any]) -> ChatGenerationChunk | None:
        """Take a choice that holds the whole message.

        Its calls are whole as well, so each gets an index of its own, whatever ids and
        indices the server gave them.
        """
        message = choose_fuller(choice.get("message"), choice.get("delta"))
        if isinstance(tool_calls := message.get("tool_calls"), list):
            indexed = [
                {**tool_call, "index": index}
                for index, tool_call in enumerate(tool_calls)
                if isinstance(tool_call, dict)
            ]
            message = {**message, "tool_calls": indexed}
        self._others.is_whole = True
        return self.read({**choice, "message": None, "delta": message})

    def attach(self, payload: dict[str, Any], names: Iterable[str]) -> None:
        """Take fields that belong to the message but stand beside the choices."""
        self._others.attach(payload, names)

    def drain_tool_calls(self) -> ChatGenerationChunk | None:
        """Return what has come of tool calls since the last time.

        It is called once for each read from the network: with a chunk for each of
        thousands of tiny deltas, a reader's `total += chunk` would be quadratic.
        """
        if not self._has_calls:
            return None
        tool_call_chunks = self._slots.drain()
        if not tool_call_chunks:
            return None
        if (
            len(tool_call_chunks) == 1
            and self._chunk_class is AIMessageChunk
            and (chunk := copy_call_chunk(tool_call_chunks[0])) is not None
        ):
            return chunk
        return self._build_chunk("", tool_call_chunks)

    def finish(self, metadata: AnswerMetadata) -> list[ChatGenerationChunk]:
        """Return what was held back, and the last chunk with all metadata."""
        chunks = [self._read_message_beside()]
        content, thought = self._texts.flush()
        tool_call_chunks = self._finish_calls()
        if content or tool_call_chunks or thought:
            chunks.append(self._build_chunk(content, tool_call_chunks, thought))
        tool_calls, invalid_tool_calls = self._convert_tool_calls()
        last = AIMessageChunk(
            content="",
            additional_kwargs=self._build_additional_kwargs(),
            response_metadata=self._build_metadata(metadata, tool_calls),
            usage_metadata=metadata.build_usage_metadata(),
            chunk_position="last",
        )
        self._report_broken_calls(last, invalid_tool_calls)
        chunks.append(ChatGenerationChunk(message=last))
        return [chunk for chunk in chunks if chunk is not None]

    def build_message(self, metadata: AnswerMetadata) -> AIMessage:
        """Build the message that the chunks add up to, or would have added up to."""
        self._texts.flush()
        self._finish_calls()
        tool_calls, invalid_tool_calls = self._convert_tool_calls()
        additional_kwargs = self._build_additional_kwargs()
        if self._texts.thoughts:
            additional_kwargs["reasoning_content"] = "".join(self._texts.thoughts)
        response_metadata = self._build_metadata(metadata, tool_calls)
        if self._others.logprobs:
            response_metadata["logprobs"] = self._others.logprobs
        return AIMessage(
            content="".join(self._texts.contents),
            additional_kwargs=additional_kwargs,
            tool_calls=tool_calls,
            invalid_tool_calls=invalid_tool_calls,
            response_metadata=response_metadata,
            usage_metadata=metadata.build_usage_metadata(),
        )

    def _build_metadata(
        self, metadata: AnswerMetadata, tool_calls: list[ToolCall]
    ) -> dict[str, Any]:
        return metadata.build(
            self.finish_reason,
            self._others.extra,
            has_calls=bool(tool_calls),
            has_refusal=bool(self._others.refusal),
        )

    def _finish_calls(self) -> list[ToolCallChunk]:
        is_cut = self.finish_reason is None or is_cut_by_length(self.finish_reason)
        return self._slots.finish(is_cut=is_cut)

    def _read_message_beside(self) -> ChatGenerationChunk | None:
        """Take from a message that came beside deltas what those did not bring."""
        message, self._message_beside = self._message_beside, None
        if message is None:
            return None
        if self.is_empty:
            return self.read_whole({"message": message})
        self._others.read_missing(message)
        return None

    def _convert_tool_calls(self) -> tuple[list[ToolCall], list[InvalidToolCall]]:
        return convert_to_tool_calls(
            self._slots.snapshot(), cut_by_length=is_cut_by_length(self.finish_reason)
        )

    def _report_broken_calls(
        self, last: AIMessageChunk, invalid_tool_calls: list[InvalidToolCall]
    ) -> None:
        """Put the broken calls on the last chunk, for readers who do not add up chunks.

        The v3 event stream reads each chunk by itself. In a sum, the empty chunks of
        the calls change nothing.
        """
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
        self._read_calls(delta)
        if not CALL_FIELDS.issuperset(delta):
            self._others.read_delta(delta)
        elif delta.get("content") in (None, "") and not logprobs:
            return None  # a piece of a call, nothing else
        content, thought = self._read_content(delta)
        response_metadata = self._others.read_logprobs(logprobs) if logprobs else {}
        if not content and not thought and not response_metadata:
            return None
        return self._build_chunk(
            content, None, thought, response_metadata=response_metadata
        )

    def _read_content(self, delta: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Take the text of a delta; return it, and its thought as additional kwargs."""
        reasoning, reasoning_field = read_reasoning(delta)
        content = delta.get("content")
        if not isinstance(content, str):
            parts = read_parts(content)
            self._others.read_parts(parts)
            content = parts.text
            if parts.thought and not reasoning:
                reasoning, reasoning_field = parts.thought, THINKING_PARTS
        return self._texts.read(content, reasoning, reasoning_field)

    def _read_calls(self, delta: dict[str, Any]) -> None:
        if tool_calls := delta.get("tool_calls"):
            self._apply(tool_calls if isinstance(tool_calls, list) else [tool_calls])
        elif isinstance(function := delta.get("function_call"), dict):
            # OpenAI's form before parallel calls; some servers still send it.
            self._apply([{"index": "function_call", "function": function}])

    def _apply(self, tool_calls: list[Any]) -> None:
        self._has_calls = True
        self._slots.apply(tool_calls)

    def _build_additional_kwargs(self) -> dict[str, Any]:
        """Build what stands on the last chunk, and on the message."""
        additional_kwargs = self._others.build_additional_kwargs()
        if self._texts.thoughts_field not in {"", "reasoning_content"}:
            additional_kwargs["reasoning_field"] = self._texts.thoughts_field
        provider_fields = split_provider_fields(self._slots.provider_fields())
        return {**additional_kwargs, **provider_fields}

    def _build_chunk(
        self,
        content: str,
        tool_call_chunks: list[ToolCallChunk] | None = None,
        additional_kwargs: dict[str, Any] | None = None,
        *,
        response_metadata: dict[str, Any] | None = None,
    ) -> ChatGenerationChunk | None:
        if self._chunk_class is None:
            return None
        generation_chunk = build_chunk(
            self._chunk_class,
            content,
            tool_call_chunks,
            additional_kwargs,
            response_metadata=response_metadata,
        )
        self._chunk_class = AIMessageChunk
        return generation_chunk
