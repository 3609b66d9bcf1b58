"""The parsers by themselves: texts, empty streams and what they say of their output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, Generation
from langchain_core.runnables import RunnableLambda

from langchain_clarifai._structured.parsers import AnswerParser, RawAnswerParser
from tests.unit.structured.jokes import JOKE, JOKE_TEXT, Joke, split

if TYPE_CHECKING:
    from collections.abc import Callable


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
