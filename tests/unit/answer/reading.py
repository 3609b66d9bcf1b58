"""A message or events of a server → LangChain's message, and what goes back."""

from __future__ import annotations

import json
from typing import Any, Final

from langchain_core.messages import AIMessage, HumanMessage, message_chunk_to_message

from langchain_clarifai._answer.completion import convert_to_chat_result
from langchain_clarifai._answer.metadata import AnswerMetadata
from langchain_clarifai._answer.stream import StreamAccumulator
from langchain_clarifai._request.messages import convert_to_wire_messages

MODEL: Final = "user/app/models/model"


TOOLS: Final = {"search": "search"}


FINISH: Final[dict[str, Any]] = {
    "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]
}


def read_plain(message: dict[str, Any], **fields: Any) -> AIMessage:
    """Read a message as a plain answer."""
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = json.dumps({"choices": [choice], **fields}).encode()
    metadata = AnswerMetadata(MODEL)
    result = convert_to_chat_result(body, metadata, "auto", MODEL, TOOLS)
    answer = result.generations[0].message
    assert isinstance(answer, AIMessage)
    return answer


def read_events(*events: dict[str, Any]) -> AIMessage:
    """Read events; return the sum of the chunks, as a message."""
    accumulator = StreamAccumulator(
        AnswerMetadata(MODEL), None, allow_unfinished=False, tool_names=TOOLS
    )
    chunks: list[Any] = []
    for event in (*events, FINISH):
        chunks += accumulator.feed(b"data: " + json.dumps(event).encode() + b"\n\n")
    chunks += accumulator.feed(b"data: [DONE]\n\n")
    total = chunks[0].message
    for chunk in chunks[1:]:
        total += chunk.message
    answer = message_chunk_to_message(total)
    assert isinstance(answer, AIMessage)
    return answer


def build_event(delta: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Build an event of one delta."""
    return {"choices": [{"index": 0, "delta": delta}], **fields}


def read_deltas(*deltas: dict[str, Any]) -> AIMessage:
    """Read deltas, one an event."""
    return read_events(*map(build_event, deltas))


def send_back(message: AIMessage) -> dict[str, Any]:
    """Return the wire message that stands for an answer in the next request."""
    return convert_to_wire_messages([HumanMessage("x"), message])[1]
