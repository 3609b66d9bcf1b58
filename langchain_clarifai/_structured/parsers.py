"""A model's answer, whole or as it streams → the object that was asked for.

All classes and functions that a parser holds can be imported, so it can be pickled.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, Generation
from langchain_core.runnables.utils import AddableDict

from langchain_clarifai._structured.answers import (
    build_parsing_error,
    read_call_answer,
    read_text_answer,
)
from langchain_clarifai._structured.closing import ClosingParser
from langchain_clarifai._structured.json_in_text import read_partial_json
from langchain_clarifai._structured.partials import PartialAnswers
from langchain_clarifai._structured.refusals import raise_if_refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class AnswerParser(ClosingParser):
    """Parse a model's answer into the object that was asked for.

    Unlike langchain-core's parsers it never completes cut JSON in a whole answer,
    raises where there is no object instead of giving `None`, and does both at the end
    of a stream too.
    """

    answer_class: type[Any] | None = None
    """The pydantic class to validate into; without one the JSON is the answer."""

    container: type[Any] = dict
    """What the JSON has to be when no class validates it."""

    tool_name: str | None = None
    """The tool whose call is the answer; without one the text is."""

    required: tuple[str, ...] = ()
    """Keys without which JSON in the text is no replacement for a tool call."""

    may_call_tools: bool = False
    """Whether a call of another tool is an answer too, parsed as `None`."""

    @property
    def OutputType(self) -> type[Any]:  # noqa: N802  # LangChain's hook
        """The type of the object."""
        return self.answer_class or self.container

    def parse(self, text: str) -> Any:
        """Parse the text of an answer."""
        return self.parse_result([Generation(text=text)])

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """Parse an answer.

        Args:
            result: The answer, alone or first among several.
            partial: Give the object as far as it is there, `None` if it is not yet.

        Raises:
            OutputParserException: If there is no object, or it does not validate.
            ModelRefusalError: If the model refused.
        """
        message = _convert_to_message(result[0])
        if partial:
            partials = PartialAnswers(self)
            return next(iter(partials.feed(message)), None)
        raise_if_refused(message)
        if self.tool_name is not None:
            value = read_call_answer(message, self.tool_name, self.required)
            return self._validate(value, message)
        if self.may_call_tools and getattr(message, "tool_calls", None):
            return None
        return self._validate(read_text_answer(message), message)

    async def aparse_result(
        self, result: list[Generation], *, partial: bool = False
    ) -> Any:
        """Parse an answer, without the detour through a thread."""
        return self.parse_result(result, partial=partial)

    def parse_partial(self, text: str) -> Any:
        """Parse JSON as far as it is there; `None` if nothing of it is valid yet."""
        value = read_partial_json(text)
        if value is None:
            return None
        try:
            return self._convert_to_answer(value)
        except Exception:  # noqa: BLE001  # validators were not written for half an object
            return None

    def _transform(self, input: Iterator[str | BaseMessage]) -> Iterator[Any]:  # noqa: A002  # LangChain's hook
        partials = PartialAnswers(self)
        for item in input:
            yield from partials.feed(item)
        yield from partials.finish()

    async def _atransform(
        self,
        input: AsyncIterator[str | BaseMessage],  # noqa: A002  # LangChain's hook
    ) -> AsyncIterator[Any]:
        partials = PartialAnswers(self)
        async for item in input:
            for partial in partials.feed(item):
                yield partial
        for partial in partials.finish():
            yield partial

    def _validate(self, value: Any, message: BaseMessage) -> Any:
        try:
            return self._convert_to_answer(value)
        except ValueError as error:
            llm_output = json.dumps(value, ensure_ascii=False)
            reason = f"The answer does not fit the schema: {error}"
            raise build_parsing_error(reason, message, llm_output) from error

    def _convert_to_answer(self, value: Any) -> Any:
        """Validate a JSON value, by pydantic v1 or v2 if there is a class.

        Raises:
            ValueError: If the value does not fit; pydantic's errors are of this class.
        """
        if self.answer_class is None:
            if isinstance(value, self.container):
                return value
            expected = self.container.__name__
            raise ValueError(f"it is a {type(value).__name__}, not a {expected}.")
        validate = getattr(self.answer_class, "model_validate", None)
        return (validate or self.answer_class.parse_obj)(value)


class RawAnswerParser(ClosingParser):
    """Parse a model's answer into a dict of the answer, the object and the error.

    langchain-core's own composition for this waits for the whole answer, and raises
    in a stream what it returns elsewhere.
    """

    answer_parser: AnswerParser

    @property
    def OutputType(self) -> type[dict[str, Any]]:  # noqa: N802  # LangChain's hook
        """The type of the result."""
        return dict[str, Any]

    def parse(self, text: str) -> dict[str, Any]:
        """Parse the text of an answer."""
        return self.parse_result([Generation(text=text)])

    def parse_result(
        self, result: list[Generation], *, partial: bool = False
    ) -> dict[str, Any]:
        """Parse an answer; what goes wrong is in `parsing_error`."""
        raw = _convert_to_message(result[0])
        try:
            parsed = self.answer_parser.parse_result(result, partial=partial)
        except Exception as error:  # noqa: BLE001  # whatever a validator raises is reported
            return {"raw": raw, "parsed": None, "parsing_error": error}
        return {"raw": raw, "parsed": parsed, "parsing_error": None}

    async def aparse_result(
        self, result: list[Generation], *, partial: bool = False
    ) -> dict[str, Any]:
        """Parse an answer, without the detour through a thread."""
        return self.parse_result(result, partial=partial)

    def _transform(
        self,
        input: Iterator[str | BaseMessage],  # noqa: A002  # LangChain's hook
    ) -> Iterator[dict[str, Any]]:
        partials = PartialAnswers(self.answer_parser)
        for item in input:
            yield RawAnswerChunk(raw=item)
            for partial in partials.feed(item):
                yield RawAnswerChunk(parsed=partial)
        yield _build_last_chunk(partials)

    async def _atransform(
        self,
        input: AsyncIterator[str | BaseMessage],  # noqa: A002  # LangChain's hook
    ) -> AsyncIterator[dict[str, Any]]:
        partials = PartialAnswers(self.answer_parser)
        async for item in input:
            yield RawAnswerChunk(raw=item)
            for partial in partials.feed(item):
                yield RawAnswerChunk(parsed=partial)
        yield _build_last_chunk(partials)


class RawAnswerChunk(AddableDict):
    """A part of a streamed result: raw parts add up, of all else the later counts."""

    def __add__(self, other: AddableDict) -> RawAnswerChunk:
        total = RawAnswerChunk({**self, **other})
        if "raw" in self and "raw" in other:
            total["raw"] = self["raw"] + other["raw"]
        return total


def _build_last_chunk(partials: PartialAnswers) -> RawAnswerChunk:
    try:
        last = partials.finish()
    except Exception as error:  # noqa: BLE001  # whatever a validator raises is reported
        return RawAnswerChunk(parsed=None, parsing_error=error)
    parsed = last[0] if last else partials.latest
    return RawAnswerChunk(parsed=parsed, parsing_error=None)


def _convert_to_message(generation: Generation) -> BaseMessage:
    if isinstance(generation, ChatGeneration):
        return generation.message
    return AIMessage(content=generation.text)
