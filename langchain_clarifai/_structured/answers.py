"""A whole answer → the JSON value in it: in its text, or in the arguments of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage

from langchain_clarifai._structured.json_in_text import read_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.messages import BaseMessage

_EXCERPT_LENGTH = 200
_FINISH_REASONS = {
    "length": ": the answer was cut, so raise max_tokens",
    "content_filter": ": a content filter stopped the answer",
}


def read_text_answer(message: BaseMessage) -> Any:
    text = str(message.text)
    try:
        return read_json(text)
    except ValueError as error:
        reason = f"The answer is not one JSON object ({error})."
        raise build_parsing_error(reason, message, text) from error


def read_call_answer(
    message: BaseMessage, tool_name: str, required: Sequence[str]
) -> Any:
    """Read the arguments of the first call of a tool.

    Args:
        message: The answer.
        tool_name: The tool whose call is the answer.
        required: Keys without which JSON in the text is no replacement for a call.

    Raises:
        OutputParserException: If there is no such call.
    """
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    for call in calls:
        if call["name"] == tool_name:
            return call["args"]
    invalid_calls = message.invalid_tool_calls if isinstance(message, AIMessage) else []
    for invalid_call in invalid_calls:
        if invalid_call["name"] in (tool_name, "", None):
            return _repair_arguments(invalid_call["args"] or "", message, tool_name)
    if calls or invalid_calls:
        names = ", ".join(repr(call["name"]) for call in (*calls, *invalid_calls))
        reason = f"The model called {names}, not the tool {tool_name!r}."
        raise build_parsing_error(reason, message, str(message.text))
    return _read_call_in_text(message, tool_name, required)


def _repair_arguments(arguments: str, message: BaseMessage, tool_name: str) -> Any:
    """Read arguments that are JSON inside of something else, but never cut ones.

    vLLM leaves the model's own `<tool_call>` markup in the arguments when a call
    is forced by name: https://github.com/vllm-project/vllm/pull/23323
    """
    try:
        return _unwrap_call(read_json(arguments), tool_name)
    except ValueError as error:
        reason = (
            f"The model called the tool {tool_name!r}, but the arguments are "
            f"cut or not valid JSON ({error})."
        )
        raise build_parsing_error(reason, message, arguments) from error


def _read_call_in_text(
    message: BaseMessage, tool_name: str, required: Sequence[str]
) -> Any:
    """Read the arguments from the text, where a server without a parser has them.

    Prose is an error: other integrations give `None`, which fails far from here
    (https://github.com/ollama/ollama/issues/6314).
    """
    text = str(message.text)
    reason = f"The model did not call the tool {tool_name!r}."
    try:
        value = _unwrap_call(read_json(text), tool_name)
    except ValueError as error:
        raise build_parsing_error(reason, message, text) from error
    if not isinstance(value, dict) or not set(required) <= value.keys():
        raise build_parsing_error(reason, message, text)
    return cast("dict[str, Any]", value)


def _unwrap_call(value: Any, tool_name: str) -> Any:
    """Take the arguments out of a call that was written as JSON text."""
    if not isinstance(value, dict) or value.get("name") != tool_name:
        return value
    arguments = value.get("arguments", value.get("parameters"))
    if isinstance(arguments, str):
        return read_json(arguments)
    return value if arguments is None else arguments


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
