"""What is compared: a client's name → calls of the same shape.

Nothing heavy is imported on top, for the time to import a client is measured too.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk
    from openai.types.chat import ChatCompletionChunk

MODEL_URL = "https://clarifai.com/openai/chat-completion/models/gpt-oss-120b"
API_PATH = "/v2/ext/openai/v1"
API_KEY = "benchmark"
CONCURRENT_REQUESTS = 100

IMPORTS = {
    "langchain-core": "from langchain_core.language_models import BaseChatModel",
    "openai": "from openai import OpenAI",
    "ChatOpenAI": "from langchain_openai import ChatOpenAI",
    "ChatLiteLLM": "from langchain_litellm import ChatLiteLLM",
    "ChatClarifai": "from langchain_clarifai import ChatClarifai",
}


def build_base_url(server: str, scenario: str) -> str:
    """Build the base URL under which the server answers with a scenario."""
    return f"{server}/{scenario}{API_PATH}"


def build_messages(count: int) -> list[dict[str, Any]]:
    """Build a conversation of `count` messages: questions, tool calls and answers."""
    turn: list[dict[str, Any]] = [
        {"role": "user", "content": "What does the fox jump over, and why?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "call_1f2e3d",
                    "type": "function",
                    "function": {"name": "tool_0", "arguments": '{"query": "fox"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1f2e3d", "content": "A lazy dog."},
        {"role": "assistant", "content": "Over a lazy dog, since it is in the way."},
    ]
    turns = turn * (count // 4)
    return turns + [turn[0]] * (count - len(turns))


def build_tools(count: int) -> list[dict[str, Any]]:
    """Build `count` tools, each with a few arguments."""
    properties = {
        "query": {"type": "string", "description": "What to look for."},
        "limit": {"type": "integer", "description": "How many results to return."},
        "tags": {"type": "array", "items": {"type": "string"}},
    }
    parameters = {"type": "object", "properties": properties, "required": ["query"]}
    return [
        {
            "type": "function",
            "function": {
                "name": f"tool_{number}",
                "description": "Look something up in the collection.",
                "parameters": parameters,
            },
        }
        for number in range(count)
    ]


class Call(Protocol):
    """One conversation with one client, to be sent in any of four ways."""

    def request(self) -> object:
        """Wait for the whole answer."""

    async def arequest(self) -> object:
        """Wait for the whole answer."""

    def stream(self) -> Iterator[Any]:
        """Yield the answer as it comes."""

    def astream(self) -> AsyncIterator[Any]:
        """Yield the answer as it comes."""

    def get_text(self, chunk: Any) -> str:
        """Get the text of one chunk."""


class LangChainCall:
    """A call of a LangChain chat model."""

    def __init__(
        self,
        model: BaseChatModel,
        messages: list[dict[str, Any]],
        tools: list[dict[str, Any]],
    ) -> None:
        from langchain_core.messages import convert_to_messages

        self.model = model
        self.messages = convert_to_messages(messages)
        self.runnable: Any = model.bind_tools(tools) if tools else model

    def request(self) -> object:
        """Wait for the whole answer."""
        return self.runnable.invoke(self.messages)

    async def arequest(self) -> object:
        """Wait for the whole answer."""
        return await self.runnable.ainvoke(self.messages)

    def stream(self) -> Iterator[AIMessageChunk]:
        """Yield the answer as it comes."""
        return self.runnable.stream(self.messages)  # type: ignore[no-any-return]  # a runnable of any kind

    def astream(self) -> AsyncIterator[AIMessageChunk]:
        """Yield the answer as it comes."""
        return self.runnable.astream(self.messages)  # type: ignore[no-any-return]  # a runnable of any kind

    def get_text(self, chunk: AIMessageChunk) -> str:
        """Get the text of one chunk."""
        return str(chunk.text)


class OpenAICall:
    """A call of the `openai` SDK, with nothing around it."""

    def __init__(
        self, base_url: str, messages: list[dict[str, Any]], tools: list[dict[str, Any]]
    ) -> None:
        from openai import AsyncOpenAI, OpenAI

        client = OpenAI(base_url=base_url, api_key=API_KEY)
        async_client = AsyncOpenAI(base_url=base_url, api_key=API_KEY)
        body: dict[str, Any] = {"model": MODEL_URL, "messages": messages}
        if tools:
            body["tools"] = tools
        self.create: Any = partial(client.chat.completions.create, **body)
        self.acreate: Any = partial(async_client.chat.completions.create, **body)

    def request(self) -> object:
        """Wait for the whole answer."""
        return self.create()

    async def arequest(self) -> object:
        """Wait for the whole answer."""
        return await self.acreate()

    def stream(self) -> Iterator[ChatCompletionChunk]:
        """Yield the answer as it comes."""
        yield from self.create(stream=True)

    async def astream(self) -> AsyncIterator[ChatCompletionChunk]:
        """Yield the answer as it comes."""
        async for chunk in await self.acreate(stream=True):
            yield chunk

    def get_text(self, chunk: ChatCompletionChunk) -> str:
        """Get the text of one chunk."""
        return "".join(choice.delta.content or "" for choice in chunk.choices)


def build_arguments(base_url: str) -> dict[str, Any]:
    """Build the arguments that two of the models have in common."""
    return {"model": MODEL_URL, "base_url": base_url, "api_key": API_KEY}


def build_chat_clarifai(base_url: str) -> BaseChatModel:
    """Build this project's model."""
    from langchain_clarifai import ChatClarifai

    return ChatClarifai(**build_arguments(base_url))


def build_chat_openai(base_url: str) -> BaseChatModel:
    """Build LangChain's model for OpenAI, pointed at the same server."""
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(**build_arguments(base_url))


def build_chat_litellm(base_url: str) -> BaseChatModel:
    """Build LangChain's model for LiteLLM, with LiteLLM's Clarifai provider."""
    from langchain_litellm import ChatLiteLLM

    model = "clarifai/openai.chat-completion.gpt-oss-120b"
    return ChatLiteLLM(model=model, api_base=base_url, api_key=API_KEY)


def build_floor(base_url: str) -> BaseChatModel:
    """Build a model that returns ready-made chunks: what langchain-core costs."""
    from floor import ReadyMadeChatModel

    kind, count, _pace = base_url.removesuffix(API_PATH).rpartition("/")[2].split("-")
    return ReadyMadeChatModel.build(kind, int(count))


MODELS: dict[str, Callable[[str], BaseChatModel]] = {
    "langchain-core": build_floor,
    "ChatOpenAI": build_chat_openai,
    "ChatLiteLLM": build_chat_litellm,
    "ChatClarifai": build_chat_clarifai,
}


def build_call(
    client: str, server: str, scenario: str, *, messages: int = 1, tools: int = 0
) -> Call:
    """Build a call of a client that the server answers with the scenario."""
    base_url = build_base_url(server, scenario)
    history, tool_list = build_messages(messages), build_tools(tools)
    if client == "openai":
        return OpenAICall(base_url, history, tool_list)
    return LangChainCall(MODELS[client](base_url), history, tool_list)
