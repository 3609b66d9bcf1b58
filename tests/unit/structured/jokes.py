"""The schemas of the tests, in every form, and models that answer or refuse them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import tool
from pydantic import BaseModel, Field, PrivateAttr, field_validator
from pydantic.v1 import BaseModel as BaseModelV1

from langchain_clarifai._structured.output import build_structured_output

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from langchain_core.language_models import LanguageModelInput
    from langchain_core.runnables import Runnable


Method = Literal["function_calling", "json_schema", "json_mode"]
METHODS: list[Method] = ["function_calling", "json_schema", "json_mode"]
JOKE = {"setup": "Why?", "punchline": "Därum."}
JOKE_TEXT = json.dumps(JOKE)


class Joke(BaseModel):
    """Joke to tell user."""

    setup: str = Field(description="question to set up a joke")
    punchline: str


class JokeV1(BaseModelV1):
    """Joke to tell user."""

    setup: str
    punchline: str


class JokeTypedDict(TypedDict):
    """Joke to tell user."""

    setup: str
    punchline: str


class Rating(BaseModel):
    score: int = 0

    @field_validator("score", mode="before")
    @classmethod
    def look_up(cls, value: Any) -> Any:
        """Fail with what pydantic does not catch, as validators of users do."""
        return {"good": 1, "bad": 0}[value]


def joke_function(setup: str, punchline: str) -> str:
    """Joke to tell user."""
    return setup + punchline


joke_tool = tool(joke_function)
JOKE_JSON_SCHEMA: dict[str, Any] = Joke.model_json_schema()
SCHEMAS = {
    "pydantic": Joke,
    "pydantic_v1": JokeV1,
    "typed_dict": JokeTypedDict,
    "json_schema": JOKE_JSON_SCHEMA,
    "tool": joke_tool,
    "callable": joke_function,
}


class FakeModel(BaseChatModel):
    """Answers with prepared messages or chunks, and remembers how it was asked."""

    answer: Any = None
    chunks: list[Any] = Field(default_factory=list)

    _requests: list[dict[str, Any]] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "fake"

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, *_: Any, **kwargs: Any
    ) -> ChatResult:
        del messages, stop
        self._requests.append(kwargs)
        return ChatResult(generations=[ChatGeneration(message=self.answer)])

    def bind_tools(
        self, tools: Sequence[Any], **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        return self.bind(tools=tools, **kwargs)


class FakeStreamingModel(FakeModel):
    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, *_: Any, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        del messages, stop
        self._requests.append(kwargs)
        for chunk in self.chunks:
            yield ChatGenerationChunk(message=chunk)


def call(name: str = "Joke", args: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "args": JOKE if args is None else args, "id": "1"}


def split(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def text_chunks(text: str, size: int = 7) -> list[AIMessageChunk]:
    return [AIMessageChunk(content=part) for part in split(text, size)]


def call_chunks(
    text: str, name: str = "Joke", size: int = 7, index: int = 0
) -> list[AIMessageChunk]:
    names = [name] + [None] * len(text)
    return [
        AIMessageChunk(
            content="",
            tool_call_chunks=[
                {"name": name, "args": part, "id": name and "1", "index": index}
            ],
        )
        for name, part in zip(names, split(text, size), strict=False)
    ]


async def collect(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


def parse_as_joke(message: BaseMessage, method: Method = "json_schema") -> Any:
    chain = build_structured_output(FakeModel(answer=message), Joke, method=method)
    return chain.invoke("hi")


REFUSALS = {
    "field": AIMessage("", additional_kwargs={"refusal": "I can't."}),
    "block": AIMessage([{"type": "refusal", "refusal": "I can't."}]),
    "non-standard block": AIMessage(
        [
            "",
            {
                "type": "non_standard",
                "value": {"type": "refusal", "refusal": "I can't."},
            },
        ]
    ),
}
