"""Bytes of a streamed answer → generation chunks.

One accumulator serves sync and async streams, because it never does I/O: whoever
reads the network feeds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._answer import ChoiceAccumulator, parse_json
from langchain_clarifai._faults import (
    ErrorBody,
    MalformedAnswer,
    UnfinishedStream,
    is_error_body,
)
from langchain_clarifai._responses import MAX_BODY_BYTES, parse_completion
from langchain_clarifai._sse import EventDecoder

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGenerationChunk

    from langchain_clarifai._metadata import AnswerMetadata
    from langchain_clarifai._reasoning import ThinkTags
    from langchain_clarifai._sse import Event

_EXCERPT_BYTES: Final = 1_000

# A body that starts like this is no event stream: JSON, or a proxy's HTML page.
_STARTS_OF_OTHER_BODIES: Final = (b"{", b"[", b"<")


class StreamAccumulator:
    """Turns the pieces of one response into chunks, and keeps what they add up to.

    Attributes:
        is_done: Whether the answer is complete; nothing after it counts.
        chunks_received: How many events of the answer have arrived.
        made_progress: Whether the last piece brought more than keep-alives.
    """

    def __init__(
        self,
        metadata: AnswerMetadata,
        think_tags: ThinkTags | None,
        *,
        allow_unfinished: bool,
    ) -> None:
        self.is_done = False
        self.chunks_received = 0
        self.made_progress = False
        self._metadata = metadata
        self._choice = ChoiceAccumulator(think_tags)
        self._choice_index: Any = None
        self._has_choice = False
        self._allow_unfinished = allow_unfinished
        self._decoder = EventDecoder()
        self._head = b""
        self._body: list[bytes] | None = None
        self._body_size = 0

    def feed(self, piece: bytes) -> list[ChatGenerationChunk]:
        """Take the next bytes, cut anywhere.

        Raises:
            Fault: If they hold an error, or no event stream.
            EventTooLongError: If an event exceeds the decoder's limit.
        """
        if self.is_done:
            return []
        if not self.chunks_received and self._is_other_body(piece):
            return []
        events = self._decoder.feed(piece)
        self.made_progress = self._decoder.made_progress
        return self._read_events(events)

    def finish(self) -> list[ChatGenerationChunk]:
        """Take the end of the stream.

        Raises:
            Fault: If the answer is not complete, or never came.
        """
        if self.is_done:
            return []
        if self._body is not None:
            return self._finish_body(b"".join(self._body))
        generation_chunks = self._read_events(self._decoder.flush(), is_flushed=True)
        if self.is_done:
            return generation_chunks
        if not self.chunks_received and self._head.strip():
            raise MalformedAnswer("The response is no event stream.", self._head)
        if self._choice.finish_reason is None and not self._allow_unfinished:
            raise UnfinishedStream
        return [*generation_chunks, *self._close()]

    def build_partial_message(self) -> AIMessage | None:
        """Build the message as far as it has come; None when nothing has."""
        if self._choice.is_empty:
            return None
        return self._choice.build_message(self._metadata)

    def _is_other_body(self, piece: bytes) -> bool:
        """Collect a body that is no event stream; tell whether this is one."""
        if self._body is None:
            self._head = (self._head + piece)[:_EXCERPT_BYTES]
            start = self._head.removeprefix(b"\xef\xbb\xbf").lstrip()
            if not start.startswith(_STARTS_OF_OTHER_BODIES):
                return False
            self._body = []
        self.made_progress = True
        self._body.append(piece)
        self._body_size += len(piece)
        if self._body_size > MAX_BODY_BYTES:
            raise MalformedAnswer(
                "The response is too long to be an answer.", self._head
            )
        return True

    def _finish_body(self, body: bytes) -> list[ChatGenerationChunk]:
        completion = parse_completion(body)
        choice = completion["choices"][0]
        self._metadata.read(completion)
        self._metadata.read_usage(choice)
        self.chunks_received += 1
        self._has_choice = True
        chunks = (self._choice.read_whole(choice), self._choice.drain_tool_calls())
        return [*(chunk for chunk in chunks if chunk is not None), *self._close()]

    def _read_events(
        self, events: list[Event], *, is_flushed: bool = False
    ) -> list[ChatGenerationChunk]:
        generation_chunks: list[ChatGenerationChunk] = []
        for event in events:
            data = event.data
            if data.startswith(b"[DONE]") or not data:
                if data.strip() == b"[DONE]":
                    self._check_answer()
                    return [*generation_chunks, *self._close()]
                continue
            payload = self._parse(event, is_flushed=is_flushed)
            if payload is not None:
                chunk = self._read_payload(payload, event)
                if chunk is not None:
                    generation_chunks.append(chunk)
        if (chunk := self._choice.drain_tool_calls()) is not None:
            generation_chunks.append(chunk)
        return generation_chunks

    def _parse(self, event: Event, *, is_flushed: bool) -> dict[str, Any] | None:
        try:
            payload = parse_json(event.data)
        except ValueError:
            if event.type == "error":
                raise ErrorBody(event.data.decode("utf-8", "replace")) from None
            if is_flushed:
                # The connection was cut in the middle of the event.
                return None
            raise MalformedAnswer("An event is no JSON.", event.data) from None
        if event.type == "error":
            raise ErrorBody(payload)
        if payload is None:
            return None
        if not isinstance(payload, dict):
            raise MalformedAnswer("An event is no JSON object.", event.data)
        return payload

    def _read_payload(
        self, payload: dict[str, Any], event: Event
    ) -> ChatGenerationChunk | None:
        self.chunks_received += 1
        choices = payload.get("choices")
        if not choices or "error" in payload or "status" in payload:
            if is_error_body(payload):
                raise ErrorBody(payload)
            if not choices:
                self._metadata.read(payload)
                return None
        choice = choices[0] if isinstance(choices, list) else None
        if not isinstance(choice, dict):
            raise MalformedAnswer("An event holds no choice.", event.data)
        if choice.get("finish_reason") or not self._has_choice:
            # What the chunks repeat is read on the first one and on the last.
            self._metadata.read(payload)
        elif "usage" in payload:
            self._metadata.read_usage(payload)
        return self._read_choice(choice)

    def _read_choice(self, choice: dict[str, Any]) -> ChatGenerationChunk | None:
        if not self._has_choice:
            self._has_choice = True
            self._choice_index = choice.get("index")
        elif choice.get("index") != self._choice_index:
            return None  # one stream is one answer
        if choice.get("error"):
            raise ErrorBody(choice)
        if "usage" in choice:
            self._metadata.read_usage(choice)  # Moonshot's place for it
        return self._choice.read(choice)

    def _check_answer(self) -> None:
        if not self._has_choice:
            raise MalformedAnswer("The stream holds no answer.", self._head)

    def _close(self) -> list[ChatGenerationChunk]:
        self._check_answer()
        self.is_done = True
        return self._choice.finish(self._metadata)
