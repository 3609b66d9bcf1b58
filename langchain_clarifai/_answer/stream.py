"""Bytes of a streamed answer → generation chunks.

One accumulator serves sync and async streams, because it never does I/O: whoever
reads the network feeds it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._answer.bodies import check_body_size
from langchain_clarifai._answer.choice import ChoiceAccumulator
from langchain_clarifai._answer.completion import parse_completion
from langchain_clarifai._answer.events import EventDecoder
from langchain_clarifai._answer.faults import (
    KEPT_BYTES,
    ErrorBody,
    Fault,
    MalformedAnswer,
    UnfinishedStream,
    is_error_body,
)
from langchain_clarifai._answer.metadata import ATTACHED_AT_THE_TOP, KNOWN_FIELDS
from langchain_clarifai._answer.payloads import PayloadReader
from langchain_clarifai._answer.plain_text import find_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGenerationChunk

    from langchain_clarifai._answer.events import Event
    from langchain_clarifai._answer.metadata import AnswerMetadata
    from langchain_clarifai._answer.think_tags import ThinkTags

_BOM: Final = b"\xef\xbb\xbf"
# What may come before the first event, and before a body that is no event stream.
_BLANKS_AND_COMMENTS: Final = re.compile(
    rb"(?:\xef\xbb\xbf|[ \t\r\n]++|:[^\r\n]*+[\r\n])*"
)
# A body that starts like this is no event stream: JSON, or a proxy's HTML page.
_STARTS_OF_OTHER_BODIES: Final = (b"{", b"[", b"<")
# An event stream starts with one of these fields or with a comment. It may be empty.
_FIELDS: Final = (b"data", b"event", b"id", b"retry", b":")


class StreamAccumulator:
    """Turns the pieces of one response into chunks, and keeps what they add up to.

    Attributes:
        is_done: Whether the answer is complete; nothing after it counts.
        has_yielded: Whether a chunk was handed out.
        chunks_received: How many events of the answer have arrived.
        made_progress: Whether the last piece brought more than keep-alives.
    """

    def __init__(
        self,
        metadata: AnswerMetadata,
        think_tags: ThinkTags | None,
        *,
        allow_unfinished: bool,
        tool_names: Mapping[str, str] | None = None,
    ) -> None:
        self.is_done = False
        self.has_yielded = False
        self.chunks_received = 0
        self.made_progress = False
        self._metadata = metadata
        self._choice = ChoiceAccumulator(think_tags, tool_names)
        self._payloads = PayloadReader()
        self._choice_index: Any = None
        self._has_choice = False
        self._allow_unfinished = allow_unfinished
        self._decoder = EventDecoder()
        self._is_event_stream = False
        self._start = b""
        self._body: list[bytes] | None = None
        # Bytes since the last chunk: what has no end and shows the reader nothing
        # leaves him no moment to stop it.
        self._unseen_size = 0

    def feed(self, piece: bytes) -> Iterable[ChatGenerationChunk]:
        """Take the next bytes, cut anywhere, and yield the chunks that they complete.

        A fault is raised after the chunks of the events before it, however the bytes
        were cut.

        Raises:
            Fault: If they hold an error, or no event stream, or too much has come since
                the last chunk.
            EventTooLong: If an event exceeds the decoder's limit.
        """
        if self.is_done:
            return ()
        self._unseen_size += len(piece)
        check_body_size(self._unseen_size, self._start)
        if not self._has_choice:
            piece = self._read_start(piece)
            if not self._is_event_stream:
                return ()
        events = self._decoder.feed(piece)
        self.made_progress = self._decoder.made_progress
        return self._read_events(events)

    def finish(self) -> Iterator[ChatGenerationChunk]:
        """Take the end of the stream.

        Raises:
            Fault: If the answer is not complete, or never came.
        """
        if self._body is not None:
            yield from self._finish_body(b"".join(self._body))
        elif not self.is_done:
            yield from self._read_events(self._decoder.flush(), is_flushed=True)
        if self.is_done:
            return
        if not self.chunks_received and not (self._start or b":").startswith(_FIELDS):
            raise MalformedAnswer("The response is no event stream.", self._start)
        if self._choice.finish_reason is None and not self._allow_unfinished:
            raise UnfinishedStream
        yield from self._close()

    def build_partial_message(self) -> AIMessage | None:
        """Build the message as far as it has come; None when nothing has."""
        if self._choice.is_empty:
            return None
        return self._choice.build_message(self._metadata)

    def _read_start(self, piece: bytes) -> bytes:
        """Find out what kind of body this is; return what of it is an event stream."""
        if self._is_event_stream:
            self._start += piece[: max(0, KEPT_BYTES - len(self._start))]
            return piece
        if self._body is None:
            self.made_progress = False
            piece = _BLANKS_AND_COMMENTS.sub(b"", self._start + piece, count=1)
            # A comment may have no end, so only its colon is kept.
            self._start = b":" if piece.startswith(b":") else piece
            if self._start == b":" or _BOM.startswith(self._start):
                return b""
            if not piece.startswith(_STARTS_OF_OTHER_BODIES):
                self._is_event_stream = True
                return piece
            self._body = []
        self.made_progress = True
        self._body.append(piece)
        return b""

    def _finish_body(self, body: bytes) -> Iterator[ChatGenerationChunk]:
        """Read a whole completion, which came in the place of a stream."""
        completion = parse_completion(body)
        choice = completion["choices"][0]
        self._metadata.read(completion)
        self._metadata.read_extra_fields(completion)
        self._metadata.read_usage(choice)
        self._choice.attach(completion, ATTACHED_AT_THE_TOP)
        self.chunks_received += 1
        self._has_choice = True
        chunk = self._choice.read_whole(choice)
        yield from () if chunk is None else (chunk,)
        yield from self._drain_tool_calls()
        yield from self._close()

    def _read_events(
        self, events: list[Event], *, is_flushed: bool = False
    ) -> Iterator[ChatGenerationChunk]:
        try:
            for event in events:
                if event.data.strip() == b"[DONE]":
                    yield from self._close()
                    return
                payload = self._payloads.read(event, is_flushed=is_flushed)
                if payload is None:
                    continue
                chunk = self._read_text(payload) or self._read_payload(payload, event)
                if chunk is not None:
                    self.has_yielded = True
                    self._unseen_size = 0
                    yield chunk
        except Fault:
            yield from self._drain_tool_calls()
            raise
        yield from self._drain_tool_calls()

    def _read_text(self, payload: dict[str, Any]) -> ChatGenerationChunk | None:
        """Take an event that holds a text and nothing else; None if it is another."""
        if not self._has_choice or self._choice.splits_text:
            return None
        text = find_text(payload, self._choice_index)
        if text is None:
            return None
        self.chunks_received += 1
        return self._choice.read_text(text)

    def _read_payload(
        self, payload: dict[str, Any], event: Event
    ) -> ChatGenerationChunk | None:
        payload = self._payloads.complete(payload, event)
        choices = payload.get("choices")
        if not choices or "error" in payload or "status" in payload:
            if is_error_body(payload):
                raise ErrorBody(payload)
            if not choices:
                self.chunks_received += 1
                self._metadata.read(payload)
                self._metadata.read_extra_fields(payload)
                self._choice.attach(payload, ATTACHED_AT_THE_TOP)
                return None
        choice = self._choose(choices) if isinstance(choices, list) else None
        if not isinstance(choice, dict):
            raise MalformedAnswer("An event holds no choice.", event.data)
        self.chunks_received += 1
        if choice.get("finish_reason") or not self._has_choice:
            # What the chunks repeat is read on the first one and on the last.
            self._metadata.read(payload)
        elif "usage" in payload:
            self._metadata.read_usage(payload)
        if not KNOWN_FIELDS.issuperset(payload):
            self._metadata.read_extra_fields(payload)
            self._choice.attach(payload, ATTACHED_AT_THE_TOP)
        return self._read_choice(choice)

    def _choose(self, choices: list[Any]) -> Any:
        """Return the choice of this stream, wherever in the event it stands."""
        if len(choices) == 1:
            return choices[0]
        index = self._choice_index or 0
        by_index = (
            choice
            for choice in choices
            if isinstance(choice, dict) and choice.get("index") == index
        )
        return next(by_index, choices[0])

    def _read_choice(self, choice: dict[str, Any]) -> ChatGenerationChunk | None:
        self._has_choice = True
        index = choice.get("index")
        if index != self._choice_index:
            if index is not None and self._choice_index is not None:
                return None  # another answer, of which a stream has but one
            if index is not None:
                self._choice_index = index
        if choice.get("error"):
            raise ErrorBody(choice)
        if "usage" in choice:
            self._metadata.read_usage(choice)  # Moonshot puts the usage there
        return self._choice.read(choice)

    def _drain_tool_calls(self) -> Iterator[ChatGenerationChunk]:
        if (chunk := self._choice.drain_tool_calls()) is not None:
            self.has_yielded = True
            self._unseen_size = 0
            yield chunk

    def _close(self) -> Iterator[ChatGenerationChunk]:
        if not self._has_choice:
            raise MalformedAnswer("The stream holds no answer.", self._start)
        self.is_done = self.has_yielded = True
        if (rest := self._payloads.flush()) and (
            chunk := self._choice.read({"delta": rest})
        ):
            yield chunk
        yield from self._choice.finish(self._metadata)
