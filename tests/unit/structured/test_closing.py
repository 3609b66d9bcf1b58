"""A reader who stops early stops the model as well."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from langchain_clarifai._structured.output import build_structured_output
from langchain_clarifai._structured.parsers import AnswerParser
from tests.unit.structured.jokes import (
    JOKE,
    JOKE_TEXT,
    FakeModel,
    JokeTypedDict,
    collect,
    split,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class EndlessModel(FakeModel):
    """Writes for as long as anybody listens."""

    _events: list[str] = PrivateAttr(default_factory=list)

    def _chunk(self) -> ChatGenerationChunk:
        self._events.append("chunk")
        text = '{"setup": "' if self._events == ["chunk"] else "ha"
        return ChatGenerationChunk(message=AIMessageChunk(content=text))

    def _stream(self, *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        try:
            for _count in range(1000):
                yield self._chunk()
        finally:
            self._events.append("closed")

    async def _astream(self, *_: Any, **__: Any) -> AsyncIterator[ChatGenerationChunk]:
        try:
            for _count in range(1000):
                yield self._chunk()
        finally:
            self._events.append("closed")


@pytest.mark.parametrize("include_raw", [False, True])
async def test_model_stops_when_the_reader_does(
    include_raw: bool,  # noqa: FBT001
) -> None:
    """Nobody pays for what is generated after `break`, `close()` or `aclose()`."""
    models = [EndlessModel(), EndlessModel(), EndlessModel()]
    chains = [
        build_structured_output(
            model, JokeTypedDict, method="json_mode", include_raw=include_raw
        )
        for model in models
    ]
    for _ in chains[0].stream("hi"):
        break
    chunks: Any = chains[1].stream("hi")
    next(chunks)
    chunks.close()
    achunks: Any = chains[2].astream("hi")
    await anext(achunks)
    await achunks.aclose()
    await asyncio.sleep(0.01)
    for model in models:
        assert model._events[-1] == "closed"
        assert len(model._events) < 5


async def test_parser_reads_any_asynchronous_iterator() -> None:
    """What cannot be closed is read all the same."""

    class Parts:
        def __init__(self) -> None:
            self.parts = split(JOKE_TEXT, 9)

        def __aiter__(self) -> AsyncIterator[str]:
            return self

        async def __anext__(self) -> str:
            if not self.parts:
                raise StopAsyncIteration
            return self.parts.pop(0)

    assert (await collect(AnswerParser().atransform(Parts())))[-1] == JOKE
