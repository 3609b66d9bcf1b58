"""Section 6: what goes out, and structured output."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypedDict

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import (
    AIMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from payloads import (
    JSON,
    chunk,
    completion,
    dump,
    events,
    piece,
    role,
    text_stream,
    tool_stream,
    whole_call,
)
from pydantic import BaseModel, Field
from pydantic.v1 import BaseModel as BaseModelV1
from servers.wire import Pause, WireServer, event_stream_reply, json_reply
from stage import Stage, check, expect, expect_equal, shorten

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.wire import Reply, Request

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAA"
MP4 = "AAAAIGZ0eXBpc29tAAACAGlzb21pc28yYXZjMW1wNDE="
PDF = "JVBERi0xLjQKJeLjz9MKMSAwIG9iago="


def send_block(stage: Stage, block: JSON) -> JSON:
    """Send one content block after a text; get it as it was sent."""
    text = {"type": "text", "text": "Was ist das?"}
    body = stage.send([HumanMessage([text, block])])
    content = body["messages"][0]["content"]
    expect(isinstance(content, list), f"content is {shorten(content)}")
    expect_equal(content[0], text, "the text before it")
    expect_equal(len(content), 2, "number of parts")
    return content[1]


def find_nulls(value: Any, path: str = "body") -> list[str]:
    """Find where a body has null."""
    if isinstance(value, dict):
        return [p for k, v in value.items() for p in find_nulls(v, f"{path}.{k}")]
    if isinstance(value, list):
        return [p for n, v in enumerate(value) for p in find_nulls(v, f"{path}[{n}]")]
    return [path] if value is None else []


@check(6)
def only_what_was_set(stage: Stage) -> None:
    """The body has the model and the messages: no default, no null."""
    everything = [*stage.answer(completion()), *stage.stream(text_stream("Ja."))]
    for played in everything:
        more = played.body.keys() - {"model", "messages", "stream", "stream_options"}
        expect(not more, f"nobody set {sorted(more)}")
        expect_equal(find_nulls(played.body), [], "what is null")


@check(6)
def stream_options_only_when_streaming(stage: Stage) -> None:
    """`stream_options` is in no request but one for a stream, and never null."""
    for played in stage.answer(completion()):
        expect("stream_options" not in played.body, "stream_options in invoke")
    for played in stage.stream(text_stream("Ja.")):
        options = played.body.get("stream_options", {"include_usage": True})
        expect_equal(options, {"include_usage": True}, "stream_options")


@check(6)
def unknown_keys_are_nested(stage: Stage) -> None:
    """Keys that OpenAI's API does not know travel nested, as `extra_body`."""
    extra = {"chat_template_kwargs": {"enable_thinking": False}, "min_p": 0.05}
    for played in stage.answer(completion(), extra_body=extra):
        expect_equal(played.body.get("extra_body"), extra, "extra_body")
        expect(not extra.keys() & played.body.keys(), "they are on top as well")


@check(6)
def max_tokens_as_written(stage: Stage) -> None:
    """`max_tokens` is sent under that name, from constructor and call."""
    calls: list[JSON] = [{"max_tokens": 512}, {"arguments": {"max_tokens": 512}}]
    for one in calls:
        body = stage.send("Hallo", **one)
        found = {k: v for k, v in body.items() if k.startswith("max_")}
        expect_equal(found, {"max_tokens": 512}, "limits")


@check(6)
def max_completion_tokens_as_written(stage: Stage) -> None:
    """`max_completion_tokens` of a call is sent under that name."""
    body = stage.send("Hallo", arguments={"max_completion_tokens": 77})
    found = {k: v for k, v in body.items() if k.startswith("max_")}
    expect_equal(found, {"max_completion_tokens": 77}, "limits")


@check(6)
def image_of_v1_by_url(stage: Stage) -> None:
    """A standard image block by URL is an `image_url`."""
    block = {"type": "image", "url": "https://example.org/gipfel.jpg"}
    expected = {"type": "image_url", "image_url": {"url": block["url"]}}
    expect_equal(send_block(stage, block), expected, "the part")


@check(6)
def image_of_v1_by_base64(stage: Stage) -> None:
    """A standard image block in base64 is a data URL."""
    block = {"type": "image", "base64": PNG, "mime_type": "image/webp", "id": "b7"}
    url = f"data:image/webp;base64,{PNG}"
    expected = {"type": "image_url", "image_url": {"url": url}}
    expect_equal(send_block(stage, block), expected, "the part")


@check(6)
def image_of_v0(stage: Stage) -> None:
    """An image block of LangChain 0.3 is a data URL."""
    block = {
        "type": "image",
        "source_type": "base64",
        "data": PNG,
        "mime_type": "image/png",
    }
    url = f"data:image/png;base64,{PNG}"
    expected = {"type": "image_url", "image_url": {"url": url}}
    expect_equal(send_block(stage, block), expected, "the part")


@check(6)
def image_of_anthropic(stage: Stage) -> None:
    """Anthropic's image blocks, by base64 and by URL, are `image_url`s."""
    source = {"type": "base64", "media_type": "image/gif", "data": PNG}
    sent = send_block(stage, {"type": "image", "source": source})
    url = f"data:image/gif;base64,{PNG}"
    expect_equal(sent, {"type": "image_url", "image_url": {"url": url}}, "the part")
    source = {"type": "url", "url": "https://example.org/see.jpg"}
    sent = send_block(stage, {"type": "image", "source": source})
    expected = {"type": "image_url", "image_url": {"url": source["url"]}}
    expect_equal(sent, expected, "the part")


@check(6)
def image_of_openai_with_detail(stage: Stage) -> None:
    """OpenAI's image part keeps its `detail`."""
    inner = {"url": "https://example.org/karte.png", "detail": "low"}
    block = {"type": "image_url", "image_url": inner}
    expect_equal(send_block(stage, block), block, "the part")


@check(6)
def audio_block(stage: Stage) -> None:
    """A standard audio block in base64 is an `input_audio`."""
    block = {"type": "audio", "base64": WAV, "mime_type": "audio/wav"}
    sent = send_block(stage, block)
    expect_equal(sent.get("type"), "input_audio", "type")
    expect_equal(sent["input_audio"], {"data": WAV, "format": "wav"}, "input_audio")


@check(6)
def file_block(stage: Stage) -> None:
    """A standard file block in base64 is a `file` with a data URL."""
    block = {
        "type": "file",
        "base64": PDF,
        "mime_type": "application/pdf",
        "filename": "fahrplan.pdf",
    }
    sent = send_block(stage, block)
    expect_equal(sent.get("type"), "file", "type")
    data = f"data:application/pdf;base64,{PDF}"
    expect_equal(sent["file"].get("file_data"), data, "file_data")


@check(6)
def video_block(stage: Stage) -> None:
    """A standard video block, by URL or base64, is a `video_url`."""
    url = "https://example.org/zug.mp4"
    sent = send_block(stage, {"type": "video", "url": url})
    expect_equal(sent, {"type": "video_url", "video_url": {"url": url}}, "the part")
    block = {"type": "video", "base64": MP4, "mime_type": "video/mp4"}
    sent = send_block(stage, block)
    data = f"data:video/mp4;base64,{MP4}"
    expect_equal(sent, {"type": "video_url", "video_url": {"url": data}}, "the part")


@check(6)
def plain_text_block(stage: Stage) -> None:
    """A `text-plain` block is text."""
    block = {
        "type": "text-plain",
        "text": "Zeile 1\nZeile 2",
        "mime_type": "text/plain",
    }
    sent = send_block(stage, block)
    expect_equal(sent.get("type"), "text", "type")
    expect(block["text"] in sent["text"], f"the text is {sent['text']!r}")


@check(6)
def unknown_block(stage: Stage) -> None:
    """An unknown block is an error that names it, and nothing is sent."""
    message = HumanMessage([{"type": "hologram", "voxels": "AAAA"}])
    played = stage.play("invoke", completion(), messages=[message])
    expect(played.error is not None, "raised nothing")
    expect_equal(len(played.exchanges), 0, "number of requests")
    expect("hologram" in str(played.error), f"it says {shorten(str(played.error))}")


@check(6)
def keys_of_text_blocks(stage: Stage) -> None:
    """Text blocks are sent without keys that only LangChain knows."""
    block = {
        "type": "text",
        "text": "Ein Satz.",
        "id": "lc_7",
        "index": 0,
        "annotations": [],
        "extras": {"signature": "x"},
    }
    expected = {"type": "text", "text": "Ein Satz."}
    expect_equal(send_block(stage, block), expected, "the part")


@check(6)
def empty_text_blocks(stage: Stage) -> None:
    """Empty text blocks are left out."""
    message = HumanMessage(
        [
            {"type": "text", "text": ""},
            {"type": "text", "text": "Nur das."},
            {"type": "text", "text": ""},
        ]
    )
    (sent,) = stage.send([message])["messages"]
    expect("Nur das." in dump(sent), "the text was not sent")
    expect('"text": ""' not in dump(sent), "an empty text was sent")


CALL = {"name": "find_train", "args": {"to": "Chur"}, "id": "ft1", "type": "tool_call"}


@check(6)
def empty_content_with_calls(stage: Stage) -> None:
    """`content: []` of an assistant that calls tools is not sent."""
    history = [
        HumanMessage("Los"),
        AIMessage([], tool_calls=[CALL]),
        ToolMessage("10:04", tool_call_id="ft1"),
    ]
    sent = stage.send(history)["messages"][1]
    expect(sent.get("content") != [], "content is []")
    expect_equal(len(sent["tool_calls"]), 1, "number of calls")


@check(6)
def empty_tools(stage: Stage) -> None:
    """An empty list of tools, or of tool calls, is not sent."""
    messages = [HumanMessage("Los"), AIMessage("Ja?"), HumanMessage("Weiter")]
    body = stage.send(messages, prepare=lambda model: model.bind_tools([]))
    expect("tools" not in body, "tools is sent")
    expect("tool_calls" not in body["messages"][1], "tool_calls is sent")


@check(6)
def tool_message_with_text_blocks(stage: Stage) -> None:
    """A tool message of text blocks is sent as a string."""
    blocks: Any = [{"type": "text", "text": text} for text in ("10:04 ", "Gl. 9")]
    history = [
        HumanMessage("Los"),
        AIMessage("", tool_calls=[CALL]),
        ToolMessage(blocks, tool_call_id="ft1"),
    ]
    sent = stage.send(history)["messages"][2]
    expect(isinstance(sent["content"], str), f"content is {shorten(sent['content'])}")
    expect("10:04" in sent["content"], "the text is lost")
    expect("Gl. 9" in sent["content"], "the second text is lost")


@check(6)
def tool_message_with_an_image(stage: Stage) -> None:
    """An image of a tool goes into a user message after all tool results."""
    blocks: Any = [
        {"type": "text", "text": "Das Perron"},
        {"type": "image", "base64": PNG, "mime_type": "image/png"},
    ]
    history = [
        HumanMessage("Los"),
        AIMessage("", tool_calls=[CALL, {**CALL, "id": "ft2"}]),
        ToolMessage(blocks, tool_call_id="ft1"),
        ToolMessage("10:04", tool_call_id="ft2"),
    ]
    sent = stage.send(history)["messages"]
    roles = [one["role"] for one in sent]
    expect_equal(roles, ["user", "assistant", "tool", "tool", "user"], "roles")
    expect(isinstance(sent[2]["content"], str), "the tool's content is no string")
    expect("Das Perron" in sent[2]["content"], "the tool's text is lost")
    expect(PNG in dump(sent[4]), "the image is lost")


@check(6)
def invalid_arguments_in_history(stage: Stage) -> None:
    """Invalid arguments in history are sent as a valid JSON object."""
    invalid = {
        "name": "find_train",
        "args": '{"to": "Chu',
        "id": "ft1",
        "error": None,
        "type": "invalid_tool_call",
    }
    history = [
        HumanMessage("Los"),
        AIMessage("", invalid_tool_calls=[invalid]),
        ToolMessage("Die Argumente waren kein JSON.", tool_call_id="ft1"),
    ]
    sent = stage.send(history)["messages"]
    calls = [one for message in sent for one in message.get("tool_calls") or []]
    for one in calls:
        arguments = one["function"]["arguments"]
        try:
            found = json.loads(arguments)
        except ValueError:
            found = None
        expect(isinstance(found, dict), f"arguments are {arguments!r}")
    expect_consistent(sent)


def expect_consistent(sent: list[JSON]) -> None:
    """Expect a result right after each call, and a call before each result."""
    open_calls: set[str] = set()
    for message in sent:
        if message["role"] == "tool":
            one = message["tool_call_id"]
            expect(one in open_calls, f"the result of {one} has no call")
            open_calls.discard(one)
        else:
            expect(not open_calls, f"{sorted(open_calls)} have no result")
            open_calls = {one["id"] for one in message.get("tool_calls") or []}
    expect(not open_calls, f"{sorted(open_calls)} have no result")


@check(6)
def call_without_a_result(stage: Stage) -> None:
    """A tool call without a result goes out in a form that is no 400."""
    history = [
        HumanMessage("Los"),
        AIMessage("", tool_calls=[CALL, {**CALL, "id": "ft2"}]),
        ToolMessage("10:04", tool_call_id="ft2"),
        HumanMessage("Vergiss es. Was sonst?"),
    ]
    sent = stage.send(history)["messages"]
    expect_consistent(sent)
    expect("Vergiss es" in dump(sent[-1]), "the last message is lost")


@check(6)
def result_without_a_call(stage: Stage) -> None:
    """A tool result without a call goes out in a form that is no 400."""
    history = [
        SystemMessage("Knapp bitte."),
        ToolMessage("10:04", tool_call_id="ft-vergessen"),
        HumanMessage("Und der nächste?"),
    ]
    sent = stage.send(history)["messages"]
    expect_consistent(sent)
    expect("der nächste" in dump(sent[-1]), "the last message is lost")


@check(6)
def name_with_spaces(stage: Stage) -> None:
    """A name with spaces and umlauts is made safe."""
    message = HumanMessage("Hoi", name="Jürg von der Flüe")
    (sent,) = stage.send([message])["messages"]
    name = sent.get("name", "")
    expect(re.fullmatch(r"[A-Za-z0-9_-]{0,64}", name), f"name is {name!r}")


@check(6)
def developer_role(stage: Stage) -> None:
    """The role `developer` is kept."""
    messages = [{"role": "developer", "content": "Knapp."}, HumanMessage("Hoi")]
    sent = stage.send(messages)["messages"]
    expect_equal([one["role"] for one in sent], ["developer", "user"], "roles")


@check(6)
def cache_control(stage: Stage) -> None:
    """`cache_control` of a block is kept."""
    block = {
        "type": "text",
        "text": "Ein langes Regelwerk.",
        "cache_control": {"type": "ephemeral"},
    }
    expect_equal(send_block(stage, block), block, "the part")


@check(6)
def arguments_are_not_escaped(stage: Stage) -> None:
    """Non-ASCII arguments in history are sent as they are."""
    call = {**CALL, "args": {"to": "Zürich Flughafen ✈"}}
    history = [
        HumanMessage("Los"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("10:04", tool_call_id="ft1"),
    ]
    sent = stage.send(history)["messages"][1]["tool_calls"][0]
    arguments = sent["function"]["arguments"]
    expect("Zürich Flughafen ✈" in arguments, f"arguments are {arguments!r}")


@tool
def find_train(to: str) -> str:
    """Find the next train."""
    return to


@tool
def dim_light(level: int) -> str:
    """Dim the light."""
    return str(level)


def bind(choice: Any) -> Callable[[Any], Any]:
    """Bind two tools with a choice."""
    return lambda model: model.bind_tools([find_train, dim_light], tool_choice=choice)


@check(6)
def tool_choice_in_words(stage: Stage) -> None:
    """`tool_choice` auto, none, any, required and True in the wire's words."""
    table = {"auto": "auto", "none": "none", "any": "required", "required": "required"}
    for choice, expected in {**table, True: "required"}.items():
        body = stage.send("Los", prepare=bind(choice))
        expect_equal(body.get("tool_choice"), expected, f"tool_choice of {choice!r}")


@check(6)
def tool_choice_of_one_tool(stage: Stage) -> None:
    """`tool_choice` by a tool's name or a dict in the wire's form."""
    wire = {"type": "function", "function": {"name": "dim_light"}}
    for choice in ("dim_light", wire):
        body = stage.send("Los", prepare=bind(choice))
        expect_equal(body.get("tool_choice"), wire, f"tool_choice of {choice!r}")


@check(6)
def tool_choice_of_an_unknown_tool(stage: Stage) -> None:
    """`tool_choice` by an unknown name is refused, with the names there are."""
    played = stage.play("invoke", completion(), prepare=bind("dim_lights"))
    expect(played.error is not None, "raised nothing")
    text = str(played.error)
    expect("dim_light" in text.replace("dim_lights", ""), f"it says {shorten(text)}")
    expect("find_train" in text, f"it says {shorten(text)}")
    expect_equal(len(played.exchanges), 0, "number of requests")


def answer_as_asked(request: Request) -> Reply:
    """Answer with a stream when the body asks for one."""
    if request.json.get("stream"):
        return event_stream_reply(text_stream("Wie gewünscht."))
    return json_reply(completion("Wie gewünscht."))


@check(6)
def leftovers_never_reach_the_body(stage: Stage) -> None:
    """`stream=True` of a call and other leftovers do no harm."""
    leftover = {"kwargs": {"method": "json_mode"}, "schema": {"title": "X"}}
    for arguments in ({"stream": True}, {"ls_structured_output_format": leftover}):
        with WireServer(answer_as_asked) as server:
            model = stage.build_model(origin=server.origin)
            text = str(model.invoke("Los", **arguments).text)
            streamed = "".join(str(o.text) for o in model.stream("Los", **arguments))
            bodies = [one.json for one in server.requests]
        expect_equal((text, streamed), ("Wie gewünscht.",) * 2, "texts")
        for body in bodies:
            expect("ls_structured_output_format" not in body, "it is in the body")


# --- Structured output --------------------------------------------------------------


class Trip(BaseModel):
    """A trip by train."""

    to: str = Field(description="Where it goes")
    nights: int


class TripV1(BaseModelV1):
    """A trip by train."""

    to: str
    nights: int


class TripDict(TypedDict):
    """A trip by train."""

    to: str
    nights: int


TRIP = {"to": "Poschiavo", "nights": 2}
TRIP_SCHEMA = {
    "title": "Trip",
    "description": "A trip by train.",
    "type": "object",
    "properties": {"to": {"type": "string"}, "nights": {"type": "integer"}},
    "required": ["to", "nights"],
}


def call_as_asked(request: Request) -> Reply:
    """Answer with a call of the first tool, or with the object as text."""
    tools = request.json.get("tools")
    if not tools:
        return json_reply(completion(dump(TRIP)))
    one = whole_call(tools[0]["function"]["name"], dump(TRIP))
    return json_reply(completion(None, "tool_calls", tool_calls=[one]))


def as_dict(value: Any) -> Any:
    """Make a dict of a model."""
    return value.dict() if isinstance(value, BaseModel | BaseModelV1) else value


def structure(stage: Stage, schema: Any, handler: Any, **options: Any) -> Any:
    """Ask for an object of a schema, and get it."""
    with WireServer(handler) as server:
        model = stage.build_model(origin=server.origin)
        return model.with_structured_output(schema, **options).invoke("Wohin?")


@check(6)
def schemas_of_every_kind(stage: Stage) -> None:
    """Schemas of pydantic, pydantic.v1, TypedDict, JSON and callables all serve."""
    for schema in (Trip, TripV1, TripDict, TRIP_SCHEMA):
        for method in ("function_calling", "json_schema"):
            found = structure(stage, schema, call_as_asked, method=method)
            name = getattr(schema, "__name__", "JSON schema")
            expect_equal(as_dict(found), TRIP, f"{method} of {name}")
    arguments = dump({"level": 3})
    light = whole_call("dim_light", arguments)
    reply = json_reply(completion(None, "tool_calls", tool_calls=[light]))
    found = structure(stage, dim_light, lambda _: reply, method="function_calling")
    expect_equal(as_dict(found), {"level": 3}, "function_calling of a tool")


@check(6)
def json_mode(stage: Stage) -> None:
    """`json_mode` asks for an object and reads it."""
    with WireServer(call_as_asked) as server:
        model = stage.build_model(origin=server.origin)
        asker = model.with_structured_output(Trip, method="json_mode")
        found = asker.invoke("Antworte als JSON.")
        body = server.last_request.json
    expect_equal(as_dict(found), TRIP, "the object")
    asked = body.get("response_format")
    expect_equal(asked, {"type": "json_object"}, "response_format")


@check(6)
def fences_and_thoughts_around_json(stage: Stage) -> None:
    """Code fences and thoughts around the JSON are tolerated."""
    text = dump(TRIP)
    for content in (
        f"```json\n{text}\n```",
        f"<think>\nBündnerland {{schön}}?\n</think>\n\n{text}",
        f"<think>Hm.</think>```\n{text}\n```",
    ):
        reply = json_reply(completion(content))
        for method in ("json_schema", "json_mode"):
            found = structure(stage, Trip, lambda _, r=reply: r, method=method)
            expect_equal(as_dict(found), TRIP, f"{method} of {content!r}")


@check(6)
def answer_is_cut(stage: Stage) -> None:
    """An answer cut by `length` is a `parsing_error` with `include_raw=True`."""
    one = whole_call("Trip", '{"to": "Posch')
    replies = {
        "function_calling": completion(None, "length", tool_calls=[one]),
        "json_schema": completion('{"to": "Posch', "length"),
        "json_mode": completion('{"to": "Posch', "length"),
    }
    for method, body in replies.items():
        reply = json_reply(body)
        found = structure(
            stage, Trip, lambda _, r=reply: r, method=method, include_raw=True
        )
        expect(found["parsing_error"], f"{method}: there is no parsing_error")
        expect_equal(found["parsed"], None, f"{method}: parsed")


@check(6)
def refusal(stage: Stage) -> None:
    """A refusal is an error of its own, in its words."""
    reply = json_reply(completion(None, refusal="Dabei helfe ich nicht."))
    for method in ("json_schema", "function_calling"):
        try:
            found = structure(stage, Trip, lambda _: reply, method=method)
        except Exception as raised:  # noqa: BLE001 - its class is what is judged
            name = type(raised).__name__
            expect("Refusal" in name, f"{method}: it is a {name}")
            expect("helfe ich nicht" in str(raised), f"{method}: it says {raised}")
        else:
            expect(found, f"{method}: it is {found!r}")


@check(6)
def prose_instead_of_a_call(stage: Stage) -> None:
    """Prose where a call was due is an error, not `None`."""
    reply = json_reply(completion("Ich würde ins Puschlav fahren."))
    for options in ({}, {"include_raw": True}):
        try:
            found = structure(
                stage, Trip, lambda _: reply, method="function_calling", **options
            )
        except (OutputParserException, ValueError):
            expect(not options, "it raises with include_raw=True")
        else:
            expect(options, f"it is {found!r}")
            expect(found["parsing_error"], "there is no parsing_error")


@check(6)
def partial_objects_stream(stage: Stage) -> None:
    """Partial objects come out while the answer is streamed."""
    text = dump({"to": "Poschiavo", "nights": 2})
    parts = [text[n : n + 6] for n in range(0, len(text), 6)]
    calls = [[piece(part, index=0)] for part in parts]
    opened = [piece("", index=0, call="p1", name="Trip")]
    streams = {
        "function_calling": tool_stream(opened, *calls),
        "json_schema": events(role(), *map(chunk, parts), chunk(finish="stop")),
    }
    for method, stream in streams.items():
        lines = [line + b"\n\n" for line in stream.split(b"\n\n") if line]
        reply = event_stream_reply(*slowly(lines))
        found = stream_objects(stage, reply, method)
        expect(len(found) > 2, f"{method}: {len(found)} objects came out")
        expect_equal(found[-1], TRIP, f"{method}: the last object")


def slowly(lines: list[bytes]) -> list[Any]:
    """Send each event in a network packet of its own."""
    return [part for line in lines for part in (line, Pause(0.01))]


def stream_objects(stage: Stage, reply: Reply, method: str) -> list[Any]:
    """Stream objects of a TypedDict."""
    schema = {**TRIP_SCHEMA}
    with WireServer() as server:
        server.reply(reply)
        model = stage.build_model(origin=server.origin)
        asker = model.with_structured_output(schema, method=method)
        return [as_dict(one) for one in asker.stream("Wohin?")]
