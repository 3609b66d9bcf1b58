"""Structured output, from the schema to the object, over a real socket.

The answers are constructed; each stands for one that some backend gave.
"""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage
from langchain_core.prompts import ChatPromptTemplate
from pydantic import BaseModel, SecretStr

from langchain_clarifai import ChatClarifai, ModelRefusalError
from tests.servers.openai_wire import (
    choice,
    chunk,
    completion,
    sse,
    text_chunks,
    tool_call,
    tool_call_delta,
)
from tests.servers.wire import WireServer, event_stream_reply, json_reply, split_every

if TYPE_CHECKING:
    from collections.abc import Callable

Method = Literal["function_calling", "json_schema", "json_mode"]
MODEL = "openai/chat-completion/models/gpt-oss-120b"
HI = [{"role": "user", "content": "hi"}]


class Joke(BaseModel):
    """A joke."""

    setup: str
    punchline: str


class JokeDict(TypedDict):
    """A joke."""

    setup: Annotated[str, ..., "the question"]
    punchline: str


JOKE = {"setup": "Why?", "punchline": "Därum."}
TEXT = json.dumps(JOKE, ensure_ascii=False)
PARAMETERS = {
    "type": "object",
    "properties": {"setup": {"type": "string"}, "punchline": {"type": "string"}},
    "required": ["setup", "punchline"],
}
TOOL = {"name": "Joke", "description": "A joke.", "parameters": PARAMETERS}
FORMAT = {"name": "Joke", "description": "A joke.", "schema": PARAMETERS}

ASKED: list[Any] = [
    pytest.param(
        "function_calling",
        None,
        {
            "tools": [{"type": "function", "function": TOOL}],
            "tool_choice": {"type": "function", "function": {"name": "Joke"}},
        },
        id="function_calling",
    ),
    pytest.param(
        "json_schema",
        None,
        {"response_format": {"type": "json_schema", "json_schema": FORMAT}},
        id="json_schema",
    ),
    pytest.param(
        "json_schema",
        True,
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    **FORMAT,
                    "schema": {**PARAMETERS, "additionalProperties": False},
                    "strict": True,
                },
            }
        },
        id="strict",
    ),
    pytest.param(
        "json_mode", None, {"response_format": {"type": "json_object"}}, id="json_mode"
    ),
]


def build(wire: WireServer, **arguments: Any) -> ChatClarifai:
    api_key = SecretStr("a-token")
    return ChatClarifai(model=MODEL, api_key=api_key, base_url=wire.url, **arguments)


def answer(method: Method, text: str = TEXT, finish_reason: str = "stop") -> Any:
    if method == "function_calling":
        calls = [tool_call("Joke", text)]
        return choice(None, tool_calls=calls, finish_reason=finish_reason)
    return choice(text, finish_reason=finish_reason)


@pytest.mark.parametrize(("method", "strict", "asked"), ASKED)
async def test_schema_is_asked_for_and_the_answer_parsed(
    wire: WireServer, method: Method, *, strict: bool | None, asked: dict[str, Any]
) -> None:
    """The body has what the method needs and nothing else, sync and async alike."""
    wire.reply(*[json_reply(completion(answer(method)))] * 2)
    chain = build(wire).with_structured_output(Joke, method=method, strict=strict)
    assert chain.invoke("hi") == Joke(**JOKE)
    assert await chain.ainvoke("hi") == Joke(**JOKE)
    url = f"https://clarifai.com/{MODEL}"
    body = {"model": url, "messages": HI, **asked}
    assert [request.json for request in wire.requests] == [body, body]


@pytest.mark.parametrize(
    "schema", [JokeDict, {"title": "Joke", **PARAMETERS}], ids=["typed-dict", "dict"]
)
@pytest.mark.parametrize("method", ["json_schema", "json_mode"])
def test_schema_without_a_class_gives_a_dict(
    wire: WireServer, schema: Any, method: Method
) -> None:
    """TypedDicts and JSON schemas give what the JSON says."""
    wire.reply(json_reply(completion(answer(method))))
    assert build(wire).with_structured_output(schema, method=method).invoke("x") == JOKE


WRAPPED: list[Any] = [
    pytest.param(choice(f"```json\n{TEXT}\n```"), id="fence"),
    pytest.param(choice(f"<think>a {{b}}\n</think>\n\n{TEXT}"), id="think"),
    pytest.param(choice(f"a {{b}}\n</think>{TEXT}"), id="think-not-opened"),
    pytest.param(choice(f"Here it is:\n{TEXT}\nEnjoy."), id="prose-around"),
    pytest.param(choice(TEXT, reasoning_content="hm"), id="reasoning"),
]


@pytest.mark.parametrize("reply", WRAPPED)
@pytest.mark.parametrize("method", ["json_schema", "json_mode", "function_calling"])
def test_wrapping_around_the_object_is_tolerated(
    wire: WireServer, reply: Any, method: Method
) -> None:
    """A server without a parser for calls leaves them in the text, too."""
    wire.reply(json_reply(completion(reply)))
    chain = build(wire).with_structured_output(Joke, method=method)
    assert chain.invoke("hi") == Joke(**JOKE)


FAILURES: list[Any] = [
    pytest.param(
        lambda method: answer(method, TEXT[:-6], "length"),
        OutputParserException,
        "raise max_tokens",
        id="cut",
    ),
    pytest.param(
        lambda _: choice("I would rather not."),
        OutputParserException,
        "I would rather not",
        id="prose",
    ),
    pytest.param(lambda _: choice(""), OutputParserException, "stop", id="empty"),
    pytest.param(
        lambda _: choice(None, refusal="I can't."),
        ModelRefusalError,
        "I can't",
        id="refusal",
    ),
    pytest.param(
        lambda method: answer(method, '{"setup": 1}'),
        OutputParserException,
        "does not fit the schema",
        id="other-schema",
    ),
    pytest.param(
        lambda _: choice("", finish_reason="content_filter"),
        ModelRefusalError,
        "content filter",
        id="filtered",
    ),
]


@pytest.mark.parametrize(("reply", "error_class", "words"), FAILURES)
@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_answer_that_is_no_object_is_an_error_and_comes_with_the_raw_one(
    wire: WireServer,
    reply: Callable[[Method], Any],
    error_class: type[Exception],
    words: str,
    method: Method,
) -> None:
    """It raises, never gives None, and stands in `parsing_error` beside the answer."""
    wire.reply(*[json_reply(completion(reply(method)))] * 2)
    model = build(wire)
    with pytest.raises(error_class, match=words):
        model.with_structured_output(Joke, method=method).invoke("hi")
    chain = model.with_structured_output(Joke, method=method, include_raw=True)
    result = chain.invoke("hi")
    assert isinstance(result["raw"], AIMessage)
    assert result["parsed"] is None
    assert isinstance(result["parsing_error"], error_class)


def stream_of(method: Method, text: str) -> bytes:
    pieces = [text[start : start + 7] for start in range(0, len(text), 7)]
    if method != "function_calling":
        return sse(*text_chunks(*pieces))
    deltas = [tool_call_delta("", call_id="1", name="Joke")]
    deltas += [tool_call_delta(piece) for piece in pieces]
    calls = [chunk({"tool_calls": [delta]}) for delta in deltas]
    return sse(*calls, chunk(finish_reason="tool_calls"))


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
async def test_partial_objects_stream(wire: WireServer, method: Method) -> None:
    """Every object continues the one before, and the last one is whole."""
    pieces = split_every(stream_of(method, TEXT), 40)
    wire.reply(*[event_stream_reply(*pieces)] * 2)
    schema: Any = {"title": "Joke", **PARAMETERS}
    chain = build(wire).with_structured_output(schema, method=method)
    partials = list(chain.stream("hi"))
    assert [partial async for partial in chain.astream("hi")][-1] == JOKE
    assert partials[-1] == JOKE
    for partial in partials:
        for key, text in partial.items():
            assert JOKE[key].startswith(text)


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_cut_stream_is_an_error_at_its_end(wire: WireServer, method: Method) -> None:
    """A half object never passes for a whole one."""
    wire.reply(event_stream_reply(stream_of(method, TEXT[:-6])))
    chain = build(wire).with_structured_output(Joke, method=method)
    with pytest.raises(OutputParserException):
        list(chain.stream("hi"))


def test_refusal_in_a_stream_is_raised(wire: WireServer) -> None:
    """It comes in pieces, like any text."""
    events = [chunk({"refusal": "I "}), chunk({"refusal": "can't."}), chunk({})]
    wire.reply(event_stream_reply(sse(*events, chunk(finish_reason="stop"))))
    with pytest.raises(ModelRefusalError, match="I can't"):
        list(build(wire).with_structured_output(Joke).stream("hi"))


def test_arguments_of_each_call_are_bound(wire: WireServer) -> None:
    """Further keywords reach the body, and a `tool_choice` replaces the forced one."""
    wire.reply(json_reply(completion(answer("function_calling"))))
    chain = build(wire).with_structured_output(
        Joke, temperature=0.5, tool_choice="auto"
    )
    chain.invoke("hi")
    body = wire.last_request.json
    assert (body["temperature"], body["tool_choice"]) == (0.5, "auto")


def test_chain_survives_pickle_and_is_sent_the_same(wire: WireServer) -> None:
    """A prompt, the model and the parser travel together."""
    wire.reply(*[json_reply(completion(answer("json_schema")))] * 2)
    prompt = ChatPromptTemplate.from_messages([("user", "{x}")])
    model = build(wire)
    chain = prompt | model.with_structured_output(Joke, method="json_schema")
    travelled = pickle.loads(pickle.dumps(chain))  # noqa: S301 - our own bytes
    assert chain.invoke({"x": "hi"}) == travelled.invoke({"x": "hi"}) == Joke(**JOKE)
    assert wire.requests[0].json == wire.requests[1].json
