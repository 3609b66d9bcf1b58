"""Clarifai's own runner code between our model and a backend."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import openai
import pytest
from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.tools import tool
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai, ClarifaiEmbeddings
from tests.integration.environments import require_python
from tests.integration.runner.process import REQUIREMENTS, serve_runner
from tests.servers.embedding import embed
from tests.servers.openai_wire import openai_error
from tests.servers.scripted import ScriptedServer
from tests.servers.wire import Reply, Request, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL = "openai/chat-completion/models/gpt-oss-120b"
BACKEND_MODEL = "backend-model"
LONGEST = 8192
"""The context length that the scripted backend says it has."""

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Look up the weather.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}

# The environment is made once, by pip or uv, and may have to be downloaded.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="session")
def runner_python() -> Path:
    """Provide Clarifai's runner."""
    return require_python("runner", REQUIREMENTS)


@pytest.fixture(scope="module")
def backend() -> Iterator[ScriptedServer]:
    """Serve the model behind the runner."""
    with ScriptedServer() as server:
        yield server
    assert server.failures == []


@pytest.fixture(scope="module")
def runner_url(runner_python: Path, backend: ScriptedServer) -> Iterator[str]:
    """Serve the runner in front of the scripted backend."""
    with serve_runner(runner_python, backend.url, BACKEND_MODEL) as url:
        yield url


@pytest.fixture
def model(runner_url: str) -> Iterator[ChatClarifai]:
    """Build a model that talks to the runner."""
    with ChatClarifai(
        model=MODEL, api_key=SecretStr("test"), base_url=runner_url, max_retries=0
    ) as chat_model:
        yield chat_model


def _stream(model: ChatClarifai, prompt: str, **settings: Any) -> AIMessageChunk:
    total: AIMessageChunk | None = None
    for chunk in model.stream(prompt, **settings):
        assert isinstance(chunk, AIMessageChunk)
        total = chunk if total is None else total + chunk
    assert total is not None
    return total


def _post(url: str, body: dict[str, Any]) -> Any:
    """Send a body as it is, past every client."""
    request = urllib.request.Request(  # noqa: S310 - the URL is one of our own servers
        f"{url}/chat/completions",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - same
        return json.loads(response.read())


ACCEPTED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"temperature": 0.5}, {"temperature": 0.5}),
    ({"top_p": 1}, {"top_p": 1.0}),
    ({"stop": ["you"]}, {"stop": ["you"]}),
    ({"seed": 7}, {"seed": 7}),
    ({"n": 2}, {"n": 2}),
    ({"logprobs": True, "top_logprobs": 2}, {"logprobs": True, "top_logprobs": 2}),
    ({"logit_bias": {"50256": -100}}, {"logit_bias": {"50256": -100}}),
    ({"presence_penalty": 0.5}, {"presence_penalty": 0.5}),
    ({"frequency_penalty": 0.5}, {"frequency_penalty": 0.5}),
    (
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_object"}},
    ),
    ({"tools": [WEATHER]}, {"tools": [WEATHER]}),
    (
        {"tools": [WEATHER], "tool_choice": "required"},
        {"tools": [WEATHER], "tool_choice": "required"},
    ),
    (
        {"tools": [WEATHER], "parallel_tool_calls": False},
        {"tools": [WEATHER], "parallel_tool_calls": False},
    ),
    ({"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
    ({"verbosity": "low"}, {"verbosity": "low"}),
    # As an argument of `invoke`, `metadata` is LangChain's own.
    ({"extra_body": {"metadata": {"team": "a"}}}, {"metadata": {"team": "a"}}),
    ({"store": True}, {"store": True}),
    ({"user": "someone"}, {"user": "someone"}),
    ({"service_tier": "auto"}, {"service_tier": "auto"}),
    ({"modalities": ["text"]}, {"modalities": ["text"]}),
    ({"web_search_options": {}}, {"web_search_options": {}}),
    ({"top_k": 5}, {"top_k": 5}),
    ({"max_tokens": 9}, {"max_tokens": 9, "max_completion_tokens": 9}),
    ({"max_completion_tokens": 9}, {"max_tokens": 9, "max_completion_tokens": 9}),
    (
        {"max_tokens": LONGEST + 1},
        {"max_tokens": LONGEST, "max_completion_tokens": LONGEST},
    ),
]


@pytest.mark.parametrize(
    ("settings", "expected"),
    ACCEPTED,
    ids=["+".join(f"{key}" for key in settings) for settings, _ in ACCEPTED],
)
def test_known_key_reaches_the_backend(
    model: ChatClarifai,
    backend: ScriptedServer,
    settings: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    """Every parameter of OpenAI's chat completions travels through the runner."""
    answer = model.invoke(
        "Hello, how is the weather in Rome? Answer in JSON.", **settings
    )

    assert isinstance(answer, AIMessage)
    assert answer.content or answer.tool_calls
    body = backend.last_request.json
    assert set(body) == {"model", "messages", "stream", *expected}
    assert {key: body[key] for key in expected} == expected
    assert body["model"] == BACKEND_MODEL


UNKNOWN: dict[str, Any] = {
    "chat_template_kwargs": {"enable_thinking": False},
    "deployment_id": "mine",
    "min_p": 0.1,
    "reasoning": {"effort": "low"},
    "repetition_penalty": 1.1,
    "thinking": {"type": "enabled"},
}


@pytest.mark.parametrize("key", [*UNKNOWN, "mcp_servers"])
def test_unknown_key_at_the_top_fails_at_the_runner(runner_url: str, key: str) -> None:
    """The fact that the nesting below is for: the runner refuses keys it lacks.

    `mcp_servers` is for Clarifai's agentic models, whose runner takes it off the top.
    """
    messages = [{"role": "user", "content": "Hello"}]
    body = {"model": MODEL, "messages": messages, key: UNKNOWN.get(key, [])}

    answer = _post(runner_url, body)

    assert answer["code"] == 21313
    assert f"unexpected keyword argument '{key}'" in answer["details"]


@pytest.mark.parametrize("stream", [False, True], ids=["invoke", "stream"])
@pytest.mark.parametrize("key", UNKNOWN)
def test_unknown_key_nested_reaches_the_backend(
    runner_url: str, backend: ScriptedServer, key: str, *, stream: bool
) -> None:
    """What a backend knows and the runner does not gets through in `extra_body`."""
    with ChatClarifai(
        model=MODEL,
        api_key=SecretStr("test"),
        base_url=runner_url,
        extra_body={key: UNKNOWN[key]},
    ) as model:
        answer = _stream(model, "Hello") if stream else model.invoke("Hello")

    assert answer.text == "Hello, thank you for writing: Hello"
    assert backend.last_request.json[key] == UNKNOWN[key]
    assert "extra_body" not in backend.last_request.json


@tool
def get_weather(city: str) -> str:
    """Look up the weather."""
    return f"It is sunny in {city}."


def test_stream_has_the_same_content_as_the_plain_answer(model: ChatClarifai) -> None:
    """A streamed answer adds up to the plain one, reasoning and usage included."""
    settings: dict[str, Any] = {"reasoning_effort": "low", "user": "someone"}
    model.invoke("Hello", **settings)  # the backend's cache knows the prompt from now

    plain = model.invoke("Hello", **settings)
    streamed = _stream(model, "Hello", **settings)

    assert plain.additional_kwargs["reasoning_content"]
    assert plain.usage_metadata is not None
    assert streamed.content == plain.content
    assert streamed.additional_kwargs == plain.additional_kwargs
    assert streamed.usage_metadata == plain.usage_metadata
    assert set(streamed.response_metadata) == set(plain.response_metadata)


def test_tools_are_called_and_answered(model: ChatClarifai) -> None:
    """A whole tool loop runs through the runner, streamed and plain."""
    with_tools = model.bind_tools([get_weather])
    question = "How is the weather in Rome?"

    streamed = _stream(model, question, tools=[WEATHER])
    asked = with_tools.invoke(question)

    assert [call["args"] for call in streamed.tool_calls] == [{"city": "Rome"}]
    assert [call["args"] for call in asked.tool_calls] == [{"city": "Rome"}]
    result = get_weather.invoke(asked.tool_calls[0])
    answer = with_tools.invoke([("user", question), asked, result])
    assert answer.text == "The tool says: It is sunny in Rome."


async def test_async_calls_answer_as_the_sync_ones(model: ChatClarifai) -> None:
    """`ainvoke` and `astream` go the same way."""
    plain = await model.ainvoke("Hello")
    texts = [chunk.text async for chunk in model.astream("Hello")]

    assert plain.text == "".join(texts) == "Hello, thank you for writing: Hello"
    await model.aclose()


def test_stream_asks_the_backend_for_usage(
    model: ChatClarifai, backend: ScriptedServer
) -> None:
    """The runner insists on the usage chunk, and its counts arrive once."""
    silent = model.model_copy(update={"stream_usage": False})

    chunks = list(silent.stream("Hello"))

    assert backend.last_request.json["stream_options"] == {"include_usage": True}
    assert [c.usage_metadata for c in chunks if c.usage_metadata] == [
        chunks[-1].usage_metadata
    ]


ERRORS: list[tuple[int, str, type[Exception]]] = [
    (400, "The parameter is wrong.", openai.BadRequestError),
    (400, "maximum context length is 8192 tokens", ContextOverflowError),
    (401, "Who are you?", openai.AuthenticationError),
    (404, "The model does not exist.", openai.NotFoundError),
    (429, "Too many requests.", openai.RateLimitError),
    (500, "It broke.", openai.InternalServerError),
]


@pytest.mark.parametrize("stream", [False, True], ids=["invoke", "stream"])
@pytest.mark.parametrize(
    ("status", "text", "expected"),
    ERRORS,
    ids=["bad-request", "overflow", "auth", "not-found", "rate-limit", "server"],
)
def test_error_of_the_backend_is_raised_as_what_it_was(
    model: ChatClarifai,
    backend: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    status: int,
    text: str,
    expected: type[Exception],
    stream: bool,
) -> None:
    """The runner turns every failure into a 200 with 21313; we look inside."""

    def refuse(_request: Request) -> Reply:
        return json_reply(openai_error(text), status=status)

    monkeypatch.setattr(backend, "handler", refuse)

    with pytest.raises(expected) as raised:
        _ = _stream(model, "Hello") if stream else model.invoke("Hello")

    assert text in str(raised.value)
    assert getattr(raised.value, "code", None) == 21313


@pytest.mark.local_model
def test_real_model_behind_the_runner_answers(
    runner_python: Path, local_model_url: str
) -> None:
    """A real language model, Clarifai's runner code and our model, end to end."""
    with (
        serve_runner(runner_python, local_model_url, BACKEND_MODEL) as url,
        ChatClarifai(
            model=MODEL,
            api_key=SecretStr("test"),
            base_url=url,
            temperature=0,
            max_tokens=24,
        ) as model,
    ):
        plain = model.invoke("Say hello.")
        streamed = _stream(model, "Say hello.")

    assert plain.text
    assert streamed.text == plain.text
    assert plain.usage_metadata is not None
    assert streamed.usage_metadata is not None
    # How much the backend finds in its cache is its own affair.
    assert streamed.usage_metadata["total_tokens"] > 0
    assert (
        streamed.usage_metadata["total_tokens"]
        == (plain.usage_metadata["total_tokens"])
    )


@pytest.fixture
def embeddings(runner_url: str) -> Iterator[ClarifaiEmbeddings]:
    """Build embeddings that ask the runner."""
    with ClarifaiEmbeddings(
        model="openai/embed/models/text-embedding-3-large",
        api_key=SecretStr("test"),
        base_url=runner_url,
        max_retries=0,
        dimensions=8,
        extra_body={"input_type": "query"},
    ) as model:
        yield model


def test_embeddings_reach_the_backend_in_base64(
    embeddings: ClarifaiEmbeddings, backend: ScriptedServer
) -> None:
    """The runner passes base64 on, and unfolds what it does not know itself."""
    texts = ["first words", "others"]
    assert embeddings.embed_documents(texts) == [embed(text, 8) for text in texts]
    assert embeddings.usage_metadata["input_tokens"] == 2
    assert backend.last_request.json == {
        "model": BACKEND_MODEL,
        "input": texts,
        "dimensions": 8,
        "encoding_format": "base64",
        "input_type": "query",
    }


async def test_embeddings_of_a_bad_text_are_told_from_the_others(
    embeddings: ClarifaiEmbeddings, backend: ScriptedServer
) -> None:
    """The runner wraps the backend's refusal; the text is found all the same."""

    def refuse(request: Request) -> Reply:
        if "long" in request.json["input"]:
            body = openai_error("This model's maximum context length is 8192 tokens.")
            return json_reply(body, status=400)
        return backend._handle(request)

    backend.handler, handler = refuse, backend.handler
    try:
        async with embeddings:
            with pytest.raises(ContextOverflowError, match=r"texts\[1\]") as caught:
                await embeddings.aembed_documents(["a", "long", "b"])
    finally:
        backend.handler = handler
    assert caught.value.partial_embeddings.keys() == {0, 2}  # type: ignore[attr-defined]  # it is ours, too


def test_embeddings_fall_back_to_floats_behind_the_runner(
    embeddings: ClarifaiEmbeddings, backend: ScriptedServer
) -> None:
    """Left out, the runner's SDK would ask for base64 again: floats are asked for."""

    def refuse(request: Request) -> Reply:
        if request.json.get("encoding_format") == "base64":
            body = openai_error("encoding_format must be 'float'.")
            return json_reply(body, status=422)
        return backend._handle(request)

    backend.handler, handler = refuse, backend.handler
    try:
        assert embeddings.embed_query("first words") == embed("first words", 8)
    finally:
        backend.handler = handler
    assert backend.last_request.json["encoding_format"] == "float"
