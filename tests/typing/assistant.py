"""What a strict user writes: both checkers find nothing to say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.tools import tool
from pydantic import BaseModel, SecretStr

from langchain_clarifai import (
    ChatClarifai,
    ClarifaiContextOverflowError,
    ClarifaiEmbeddings,
    ClarifaiError,
    ClarifaiRateLimitError,
    ClarifaiStreamIdleTimeoutError,
    ModelRecord,
    ModelRefusalError,
    __version__,
    alist_models,
    list_models,
    register,
)

if TYPE_CHECKING:
    from langchain_core.messages.ai import UsageMetadata


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@tool
def get_weather(city: str) -> str:
    """Get the current weather for a city."""
    return f"It is 21 degrees in {city}."


def build_model() -> ChatClarifai:
    """Build a model with arguments of every kind."""
    return ChatClarifai(
        model="gpt-oss-120b",
        api_key=SecretStr("a-token"),
        base_url="https://api.clarifai.com/v2/ext/openai/v1",
        temperature=0,
        max_tokens=500,
        stop=["\n\n"],
        seed=7,
        logit_bias={"50256": -100},
        reasoning_effort="low",
        reasoning_format="tags",
        timeout={"connect": 2, "read": 30},
        stream_idle_timeout=None,
        max_retries=0,
        default_headers={"x-team": "search"},
        extra_body={"top_k": 5},
        tags=["assistant"],
        metadata={"release": __version__},
    )


def build_rotating() -> ChatClarifai:
    """Build a model whose token comes from a function."""

    def read_token() -> str:
        return "a-token"

    return ChatClarifai(model="gpt-oss-120b", api_key=read_token)


def build_in_short() -> ChatClarifai:
    """Build a model as the README does, with plain strings."""
    return ChatClarifai(model="gpt-oss-120b", api_key="a-token", stop="END")


def ask(model: ChatClarifai) -> str:
    """Ask in every way there is."""
    answer = model.invoke([HumanMessage("Hello!")], max_tokens=5)
    assert_type(answer, AIMessage)
    usage: UsageMetadata | None = answer.usage_metadata
    counted: int = usage["total_tokens"] if usage else 0
    for chunk in model.stream("Hello!"):
        assert_type(chunk, AIMessageChunk)
    answers: list[AIMessage] = model.batch(["Hello!", "Bonjour!"])
    return f"{answer.text}{counted}{len(answers)}"


def call_tools(model: ChatClarifai) -> list[str]:
    """Bind a tool; the answer stays an AIMessage."""
    bound = model.bind_tools([get_weather], tool_choice="any", strict=True)
    answer = bound.invoke("What is the weather in Paris?")
    assert_type(answer, AIMessage)
    return [call["name"] for call in answer.tool_calls]


def extract(model: ChatClarifai) -> Person:
    """Ask for an object; LangChain types what comes out as Any."""
    structured = model.with_structured_output(Person, method="json_schema")
    answer = structured.invoke("Ada is 36 years old.")
    if not isinstance(answer, Person):
        raise TypeError(answer)
    return answer


def explain(model: ChatClarifai) -> str:
    """Catch errors, the special ones first, and read what they know."""
    try:
        return model.invoke("Hello!").text
    except ClarifaiRateLimitError as error:
        status: int = error.status_code
        return f"{status}"
    except ClarifaiStreamIdleTimeoutError as error:
        return str(error.chunks_received)
    except ClarifaiContextOverflowError as error:
        return error.message
    except ModelRefusalError as error:
        return str(error)
    except ClarifaiError as error:
        partial: AIMessage | None = error.partial_message
        request_id: str | None = error.request_id
        again: bool = error.is_retryable
        return f"{error.code} {request_id} {again} {partial}"


def catalogue() -> list[str]:
    """List models; a record's fields are typed."""
    records = list_models(owner="openai", vision=True, limit=10, max_retries=1)
    assert_type(records, list[ModelRecord])
    return [record.id for record in records]


async def serve() -> str:
    """Do all that again without blocking."""
    async with build_model() as model:
        assert_type(model, ChatClarifai)
        answer = await model.ainvoke("Hello!")
        async for chunk in model.astream("Hello!"):
            assert_type(chunk, AIMessageChunk)
        answers: list[AIMessage] = await model.abatch(["Hello!"])
        records = await alist_models(search="gpt")
        return f"{answer.text}{len(answers)}{[record.id for record in records]}"


def change(model: ChatClarifai) -> ChatClarifai:
    """Copy with a change; fields are typed."""
    warmth: float | None = model.temperature
    return model.model_copy(update={"temperature": (warmth or 0) + 0.1})


register()


def embed(texts: list[str]) -> dict[int, list[float]]:
    """Embed texts; take what came if some did not."""
    embeddings = ClarifaiEmbeddings(
        model="text-embedding-3-large",
        api_key="a-token",
        dimensions=256,
        chunk_size=32,
        max_concurrency=4,
        encoding_format="float",
        show_progress=True,
        timeout=5,
    )
    try:
        with embeddings:
            vectors = assert_type(embeddings.embed_documents(texts), list[list[float]])
            return dict(enumerate(vectors))
    except ClarifaiError as error:
        assert_type(error.failed_indices, tuple[int, ...])
        return dict(error.partial_embeddings)


async def aembed(text: str) -> int:
    """Embed a text, and count its tokens."""
    async with ClarifaiEmbeddings(model="bge-m3", api_key="a-token") as embeddings:
        assert_type(await embeddings.aembed_query(text), list[float])
        assert_type(await embeddings.aembed_documents([text]), list[list[float]])
        usage: UsageMetadata = embeddings.usage_metadata
        return usage["input_tokens"]
