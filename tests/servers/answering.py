"""A chat completion request → what a good model answers."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.servers.checking import check, find_named_tool, read_text
from tests.servers.invention import find_names, find_quoted, invent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.servers.openai_wire import JSON

_TOKEN: Final = re.compile(r"\s*(?:\w{1,6}|[^\w\s])|\s+")
_WORD: Final = re.compile(r"[a-z]{3,}")
_STOP_WORDS: Final = frozenset(
    {
        *("about", "and", "are", "call", "can", "did", "does", "for", "from", "get"),
        *("give", "has", "have", "how", "into", "its", "need", "not", "one", "some"),
        *("that", "the", "then", "them", "this", "tool", "use", "using", "value"),
        *("was", "what", "when", "which", "who", "will", "with", "you", "your"),
    }
)
"""What two texts may share without being about the same thing."""


def split_tokens(text: str) -> list[str]:
    """Cut a text into what this model takes for tokens."""
    return _TOKEN.findall(text)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model wants made."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model has to say."""

    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"

    def count_tokens(self) -> int:
        """Count all that was generated."""
        texts = [self.reasoning, self.content]
        texts += [
            text for call in self.tool_calls for text in (call.name, call.arguments)
        ]
        return sum(len(split_tokens(text)) for text in texts)


def _find_last_user_text(messages: Sequence[JSON]) -> str:
    texts = (read_text(m) for m in reversed(messages) if m["role"] == "user")
    return next(texts, "")


def answer_request(body: JSON, *, position: int = 0) -> Answer:
    """Answer a request as a good model would.

    Args:
        body: The request's JSON.
        position: Which of several choices this is, so that their ids differ.

    Raises:
        RefusedError: The request is one that backends refuse.
    """
    check(body)
    text = _find_last_user_text(body["messages"])
    tools = _choose_tools(body, text)
    if tools:
        calls = _build_tool_calls(body, tools[0], text, position)
        answer = Answer(tool_calls=calls, finish_reason="tool_calls")
    else:
        answer = Answer(content=_write_content(body, text))
    if (body.get("reasoning_effort") or "none") != "none":
        answer = dataclasses.replace(answer, reasoning=_write_reasoning(answer, text))
    return _cut_by_length(_cut_by_stop(answer, body), body)


def _choose_tools(body: JSON, text: str) -> list[JSON]:
    """Choose the tools to call, the best one first."""
    functions = [tool["function"] for tool in body.get("tools") or ()]
    choice = body.get("tool_choice") or "auto"
    if choice == "none":
        return []
    if (named := find_named_tool(body)) is not None:
        return [function for function in functions if function["name"] == named]
    messages = body["messages"]
    words = _find_words(text)
    fitting = [f for f in functions if words & _find_words(_describe(f))]
    if choice == "auto":
        return fitting if messages[-1]["role"] == "user" else []
    called = _find_names_called_since_user(messages)
    ranked = [*fitting, *(f for f in functions if f not in fitting)]
    return sorted(ranked, key=lambda function: function["name"] in called)


def _find_words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower().replace("_", " "))) - _STOP_WORDS


def _describe(function: JSON) -> str:
    return f"{function['name']} {function.get('description') or ''}"


def _find_names_called_since_user(messages: Sequence[JSON]) -> set[str]:
    names: set[str] = set()
    for message in reversed(messages):
        if message["role"] == "user":
            break
        names |= {call["function"]["name"] for call in message.get("tool_calls") or ()}
    return names


def _build_tool_calls(
    body: JSON, function: JSON, text: str, position: int
) -> tuple[ToolCall, ...]:
    """Build one call, or one for each of the things that "… and …" names."""
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    name = function["name"]
    several = (
        _find_several(schema, text) if body.get("parallel_tool_calls", True) else []
    )
    arguments = [{key: value} for key, value in several] or [invent(schema, text)]
    return tuple(
        ToolCall(
            call_id=_build_call_id(body, position, index),
            name=name,
            arguments=json.dumps(one, ensure_ascii=False),
        )
        for index, one in enumerate(arguments)
    )


def _find_several(schema: JSON, text: str) -> list[tuple[str, str]]:
    properties: JSON = schema.get("properties", {})
    names = find_names(text)
    if len(properties) != 1 or not names[1:] or f" and {names[-1]}" not in text:
        return []
    [(key, value)] = properties.items()
    fits = value.get("type") == "string" and "enum" not in value
    return [(key, name) for name in names] if fits else []


def _build_call_id(body: JSON, position: int, index: int) -> str:
    seed = json.dumps([body["messages"], position, index], sort_keys=True)
    return f"call_{hashlib.sha256(seed.encode()).hexdigest()[:24]}"


def _write_content(body: JSON, text: str) -> str:
    response_format = body.get("response_format") or {}
    match response_format.get("type"):
        case "json_schema":
            schema = response_format["json_schema"]["schema"]
            return json.dumps(invent(schema, text), ensure_ascii=False)
        case "json_object":
            keys = find_quoted(text) or ["answer"]
            return json.dumps({key: f"The {key}." for key in keys}, ensure_ascii=False)
        case _:
            return _write_prose(body["messages"], text)


def _write_prose(messages: Sequence[JSON], text: str) -> str:
    if messages[-1]["role"] == "tool":
        return f"The tool says: {read_text(messages[-1])}"
    return f"Hello, thank you for writing: {text}"


def _write_reasoning(answer: Answer, text: str) -> str:
    todo = "I call a tool" if answer.tool_calls else "I answer"
    return f"The user wrote: {text}\nSo {todo}."


def _cut_by_stop(answer: Answer, body: JSON) -> Answer:
    stop = body.get("stop") or []
    words = [stop] if isinstance(stop, str) else stop
    places = [place for word in words if (place := answer.content.find(word)) >= 0]
    content = answer.content[: min(places)] if places else answer.content
    return dataclasses.replace(answer, content=content)


def _cut_by_length(answer: Answer, body: JSON) -> Answer:
    left = body.get("max_completion_tokens") or body.get("max_tokens")
    if left is None or left >= answer.count_tokens():
        return answer
    reasoning, left = _take(answer.reasoning, left)
    content, left = _take(answer.content, left)
    calls: list[ToolCall] = []
    for call in answer.tool_calls:
        left -= len(split_tokens(call.name))
        if left < 0:
            break
        arguments, left = _take(call.arguments, left)
        calls.append(dataclasses.replace(call, arguments=arguments))
    return Answer(content, reasoning, tuple(calls), "length")


def _take(text: str, count: int) -> tuple[str, int]:
    tokens = split_tokens(text)[: max(count, 0)]
    return "".join(tokens), count - len(tokens)
