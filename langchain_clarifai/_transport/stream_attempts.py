"""One try of a request whose answer is streamed → its chunks, as they come.

Nothing here does any I/O: the sync and the async calls share all of it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from typing_extensions import override

from langchain_clarifai._answer.faults import SilentStream
from langchain_clarifai._answer.stream import StreamAccumulator
from langchain_clarifai._answer.think_tags import build_think_tags
from langchain_clarifai._errors.catching import ConvertedErrors
from langchain_clarifai._transport.attempts import Attempt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_core.outputs import ChatGenerationChunk

    from langchain_clarifai._errors.exchange import Exchange
    from langchain_clarifai._request.request import Request


class _ConvertedStreamErrors(ConvertedErrors):
    """Add to an error what had arrived; ignore errors after the end of the answer."""

    __slots__ = ("_accumulator",)

    def __init__(self, exchange: Exchange, accumulator: StreamAccumulator) -> None:
        super().__init__(exchange)
        self._accumulator = accumulator

    @override
    def __exit__(self, *raised: object) -> bool | None:
        if isinstance(raised[1], Exception):
            accumulator = self._accumulator
            if accumulator.is_done:
                return True
            self._exchange.partial_message = accumulator.build_partial_message()
            self._exchange.chunks_received = accumulator.chunks_received
        return super().__exit__(*raised)


class StreamAttempt(Attempt):
    """One try of a request whose answer is streamed."""

    def __init__(self, request: Request, token: str) -> None:
        super().__init__(request, token)
        # How long the server was silent; what a slow reader takes for a chunk does not
        # count.
        self._silence = 0.0
        self._asked_at = time.monotonic()
        self._accumulator = StreamAccumulator(
            self._metadata,
            build_think_tags(request.reasoning_format, request.model),
            allow_unfinished=request.allow_unfinished,
            tool_names=request.tool_names,
        )
        if request.idle_timeout is not None:
            is_impatient = request.read_timeout < request.idle_timeout
            setting = "timeout" if is_impatient else "stream_idle_timeout"
            self._exchange.silence = (setting, self._read_timeout)

    @property
    def is_done(self) -> bool:
        """Whether the answer is whole; what comes after it does not count."""
        return self._accumulator.is_done

    @property
    def has_yielded(self) -> bool:
        """Whether a chunk was handed out."""
        return self._accumulator.has_yielded

    @override
    def converted_errors(self) -> ConvertedErrors:
        """Raise whatever goes wrong as one of our errors, with the partial message."""
        return _ConvertedStreamErrors(self._exchange, self._accumulator)

    def read(self, piece: bytes) -> Iterable[ChatGenerationChunk]:
        """Take the next bytes, and watch that the stream is alive."""
        generation_chunks = self._accumulator.feed(piece)
        if self._accumulator.made_progress:
            self._silence = 0.0
            return generation_chunks
        # Nothing in it is for the reader. The time that it takes to read over it counts
        # as silence too: keep-alives that come without a pause leave none to wait in.
        generation_chunks = tuple(generation_chunks)
        self._silence += time.monotonic() - self._asked_at
        if self._is_silent:
            raise SilentStream
        return generation_chunks

    def ask(self) -> None:
        """Begin to wait for the next bytes."""
        self._asked_at = time.monotonic()

    def finish(self) -> Iterable[ChatGenerationChunk]:
        """Take the end of the stream."""
        return self._accumulator.finish()

    @property
    def _is_silent(self) -> bool:
        idle_timeout = self._request.idle_timeout
        return (
            idle_timeout is not None
            and not self.is_done
            and self._silence > idle_timeout
        )
