"""The object is read from wherever servers put it, or its absence is an error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage

from langchain_clarifai._structured.output import build_structured_output
from tests.unit.structured.jokes import (
    JOKE,
    JOKE_TEXT,
    FakeModel,
    Joke,
    JokeTypedDict,
    call,
    joke_tool,
    parse_as_joke,
)


def cut_call(args: str, name: str | None = "Joke") -> AIMessage:
    invalid = {"name": name, "args": args, "id": "1", "error": None}
    return AIMessage(
        "",
        invalid_tool_calls=[invalid],
        response_metadata={"finish_reason": "length"},
    )


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
