"""A model's answer, whole or as it streams → the object that was asked for.

The parsers pickle, so they hold classes and functions of modules only.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, cast

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    BaseMessageChunk,
)
from langchain_core.output_parsers import BaseTransformOutputParser
from langchain_core.outputs import ChatGeneration, Generation
from langchain_core.runnables.utils import AddableDict

from langchain_clarifai._structured.json_in_text import read_json, read_partial_json
from langchain_clarifai._structured.refusals import raise_if_refused

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

_EXCERPT_LENGTH = 200
_FINISH_REASONS = {
    "length": ": the answer was cut, so raise max_tokens",
    "content_filter": ": a content filter stopped the answer",
}


class _ClosingParser(BaseTransformOutputParser[Any]):
    """Stop the model when the reader stops.

    langchain-core's parsers read a stream to its end for the trace, also after the
    reader has left, and leave closing it to the garbage collector.
    """

    def transform(
        self,
        input: Iterator[str | BaseMessage],  # noqa: A002  # LangChain's hook
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Iterator[Any]:
        """Parse an answer while it grows."""
        relayed = _relay(input)
        outputs = cast("Any", super().transform(relayed, config, **kwargs))
        with closing(outputs), closing(relayed):
            for output in outputs:  # noqa: UP028  # `yield from` would close it first
                yield output

    async def atransform(
        self,
        input: AsyncIterator[str | BaseMessage],  # noqa: A002  # LangChain's hook
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        """Parse an answer while it grows."""
        relayed = _arelay(input)
        outputs = cast("Any", super().atransform(relayed, config, **kwargs))
        async with aclosing(outputs), aclosing(relayed):
            async for output in outputs:
                yield output


def _relay(items: Iterator[Any]) -> Generator[Any]:
    yield from items


async def _arelay(items: AsyncIterator[Any]) -> AsyncGenerator[Any]:
    try:
        async for item in items:
            yield item
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()


class AnswerParser(_ClosingParser):
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
            partials = _PartialAnswers(self)
            return next(iter(partials.feed(message)), None)
        raise_if_refused(message)
        if self.tool_name is not None:
            return self._validate(self._read_tool_call(message), message)
        if self.may_call_tools and getattr(message, "tool_calls", None):
            return None
        return self._validate(self._read_text(message), message)

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
        partials = _PartialAnswers(self)
        for item in input:
            yield from partials.feed(item)
        yield from partials.finish()

    async def _atransform(
        self,
        input: AsyncIterator[str | BaseMessage],  # noqa: A002  # LangChain's hook
    ) -> AsyncIterator[Any]:
        partials = _PartialAnswers(self)
        async for item in input:
            for partial in partials.feed(item):
                yield partial
        for partial in partials.finish():
            yield partial

    def _read_text(self, message: BaseMessage) -> Any:
        text = str(message.text)
        try:
            return read_json(text)
        except ValueError as error:
            reason = f"The answer is not one JSON object ({error})."
            raise build_parsing_error(reason, message, text) from error

    def _read_tool_call(self, message: BaseMessage) -> Any:
        """Read the arguments of the first call of the tool."""
        calls = message.tool_calls if isinstance(message, AIMessage) else []
        for call in calls:
            if call["name"] == self.tool_name:
                return call["args"]
        invalid_calls = (
            message.invalid_tool_calls if isinstance(message, AIMessage) else []
        )
        for invalid_call in invalid_calls:
            if invalid_call["name"] in (self.tool_name, "", None):
                return self._repair_arguments(invalid_call["args"] or "", message)
        if calls or invalid_calls:
            names = ", ".join(repr(call["name"]) for call in (*calls, *invalid_calls))
            reason = f"The model called {names}, not the tool {self.tool_name!r}."
            raise build_parsing_error(reason, message, str(message.text))
        return self._read_call_in_text(message)

    def _repair_arguments(self, arguments: str, message: BaseMessage) -> Any:
        """Read arguments that are JSON inside of something else, but never cut ones.

        vLLM leaves the model's own `<tool_call>` markup in the arguments when a call
        is forced by name: https://github.com/vllm-project/vllm/pull/23323
        """
        try:
            return _unwrap_call(read_json(arguments), self.tool_name)
        except ValueError as error:
            reason = (
                f"The model called the tool {self.tool_name!r}, but the arguments are "
                f"cut or not valid JSON ({error})."
            )
            raise build_parsing_error(reason, message, arguments) from error

    def _read_call_in_text(self, message: BaseMessage) -> Any:
        """Read the arguments from the text, where a server without a parser has them.

        Prose is an error: other integrations give `None`, which fails far from here
        (https://github.com/ollama/ollama/issues/6314).
        """
        text = str(message.text)
        reason = f"The model did not call the tool {self.tool_name!r}."
        try:
            value = _unwrap_call(read_json(text), self.tool_name)
        except ValueError as error:
            raise build_parsing_error(reason, message, text) from error
        if not isinstance(value, dict) or not set(self.required) <= value.keys():
            raise build_parsing_error(reason, message, text)
        return cast("dict[str, Any]", value)

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


class RawAnswerParser(_ClosingParser):
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
        partials = _PartialAnswers(self.answer_parser)
        for item in input:
            yield RawAnswerChunk(raw=item)
            for partial in partials.feed(item):
                yield RawAnswerChunk(parsed=partial)
        yield _build_last_chunk(partials)

    async def _atransform(
        self,
        input: AsyncIterator[str | BaseMessage],  # noqa: A002  # LangChain's hook
    ) -> AsyncIterator[dict[str, Any]]:
        partials = _PartialAnswers(self.answer_parser)
        async for item in input:
            yield RawAnswerChunk(raw=item)
            for partial in partials.feed(item):
                yield RawAnswerChunk(parsed=partial)
        yield _build_last_chunk(partials)


class RawAnswerChunk(AddableDict):
    """A part of a streamed result: raw parts add up, the later object replaces."""

    def __add__(self, other: AddableDict) -> RawAnswerChunk:
        total = RawAnswerChunk({**self, **other})
        if "raw" in self and "raw" in other:
            total["raw"] = self["raw"] + other["raw"]
        return total


def _build_last_chunk(partials: _PartialAnswers) -> RawAnswerChunk:
    try:
        last = partials.finish()
    except Exception as error:  # noqa: BLE001  # whatever a validator raises is reported
        return RawAnswerChunk(parsed=None, parsing_error=error)
    parsed = last[0] if last else partials.latest
    return RawAnswerChunk(parsed=parsed, parsing_error=None)


class _PartialAnswers:
    """The objects that can be read from a growing answer; fed by sync and async alike.

    It parses the JSON text alone: adding up messages chunk by chunk would merge all
    of the answer again each time.
    """

    def __init__(self, parser: AnswerParser) -> None:
        self.latest: Any = None
        self._parser = parser
        self._messages: list[BaseMessage] = []
        self._text = ""
        self._names: dict[Any, str] = {}
        self._arguments: dict[Any, str] = {}

    def feed(self, item: str | BaseMessage) -> list[Any]:
        """Take a part of the answer, and give the object if it has changed."""
        message = AIMessageChunk(content=item) if isinstance(item, str) else item
        if not isinstance(message, BaseMessageChunk):
            # A model that cannot stream answers with one whole message.
            self._messages = [message]
            return []
        self._messages.append(message)
        self._text += message.text
        for call in getattr(message, "tool_call_chunks", ()):
            index = call["index"]
            self._names[index] = self._names.get(index, "") + (call["name"] or "")
            self._arguments[index] = self._arguments.get(index, "") + (
                call["args"] or ""
            )
        return self._note_change(self._parser.parse_partial(self._find_json()))

    def finish(self) -> list[Any]:
        """Parse the whole answer, and give the object if it has changed.

        Raises:
            OutputParserException: If there is no object, or it does not validate.
            ModelRefusalError: If the model refused.
        """
        if not self._messages:
            return []
        first, *rest = cast("list[Any]", self._messages)
        generation = ChatGeneration(message=first + rest if rest else first)
        return self._note_change(self._parser.parse_result([generation]))

    def _find_json(self) -> str:
        """Find the text that holds the object: the answer, or the call's arguments."""
        tool_name = self._parser.tool_name
        if tool_name is None:
            return self._text
        for index, name in self._names.items():
            if name == tool_name:
                return self._arguments[index]
        return ""

    def _note_change(self, answer: Any) -> list[Any]:
        if answer is None or answer == self.latest:
            return []
        self.latest = answer
        return [answer]


def _unwrap_call(value: Any, tool_name: str | None) -> Any:
    """Take the arguments out of a call that was written as JSON text."""
    if not isinstance(value, dict) or value.get("name") != tool_name:
        return value
    arguments = value.get("arguments", value.get("parameters"))
    if isinstance(arguments, str):
        return read_json(arguments)
    return value if arguments is None else arguments


def _convert_to_message(generation: Generation) -> BaseMessage:
    if isinstance(generation, ChatGeneration):
        return generation.message
    return AIMessage(content=generation.text)


def build_parsing_error(
    reason: str, message: BaseMessage, llm_output: str
) -> OutputParserException:
    """Build the error for an answer: the reason, why the model stopped, an excerpt."""
    sentences = [reason]
    finish_reason = message.response_metadata.get("finish_reason")
    if finish_reason:
        hint = _FINISH_REASONS.get(finish_reason, "")
        sentences.append(f"finish_reason is {finish_reason!r}{hint}.")
    if llm_output:
        sentences.append(f"What came begins with: {llm_output[:_EXCERPT_LENGTH]!r}")
    return OutputParserException(" ".join(sentences), llm_output=llm_output)
