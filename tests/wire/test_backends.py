"""What recorded backends send, over the wire → one message, whoever reads it.

Each row comes plain, as JSON to a stream's call, and as an event stream; sync and
async; as chunks that are added up, as `output_version="v1"` and as v3 events. All
bodies are constructed, after the kinds that recorded traffic showed.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest
from langchain_core.messages import HumanMessage

from tests.servers.openai_wire import chunk, completion, sse
from tests.servers.wire import Framing, Reply, event_stream_reply
from tests.wire.replaying import READERS
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from tests.servers.wire import WireServer

URL_CITATION: Final = {
    "url": "https://a.example",
    "title": "A",
    "start_index": 0,
    "end_index": 2,
}
IMAGE: Final = {
    "type": "image_url",
    "image_url": {"url": "data:image/png;base64,AAAA"},
}
IMAGE_BLOCK: Final = {"type": "image", "base64": "AAAA", "mime_type": "image/png"}
LATE: Final = 9_999_999_999
SOUND: Final = {"id": "s", "data": "BBBB", "transcript": "Ho", "expires_at": LATE}
TEXT: Final = {"type": "text", "text": "Hi"}
COUNTED: Final = (9, 5, 14)


@dataclass(frozen=True)
class Row:
    """An answer, whole and in events, and what its readers get.

    `whole` is the message; `top` and `beside` stand next to the choices and in the
    choice; `events` are deltas, or whole events where they hold choices.
    """

    whole: dict[str, Any]
    events: list[dict[str, Any]]
    top: dict[str, Any] = field(default_factory=dict[str, Any])
    beside: dict[str, Any] = field(default_factory=dict[str, Any])
    blocks: list[dict[str, Any]] = field(default_factory=lambda: [{**TEXT}])
    text: str = "Hi"
    kwargs: dict[str, Any] = field(default_factory=dict[str, Any])
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
    usage: tuple[int, int, int] | None = None
    cache_read: int | None = None


def build_event(delta: Any, **fields: Any) -> dict[str, Any]:
    """Build an event with fields beside its choices."""
    return {"choices": [{"index": 0, "delta": delta}], **fields}


def build_call_row(
    call: dict[str, Any], name: str = "", arguments: Any = None, **fields: Any
) -> Row:
    """Build a row of one call; without a name it is none."""
    message = {
        "content": "Hi",
        "tool_calls": [{"index": 0, "type": "function", **call}],
    }
    read = {"type": "tool_call", "id": call["id"], "name": name, "args": arguments}
    blocks = [{**TEXT}, read] if name else [{**TEXT}]
    return Row(message, [message], blocks=blocks, **fields)


def build_function_row(function: dict[str, Any], name: str, arguments: Any) -> Row:
    """Build a row of a call of a function."""
    return build_call_row({"id": "c", "function": function}, name, arguments)


def build_usage_row(*usages: dict[str, Any], **fields: Any) -> Row:
    """Build a row whose usage comes in one object, or in several of a stream."""
    whole = {key: value for usage in usages for key, value in usage.items() if value}
    return Row(
        {"content": "Hi"},
        [build_event({"content": "Hi"}), *(build_event({}, usage=u) for u in usages)],
        top={"usage": whole},
        usage=COUNTED,
        **fields,
    )


def build_half_row(name: str, **fields: Any) -> Row:
    """Build a row of a text with a character in two deltas, and half of another."""
    return Row(
        {"content": "Hi", name: "a😀b\ud83d"},
        [{name: "a\ud83d"}, {name: "\ude00b"}, {name: "\ud83d"}]
        + ([] if name == "content" else [{"content": "Hi"}]),
        **fields,
    )


ROWS: Final[dict[str, Row]] = {
    "message beside a delta": Row(
        {"content": "Hi"},
        [
            {"choices": [{"delta": {"content": text}, "message": {"content": grown}}]}
            for text, grown in (("H", "H"), ("i", "Hi"))
        ],
        beside={"delta": {"role": "assistant", "content": ""}},
    ),
    "placeholder call": build_call_row(
        {"id": "", "function": {"name": "", "arguments": ""}}
    ),
    "placeholder of nulls": build_call_row(
        {"id": None, "function": {"name": None, "arguments": None}}
    ),
    "placeholder function_call": Row(
        {"content": "Hi", "function_call": {"name": "", "arguments": ""}},
        [{"content": "Hi", "function_call": {"name": None, "arguments": None}}],
    ),
    **{
        f"content is {text}": Row(
            {"content": json.loads(text)},
            [{"content": json.loads(text)}],
            text=text,
            blocks=[{"type": "text", "text": text}],
        )
        for text in ('{"a": 4}', '[{"a": 1}]', '["a"]', "7")
    },
    "annotations": Row(
        {
            "content": "Hi",
            "annotations": [{"type": "url_citation", "url_citation": URL_CITATION}],
        },
        [
            {"content": "Hi"},
            {"annotations": [{"type": "url_citation", "url_citation": URL_CITATION}]},
        ],
        kwargs={
            "annotations": [{"type": "url_citation", "url_citation": URL_CITATION}]
        },
        blocks=[{**TEXT, "annotations": [{"type": "citation", **URL_CITATION}]}],
    ),
    "citations and search results": Row(
        {"content": "Hi"},
        [
            build_event(
                {"content": text},
                citations=["https://a.example"],
                search_results=[{"title": "A", "url": "https://a.example"}],
            )
            for text in "Hi"
        ],
        top={
            "citations": ["https://a.example"],
            "search_results": [{"title": "A", "url": "https://a.example"}],
        },
        kwargs={
            "citations": ["https://a.example"],
            "search_results": [{"title": "A", "url": "https://a.example"}],
        },
        blocks=[
            {
                **TEXT,
                "annotations": [
                    {"type": "citation", "url": "https://a.example", "title": "A"}
                ],
            }
        ],
    ),
    "fields that nobody defined": Row(
        {"content": "Hi", "m": 2},
        [
            {
                "choices": [
                    {"index": 0, "delta": {"content": text, "m": m}, "matched_stop": 7}
                ],
                "provider": "X",
                "x_groq": {"id": "r"},
            }
            for text, m in (("H", 1), ("i", 2))
        ],
        top={"provider": "X", "x_groq": {"id": "r"}},
        beside={"matched_stop": 7},
        extra={
            "completion": {"provider": "X", "x_groq": {"id": "r"}},
            "choice": {"matched_stop": 7},
            "message": {"m": 2},
        },
    ),
    "log probabilities that are a number": Row(
        {"content": "Hi"},
        [{"choices": [{"index": 0, "delta": {"content": "Hi"}, "logprobs": -0.25}]}],
        beside={"logprobs": -0.25},
        extra={"choice": {"logprobs": -0.25}},
    ),
    "images": Row(
        {"content": "Hi", "images": [IMAGE]},
        [{"content": "Hi"}, {"images": [IMAGE]}],
        kwargs={"images": [IMAGE]},
        blocks=[{**TEXT}, IMAGE_BLOCK],
    ),
    "an image among the parts": Row(
        {"content": [TEXT, IMAGE]},
        [{"content": [TEXT, IMAGE]}],
        kwargs={"images": [IMAGE]},
        blocks=[{**TEXT}, IMAGE_BLOCK],
    ),
    "audio": Row(
        {"content": "Hi", "audio": SOUND},
        [
            {"content": "Hi"},
            {"audio": {"id": "s", "data": "BB", "transcript": "H"}},
            {"audio": {"data": "BB", "transcript": "o", "expires_at": LATE}},
        ],
        kwargs={"audio": SOUND},
        blocks=[
            {**TEXT},
            {
                "type": "audio",
                "base64": "BBBB",
                "id": "s",
                "extras": {"transcript": "Ho", "expires_at": LATE},
            },
        ],
    ),
    "custom call": build_call_row(
        {"id": "c", "type": "custom", "custom": {"name": "sh", "input": 'l "\n'}},
        "sh",
        {"__arg1": 'l "\n'},
    ),
    "function call beside an empty custom one": build_call_row(
        {
            "id": "c",
            "custom": {"name": "", "input": None},
            "function": {"name": "f", "arguments": "{}"},
        },
        "f",
        {},
    ),
    "harmony tail": build_function_row(
        {"name": "search<|channel|>commentary", "arguments": "{}"}, "search", {}
    ),
    "harmony tail of no tool": build_function_row(
        {"name": "other<|channel|>x", "arguments": "{}"}, "other<|channel|>x", {}
    ),
    "arguments encoded twice": build_function_row(
        {"name": "search", "arguments": '"{\\"a\\": 1}"'}, "search", {"a": 1}
    ),
    "usage in halves": build_usage_row(
        {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9},
        {"prompt_tokens": 0, "completion_tokens": 5, "total_tokens": 14},
    ),
    "usage in halves, in Anthropic's words": build_usage_row(
        {"input_tokens": 9, "output_tokens": 1}, {"output_tokens": 5}
    ),
    "usage and zeros after it": build_usage_row(
        {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14},
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": None},
    ),
    "reasoning not counted as output": build_usage_row(
        {
            "prompt_tokens": 9,
            "completion_tokens": 3,
            "total_tokens": 14,
            "completion_tokens_details": {"reasoning_tokens": 2},
        }
    ),
    "num_cached_tokens": build_usage_row(
        {
            "prompt_tokens": 9,
            "completion_tokens": 5,
            "total_tokens": 14,
            "num_cached_tokens": 4,
        },
        cache_read=4,
    ),
    "usage in x_groq": Row(
        {"content": "Hi"},
        [
            build_event({"content": "Hi"}),
            {
                "choices": [],
                "x_groq": {"usage": {"prompt_tokens": 9, "completion_tokens": 5}},
            },
        ],
        top={
            "usage": None,
            "x_groq": {"usage": {"prompt_tokens": 9, "completion_tokens": 5}},
        },
        usage=COUNTED,
        extra={
            "completion": {
                "x_groq": {"usage": {"prompt_tokens": 9, "completion_tokens": 5}}
            }
        },
    ),
    "half a character in content": build_half_row(
        "content", text="a😀b\ufffd", blocks=[{"type": "text", "text": "a😀b\ufffd"}]
    ),
    "half a character in thoughts": build_half_row(
        "reasoning_content",
        kwargs={"reasoning_content": "a😀b\ufffd"},
        blocks=[{"type": "reasoning", "reasoning": "a😀b\ufffd"}, {**TEXT}],
    ),
    "half a character in arguments": Row(
        {
            "content": "Hi",
            "tool_calls": [
                {"id": "c", "function": {"name": "f", "arguments": '{"a": "😀"}'}}
            ],
        },
        [
            {
                "content": "Hi",
                "tool_calls": [
                    {
                        "index": 0,
                        "id": "c",
                        "function": {"name": "f", "arguments": '{"a": "\ud83d'},
                    }
                ],
            },
            {"tool_calls": [{"index": 0, "function": {"arguments": '\ude00"}'}}]},
        ],
        blocks=[
            {**TEXT},
            {"type": "tool_call", "id": "c", "name": "f", "args": {"a": "😀"}},
        ],
    ),
    "an integer beyond 64 bits": build_function_row(
        {"name": "search", "arguments": json.dumps({"id": 2**80 + 1})},
        "search",
        {"id": 2**80 + 1},
    ),
}
"""The rows, each read by every reader."""

V1: Final = {"output_version": "v1"}
PLAIN_READERS: Final[dict[str, dict[str, Any]]] = {
    "invoke": {},
    "ainvoke": {},
    "invoke-v1": V1,
    "ainvoke-v1": V1,
}
STREAM_READERS: Final = (
    "stream",
    "stream-by-byte",
    "astream-by-event",
    "stream-v1",
    "astream-v1",
    "events-v3",
    "aevents-v3",
)
JSON_READERS: Final = tuple(f"{name}-of-json" for name in ("stream", "aevents-v3"))
TOOLS: Final = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("search", "f")
]
every_row = pytest.mark.parametrize("row", ROWS)


def build_body(row: Row) -> bytes:
    """Write the whole answer."""
    told = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", **row.whole},
        **row.beside,
    }
    body = {**completion(told, usage=None), **row.top}
    return json.dumps(body).encode()


def build_stream(row: Row) -> bytes:
    """Write the events, halves of characters escaped as servers escape them."""
    events = [
        event if "choices" in event else chunk(event)
        for event in (*row.events, chunk(finish_reason="stop"))
    ]
    # The finish reason comes before what follows the choices.
    events.sort(key=lambda event: not event["choices"])
    return sse(*(json.dumps(event) for event in events))


def read(wire: WireServer, row: Row, reader: str) -> AIMessage:
    """Read a row in one of the ways."""
    model_of = build_model
    if reader in PLAIN_READERS:
        wire.reply(_reply_json(row))
        model = model_of(wire, model_kwargs={"tools": TOOLS}, **PLAIN_READERS[reader])
        is_async = reader.startswith("a")
        return asyncio.run(model.ainvoke("Hi")) if is_async else model.invoke("Hi")
    cut, read_stream, settings = READERS[reader.removesuffix("-of-json")]
    is_json = reader.endswith("-of-json")
    wire.reply(
        _reply_json(row) if is_json else event_stream_reply(*cut(build_stream(row)))
    )
    return read_stream(model_of(wire, model_kwargs={"tools": TOOLS}, **settings))


def _reply_json(row: Row) -> Reply:
    return Reply(
        body=[build_body(row)],
        headers={"content-type": "application/json"},
        framing=Framing.LENGTH,
    )


def strip_block(block: Any) -> dict[str, Any]:
    """Leave out the index of a block, which only streams have."""
    return {key: value for key, value in block.items() if key != "index"}


@every_row
@pytest.mark.parametrize("reader", [*PLAIN_READERS, *JSON_READERS, *STREAM_READERS])
def test_odd_answer_is_the_same_message_for_every_reader(
    wire: WireServer, row: str, reader: str
) -> None:
    """Text, calls, usage, what is attached, what nobody defined, and the blocks."""
    told = ROWS[row]
    message = read(wire, told, reader)
    assert message.text == told.text
    assert [strip_block(block) for block in message.content_blocks] == told.blocks
    calls = [block for block in told.blocks if block["type"] == "tool_call"]
    assert message.tool_calls == calls
    assert message.invalid_tool_calls == []
    assert message.additional_kwargs.items() >= told.kwargs.items()
    assert message.response_metadata.get("extra_fields", {}) == told.extra
    usage: Any = message.usage_metadata or {}
    names = ("input_tokens", "output_tokens", "total_tokens")
    assert tuple(usage[name] for name in names if usage) == (told.usage or ())
    details = usage.get("input_token_details", {})
    assert details.get("cache_read") == told.cache_read


@every_row
@pytest.mark.parametrize(
    ("events", "stream"), [("events-v3", "stream-v1"), ("aevents-v3", "astream-v1")]
)
def test_v3_events_end_in_the_content_of_v1(
    wire: WireServer, row: str, events: str, stream: str
) -> None:
    """Block by block, as langchain-core asks of its own two readers."""
    of_events = read(wire, ROWS[row], events)
    of_stream = read(wire, ROWS[row], stream)
    pairs = [
        [strip_block(block) for block in message.content_blocks]
        for message in (of_events, of_stream)
    ]
    assert pairs[0] == pairs[1]
    assert of_events.response_metadata["output_version"] == "v1"
    assert of_events.usage_metadata == of_stream.usage_metadata
    assert of_events.additional_kwargs == of_stream.additional_kwargs
    assert of_events.response_metadata == of_stream.response_metadata


def test_custom_call_goes_back_as_it_came(wire: WireServer) -> None:
    """Its raw input is no JSON, and needs none."""
    message = read(wire, ROWS["custom call"], "aevents-v3")
    wire.reply(_reply_json(ROWS["images"]))
    build_model(wire).invoke([HumanMessage("Hi"), message])
    (sent,) = wire.last_request.json["messages"][1]["tool_calls"]
    custom = {"name": "sh", "input": 'l "\n'}
    assert sent == {"id": "c", "type": "custom", "custom": custom}
