"""A growing answer gives growing objects, and at its end the whole one."""

from __future__ import annotations

import json
import math
import time
from collections import deque
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessageChunk
from langchain_core.utils.function_calling import convert_to_json_schema

from langchain_clarifai._structured import partials
from langchain_clarifai._structured.output import build_structured_output
from langchain_clarifai._structured.parsers import AnswerParser
from langchain_clarifai._structured.refusals import ModelRefusalError
from tests.unit.structured.jokes import (
    JOKE,
    JOKE_JSON_SCHEMA,
    JOKE_TEXT,
    METHODS,
    FakeStreamingModel,
    Joke,
    JokeTypedDict,
    JokeV1,
    Method,
    Rating,
    call_chunks,
    collect,
    joke_tool,
    split,
    text_chunks,
)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("schema", [JokeTypedDict, JOKE_JSON_SCHEMA])
async def test_partial_objects_stream(method: Method, schema: Any) -> None:
    """Dicts grow with the answer, sync and async alike, and each is new."""
    name = convert_to_json_schema(schema)["title"]
    chunks = (
        call_chunks(JOKE_TEXT, name=name, size=3)
        if method == "function_calling"
        else text_chunks(f"<think>hm</think>\n```json\n{JOKE_TEXT}\n```", size=3)
    )
    chain = build_structured_output(
        FakeStreamingModel(chunks=chunks), schema, method=method
    )
    partials = list(chain.stream("hi"))
    assert {"setup": "Why?"} in partials
    assert partials[-1] == JOKE
    assert len(partials) > 4
    assert all(one != other for one, other in pairwise(partials))
    assert await collect(chain.astream("hi")) == partials


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("schema", [Joke, JokeV1])
def test_partial_pydantic_objects_are_valid(method: Method, schema: Any) -> None:
    """Instances stream as soon as, and only as far as, they validate."""
    chunks = (
        call_chunks(JOKE_TEXT, name=schema.__name__)
        if method == "function_calling"
        else text_chunks(JOKE_TEXT)
    )
    chain = build_structured_output(
        FakeStreamingModel(chunks=chunks), schema, method=method
    )
    partials = list(chain.stream("hi"))
    assert all(isinstance(partial, schema) for partial in partials)
    assert all(partial.setup == "Why?" for partial in partials)
    assert partials[-1] == schema(**JOKE)
    assert len(partials) > 1


def test_partial_object_of_several_calls_is_the_first_of_the_tool() -> None:
    """Calls of other tools, before or after, do not end up in the object."""
    chunks = [
        *call_chunks('{"a": 1}', name="other", index=0),
        *call_chunks(JOKE_TEXT, index=1),
        *call_chunks('{"setup": "again"}', index=2),
    ]
    model = FakeStreamingModel(chunks=chunks)
    chain = build_structured_output(model, JOKE_JSON_SCHEMA, method="function_calling")
    partials = list(chain.stream("hi"))
    assert partials[0] == {}
    assert partials[-1] == JOKE


def test_text_instead_of_a_call_arrives_at_the_end_of_the_stream() -> None:
    """Whether text is the object is known when all of it is there."""
    model = FakeStreamingModel(chunks=text_chunks(JOKE_TEXT))
    chain = build_structured_output(model, Joke, method="function_calling")
    assert list(chain.stream("hi")) == [Joke(**JOKE)]


def test_validator_that_fails_on_half_an_object_is_not_heard() -> None:
    """Validators are written for whole answers, so partial ones may break them."""
    model = FakeStreamingModel(chunks=text_chunks('{"score": "good"}', size=1))
    chain = build_structured_output(model, Rating, method="json_schema")
    assert [rating.score for rating in chain.stream("hi")] == [0, 1]


@pytest.mark.parametrize(
    ("method", "chunks", "error_class"),
    [
        ("function_calling", text_chunks("Why did the cat?"), OutputParserException),
        ("json_schema", text_chunks("Why did the cat?"), OutputParserException),
        ("json_schema", text_chunks(JOKE_TEXT[:-9]), OutputParserException),
        (
            "json_mode",
            [
                AIMessageChunk(content="", additional_kwargs={"refusal": part})
                for part in "no"
            ],
            ModelRefusalError,
        ),
    ],
    ids=["no call", "prose", "cut", "refused"],
)
async def test_stream_without_the_object_ends_with_an_error(
    method: Method, chunks: list[Any], error_class: type[Exception]
) -> None:
    """A stream does not end silently where a plain call would have raised."""
    chain = build_structured_output(
        FakeStreamingModel(chunks=chunks), JOKE_JSON_SCHEMA, method=method
    )
    with pytest.raises(error_class):
        list(chain.stream("hi"))
    with pytest.raises(error_class):
        await collect(chain.astream("hi"))


def test_call_of_a_bound_tool_streams_nothing() -> None:
    """With `tools`, a call in a stream parses as none too."""
    chunks = [AIMessageChunk(content="Wait."), *call_chunks("{}", name="joke_function")]
    chain = build_structured_output(
        FakeStreamingModel(chunks=chunks), Joke, method="json_schema", tools=[joke_tool]
    )
    assert list(chain.stream("hi")) == []


@given(st.text(max_size=30), st.integers(1, 9))
def test_any_split_of_the_stream_gives_the_same_object(text: str, size: int) -> None:
    """The last object does not depend on where the answer was split."""
    value = {"setup": text, "punchline": text}
    chunks = text_chunks(json.dumps(value, ensure_ascii=False), size)
    parser = AnswerParser(answer_class=Joke)
    assert list(parser.transform(iter(chunks)))[-1] == Joke(**value)


@pytest.mark.parametrize("schema", [JOKE_JSON_SCHEMA, Joke], ids=["dict", "class"])
@pytest.mark.parametrize("broken", [" x", ', "b": tru', ', "b', ', "b": 1', "\n"])
async def test_last_valid_object_stands_while_the_newest_piece_is_none(
    schema: Any, broken: str
) -> None:
    """No gap and no step back; what is broken for good is an error at the end."""
    whole = JOKE_TEXT.removesuffix("}")
    model = FakeStreamingModel(chunks=text_chunks(whole, 3) + text_chunks(broken, 1))
    chain = build_structured_output(model, schema, method="json_schema")
    streamed: list[Any] = []
    with pytest.raises(OutputParserException):
        streamed.extend(chain.stream("hi"))
    assert streamed[-1] == (JOKE if schema is JOKE_JSON_SCHEMA else Joke(**JOKE))
    assert all(map(is_older, streamed, streamed[1:]))
    again = chain.astream("hi")
    assert [await anext(again) for _ in streamed] == streamed
    with pytest.raises(OutputParserException):
        await anext(again)


def is_older(one: Any, other: Any) -> bool:
    """Tell whether a joke has come less far than another."""
    texts: Any = [dict(joke) for joke in (one, other)]
    return all(texts[1].get(key, "").startswith(texts[0][key]) for key in texts[0])


def measure(text: str) -> float:
    """Read a text in pieces of four letters; return the CPU seconds it took."""
    pieces = [AIMessageChunk(content=piece) for piece in split(text, 4)]
    parser = AnswerParser(container=list)
    # What threads of other tests do does not count.
    start = time.thread_time()
    last = deque(parser.transform(iter(pieces)), maxlen=1)
    seconds = time.thread_time() - start
    assert last[0] == json.loads(text, strict=False)
    return seconds


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", ["one line", "two\nlines"], ids=["clean", "raw breaks"]
)
def test_cost_of_a_growing_object_is_linear(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """40 kB in pieces of four letters take 8 times as long as 5 kB, not 64 times.

    Models leave line breaks in strings as they are, which takes a second look. A busy
    machine makes the stream slow, and a slow one is read more often: not here.
    """
    monkeypatch.setattr(partials, "_PATIENCE_SECONDS", math.inf)
    text = "[" + ", ".join([f'{{"a": "{line * 10}"}}'] * 400) + "]"
    eighth = text[: text.index("}", len(text) // 8) + 1] + "]"
    whole, part = (min(measure(it) for _ in range(2)) for it in (text, eighth))
    assert whole < 24 * part
