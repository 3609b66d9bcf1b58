"""Schema → what asks the model for it; the model's answer → the object asked for.

The runnables built here pickle, so they hold classes and functions of modules only.
"""

from __future__ import annotations

import json
import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Generator,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from langchain_core import exceptions
from langchain_core.exceptions import ModelError, OutputParserException
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    BaseMessageChunk,
)
from langchain_core.output_parsers import BaseTransformOutputParser
from langchain_core.outputs import ChatGeneration, Generation
from langchain_core.runnables.utils import AddableDict
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_core.utils.json import parse_partial_json
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic_core import from_json

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.runnables import Runnable, RunnableConfig

StructuredOutputMethod = Literal["function_calling", "json_schema", "json_mode"]

_EXCERPT_LENGTH = 200
_FINISH_REASONS = {
    "length": ": the answer was cut, so raise max_tokens",
    "content_filter": ": a content filter stopped the answer",
}
_UNSAFE_IN_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_NAME_LENGTH = 64
_FENCE_OPENING = re.compile(r"\A```[\w-]*\s*")
_FENCED = re.compile(r"```[\w-]*\s(.*?)```", re.DOTALL)
# Braces in prose ("{name}", "{}") open no object.
_OBJECT_IN_PROSE = re.compile(r'\{\s*"|\[\s*\{')
_DECODER = json.JSONDecoder(strict=False)  # models leave newlines in strings


class ModelRefusalError(ModelError):
    """The model declined to give the output that was asked for.

    It is langchain-core's own class where that has one (1.7.5 and later).

    Args:
        message: What the model said.
        raw_message: The answer that holds the refusal.
    """

    def __init__(
        self,
        message: str = "Model refused to produce the requested output",
        *,
        raw_message: BaseMessage | None = None,
    ) -> None:
        self.raw_message = raw_message
        super().__init__(message)


if not TYPE_CHECKING:  # pragma: no branch
    ModelRefusalError = getattr(exceptions, "ModelRefusalError", ModelRefusalError)


def build_structured_output(  # noqa: PLR0913  # the words of with_structured_output
    model: BaseChatModel,
    schema: Any,
    *,
    method: StructuredOutputMethod,
    include_raw: bool = False,
    strict: bool | None = None,
    tools: Sequence[Any] | None = None,
    **kwargs: Any,
) -> Runnable[LanguageModelInput, Any]:
    """Build the chain that asks a model for a schema and parses its answer.

    Args:
        model: Any chat model that takes OpenAI's `tools` and `response_format`.
        schema: A pydantic class (v1 or v2), a `TypedDict`, a JSON schema with a title,
            an OpenAI `response_format`, a tool, a callable; `None` with `json_mode`.
        method: A forced tool call, a schema in `response_format`, or any JSON object
            (the prompt then has to tell what it should look like).
        include_raw: Give a dict of `raw`, `parsed` and `parsing_error`, and raise
            nothing that has to do with parsing.
        strict: Ask the provider to enforce the schema; sent only when given.
        tools: Tools the model may call instead of answering, with `json_schema`.
            The parsed value of such an answer is `None`.
        **kwargs: Bound to the model, such as `temperature`; a `tool_choice` replaces
            the forced one, for models that refuse to be forced.

    Raises:
        ValueError: If the arguments do not go together.
    """
    _check_arguments(schema, method, strict=strict, tools=tools)
    schema, strict = _unwrap_response_format(schema, strict=strict)
    asked = {"method": method} | ({} if strict is None else {"strict": strict})
    options: dict[str, Any] = {
        **kwargs,
        "ls_structured_output_format": {"kwargs": asked, "schema": schema},
    }
    parser = AnswerParser(
        answer_class=schema if is_basemodel_subclass(schema) else None,
        container=list if _is_array_schema(schema) else dict,
    )
    bound: Runnable[LanguageModelInput, Any]
    if method == "function_calling":
        tool = _build_tool(schema, strict=strict)
        parser = _build_tool_call_parser(parser, tool)
        options.setdefault("tool_choice", parser.tool_name)
        bound = model.bind_tools([tool], **options)
    elif method == "json_mode":
        bound = model.bind(response_format={"type": "json_object"}, **options)
    else:
        options["response_format"] = build_response_format(schema, strict=strict)
        bound = _bind_with_tools(model, tools, strict=strict, options=options)
        parser = parser.model_copy(update={"may_call_tools": bool(tools)})
    return bound | (RawAnswerParser(answer_parser=parser) if include_raw else parser)


def build_response_format(schema: Any, *, strict: bool | None) -> dict[str, Any]:
    """Build the `response_format` that asks for a schema.

    Raises:
        ValueError: If the schema is of no known kind, or a JSON schema has no title.
    """
    schema, strict = _unwrap_response_format(schema, strict=strict)
    function = _build_tool(schema, strict=strict)["function"]
    wanted: dict[str, Any] = {"name": function["name"]}
    if function.get("description"):
        wanted["description"] = function["description"]
    wanted["schema"] = function["parameters"]
    if strict is not None:
        wanted["strict"] = strict
    return {"type": "json_schema", "json_schema": wanted}


def _check_arguments(
    schema: Any,
    method: str,
    *,
    strict: bool | None,
    tools: Sequence[Any] | None,
) -> None:
    """Refuse arguments that do not go together."""
    methods = get_args(StructuredOutputMethod)
    if method not in methods:
        allowed = ", ".join(repr(name) for name in methods)
        raise ValueError(f"Unknown method {method!r}. Use one of {allowed}.")
    if schema is None and method != "json_mode":
        raise ValueError(
            f"method={method!r} needs a schema. Pass one, or use method='json_mode'."
        )
    if strict is not None and method == "json_mode":
        raise ValueError(
            "strict does not go with method='json_mode', which sends no schema. Leave "
            "it out, or use method='json_schema' or 'function_calling'."
        )
    if tools and method != "json_schema":
        raise ValueError(
            f"tools do not go with method={method!r}. Use method='json_schema'."
        )


def _unwrap_response_format(
    schema: Any, *, strict: bool | None
) -> tuple[Any, bool | None]:
    """Turn a `response_format`, whole or its inner part, into a titled JSON schema."""
    if not isinstance(schema, Mapping):
        return schema, strict
    wrapped: Any = schema.get("json_schema", schema)
    if not isinstance(wrapped, Mapping) or not {"name", "schema"} <= wrapped.keys():
        return cast("Any", schema), strict
    described = {key: wrapped[key] for key in ("description",) if key in wrapped}
    titled = {**wrapped["schema"], **described, "title": wrapped["name"]}
    return titled, wrapped.get("strict") if strict is None else strict


def _is_array_schema(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "array"


def _build_tool(schema: Any, *, strict: bool | None) -> dict[str, Any]:
    """Build the tool for a schema, with parameters and a name that providers accept."""
    tool = convert_to_openai_tool(_name_parameters(schema), strict=strict)
    if "function" not in tool:
        raise ValueError(
            f"A tool of type {tool.get('type')!r} runs at the provider and has no "
            "schema. Pass a pydantic class, a TypedDict, a JSON schema with a title, "
            "a function tool or a callable."
        )
    function = tool["function"]
    name = _UNSAFE_IN_NAME.sub("_", function["name"])[:_MAX_NAME_LENGTH]
    return {"type": "function", "function": function | {"name": name}}


def _name_parameters(schema: Any) -> Any:
    """Spell out what langchain-core drops or trips over in dicts without properties."""
    if not isinstance(schema, Mapping):
        return schema
    if isinstance(schema.get("function"), Mapping):
        schema = schema["function"]
    if "title" in schema and not {"name", "properties"} & schema.keys():
        about = {"title": "name", "description": "description"}
        named = {about[key]: schema[key] for key in about if key in schema}
        rest = {key: value for key, value in schema.items() if key not in about}
        return {**named, "parameters": rest}
    if "name" in schema and not {"parameters", "input_schema"} & schema.keys():
        return {**schema, "parameters": {"type": "object", "properties": {}}}
    return dict(schema)


def _build_tool_call_parser(
    parser: AnswerParser, tool: Mapping[str, Any]
) -> AnswerParser:
    required = tool["function"]["parameters"].get("required", ())
    name = tool["function"]["name"]
    return parser.model_copy(update={"tool_name": name, "required": tuple(required)})


def _bind_with_tools(
    model: BaseChatModel,
    tools: Sequence[Any] | None,
    *,
    strict: bool | None,
    options: dict[str, Any],
) -> Runnable[LanguageModelInput, Any]:
    if not tools:
        return model.bind(**options)
    if strict is not None:
        options = options | {"strict": strict}
    return model.bind_tools(tools, **options)


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
        _raise_if_refused(message)
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


def read_json(text: str) -> Any:
    """Read the one JSON value in a text.

    Code fences, a leading `<think>…</think>` (opened or not) and prose around the
    value are left out, as long as there is one object only.

    Raises:
        ValueError: If there is none, or there are several, or it is cut.
    """
    answer = text.strip()
    for whole in (answer, _strip_reasoning(answer)):
        try:
            return _decode(whole)
        except ValueError:
            answer = whole
    found = list(_decode_fenced(answer)) or list(_decode_in_prose(answer))
    if not found:
        raise ValueError("there is none" if answer else "the answer is empty")
    if any(value != found[0] for value in found):
        raise ValueError("there are several, and none is marked as the answer")
    return found[0]


def read_partial_json(text: str) -> Any:
    """Read a JSON object or array that is still growing; `None` before it begins."""
    text = _FENCE_OPENING.sub("", _strip_reasoning(text.lstrip()))
    if not text.startswith(("{", "[")):
        return None
    try:
        return from_json(text, allow_partial="trailing-strings")
    except ValueError:
        pass
    try:
        # It reads newlines inside strings, but takes a Python loop over all of it.
        return parse_partial_json(text)
    except (ValueError, RecursionError):
        return None


def _decode(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _strip_reasoning(text: str) -> str:
    """Leave out reasoning at the start; all of the text if the reasoning never ends."""
    if text.startswith(("{", "[", "```")):
        return text
    before, closing_tag, after = text.partition("</think>")
    if closing_tag:
        return after.lstrip()
    return "" if before.startswith("<think>") else text


def _decode_fenced(text: str) -> Iterator[Any]:
    for fenced in _FENCED.findall(text):
        try:
            value = _decode(fenced.strip())
        except ValueError:
            continue
        if isinstance(value, (dict, list)):
            yield value


def _decode_in_prose(text: str) -> Iterator[Any]:
    """Decode the objects in a text.

    Raises:
        ValueError: If one is broken, for then an object found inside of it, or after
            it, is not the answer.
    """
    position = 0
    while match := _OBJECT_IN_PROSE.search(text, position):
        try:
            value, position = _DECODER.raw_decode(text, match.start())
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
        yield value


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


def find_refusal(message: BaseMessage) -> str | None:
    """Find the text of a refusal, in the message's fields or content blocks."""
    blocks: list[Any] = [message.additional_kwargs]
    if isinstance(message.content, list):
        blocks += [block for block in message.content if isinstance(block, dict)]
    for block in blocks:
        refusal = block.get("value", block).get("refusal")
        if refusal:
            return str(refusal)
    return None


def _raise_if_refused(message: BaseMessage) -> None:
    refusal = find_refusal(message)
    if refusal:
        raise ModelRefusalError(
            f"Model refused to produce the requested output: {refusal}",
            raw_message=message,
        )


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
