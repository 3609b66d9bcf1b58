"""A chain for structured output binds what its method needs, and gives the object."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import RootModel

from langchain_clarifai._structured.output import build_structured_output
from langchain_clarifai._structured.parsers import RawAnswerChunk
from langchain_clarifai._structured.refusals import ModelRefusalError
from langchain_clarifai._structured.schemas import build_response_format
from tests.unit.structured.jokes import (
    JOKE,
    JOKE_JSON_SCHEMA,
    JOKE_TEXT,
    METHODS,
    REFUSALS,
    SCHEMAS,
    FakeModel,
    FakeStreamingModel,
    Joke,
    JokeV1,
    Method,
    Rating,
    call,
    call_chunks,
    collect,
    joke_tool,
    text_chunks,
)


class Cities(RootModel[list[str]]):
    pass


JOKE_PARAMETERS = {
    "properties": {
        "setup": {"description": "question to set up a joke", "type": "string"},
        "punchline": {"type": "string"},
    },
    "required": ["setup", "punchline"],
    "type": "object",
}


def answer_with(method: Method, name: str = "Joke") -> AIMessage:
    """Build the answer that a method asks for."""
    if method == "function_calling":
        return AIMessage("", tool_calls=[call(name)])
    return AIMessage(JOKE_TEXT)


def chunks_for(method: Method, text: str = JOKE_TEXT) -> list[AIMessageChunk]:
    return call_chunks(text) if method == "function_calling" else text_chunks(text)


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        (
            "function_calling",
            {},
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {
                            "name": "Joke",
                            "description": "Joke to tell user.",
                            "parameters": JOKE_PARAMETERS,
                        },
                    }
                ],
                "tool_choice": "Joke",
            },
        ),
        ("json_mode", {}, {"response_format": {"type": "json_object"}}),
        (
            "json_schema",
            {"temperature": 0},
            {
                "response_format": build_response_format(Joke, strict=None),
                "temperature": 0,
            },
        ),
        (
            "json_schema",
            {"strict": True, "tools": [joke_tool]},
            {
                "response_format": build_response_format(Joke, strict=True),
                "tools": [joke_tool],
                "strict": True,
            },
        ),
        (
            "json_schema",
            {"tools": [joke_tool]},
            {
                "response_format": build_response_format(Joke, strict=None),
                "tools": [joke_tool],
            },
        ),
        (
            "json_schema",
            {"tools": []},
            {"response_format": build_response_format(Joke, strict=None)},
        ),
    ],
)
def test_method_binds_only_what_it_needs(
    method: Method, arguments: dict[str, Any], expected: dict[str, Any]
) -> None:
    """The model gets the method's own arguments and the caller's, and no others."""
    model = FakeModel(answer=answer_with(method))
    build_structured_output(model, Joke, method=method, **arguments).invoke("hi")
    assert model._requests == [expected]


def test_tool_choice_of_the_caller_replaces_the_forced_one() -> None:
    """A model that refuses a forced call can be asked with `tool_choice="auto"`."""
    model = FakeModel(answer=answer_with("function_calling"))
    chain = build_structured_output(
        model, Joke, method="function_calling", strict=True, tool_choice="auto"
    )
    chain.invoke("hi")
    assert model._requests[0]["tool_choice"] == "auto"
    assert model._requests[0]["tools"][0]["function"]["strict"] is True


@pytest.mark.parametrize(
    ("schema", "arguments", "words"),
    [
        (Joke, {"method": "magic"}, "'function_calling', 'json_schema', 'json_mode'"),
        (None, {"method": "json_schema"}, "needs a schema"),
        (None, {"method": "function_calling"}, "needs a schema"),
        (Joke, {"method": "json_mode", "strict": False}, "strict does not go with"),
        (Joke, {"method": "function_calling", "tools": [joke_tool]}, "tools do not go"),
        (Joke, {"method": "json_mode", "tools": [joke_tool]}, "tools do not go with"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(
    schema: Any, arguments: dict[str, Any], words: str
) -> None:
    """The error says what does not work and what does."""
    with pytest.raises(ValueError, match=words):
        build_structured_output(FakeModel(), schema, **arguments)


class OptionsHandler(BaseCallbackHandler):
    def __init__(self) -> None:
        self.options: list[dict[str, Any]] = []

    def on_chat_model_start(self, *_: Any, **kwargs: Any) -> None:
        self.options.append(kwargs["options"])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_callbacks_see_the_schema(method: Method, schema: Any) -> None:
    """Tracers read the method and the JSON schema from the options of the call."""
    handler = OptionsHandler()
    name = convert_to_json_schema(schema)["title"]
    model = FakeModel(answer=answer_with(method, name))
    chain = build_structured_output(model, schema, method=method)
    chain.invoke("hi", {"callbacks": [handler]})
    seen = handler.options[0]["ls_structured_output_format"]
    assert seen["schema"] == convert_to_json_schema(schema)
    assert seen["kwargs"] == {"method": method}


# --- whole answers


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
async def test_answer_becomes_what_the_schema_says(method: Method, schema: Any) -> None:
    """Pydantic classes give instances, the rest dicts; alike in all ways to call."""
    name = convert_to_json_schema(schema)["title"]
    model = FakeModel(answer=answer_with(method, name))
    expected = schema(**JOKE) if schema in (Joke, JokeV1) else JOKE
    prompt = ChatPromptTemplate.from_messages([("user", "{topic}")])
    chain = prompt | build_structured_output(model, schema, method=method)
    question = {"topic": "cats"}
    assert chain.invoke(question) == expected
    assert await chain.ainvoke(question) == expected
    assert chain.batch([question] * 2) == [expected] * 2
    assert await chain.abatch([question] * 2) == [expected] * 2
    assert list(chain.stream(question)) == [expected]
    assert await collect(chain.astream(question)) == [expected]


def test_json_mode_without_schema_gives_a_dict() -> None:
    """Without a schema there is JSON, and nothing that it has to fit."""
    model = FakeModel(answer=AIMessage('{"any": 1}'))
    chain = build_structured_output(model, None, method="json_mode")
    assert chain.invoke("hi") == {"any": 1}


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        (Cities, '["Bern"]', Cities(["Bern"])),
        ({"title": "Cities", "type": "array"}, '["Bern"]', ["Bern"]),
    ],
)
def test_array_schema_gives_a_list(schema: Any, text: str, expected: Any) -> None:
    """A schema whose root is an array is parsed as one."""
    model = FakeModel(answer=AIMessage(text))
    chain = build_structured_output(model, schema, method="json_schema")
    assert chain.invoke("hi") == expected


@pytest.mark.parametrize("include_raw", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_chain_survives_pickle_and_deepcopy(
    method: Method,
    include_raw: bool,  # noqa: FBT001
) -> None:
    """A copied chain, or one sent to another process, works as before."""
    model = FakeModel(answer=answer_with(method))
    chain = build_structured_output(model, Joke, method=method, include_raw=include_raw)
    expected = chain.invoke("hi")
    assert pickle.loads(pickle.dumps(chain)).invoke("hi") == expected  # noqa: S301
    assert copy.deepcopy(chain).invoke("hi") == expected


# --- include_raw


@pytest.mark.parametrize("method", METHODS)
async def test_raw_answer_comes_along(method: Method) -> None:
    """`include_raw` gives the message beside the object."""
    model = FakeModel(answer=answer_with(method))
    chain = build_structured_output(model, Joke, method=method, include_raw=True)
    expected = {"raw": model.answer, "parsed": Joke(**JOKE), "parsing_error": None}
    assert chain.invoke("hi") == expected
    assert await chain.ainvoke("hi") == expected


class RatingError(Exception):
    """What a parser of the user's raises."""


@pytest.mark.parametrize(
    ("schema", "message", "error_class"),
    [
        (
            Joke,
            AIMessage("{", response_metadata={"finish_reason": "length"}),
            OutputParserException,
        ),
        (Joke, AIMessage("no"), OutputParserException),
        (Joke, AIMessage("{}"), OutputParserException),
        (Joke, REFUSALS["field"], ModelRefusalError),
        (Rating, AIMessage('{"score": "fair"}'), KeyError),
    ],
    ids=["cut", "prose", "incomplete", "refused", "a validator that fails"],
)
async def test_error_is_returned_with_the_raw_answer(
    schema: Any, message: AIMessage, error_class: type[Exception]
) -> None:
    """With `include_raw` nothing about parsing is raised, streaming or not."""
    model = FakeModel(answer=message)
    chain = build_structured_output(
        model, schema, method="json_schema", include_raw=True
    )
    for result in (
        chain.invoke("hi"),
        await chain.ainvoke("hi"),
        sum_up(list(chain.stream("hi"))),
        sum_up(await collect(chain.astream("hi"))),
    ):
        assert result["raw"] == message
        assert result["parsed"] is None
        assert isinstance(result["parsing_error"], error_class)


def sum_up(chunks: list[Any]) -> Any:
    first, *rest = chunks
    for chunk in rest:
        first += chunk
    return first


@pytest.mark.parametrize("method", METHODS)
async def test_raw_chunks_and_partial_objects_stream_together(method: Method) -> None:
    """With `include_raw` both grow, and their sum is what a plain call returns."""
    model = FakeStreamingModel(chunks=chunks_for(method))
    chain = build_structured_output(
        model, JOKE_JSON_SCHEMA, method=method, include_raw=True
    )
    chunks = list(chain.stream("hi"))
    assert [list(chunk) for chunk in chunks[:4]] == [["raw"], ["parsed"]] * 2
    raw_chunks = [chunk["raw"] for chunk in chunks if "raw" in chunk]
    assert raw_chunks[0].text == model.chunks[0].text
    assert len(raw_chunks) >= len(model.chunks)
    total = sum_up(chunks)
    assert isinstance(total, RawAnswerChunk)
    assert total["parsed"] == JOKE
    assert total["parsing_error"] is None
    assert total["raw"].text == "".join(chunk.text for chunk in model.chunks)
    assert sum_up(await collect(chain.astream("hi")))["parsed"] == JOKE


async def test_cut_stream_reports_its_error_beside_the_raw_answer() -> None:
    """What was partly parsed does not stay when the whole cannot be."""
    model = FakeStreamingModel(chunks=text_chunks(JOKE_TEXT[:-9]))
    chain = build_structured_output(
        model, JOKE_JSON_SCHEMA, method="json_schema", include_raw=True
    )
    total = sum_up(await collect(chain.astream("hi")))
    assert total["raw"].text == JOKE_TEXT[:-9]
    assert total["parsed"] is None
    assert isinstance(total["parsing_error"], OutputParserException)


def test_fallback_takes_over_before_the_first_object() -> None:
    """A chain that fails without having given anything can be replaced."""
    prose = FakeStreamingModel(chunks=text_chunks("no"))
    joke = FakeStreamingModel(chunks=text_chunks(JOKE_TEXT, size=1000))
    first, second = (
        build_structured_output(model, Joke, method="json_mode")
        for model in (prose, joke)
    )
    assert list(first.with_fallbacks([second]).stream("hi")) == [Joke(**JOKE)]
