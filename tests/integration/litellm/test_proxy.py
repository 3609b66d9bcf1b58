"""ChatClarifai in front of a real LiteLLM proxy, as its Clarifai page sets it up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import openai
import pytest
from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.tools import tool
from pydantic import BaseModel, SecretStr

from langchain_clarifai import ChatClarifai
from tests.integration.litellm.network import HOST
from tests.integration.litellm.process import TOKEN
from tests.servers.openai_wire import openai_error, platform_error, runner_error
from tests.servers.wire import Reply, Request, json_reply

if TYPE_CHECKING:
    from tests.integration.litellm.network import Network
    from tests.servers.scripted import ScriptedServer

# LiteLLM's environment is made once, by pip or uv, and may have to be downloaded.
pytestmark = pytest.mark.timeout(900)

URL: Final = "https://clarifai.com/openai/chat-completion/models/gpt-oss-20b"
ANSWER: Final = "Hello, thank you for writing: Hello"

# The proxy tries again by itself: twice, and its SDK twice each time. This leaves the
# SDK's attempts.
ONCE: Final = {"num_retries": 0}


def _add(chunks: Any) -> AIMessageChunk:
    total: AIMessageChunk | None = None
    for chunk in chunks:
        total = chunk if total is None else total + chunk
    assert total is not None
    return total


def _play(
    clarifai: ScriptedServer, monkeypatch: pytest.MonkeyPatch, reply: Reply
) -> None:
    def handle(_request: Request) -> Reply:
        return reply

    monkeypatch.setattr(clarifai, "handler", handle)


async def test_all_four_calls_answer(
    model: ChatClarifai, clarifai: ScriptedServer
) -> None:
    """A base URL without a path will do, plain and streamed, sync and async."""
    plain = model.invoke("Hello")
    streamed = [chunk.text for chunk in model.stream("Hello")]
    plain_async = await model.ainvoke("Hello")
    streamed_async = [chunk.text async for chunk in model.astream("Hello")]
    await model.aclose()

    assert plain.text == plain_async.text == ANSWER
    assert "".join(streamed) == "".join(streamed_async) == ANSWER
    assert len([text for text in streamed if text]) > 5
    assert clarifai.last_request.json["model"] == URL


def test_v1_in_the_base_url_works_too(proxy_url: str) -> None:
    """LiteLLM serves both paths."""
    model = ChatClarifai(
        model="clarifai-model", base_url=f"{proxy_url}/v1", api_key=SecretStr("any")
    )

    assert model.invoke("Hello").text == ANSWER


def test_clients_token_stays_at_the_proxy(
    model: ChatClarifai, clarifai: ScriptedServer
) -> None:
    """Clarifai sees the proxy's token; "anything" goes nowhere."""
    model.invoke("Hello")

    request = clarifai.last_request
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "anything" not in f"{request.headers}{request.body.decode()}"


def test_stream_has_usage_and_metadata_of_the_plain_answer(
    model: ChatClarifai,
) -> None:
    """Usage comes once, on the last chunk; the model is named as the proxy names it."""
    model.invoke("Hello")  # the backend's cache knows the prompt from now on

    plain = model.invoke("Hello")
    chunks = list(model.stream("Hello"))
    streamed = _add(chunks)

    assert isinstance(plain, AIMessage)
    assert plain.usage_metadata is not None
    assert streamed.usage_metadata == plain.usage_metadata
    assert [c.usage_metadata is not None for c in chunks].count(True) == 1
    # What the proxy adds of its own, it adds to plain answers only.
    proxys_own = {"extra_fields"}
    assert set(streamed.response_metadata) == set(plain.response_metadata) - proxys_own
    assert plain.response_metadata["model_name"] == "clarifai-model"
    assert plain.response_metadata["finish_reason"] == "stop"


@tool
def get_weather(location: str) -> str:
    """Get current temperature for a given location."""
    return f"It is 21 degrees in {location}."


def test_tools_are_called_and_answered(model: ChatClarifai) -> None:
    """A whole tool loop runs through the proxy, streamed and plain."""
    with_tools = model.bind_tools([get_weather])
    question = "What is the weather in Paris today?"

    asked = with_tools.invoke(question)
    streamed = _add(with_tools.stream(question))
    result = get_weather.invoke(asked.tool_calls[0])
    answer = with_tools.invoke([("user", question), asked, result])

    assert [call["args"] for call in asked.tool_calls] == [{"location": "Paris"}]
    assert streamed.tool_calls == asked.tool_calls
    assert answer.text == "The tool says: It is 21 degrees in Paris."


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_structured_output_gets_through(model: ChatClarifai, method: Any) -> None:
    """Both ways of asking for an object reach the model."""
    structured = model.with_structured_output(Person, method=method)

    person = structured.invoke("'Ada' is 36 years old.")

    assert person == Person(name="Ada", age=36)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_gets_through(
    model: ChatClarifai,
    clarifai: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    field: str,
) -> None:
    """Thoughts arrive as thoughts, once LiteLLM is told to let the parameter pass."""
    monkeypatch.setattr(clarifai, "reasoning_field", field)
    settings: dict[str, Any] = {
        "reasoning_effort": "low",
        "extra_body": {"allowed_openai_params": ["reasoning_effort"]},
    }

    plain = model.invoke("Hello", **settings)
    streamed = _add(model.stream("Hello", **settings))

    expected = "The user wrote: Hello\nSo I answer."
    for answer in (plain, streamed):
        kinds: dict[str, Any] = {b["type"]: b for b in answer.content_blocks}
        assert kinds["reasoning"]["reasoning"] == expected
        assert kinds["text"]["text"] == ANSWER


REFUSED: Final[dict[str, Any]] = {
    "logprobs": True,
    "n": 2,
    "reasoning_effort": "low",
    "seed": 7,
    "stop": ["you"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_parameter_that_litellm_refuses_is_a_readable_error(
    model: ChatClarifai, clarifai: ScriptedServer, name: str
) -> None:
    """LiteLLM knows few parameters for Clarifai; directly they all go through."""
    before = len(clarifai.exchanges)

    with pytest.raises(openai.BadRequestError, match=f"not support.*{name}"):
        model.invoke("Hello", **{name: REFUSED[name]})

    assert len(clarifai.exchanges) == before
    with ChatClarifai(
        model="gpt-oss-20b", base_url=clarifai.url, api_key=SecretStr(TOKEN)
    ) as direct:
        direct.invoke("Hello", **{name: REFUSED[name]})
    assert clarifai.last_request.json[name] == REFUSED[name]


ERRORS: Final[dict[str, tuple[Reply, type[Exception], str]]] = {
    "throttled": (
        json_reply(platform_error(11005, "Throttled", "Too many."), status=429),
        openai.RateLimitError,
        "Throttled",
    ),
    "overflow": (
        json_reply(openai_error("maximum context length is 8192 tokens"), status=400),
        ContextOverflowError,
        "maximum context length is 8192 tokens",
    ),
    "bad-request": (
        json_reply(openai_error("The parameter is wrong."), status=400),
        openai.BadRequestError,
        "The parameter is wrong.",
    ),
}


@pytest.mark.parametrize("stream", [False, True], ids=["invoke", "stream"])
@pytest.mark.parametrize("name", ERRORS)
def test_error_of_clarifai_is_typed_and_readable(
    model: ChatClarifai,
    clarifai: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    name: str,
    stream: bool,
) -> None:
    """What went wrong behind the proxy is raised as what it was."""
    reply, expected, text = ERRORS[name]
    _play(clarifai, monkeypatch, reply)

    with pytest.raises(expected, match=text):
        _ = (
            list(model.stream("Hello", extra_body=ONCE))
            if stream
            else model.invoke("Hello", extra_body=ONCE)
        )


def test_failure_of_the_runner_loses_its_words_at_the_proxy(
    model: ChatClarifai, clarifai: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fact to know: LiteLLM does not read Clarifai's errors with status 200.

    Plain, its words are gone; streamed, the answer is empty and claims to be complete.
    Directly, both are errors that say what happened.
    """
    _play(clarifai, monkeypatch, json_reply(runner_error("It broke.")))

    with pytest.raises(openai.InternalServerError, match="choices") as raised:
        model.invoke("Hello", extra_body=ONCE)
    assert "It broke." not in str(raised.value)
    streamed = _add(model.stream("Hello", extra_body=ONCE))
    assert streamed.text == ""
    assert streamed.response_metadata["finish_reason"] == "stop"

    with ChatClarifai(
        model="gpt-oss-20b", base_url=clarifai.url, api_key=SecretStr(TOKEN)
    ) as direct:
        with pytest.raises(openai.InternalServerError, match=r"It broke\."):
            direct.invoke("Hello")
        with pytest.raises(openai.InternalServerError, match=r"It broke\."):
            list(direct.stream("Hello"))


def test_wrong_token_of_the_proxy_is_an_authentication_error(
    model: ChatClarifai, clarifai: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call says so; LiteLLM then answers 429 for some seconds."""
    reply = json_reply(platform_error(11001, "Invalid token"), status=401)
    with monkeypatch.context() as patch:
        _play(clarifai, patch, reply)
        with pytest.raises(openai.AuthenticationError, match="Invalid token"):
            model.invoke("Hello", extra_body=ONCE)
        with pytest.raises(openai.RateLimitError, match="cooldown"):
            model.invoke("Hello", extra_body=ONCE)

    assert _wait_for_answer(model) == ANSWER


def _wait_for_answer(model: ChatClarifai) -> str:
    give_up_at = time.monotonic() + 30
    while True:
        try:
            return model.invoke("Hello").text
        except openai.RateLimitError:
            assert time.monotonic() < give_up_at
            time.sleep(0.25)


def test_unknown_model_is_named_in_the_error(proxy_url: str) -> None:
    """A name that is not in the proxy's list is refused by the proxy."""
    model = ChatClarifai(
        model="no-such-model", base_url=proxy_url, api_key=SecretStr("anything")
    )

    with pytest.raises(openai.BadRequestError, match="no-such-model"):
        model.invoke("Hello")


def test_nobody_but_clarifai_is_asked(model: ChatClarifai, network: Network) -> None:
    """In all that came before, LiteLLM tried to reach one host only."""
    model.invoke("Hello")

    assert network.hosts == {f"{HOST}:443"}
