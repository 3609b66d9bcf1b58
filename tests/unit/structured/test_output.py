"""Schema → what asks the model for it; the model's answer → the object asked for."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import pytest
from hypothesis import given, strategies as st
from langchain_core import exceptions
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.exceptions import ModelError, OutputParserException
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import (
    ChatGeneration,
    ChatGenerationChunk,
    ChatResult,
    Generation,
)
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import BaseModel, Field, PrivateAttr, RootModel, field_validator
from pydantic.v1 import BaseModel as BaseModelV1

from langchain_clarifai._structured import refusals
from langchain_clarifai._structured.json_in_text import read_json, read_partial_json
from langchain_clarifai._structured.output import build_structured_output
from langchain_clarifai._structured.parsers import (
    AnswerParser,
    RawAnswerChunk,
    RawAnswerParser,
)
from langchain_clarifai._structured.refusals import ModelRefusalError, find_refusal
from langchain_clarifai._structured.schemas import build_response_format

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

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


class Cities(RootModel[list[str]]):
    pass


def joke_function(setup: str, punchline: str) -> str:
    """Joke to tell user."""
    return setup + punchline


joke_tool = tool(joke_function)
JOKE_JSON_SCHEMA: dict[str, Any] = Joke.model_json_schema()
JOKE_PARAMETERS = {
    "properties": {
        "setup": {"description": "question to set up a joke", "type": "string"},
        "punchline": {"type": "string"},
    },
    "required": ["setup", "punchline"],
    "type": "object",
}
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


def answer_with(method: Method, name: str = "Joke") -> AIMessage:
    """Build the answer that a method asks for."""
    if method == "function_calling":
        return AIMessage("", tool_calls=[call(name)])
    return AIMessage(JOKE_TEXT)


def cut_call(args: str, name: str | None = "Joke") -> AIMessage:
    invalid = {"name": name, "args": args, "id": "1", "error": None}
    return AIMessage(
        "",
        invalid_tool_calls=[invalid],
        response_metadata={"finish_reason": "length"},
    )


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


def chunks_for(method: Method, text: str = JOKE_TEXT) -> list[AIMessageChunk]:
    return call_chunks(text) if method == "function_calling" else text_chunks(text)


async def collect(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


def parse_as_joke(message: BaseMessage, method: Method = "json_schema") -> Any:
    chain = build_structured_output(FakeModel(answer=message), Joke, method=method)
    return chain.invoke("hi")


# --- what is asked


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_any_schema_becomes_a_response_format(schema: Any) -> None:
    """Every kind of schema is sent with name, description and properties, no strict."""
    response_format = build_response_format(schema, strict=None)
    wanted = response_format["json_schema"]
    assert response_format["type"] == "json_schema"
    assert wanted["description"] == "Joke to tell user."
    assert wanted["schema"]["properties"].keys() == JOKE.keys()
    assert wanted["schema"]["required"] == ["setup", "punchline"]
    assert wanted.keys() == {"name", "description", "schema"}


@pytest.mark.parametrize("strict", [True, False])
def test_strict_is_sent_when_asked_for(strict: bool) -> None:  # noqa: FBT001
    """`strict` goes out as given; only a strict schema closes its objects."""
    wanted = build_response_format(Joke, strict=strict)["json_schema"]
    assert wanted["strict"] is strict
    assert ("additionalProperties" in wanted["schema"]) is strict


@pytest.mark.parametrize(
    ("schema", "strict", "expected"),
    [
        pytest.param(
            {"title": "Cities", "type": "array", "items": {"type": "string"}},
            True,
            {
                "name": "Cities",
                "schema": {"type": "array", "items": {"type": "string"}},
                "strict": True,
            },
            id="a root without properties is kept",
        ),
        pytest.param(
            {"title": "A list: of {cities}!", "description": "d", "anyOf": []},
            None,
            {
                "name": "A_list_of_cities_634e289a",
                "description": "d",
                "schema": {"anyOf": []},
            },
            id="a name the API refuses is made safe",
        ),
        pytest.param(
            {"name": "ping", "description": "d"},
            True,
            {
                "name": "ping",
                "description": "d",
                "schema": {
                    "type": "object",
                    "properties": {},
                    "additionalProperties": False,
                },
                "strict": True,
            },
            id="a function without parameters",
        ),
        pytest.param(
            {"type": "function", "function": {"name": "f", "parameters": {"a": 1}}},
            False,
            {"name": "f", "schema": {"a": 1}, "strict": False},
            id="an OpenAI tool",
        ),
        pytest.param(
            {
                "type": "json_schema",
                "json_schema": {
                    "name": "joke",
                    "strict": False,
                    "schema": {"type": "object", "properties": {"a": {}}},
                },
            },
            None,
            {
                "name": "joke",
                "schema": {"type": "object", "properties": {"a": {}}},
                "strict": False,
            },
            id="a response_format",
        ),
        pytest.param(
            {"name": "j", "description": "d", "schema": {"properties": {"a": {}}}},
            None,
            {"name": "j", "description": "d", "schema": {"properties": {"a": {}}}},
            id="the inner part of a response_format",
        ),
    ],
)
def test_dict_schema_keeps_what_it_says(
    schema: dict[str, Any],
    strict: bool | None,  # noqa: FBT001
    expected: dict[str, Any],
) -> None:
    """Dicts of every shape are sent whole, and are not changed themselves."""
    before = copy.deepcopy(schema)
    response_format = build_response_format(schema, strict=strict)
    assert response_format == {"type": "json_schema", "json_schema": expected}
    assert schema == before


@pytest.mark.parametrize(
    ("schema", "words"),
    [({"type": "web_search"}, "'web_search' runs at the provider")],
    ids=["a provider's tool"],
)
def test_unusable_schema_is_refused(schema: dict[str, Any], words: str) -> None:
    """A dict that is no schema, or has no name, is a ValueError that says so."""
    with pytest.raises(ValueError, match=words):
        build_response_format(schema, strict=None)


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


@pytest.mark.parametrize(
    "text",
    [
        JOKE_TEXT,
        f"\n\n {JOKE_TEXT} \n",
        f"```json\n{JOKE_TEXT}\n```",
        f"```\n{JOKE_TEXT}\n```",
        f"```json\r\n{JOKE_TEXT}```",
        f"```json\n{JOKE_TEXT}",
        f"<think>hm, {{}} or {{a}}?</think>{JOKE_TEXT}",
        f'\n<think>\n{{"setup": 1}}\n</think>\n\n```json\n{JOKE_TEXT}\n```',
        f'so {{"setup": 1}} it is\n</think>\n{JOKE_TEXT}',
        f"Here you go:\n\n{JOKE_TEXT}\n\nI hope that helps {{name}}!",
        f"Not {{}}, but:\n```json\n{JOKE_TEXT}\n```\nas you said.",
        f'Unlike {{"setup": 1}}:\n```json\n{JOKE_TEXT}\n```',
        f"{JOKE_TEXT}\n{JOKE_TEXT}",
        f"{JOKE_TEXT}}}",
    ],
    ids=lambda text: text[:30],
)
def test_json_with_wrapping_is_read(text: str) -> None:
    """Fences, reasoning and prose around one object are left out."""
    assert parse_as_joke(AIMessage(text)) == Joke(**JOKE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "</think> ```x``` <think>"}', {"a": "</think> ```x``` <think>"}),
        ('{"a": "</think>"} as asked', {"a": "</think>"}),
        ('Look: {"a": "```py\\nx\\n```"}', {"a": "```py\nx\n```"}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ('```\nnot json\n```\n```json\n{"a": 1}\n```', {"a": 1}),
        ('```\n1\n``` {"a": 1}', {"a": 1}),
        ('The list: [{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ("5", 5),
    ],
)
def test_read_json_keeps_what_is_inside_of_strings(text: str, expected: Any) -> None:
    """Marks inside strings are text, and a value is never torn apart."""
    assert read_json(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the answer is empty"),
        ("<think>what if {}", "the answer is empty"),
        ('<think>say {"a": 1}', "the answer is empty"),
        ("I'd rather not.", "there is none"),
        ('{"a": 1} or {"a": 2}', "there are several"),
        ('```\n{"a": 1}\n```\n```\n{"a": 2}\n```', "there are several"),
        ('{"a": {"b": 1}', "Expecting"),
        ('So: {"a": {"b": 1}, "c', "Unterminated"),
        ('{"a": 1} {"a": 2', "Expecting"),
        ("[" * 100_000, "none|too deeply"),
        ('x {"a":' + '[{"a":' * 50_000, "Expecting|too deeply"),
    ],
    ids=lambda text: text[:30],
)
def test_ambiguous_or_cut_json_is_refused(text: str, words: str) -> None:
    """What may not be the answer is not taken for it, and cut JSON is not completed."""
    with pytest.raises(ValueError, match=words):
        read_json(text)


@given(
    st.dictionaries(
        st.text(), st.recursive(st.text() | st.integers(), st.lists, max_leaves=5)
    )
)
def test_any_object_is_read_through_any_wrapping(value: dict[str, Any]) -> None:
    """Whatever the object holds, a fence or reasoning around it changes nothing."""
    text = json.dumps(value, ensure_ascii=False)
    assert read_json(text) == value
    assert read_json(f"<think>hm</think>\n{text}\n") == value
    assert read_json(f"```json\n{text}\n```") == value or "```" in text


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": JOKE_TEXT}],
        [
            {"type": "reasoning", "reasoning": '{"setup": 1}'},
            {"type": "text", "text": JOKE_TEXT[:9]},
            {"type": "text", "text": JOKE_TEXT[9:]},
        ],
    ],
)
def test_content_blocks_are_read_as_text(content: Any) -> None:
    """Answers of `output_version="v1"` are read by their text blocks."""
    assert parse_as_joke(AIMessage(content)) == Joke(**JOKE)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            AIMessage(JOKE_TEXT[:30], response_metadata={"finish_reason": "length"}),
            r"not one JSON object.*finish_reason is 'length'.*raise max_tokens",
        ),
        (
            AIMessage("Well, no.", response_metadata={"finish_reason": "stop"}),
            r"there is none.*finish_reason is 'stop'\. .*'Well, no\.'",
        ),
        (AIMessage('{"setup": "Why?"}'), r"does not fit the schema.*punchline"),
        (AIMessage("[1]"), "does not fit the schema"),
    ],
    ids=["cut", "prose", "incomplete", "of another kind"],
)
def test_answer_without_the_object_is_an_error(message: AIMessage, words: str) -> None:
    """The error tells the reason, why the model stopped, and what it wrote."""
    with pytest.raises(OutputParserException, match=f"(?s){words}") as caught:
        parse_as_joke(message)
    assert caught.value.llm_output == message.content


def test_json_of_another_kind_is_an_error_without_a_class() -> None:
    """A schema that is not a class still tells objects from arrays."""
    model = FakeModel(answer=AIMessage("[1]"))
    chain = build_structured_output(model, JokeTypedDict, method="json_schema")
    with pytest.raises(OutputParserException, match="it is a list, not a dict"):
        chain.invoke("hi")


def test_call_of_a_bound_tool_parses_as_none() -> None:
    """With `tools`, a call is an answer too: the caller runs it, and asks again."""
    calling = FakeModel(answer=AIMessage("Wait.", tool_calls=[call("joke_function")]))
    answering = FakeModel(answer=AIMessage(JOKE_TEXT))
    for model, parsed in ((calling, None), (answering, Joke(**JOKE))):
        chain = build_structured_output(
            model, Joke, method="json_schema", tools=[joke_tool], include_raw=True
        )
        assert chain.invoke("hi") == {
            "raw": model.answer,
            "parsed": parsed,
            "parsing_error": None,
        }


# --- tool calls


@pytest.mark.parametrize(
    "message",
    [
        AIMessage("", tool_calls=[call("other"), call(), call(args={"setup": "2"})]),
        AIMessage(JOKE_TEXT),
        AIMessage(f"<think>call it</think>```json\n{JOKE_TEXT}\n```"),
        AIMessage(json.dumps({"name": "Joke", "arguments": JOKE})),
        AIMessage(json.dumps({"name": "Joke", "parameters": JOKE})),
        AIMessage(json.dumps({"name": "Joke", "arguments": JOKE_TEXT})),
        AIMessage(
            f'<tool_call>\n{{"name": "Joke", "arguments": {JOKE_TEXT}}}\n</tool_call>'
        ),
        cut_call(f'<tool_call>{{"name": "Joke", "arguments": {JOKE_TEXT}}}'),
        cut_call(f"```json\n{JOKE_TEXT}\n```", name=None),
    ],
    ids=[
        "the first call of the name",
        "text",
        "text in a fence",
        "a call as text",
        "a call as text, parameters",
        "a call as text, arguments as text",
        "tool_call tags",
        "tool_call tags in the arguments",
        "a fence in the arguments",
    ],
)
def test_arguments_are_found_where_servers_put_them(message: AIMessage) -> None:
    """The call counts; without one, JSON text does, as of servers without a parser."""
    assert parse_as_joke(message, "function_calling") == Joke(**JOKE)


@pytest.mark.parametrize(
    ("message", "words", "llm_output"),
    [
        (
            AIMessage("Why did the cat cross the road?"),
            "did not call the tool 'Joke'.*Why did the cat",
            "Why did the cat cross the road?",
        ),
        (AIMessage(""), "did not call the tool 'Joke'", ""),
        (
            AIMessage('{"error": "no joke"}'),
            "did not call the tool 'Joke'",
            '{"error": "no joke"}',
        ),
        (AIMessage("[1]"), "did not call the tool 'Joke'", "[1]"),
        (
            AIMessage('{"name": "Joke"}'),
            "did not call the tool 'Joke'",
            '{"name": "Joke"}',
        ),
        (
            AIMessage("", tool_calls=[call("Jokes")]),
            "called 'Jokes', not the tool 'Joke'",
            "",
        ),
        (
            cut_call("{", name="Jokes"),
            "called 'Jokes', not the tool 'Joke'",
            "",
        ),
        (
            cut_call('{"setup": "Wh'),
            "cut or not valid JSON.*finish_reason is 'length'.*raise max_tokens",
            '{"setup": "Wh',
        ),
        (
            AIMessage("", tool_calls=[call(args={"setup": "Why?"})]),
            "does not fit the schema.*punchline",
            '{"setup": "Why?"}',
        ),
    ],
    ids=[
        "prose",
        "nothing",
        "other JSON",
        "an array",
        "a call without arguments as text",
        "another tool",
        "another tool, cut",
        "cut",
        "incomplete",
    ],
)
def test_answer_without_the_call_is_an_error(
    message: AIMessage, words: str, llm_output: str
) -> None:
    """Where a call was due its absence is an error, never `None`."""
    with pytest.raises(OutputParserException, match=f"(?s){words}") as caught:
        parse_as_joke(message, "function_calling")
    assert caught.value.llm_output == llm_output


# --- refusals

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


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("message", REFUSALS.values(), ids=REFUSALS)
def test_refusal_is_raised(message: AIMessage, method: Method) -> None:
    """A refusal is an error of its own, which holds the answer."""
    with pytest.raises(ModelRefusalError, match=r"I can't\.") as caught:
        parse_as_joke(message, method)
    assert caught.value.raw_message == message
    assert isinstance(caught.value, ModelError)
    assert not caught.value.is_retryable


def test_refusal_error_is_the_one_of_langchain_core_where_there_is_one() -> None:
    """`except langchain_core.exceptions.ModelRefusalError` works as soon as it can."""
    core_class = getattr(exceptions, "ModelRefusalError", ModelRefusalError)
    assert core_class is ModelRefusalError
    assert refusals.ModelRefusalError is core_class


def test_refusal_error_survives_pickle() -> None:
    """Errors cross process borders with text and answer."""
    error = ModelRefusalError("no", raw_message=AIMessage("x"))
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert str(copied) == "no"
    assert copied.raw_message == AIMessage("x")


@pytest.mark.parametrize("refusal", [None, ""])
def test_empty_refusal_is_none(refusal: str | None) -> None:
    """Servers send the field with every answer."""
    message = AIMessage(JOKE_TEXT, additional_kwargs={"refusal": refusal})
    assert find_refusal(message) is None
    assert parse_as_joke(message) == Joke(**JOKE)


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


# --- streams


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


@given(st.text(max_size=30), st.integers(1, 9))
def test_any_split_of_the_stream_gives_the_same_object(text: str, size: int) -> None:
    """The last object does not depend on where the answer was split."""
    value = {"setup": text, "punchline": text}
    chunks = text_chunks(json.dumps(value, ensure_ascii=False), size)
    parser = AnswerParser(answer_class=Joke)
    assert list(parser.transform(iter(chunks)))[-1] == Joke(**value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("Sure: {", None),
        ("<think>{", None),
        ("`", None),
        ("```js", None),
        ("```json\n{", {}),
        (' {"a": [1, {"b": "x', {"a": [1, {"b": "x"}]}),
        ('{"a": "two\nlin', {"a": "two\nlin"}),
        ('```json\n{"a": 1}\n```\nbye', {"a": 1}),
        ("{]", None),
        ("[" * 100_000, None),
    ],
    ids=lambda text: str(text)[:20],
)
def test_partial_json_is_read_as_far_as_it_goes(text: str, expected: Any) -> None:
    """Half an object is what is certain of it; what is not JSON yet is nothing."""
    assert read_partial_json(text) == expected


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


# --- the parsers by themselves

PARSE: dict[str, Callable[[AnswerParser], Any]] = {
    "text": lambda parser: parser.parse(JOKE_TEXT),
    "invoked with text": lambda parser: parser.invoke(JOKE_TEXT),
    "text chunks": lambda parser: list(parser.transform(iter(split(JOKE_TEXT, 5))))[-1],
    "partial": lambda parser: parser.parse_result(
        [ChatGeneration(message=AIMessageChunk(content=JOKE_TEXT))], partial=True
    ),
    "after another runnable": lambda parser: (
        RunnableLambda(AIMessage) | parser
    ).invoke(JOKE_TEXT),
}


@pytest.mark.parametrize("parse", PARSE.values(), ids=PARSE)
def test_parser_reads_texts_as_it_reads_messages(
    parse: Callable[[AnswerParser], Any],
) -> None:
    """The parser is an ordinary LangChain parser."""
    assert parse(AnswerParser(answer_class=Joke)) == Joke(**JOKE)


def test_parser_gives_nothing_for_an_empty_stream() -> None:
    """A stream that a caller emptied is not an answer of the model."""
    assert list(AnswerParser().transform(iter([]))) == []
    last = {"parsed": None, "parsing_error": None}
    raw_parser = RawAnswerParser(answer_parser=AnswerParser())
    assert list(raw_parser.transform(iter([]))) == [last]


def test_parsers_know_their_output() -> None:
    """`get_output_schema` and tracers ask for it."""
    parser = AnswerParser(answer_class=Joke)
    assert parser.OutputType is Joke
    assert AnswerParser().OutputType is dict
    raw_parser = RawAnswerParser(answer_parser=parser)
    assert raw_parser.OutputType == dict[str, Any]
    assert raw_parser.parse(JOKE_TEXT)["parsed"] == Joke(**JOKE)
    partial = raw_parser.parse_result([Generation(text="{")], partial=True)
    assert partial["parsed"] is None
