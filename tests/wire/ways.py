"""The four ways of calling a model → what its reader gets, in one shape."""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import openai

from langchain_clarifai import ChatClarifai, ClarifaiError
from langchain_clarifai._connections.http_library import import_http_library

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, AIMessageChunk

    from tests.servers.wire import WireServer

TOKEN: Final = "sk-the-token-that-nobody-may-see"


class Way(enum.Enum):
    """How a model is called."""

    INVOKE = "invoke"
    AINVOKE = "ainvoke"
    STREAM = "stream"
    ASTREAM = "astream"


PLAIN: Final = (Way.INVOKE, Way.AINVOKE)
STREAMED: Final = (Way.STREAM, Way.ASTREAM)


@dataclass(slots=True)
class Outcome:
    """What came of a call: chunks or a message, and the error that ended it."""

    chunks: list[AIMessageChunk] = field(default_factory=list[Any])
    whole: AIMessage | None = None
    failure: ClarifaiError | None = None

    @property
    def texts(self) -> list[str]:
        """The texts of the chunks that have one."""
        return [chunk.text for chunk in self.chunks if chunk.text]

    @property
    def message(self) -> Any:
        """The whole message, or the sum of the chunks."""
        assert self.failure is None, self.failure
        if self.whole is not None:
            return self.whole
        total: Any = self.chunks[0]
        for chunk in self.chunks[1:]:
            total += chunk
        return total

    @property
    def error(self) -> Any:
        """The error, of which there is one."""
        assert self.failure is not None, (self.whole, self.chunks)
        return self.failure


def build_model(server: WireServer, **settings: Any) -> ChatClarifai:
    """Build a model that does not wait, unless a test says so."""
    fields: dict[str, Any] = {
        "model": "user/app/models/model",
        "api_key": TOKEN,
        "base_url": server.url,
        "max_retries": 0,
        "cold_start_timeout": 0,
        "timeout": 20,
    }
    return ChatClarifai(**{**fields, **settings})


def build_own_clients() -> dict[str, Any]:
    """Build clients of the user's, which keep no connection that is to be closed."""
    limits = import_http_library().Limits(max_keepalive_connections=0)
    return {
        "http_client": openai.DefaultHttpxClient(limits=limits),
        "http_async_client": openai.DefaultAsyncHttpxClient(limits=limits),
    }


def call(way: Way, server: WireServer, **settings: Any) -> Outcome:
    """Call a model and keep what comes of it."""
    model = build_model(server, **settings)
    outcome = Outcome()
    try:
        match way:
            case Way.INVOKE:
                outcome.whole = model.invoke("Hi")
            case Way.AINVOKE:
                outcome.whole = asyncio.run(model.ainvoke("Hi"))
            case Way.STREAM:
                outcome.chunks.extend(_keep(outcome, model))
            case Way.ASTREAM:
                asyncio.run(_akeep(outcome, model))
    except ClarifaiError as error:
        outcome.failure = error
    return outcome


def _keep(outcome: Outcome, model: ChatClarifai) -> list[AIMessageChunk]:
    for chunk in model.stream("Hi"):
        outcome.chunks.append(chunk)
    return []


async def _akeep(outcome: Outcome, model: ChatClarifai) -> None:
    async for chunk in model.astream("Hi"):
        outcome.chunks.append(chunk)
