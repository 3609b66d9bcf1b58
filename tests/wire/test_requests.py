"""What a history and a call become on the wire, as a server on loopback gets them.

Every body here is constructed, and asserted as a literal of what was sent.
"""

from __future__ import annotations

import copy
import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
)
from langchain_core.runnables import ConfigurableField
from langchain_core.tools import tool
from pydantic import BaseModel

from langchain_clarifai import ChatClarifai
from tests.servers.openai_wire import (
    chunk,
    completion,
    sse,
    text_chunks,
    tool_call_delta,
    usage_chunk,
)
from tests.servers.wire import WireServer, event_stream_reply, json_reply
from tests.wire import ways
from tests.wire.ways import PLAIN, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MODEL = "openai/chat-completion/models/gpt-oss-120b"
URL = f"https://clarifai.com/{MODEL}"
HI = [{"role": "user", "content": "hi"}]
OURS = {"model_provider": "clarifai"}
IMAGE = {"type": "image", "base64": "QUJD", "mime_type": "image/png"}
IMAGE_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}


def build(wire: WireServer, **arguments: Any) -> ChatClarifai:
    given = {"model": MODEL, "api_key": "a-token", "base_url": wire.url, **arguments}
    return ChatClarifai(**given)


def send(
    wire: WireServer,
    messages: str | Sequence[BaseMessage] = "hi",
    call: dict[str, Any] | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Send one plain request, and return its body."""
    wire.reply(json_reply(completion()))
    build(wire, **arguments).invoke(messages, **(call or {}))
    body: dict[str, Any] = wire.last_request.json
    return body


def send_messages(
    wire: WireServer, messages: Sequence[BaseMessage], **arguments: Any
) -> Any:
    return send(wire, messages, **arguments)["messages"]


def call(*ids: str, **args: Any) -> AIMessage:
    calls = [ToolCall(name="look", args=args, id=call_id) for call_id in ids]
    return AIMessage("", tool_calls=calls)


def wire_result(call_id: str, content: str) -> dict[str, Any]:
    return {
        "role": "tool",
        "tool_call_id": call_id,
        "name": "look",
        "content": content,
    }


def wire_call(call_id: str, arguments: str = "{}") -> dict[str, Any]:
    function = {"name": "look", "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


@tool
def look(place: str) -> str:
    """Look somewhere."""
    return place


LOOK = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Look somewhere.",
        "parameters": {
            "type": "object",
            "properties": {"place": {"type": "string"}},
            "required": ["place"],
        },
    },
}


class Joke(BaseModel):
    setup: str


JOKE_FORMAT = {
    "type": "json_schema",
    "json_schema": {
        "name": "Joke",
        "schema": {
            "type": "object",
            "properties": {"setup": {"type": "string"}},
            "required": ["setup"],
        },
    },
}


# --- Only what the user set ---------------------------------------------------------


def test_nothing_set_sends_model_and_messages_alone(wire: WireServer) -> None:
    """A plain request has no defaults and no nulls."""
    assert send(wire) == {"model": URL, "messages": HI}
    assert wire.last_request.path == "/v2/ext/openai/v1/chat/completions"
    assert wire.last_request.headers["authorization"] == "Bearer a-token"


async def test_async_request_is_the_same(wire: WireServer) -> None:
    """`ainvoke` sends what `invoke` sends."""
    wire.reply(json_reply(completion()))
    await build(wire, temperature=0).ainvoke("hi")
    assert wire.last_request.json == {"model": URL, "messages": HI, "temperature": 0}


async def test_stream_asks_for_its_usage(wire: WireServer) -> None:
    """`stream_options` travel in streams only, sync and async alike."""
    wire.reply(*[event_stream_reply(sse(*text_chunks("a")))] * 3)
    model = build(wire)
    list(model.stream("hi"))
    [_ async for _ in model.astream("hi")]
    model.invoke("hi", stream=True)
    body = {"model": URL, "messages": HI, "stream": True}
    with_usage = {**body, "stream_options": {"include_usage": True}}
    assert [request.json for request in wire.requests] == [with_usage] * 3


def test_stream_without_usage_says_nothing_of_it(wire: WireServer) -> None:
    """`stream_usage=False` leaves the option out, at construction and per call."""
    wire.reply(*[event_stream_reply(sse(*text_chunks("a")))] * 2)
    list(build(wire, stream_usage=False).stream("hi"))
    list(build(wire).stream("hi", stream_usage=False))
    body = {"model": URL, "messages": HI, "stream": True}
    assert [request.json for request in wire.requests] == [body] * 2


def test_options_of_a_stream_may_be_the_users(wire: WireServer) -> None:
    """They win over `stream_usage`, and empty ones are left out."""
    wire.reply(*[event_stream_reply(sse(*text_chunks("a")))] * 2)
    model = build(wire)
    list(model.stream("hi", stream_options={"include_usage": False}))
    list(model.stream("hi", stream_options={}))
    body = {"model": URL, "messages": HI, "stream": True}
    options = {"stream_options": {"include_usage": False}}
    assert [request.json for request in wire.requests] == [{**body, **options}, body]


def test_all_parameters_go_out_under_their_names(wire: WireServer) -> None:
    """Zeros and False are values, and keys of `logit_bias` become strings."""
    parameters: dict[str, Any] = {
        "temperature": 0,
        "max_tokens": 5,
        "max_completion_tokens": 6,
        "top_p": 1,
        "stop": ["x"],
        "seed": 0,
        "n": 1,
        "presence_penalty": 0,
        "frequency_penalty": -2,
        "logprobs": False,
        "top_logprobs": 0,
        "reasoning_effort": "low",
    }
    body = send(wire, logit_bias={5: -100, "6": 1}, **parameters)
    expected = {**parameters, "logit_bias": {"5": -100, "6": 1}}
    assert body == {"model": URL, "messages": HI, **expected}


CALLS: list[Any] = [
    pytest.param({"stop": "x"}, {}, {"stop": ["x"]}, id="stop-string"),
    pytest.param({"stop_sequences": ["x"]}, {}, {"stop": ["x"]}, id="stop-alias"),
    pytest.param({"stop": ["a"]}, {"stop": []}, {}, id="no-stop-for-once"),
    pytest.param({"stop": []}, {}, {}, id="empty-stop"),
    pytest.param({}, {"stop": "x"}, {"stop": ["x"]}, id="call-stop-string"),
    pytest.param({}, {"stop_sequences": ["x"]}, {"stop": ["x"]}, id="call-stop-alias"),
    pytest.param({"temperature": 1}, {"temperature": None}, {}, id="none-removes"),
    pytest.param({}, {"model": None}, {}, id="no-model-is-the-own-model"),
    pytest.param(
        {"max_tokens": 5},
        {"max_completion_tokens": 7},
        {"max_completion_tokens": 7},
        id="one-limit-new-name",
    ),
    pytest.param(
        {"max_completion_tokens": 5},
        {"max_tokens": 7},
        {"max_tokens": 7},
        id="one-limit-old-name",
    ),
    pytest.param(
        {"streaming": False}, {"streaming": True}, {}, id="leftover-streaming"
    ),
    pytest.param(
        {},
        {"ls_x": 1, "lc_y": 2, "strict": True, "stream": False},
        {},
        id="leftovers",
    ),
    pytest.param(
        {"model_kwargs": {"ls_x": 1, "user": "me"}}, {}, {"user": "me"}, id="kwargs"
    ),
    pytest.param(
        {}, {"model_kwargs": {"user": "me"}}, {"user": "me"}, id="call-kwargs"
    ),
    pytest.param(
        {"extra_body": {"stream": True}}, {}, {}, id="no-stream-by-extra-body"
    ),
    pytest.param(
        {"extra_body": {"stream_options": {}}}, {}, {}, id="no-options-without-stream"
    ),
    pytest.param({}, {"max_retries": None, "timeout": 3}, {}, id="settings"),
]


@pytest.mark.parametrize(("arguments", "call_arguments", "expected"), CALLS)
def test_argument_of_a_call_changes_that_request(
    wire: WireServer,
    arguments: dict[str, Any],
    call_arguments: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    """The call wins over the model, `None` removes, and leftovers stay behind."""
    body = send(wire, call=call_arguments, **arguments)
    assert body == {"model": URL, "messages": HI, **expected}


NESTED: list[Any] = [
    pytest.param({"extra_body": {"min_p": 0.1, "top_k": 4}}, {}, id="extra_body"),
    pytest.param({"model_kwargs": {"min_p": 0.1, "top_k": 4}}, {}, id="model_kwargs"),
    pytest.param({}, {"min_p": 0.1, "top_k": 4}, id="call"),
    pytest.param({}, {"extra_body": {"min_p": 0.1, "top_k": 4}}, id="call-extra_body"),
    pytest.param(
        {"extra_body": {"min_p": 0.1}}, {"extra_body": {"top_k": 4}}, id="merged"
    ),
    pytest.param(
        {"extra_body": {"extra_body": {"min_p": 0.1}, "top_k": 4}}, {}, id="by-hand"
    ),
]


@pytest.mark.parametrize(("arguments", "call_arguments"), NESTED)
def test_key_unknown_to_clarifais_runner_is_nested(
    wire: WireServer, arguments: dict[str, Any], call_arguments: dict[str, Any]
) -> None:
    """The runner's `create()` fails on it at the top; `top_k` it reads itself."""
    body = send(wire, call=call_arguments, **arguments)
    assert body == {
        "model": URL,
        "messages": HI,
        "top_k": 4,
        "extra_body": {"min_p": 0.1},
    }


@pytest.mark.parametrize(("arguments", "call_arguments"), NESTED[:-1])
def test_another_server_gets_unknown_keys_at_the_top(
    wire: WireServer, arguments: dict[str, Any], call_arguments: dict[str, Any]
) -> None:
    """Those like vLLM read them there, and name the model their own way."""
    base_url = f"{wire.origin}/v1"
    given = {**arguments, "base_url": base_url, "model": "my model"}
    body = send(wire, call=call_arguments, **given)
    assert body == {"model": "my model", "messages": HI, "top_k": 4, "min_p": 0.1}


def test_model_of_a_call_is_resolved_and_reported_as_written(wire: WireServer) -> None:
    """The wire has the URL, the message what the user wrote."""
    wire.reply(json_reply(completion()))
    message = build(wire).invoke("hi", model="clarifai/openai.chat-completion.gpt-5")
    url = "https://clarifai.com/openai/chat-completion/models/gpt-5"
    assert wire.last_request.json["model"] == url
    name = message.response_metadata["model_name"]
    assert name == "clarifai/openai.chat-completion.gpt-5"


@pytest.mark.parametrize("way", list(Way))
def test_header_of_the_user_takes_the_place_of_ours(wire: WireServer, way: Way) -> None:
    """In any case, so that no name is sent twice."""
    ours = {"authorization": "Basic abc", "user-agent": "me/1", "ACCEPT": "text/plain"}
    stream = event_stream_reply(sse(*text_chunks("a")))
    wire.reply(json_reply(completion()) if way in PLAIN else stream)
    headers = {**ours, "content-Type": "application/json"}
    assert ways.call(way, wire, default_headers=headers).failure is None
    request = wire.last_request
    assert len(set(request.header_names)) == len(request.header_names)
    for name, value in ours.items():
        assert request.headers[name.lower()] == value


def test_headers_and_query_of_model_and_call_are_merged(wire: WireServer) -> None:
    """Names of headers differ in case, and `None` leaves one out."""
    wire.reply(json_reply(completion()))
    model = build(
        wire,
        default_headers={"X-A": "1", "X-B": "2", "X-C": "3"},
        default_query={"p": "1"},
    )
    model.invoke("hi", extra_headers={"x-a": "9", "X-B": None}, extra_query={"q": "2"})
    headers = wire.last_request.headers
    assert (headers["x-a"], headers.get("x-b"), headers["x-c"]) == ("9", None, "3")
    assert wire.last_request.path == "/v2/ext/openai/v1/chat/completions?p=1&q=2"


def test_changed_settings_are_used_by_the_next_request(wire: WireServer) -> None:
    """Assignment, `model_copy` and configurable fields all reach the wire."""
    wire.reply(*[json_reply(completion())] * 3)
    model = build(wire, base_url="https://nobody.example/v1", model="x")
    model.base_url = wire.url
    model.model = "gpt-oss-20b"
    model.api_key = "another"
    model.default_headers = {"X-A": "1"}
    model.invoke("hi")
    first = wire.last_request
    model.model_copy(update={"temperature": 0.5, "model": MODEL}).invoke("hi")
    second = wire.last_request
    configurable = model.configurable_fields(
        model=ConfigurableField("model"), api_key=ConfigurableField("api_key")
    )
    configurable.with_config(
        configurable={"model": "gpt-5", "api_key": "third"}
    ).invoke("hi")
    third = wire.last_request

    assert first.json["model"].endswith("/gpt-oss-20b")
    assert first.headers["authorization"] == "Bearer another"
    assert first.headers["x-a"] == "1"
    assert second.json == {"model": URL, "messages": HI, "temperature": 0.5}
    assert third.json["model"].endswith("/gpt-5")
    assert third.headers["authorization"] == "Bearer third"


# --- Refused before anything is sent ------------------------------------------------

REFUSED: list[Any] = [
    pytest.param({"user": math.nan}, "cannot be written as JSON", id="nan"),
    pytest.param({"user": math.inf}, "cannot be written as JSON", id="infinity"),
    pytest.param({"user": object()}, "cannot be written as JSON", id="object"),
    pytest.param({"user": {(1, 2): 3}}, "cannot be written as JSON", id="tuple-key"),
    pytest.param({"extra_body": "x"}, "`extra_body` is a str", id="extra-body"),
    pytest.param({"timeout": -1}, "Give a positive number", id="timeout"),
    pytest.param({"api_key": "x"}, "cannot be given to a single call", id="key"),
    pytest.param({"pat": "x"}, "cannot be given to a single call", id="pat"),
    pytest.param({"model": "no such"}, "whitespace", id="model"),
    pytest.param({"tool_choice": "any"}, "needs tools", id="choice-without-tools"),
    pytest.param({"tools": [look], "tool_choice": "x"}, "'look'", id="unknown-tool"),
    pytest.param({"response_format": "json"}, "json_schema", id="format-word"),
    pytest.param({"extra_headers": {"a": "b\nc"}}, "header 'a'", id="header"),
    pytest.param({"n": 2, "stream": True}, "n=2 cannot be streamed", id="n-streamed"),
]


@pytest.mark.parametrize(("call_arguments", "words"), REFUSED)
def test_impossible_request_is_refused_before_it_is_sent(
    wire: WireServer, call_arguments: dict[str, Any], words: str
) -> None:
    """The text says what is allowed, and no server is asked."""
    with pytest.raises(ValueError, match=words):
        build(wire).invoke("hi", **call_arguments)
    assert wire.requests == []


def test_malformed_model_by_assignment_is_refused_before_it_is_sent(
    wire: WireServer,
) -> None:
    """Nothing checks an assignment, so the next request does."""
    model = build(wire)
    model.model = "a/b"
    with pytest.raises(ValueError, match="Allowed are"):
        model.invoke("hi")
    assert wire.requests == []


# --- Texts --------------------------------------------------------------------------


def test_texts_go_out_as_they_are(wire: WireServer) -> None:
    """Non-ASCII is not escaped; half a surrogate, which UTF-8 lacks, is replaced."""
    sent = send_messages(wire, [HumanMessage("ä€😀"), HumanMessage("a\ud83db")])
    contents = [message["content"] for message in sent]
    assert contents == ["ä€😀", "a\ufffdb"]
    assert "ä€😀".encode() in wire.last_request.body


def test_word_null_in_a_text_is_a_text(wire: WireServer) -> None:
    """What orjson writes for NaN is also a word."""
    assert send_messages(wire, [HumanMessage("null")])[0]["content"] == "null"


RECORDS = [
    [{"type": "file", "name": "a.txt", "size": 12}],
    [{"type": "document", "title": "t", "page": 3, "text": "x"}],
    [{"type": "json", "rows": 2}],
    [{"type": "text", "value": 3}, {"type": "text", "text": "x", "score": 1}],
    [{"type": "image", "name": "a.png"}, {"a": 1}],
]


@pytest.mark.parametrize("records", RECORDS)
def test_records_that_look_like_blocks_are_sent_as_json(
    wire: WireServer, records: list[Any]
) -> None:
    """Nothing of them is lost, and no error blocks the thread for ever."""
    *_, result = send_messages(
        wire, [call("1"), ToolMessage(records, tool_call_id="1")]
    )

    assert json.loads(result["content"]) == records


def test_record_among_blocks_is_json_among_texts(wire: WireServer) -> None:
    """Real blocks beside it stay what they are; MCP's images are images."""
    image = {"type": "image", "data": "QUJD", "mimeType": "image/png"}
    record = {"type": "file", "name": "ü", "size": 1}
    content: list[Any] = [{"type": "text", "text": "Found:"}, record, image]
    *_, result, shown = send_messages(
        wire, [call("1"), ToolMessage(content, tool_call_id="1")]
    )

    assert result["content"] == 'Found:\n{"type": "file", "name": "ü", "size": 1}'
    assert shown == {"role": "user", "content": [IMAGE_PART]}


TURN_BLOCKS: list[Any] = [
    {"type": "reasoning", "reasoning": "hm"},
    {"type": "refusal", "refusal": "no"},
    {"type": "tool_call", "id": "9", "name": "look", "args": {}},
    {"type": "text", "text": "said"},
]


@pytest.mark.parametrize("role", ["user", "system", "critic", "tool"])
def test_blocks_of_an_assistants_turn_stay_behind_elsewhere(
    wire: WireServer, role: str
) -> None:
    """LangGraph's handoffs put them there; the text is what counts."""
    messages: dict[str, list[BaseMessage]] = {
        "user": [HumanMessage(TURN_BLOCKS)],
        "system": [SystemMessage(TURN_BLOCKS)],
        "critic": [ChatMessage(role="critic", content=TURN_BLOCKS)],
        "tool": [call("1"), ToolMessage(TURN_BLOCKS, tool_call_id="1")],
    }

    *_, sent = send_messages(wire, messages[role])

    assert sent["role"] == role
    assert sent["content"] in ("said", [{"type": "text", "text": "said"}])


def test_result_bears_the_name_of_its_tool(wire: WireServer) -> None:
    """It is the call's where the message has none."""
    history = [
        call("1", "2"),
        ToolMessage("a", tool_call_id="1"),
        ToolMessage("b", tool_call_id="2", name="other"),
    ]

    *_, first, second = send_messages(wire, history)

    assert (first["name"], second["name"]) == ("look", "other")


def test_empty_conversation_is_refused_before_it_is_sent(wire: WireServer) -> None:
    """The error says what to give."""
    for model in (build(wire), build(wire).bind_tools([])):
        with pytest.raises(ValueError, match="The conversation is empty"):
            model.invoke([])
    assert not wire.requests


def test_two_tools_of_one_name_are_refused(wire: WireServer) -> None:
    """Bound or given to a call, before anything is sent.

    Not when they are bound: LangChain's standard tests bind one class in two forms.
    """
    twins = [{"name": "look", "description": text} for text in ("a", "b")]
    with pytest.raises(ValueError, match="Two tools are named 'look'"):
        build(wire).bind_tools(twins).invoke("hi")
    with pytest.raises(ValueError, match="Two tools are named 'look'"):
        build(wire).invoke("hi", tools=twins)
    assert not wire.requests


def test_objects_of_the_caller_stay_as_they_were(wire: WireServer) -> None:
    """Neither messages, tools nor dicts of the caller are changed."""
    arguments: dict[str, Any] = {
        "model_kwargs": {"min_p": 0.1},
        "extra_body": {"top_k": 1},
        "default_headers": {"X-A": "1"},
        "metadata": {"mine": 1},
    }
    call_arguments: dict[str, Any] = {
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "extra_body": {"repetition_penalty": 1},
        "extra_headers": {"X-A": None},
        "model_kwargs": {"user": "me"},
        "response_format": Joke.model_json_schema(),
    }
    content: list[str | dict[str, Any]] = [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        dict(IMAGE),
    ]
    messages = [
        HumanMessage(content),
        call("1", a=1),
        ToolMessage("x", tool_call_id="1"),
    ]
    before = copy.deepcopy((arguments, call_arguments, messages))
    send(wire, messages, call_arguments, **arguments)
    assert (arguments, call_arguments, messages) == before


# --- Roles and contents -------------------------------------------------------------

TEXT: dict[str, Any] = {"type": "text", "text": "a"}
BLOCKS: list[Any] = [
    pytest.param(
        {**TEXT, "id": "1", "index": 0, "annotations": [], "extras": {"x": 1}},
        TEXT,
        id="text-with-extras",
    ),
    pytest.param(
        {**TEXT, "cache_control": {"type": "ephemeral"}},
        {**TEXT, "cache_control": {"type": "ephemeral"}},
        id="cache_control",
    ),
    pytest.param(IMAGE, IMAGE_PART, id="image-v1"),
    pytest.param(
        {"type": "image", "url": "https://a.b/c.png", "extras": {"detail": "low"}},
        {
            "type": "image_url",
            "image_url": {"url": "https://a.b/c.png", "detail": "low"},
        },
        id="image-detail-v1",
    ),
    pytest.param(
        {
            "type": "image",
            "source_type": "base64",
            "data": "QUJD",
            "mime_type": "image/png",
        },
        IMAGE_PART,
        id="image-v0",
    ),
    pytest.param(
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"},
        },
        IMAGE_PART,
        id="image-anthropic",
    ),
    pytest.param(
        {"type": "image_url", "image_url": {"url": "https://a.b/c", "detail": "high"}},
        {"type": "image_url", "image_url": {"url": "https://a.b/c", "detail": "high"}},
        id="image-openai",
    ),
    pytest.param(
        {"type": "input_image", "image_url": "https://a.b/c", "detail": "high"},
        {"type": "image_url", "image_url": {"url": "https://a.b/c", "detail": "high"}},
        id="image-openai-responses",
    ),
    pytest.param(
        {"type": "audio", "base64": "QUJD", "mime_type": "audio/mpeg"},
        {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}},
        id="audio",
    ),
    pytest.param(
        {"type": "audio", "url": "https://a.b/c.mp3"},
        {"type": "audio_url", "audio_url": {"url": "https://a.b/c.mp3"}},
        id="audio-url",
    ),
    pytest.param(
        {"type": "video", "url": "https://a.b/c.mp4"},
        {"type": "video_url", "video_url": {"url": "https://a.b/c.mp4"}},
        id="video-url",
    ),
    pytest.param(
        {"type": "video", "base64": "QUJD", "mime_type": "video/mp4"},
        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,QUJD"}},
        id="video",
    ),
    pytest.param(
        {"type": "file", "base64": "QUJD", "mime_type": "application/pdf"},
        {
            "type": "file",
            "file": {
                "filename": "file.pdf",
                "file_data": "data:application/pdf;base64,QUJD",
            },
        },
        id="file",
    ),
    pytest.param(
        {"type": "file", "url": "https://a.b/c.pdf"},
        {
            "type": "file",
            "file": {"filename": "c.pdf", "file_data": "https://a.b/c.pdf"},
        },
        id="file-url",
    ),
    pytest.param(
        {"type": "document", "source": {"type": "text", "data": "a"}},
        TEXT,
        id="document-anthropic",
    ),
    pytest.param(
        {"type": "text-plain", "text": "a", "mime_type": "text/plain"},
        TEXT,
        id="text-plain",
    ),
    pytest.param(
        {"type": "input_file", "file_url": "https://a.b/c.pdf"},
        {
            "type": "file",
            "file": {"filename": "c.pdf", "file_data": "https://a.b/c.pdf"},
        },
        id="file-openai-responses",
    ),
    pytest.param(
        {"type": "media", "mime_type": "image/png", "data": "QUJD"},
        IMAGE_PART,
        id="image-google",
    ),
    pytest.param("a", TEXT, id="string"),
]


@pytest.mark.parametrize(("block", "part"), BLOCKS)
def test_block_of_any_dialect_has_one_form_on_the_wire(
    wire: WireServer, block: Any, part: dict[str, Any]
) -> None:
    """Only allow-listed keys are sent."""
    end = {"type": "text", "text": "end"}
    sent = send_messages(wire, [HumanMessage([block, end])])
    assert sent == [{"role": "user", "content": [part, end]}]


def test_unknown_block_is_refused_by_name(wire: WireServer) -> None:
    """The error names the block and its place, and no server is asked."""
    with pytest.raises(ValueError, match=r"messages\[0\].content\[1\].*'hologram'"):
        build(wire).invoke([HumanMessage(["a", {"type": "hologram"}])])


MESSAGES: list[Any] = [
    pytest.param(
        [SystemMessage("s"), HumanMessage("u"), AIMessage("a")],
        [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "u"},
            {"role": "assistant", "content": "a"},
        ],
        id="roles",
    ),
    pytest.param(
        [
            SystemMessage("s", additional_kwargs={"__openai_role__": "developer"}),
            ChatMessage(content="d", role="developer"),
        ],
        [{"role": "developer", "content": "s"}, {"role": "developer", "content": "d"}],
        id="developer",
    ),
    pytest.param(
        [HumanMessage("u", name="Jo Müller"), AIMessage("a", name="My agent")],
        [
            {"role": "user", "content": "u", "name": "Jo_M_ller"},
            {"role": "assistant", "content": "a", "name": "My_agent"},
        ],
        id="name-with-spaces",
    ),
    pytest.param(
        [HumanMessage([{"type": "text", "text": ""}, TEXT]), HumanMessage([])],
        [{"role": "user", "content": [TEXT]}, {"role": "user", "content": ""}],
        id="empty-blocks-and-content",
    ),
    pytest.param(
        [SystemMessage([TEXT, TEXT]), HumanMessage("u")],
        [{"role": "system", "content": "a\na"}, {"role": "user", "content": "u"}],
        id="system-text-blocks",
    ),
    pytest.param(
        [AIMessage("a", tool_calls=[], additional_kwargs={"tool_calls": []})],
        [{"role": "assistant", "content": "a"}],
        id="empty-tool-calls",
    ),
    pytest.param(
        [call("1", q="ü"), ToolMessage([TEXT, "b"], tool_call_id="1")],
        [
            {"role": "assistant", "tool_calls": [wire_call("1", '{"q": "ü"}')]},
            wire_result("1", "a\nb"),
        ],
        id="tool-text-blocks-and-non-ascii-arguments",
    ),
    pytest.param(
        [
            call("1", "2"),
            ToolMessage([TEXT, IMAGE], tool_call_id="1"),
            ToolMessage("b", tool_call_id="2"),
            HumanMessage("u"),
        ],
        [
            {"role": "assistant", "tool_calls": [wire_call("1"), wire_call("2")]},
            wire_result("1", "a"),
            wire_result("2", "b"),
            {"role": "user", "content": [IMAGE_PART]},
            {"role": "user", "content": "u"},
        ],
        id="tool-image-after-all-results",
    ),
    pytest.param(
        [
            AIMessage(
                "",
                invalid_tool_calls=[
                    {
                        "type": "invalid_tool_call",
                        "id": "1",
                        "name": "look",
                        "args": '{"a":',
                        "error": None,
                    }
                ],
            )
        ],
        [
            {
                "role": "assistant",
                "tool_calls": [wire_call("1", '{"__raw__": "{\\"a\\":"}')],
            },
            {
                "role": "tool",
                "tool_call_id": "1",
                "name": "look",
                "content": "No result: this call was malformed and was not run. The "
                "arguments of a call must be a JSON object.",
            },
        ],
        id="invalid-arguments",
    ),
    pytest.param(
        [
            call("1", "2"),
            ToolMessage("b", tool_call_id="2"),
            ToolMessage("c", tool_call_id="3", name="look"),
        ],
        [
            {"role": "assistant", "tool_calls": [wire_call("1"), wire_call("2")]},
            {
                "role": "tool",
                "tool_call_id": "1",
                "name": "look",
                "content": "No result: this call was not run, or its result was lost.",
            },
            wire_result("2", "b"),
            {
                "role": "user",
                "content": "Result of an earlier tool call (look, 3):\nc",
            },
        ],
        id="call-without-result-and-result-without-call",
    ),
    pytest.param(
        [
            AIMessage(
                "",
                tool_calls=[ToolCall(name="look", args={}, id="1")],
                additional_kwargs={
                    "reasoning_content": "r",
                    "tool_call_extra_content": {"1": {"google": {"s": "t"}}},
                },
                response_metadata=OURS,
            ),
            ToolMessage("b", tool_call_id="1"),
        ],
        [
            {
                "role": "assistant",
                "reasoning_content": "r",
                "tool_calls": [
                    {**wire_call("1"), "extra_content": {"google": {"s": "t"}}}
                ],
            },
            wire_result("1", "b"),
        ],
        id="own-reasoning-and-thought-signature",
    ),
    pytest.param(
        [
            AIMessage(
                [
                    {"type": "thinking", "thinking": "r", "signature": "s"},
                    TEXT,
                    {"type": "tool_use", "id": "1", "name": "look", "input": {}},
                ],
                tool_calls=[ToolCall(name="look", args={}, id="1")],
                response_metadata={"model_provider": "anthropic"},
            ),
            HumanMessage(
                [{"type": "tool_result", "tool_use_id": "1", "content": [TEXT]}]
            ),
        ],
        [
            {"role": "assistant", "content": "a", "tool_calls": [wire_call("1")]},
            wire_result("1", "a"),
        ],
        id="history-of-anthropic",
    ),
    pytest.param(
        [
            AIMessage(
                [{"type": "thinking", "thinking": "r"}, {**TEXT, "extras": {"s": "t"}}],
                response_metadata={"model_provider": "google_genai"},
            )
        ],
        [{"role": "assistant", "content": "a"}],
        id="history-of-gemini",
    ),
    pytest.param(
        [
            AIMessage(
                [
                    {"type": "reasoning", "id": "rs_1", "summary": []},
                    {**TEXT, "id": "msg_1", "annotations": []},
                    {"type": "web_search_call", "id": "ws_1"},
                ],
                response_metadata={"model_provider": "openai"},
            )
        ],
        [{"role": "assistant", "content": "a"}],
        id="history-of-openai-responses",
    ),
    pytest.param(
        [
            AIMessage(
                "a",
                additional_kwargs={"reasoning_content": "theirs"},
                response_metadata={"model_provider": "groq"},
            )
        ],
        [{"role": "assistant", "content": "a"}],
        id="history-of-groq",
    ),
]


@pytest.mark.parametrize(("messages", "sent"), MESSAGES)
def test_history_becomes_what_strict_backends_accept(
    wire: WireServer, messages: list[BaseMessage], sent: list[dict[str, Any]]
) -> None:
    """A history may come from anywhere, and never runs into a loop of 400s."""
    assert send_messages(wire, messages) == sent


def test_image_stays_in_the_result_where_the_profile_says_so(wire: WireServer) -> None:
    """`image_tool_message` in the profile keeps text and image together."""
    messages = [call("1"), ToolMessage([TEXT, IMAGE], tool_call_id="1")]
    sent = send_messages(wire, messages, profile={"image_tool_message": True})
    assert sent[1]["content"] == [TEXT, IMAGE_PART]


def read_stream(model: ChatClarifai) -> BaseMessage:
    chunks = list(model.stream("q"))
    return sum(chunks[1:], start=chunks[0])


def read_events(model: ChatClarifai) -> Any:
    return model.stream_events("q", version="v3").output


@pytest.mark.filterwarnings("ignore:.*is in beta")
@pytest.mark.parametrize("output_version", ["v0", "v1"])
@pytest.mark.parametrize("read", [read_stream, read_events])
def test_own_message_of_any_output_version_goes_back_with_its_reasoning_once(
    wire: WireServer, output_version: str, read: Callable[[ChatClarifai], Any]
) -> None:
    """v1 and v3 have the reasoning in two places, and the wire in one."""
    events = [
        chunk({"role": "assistant", "reasoning_content": "hm"}),
        chunk("5"),
        chunk({"tool_calls": [tool_call_delta("{}", call_id="1", name="look")]}),
        chunk(finish_reason="tool_calls"),
        usage_chunk(),
    ]
    wire.reply(event_stream_reply(sse(*events)))
    model = build(wire, output_version=output_version)
    message = read(model)
    wire.reply(json_reply(completion()))
    model.invoke([HumanMessage("q"), message, ToolMessage("x", tool_call_id="1")])
    assert wire.last_request.json["messages"][1] == {
        "role": "assistant",
        "content": "5",
        "reasoning_content": "hm",
        "tool_calls": [wire_call("1")],
    }


# --- Tools --------------------------------------------------------------------------

CHOICES: list[Any] = [
    pytest.param("auto", "auto", id="auto"),
    pytest.param("none", "none", id="none"),
    pytest.param("any", "required", id="any"),
    pytest.param("required", "required", id="required"),
    pytest.param(True, "required", id="true"),
    pytest.param("look", {"type": "function", "function": {"name": "look"}}, id="name"),
    pytest.param(
        {"type": "function", "function": {"name": "look"}},
        {"type": "function", "function": {"name": "look"}},
        id="openai",
    ),
    pytest.param(
        {"type": "tool", "name": "look"},
        {"type": "function", "function": {"name": "look"}},
        id="anthropic",
    ),
]


@pytest.mark.parametrize("at_call", [False, True], ids=["bound", "call"])
@pytest.mark.parametrize(("choice", "sent"), CHOICES)
def test_tool_choice_has_the_wires_form(
    wire: WireServer, choice: Any, sent: Any, *, at_call: bool
) -> None:
    """It is the same whether bound with the tools or given with the call."""
    wire.reply(json_reply(completion()))
    if at_call:
        build(wire).bind_tools([look]).invoke("hi", tool_choice=choice)
    else:
        build(wire).bind_tools([look], tool_choice=choice).invoke("hi")
    assert wire.last_request.json == {
        "model": URL,
        "messages": HI,
        "tools": [LOOK],
        "tool_choice": sent,
    }


def test_unknown_tool_choice_is_refused_with_the_names_there_are(
    wire: WireServer,
) -> None:
    """Also when it is bound, before any request."""
    with pytest.raises(ValueError, match="'look', or 'auto'"):
        build(wire).bind_tools([look], tool_choice="nope")


def test_strict_and_parallel_tool_calls_are_sent(wire: WireServer) -> None:
    """Both are there only when they are asked for."""
    wire.reply(json_reply(completion()))
    model = build(wire)
    model.bind_tools([look], strict=True, parallel_tool_calls=False).invoke("hi")
    body = wire.last_request.json
    assert body["tools"][0]["function"]["strict"] is True
    assert body["parallel_tool_calls"] is False


@pytest.mark.parametrize("tools", [[], None])
def test_empty_tools_are_left_out_with_what_belongs_to_them(
    wire: WireServer, tools: Any
) -> None:
    """An empty list is refused by vLLM, and a choice without tools by others."""
    arguments = {"tools": tools, "tool_choice": "auto", "parallel_tool_calls": True}
    assert send(wire, call=arguments) == {"model": URL, "messages": HI}


def test_tool_choice_stays_where_an_agentic_model_has_its_own_tools(
    wire: WireServer,
) -> None:
    """Clarifai's agentic models take tools from MCP servers."""
    servers = {"mcp_servers": ["https://a.b/mcp"]}
    body = send(wire, call={"tool_choice": "auto"}, extra_body=servers)
    assert body == {"model": URL, "messages": HI, "tool_choice": "auto", **servers}


# Strict, but open and with defaults; a name that the API refuses; keys of its own.
ODD_FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "A joke: {of mine}",
        "strict": True,
        "schema": {"properties": {"a": {"default": 1, "oneOf": [{}]}}, "$ref": "#"},
        "mine": {"$defs": {}},
    },
    "mine": None,
}
FORMATS: list[Any] = [
    pytest.param(Joke, JOKE_FORMAT, id="pydantic"),
    pytest.param(
        {
            "title": "Joke",
            "type": "object",
            "properties": {"setup": {"type": "string"}},
            "required": ["setup"],
        },
        JOKE_FORMAT,
        id="json-schema",
    ),
    pytest.param(JOKE_FORMAT, JOKE_FORMAT, id="openai"),
    pytest.param(ODD_FORMAT, ODD_FORMAT, id="openai-odd"),
    pytest.param({"type": "json_object"}, {"type": "json_object"}, id="json_object"),
]


@pytest.mark.parametrize("at_call", [False, True], ids=["bound", "call"])
@pytest.mark.parametrize(("response_format", "sent"), FORMATS)
def test_response_format_has_the_wires_form(
    wire: WireServer, response_format: Any, sent: Any, *, at_call: bool
) -> None:
    """`create_agent` binds it with an empty list of tools, which is left out.

    What has the wire's form already goes out as it is.
    """
    wire.reply(json_reply(completion()))
    if at_call:
        build(wire).invoke("hi", response_format=response_format)
    else:
        build(wire).bind_tools([], response_format=response_format).invoke("hi")
    body = {"model": URL, "messages": HI, "response_format": sent}
    assert wire.last_request.json == body
