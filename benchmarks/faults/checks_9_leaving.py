"""Section 9: what else goes out, after what users' reports showed."""

from __future__ import annotations

import json
import re
from typing import Any, Optional

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tools import StructuredTool
from payloads import (
    JSON,
    completion,
    dump,
    piece,
    tool_stream,
    whole_call,
)
from pydantic import BaseModel
from servers.wire import WireServer, json_reply
from stage import Stage, check, expect, expect_equal, shorten

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
SAFE = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def send_result(stage: Stage, content: Any) -> JSON:
    """Send a tool's result after its call; get the messages that were sent."""
    call = {"name": "look", "args": {}, "id": "l1", "type": "tool_call"}
    history = [
        HumanMessage("Schau nach."),
        AIMessage("", tool_calls=[call]),
        ToolMessage(content, tool_call_id="l1"),
    ]
    return stage.send(history)


def find_result(body: JSON) -> JSON:
    """Find the result among the messages that were sent."""
    results = [one for one in body["messages"] if one["role"] == "tool"]
    expect_equal(len(results), 1, "number of results")
    return results[0]


# --- Messages -----------------------------------------------------------------------


@check(9)
def records_are_no_blocks(stage: Stage) -> None:
    """Records of a tool that only look like content blocks are sent as JSON."""
    for records in (
        [{"type": "file", "name": "brett.dxf", "size": 840}],
        [{"type": "document", "pages": 3}, {"type": "json", "cm": 84}],
        [{"type": "text", "value": 3}],
    ):
        content = find_result(send_result(stage, records))["content"]
        expect(isinstance(content, str), f"content is {shorten(content)}")
        try:
            found = json.loads(content)
        except ValueError:
            expect(False, f"content is {shorten(content)}")  # noqa: FBT003
        expect_equal(found, records, "the records")


@check(9)
def mcp_images_are_images(stage: Stage) -> None:
    """MCP's `{"type": "image", "data", "mimeType"}` in a result is an image."""
    image = {"type": "image", "data": PNG, "mimeType": "image/png"}
    body = send_result(stage, [{"type": "text", "text": "Foto:"}, image])
    expect(f"data:image/png;base64,{PNG}" in dump(body), "there is no data URL")


def expect_apart(content: Any) -> None:
    """Expect that two texts are apart: in parts, or with white space between them."""
    if isinstance(content, str):
        expect(re.fullmatch(r"Fichte\s+Tanne", content), f"content is {content!r}")
    else:
        texts = [one.get("text") for one in content]
        expect_equal(texts, ["Fichte", "Tanne"], "texts")


TWO_TEXTS: list[Any] = [
    {"type": "text", "text": "Fichte"},
    {"type": "text", "text": "Tanne"},
]


@check(9)
def texts_of_a_result_stay_apart(stage: Stage) -> None:
    """Several texts of a tool's result are apart."""
    expect_apart(find_result(send_result(stage, TWO_TEXTS))["content"])


@check(9)
def texts_of_a_system_message_stay_apart(stage: Stage) -> None:
    """Several texts of a system message are apart."""
    body = stage.send([SystemMessage(TWO_TEXTS), HumanMessage("Los.")])
    expect_apart(body["messages"][0]["content"])


@check(9)
def results_bear_names(stage: Stage) -> None:
    """A tool's result bears the tool's name, from its call."""
    expect_equal(find_result(send_result(stage, "84")).get("name"), "look", "name")


@check(9)
def blocks_of_assistants_stay_behind(stage: Stage) -> None:
    """Thoughts and calls in other people's messages stay behind, and the text goes."""
    content: list[Any] = [
        {"type": "reasoning", "reasoning": "Ich überlege."},
        {"type": "text", "text": "Übergabe."},
        {"type": "tool_call", "name": "look", "args": {}, "id": "l1"},
    ]
    makers: tuple[type[BaseMessage], ...] = (HumanMessage, SystemMessage)
    for maker in makers:
        body = stage.send([maker(content), HumanMessage("Los.")])
        sent = dump(body["messages"][0])
        expect("Übergabe." in sent, f"{maker.__name__}: the text was not sent")
        for foreign in ("überlege", "look"):
            expect(foreign not in sent, f"{maker.__name__}: {foreign!r} was sent")


@check(9)
def empty_conversation(stage: Stage) -> None:
    """An empty conversation is an error, and nothing is sent."""
    played = stage.play("invoke", completion(), messages=[])
    expect(played.error is not None, "it raised nothing")
    expect_equal(len(played.exchanges), 0, "number of requests")


# --- Tools --------------------------------------------------------------------------


def build_tool(name: str, answer: str = "84") -> StructuredTool:
    """Build a tool without arguments."""
    return StructuredTool.from_function(
        func=lambda: answer, name=name, description="Misst."
    )


@check(9)
def tools_without_arguments(stage: Stage) -> None:
    """A tool without arguments has an empty object as parameters."""
    bare = {"type": "function", "function": {"name": "bell", "description": "Läutet."}}
    for one in (build_tool("bell"), bare):
        body = stage.send("Los.", prepare=lambda model, t=one: model.bind_tools([t]))
        found = body["tools"][0]["function"].get("parameters") or {}
        expect_equal(found.get("type"), "object", "type of the parameters")
        expect_equal(found.get("properties"), {}, "properties")


NAMES = ("werk.messen", "Säge einschalten", "a/b", "x" * 70)


@check(9)
def unsafe_names_are_made_safe(stage: Stage) -> None:
    """Tool names with dots, blanks, slashes or 70 letters are sent as safe ones."""
    tools = [build_tool(name) for name in NAMES]
    body = stage.send("Los.", prepare=lambda model: model.bind_tools(tools))
    sent = [one["function"]["name"] for one in body["tools"]]
    expect_equal(len(set(sent)), len(NAMES), "number of names")
    for name in sent:
        expect(SAFE.fullmatch(name), f"{shorten(name)} is sent")


@check(9)
def unsafe_names_come_back(stage: Stage) -> None:
    """Calls of such tools come out under their own names, plain and streamed."""
    name = NAMES[0]
    tools = [build_tool(name)]

    def bind(model: Any) -> Any:
        return model.bind_tools(tools)

    sent = stage.send("Los.", prepare=bind)["tools"][0]["function"]["name"]
    expect(SAFE.fullmatch(sent), f"{sent!r} is sent")
    call = whole_call(sent, "{}", call="m1")
    plain = completion(None, "tool_calls", tool_calls=[call])
    stream = tool_stream([piece("{}", index=0, call="m1", name=sent)])
    for played in [
        *stage.answer(plain, prepare=bind),
        *stage.stream(stream, prepare=bind),
    ]:
        expect_equal(played.calls, [(name, {})], "tool_calls")


@check(9)
def two_tools_of_one_name(stage: Stage) -> None:
    """Two tools of one name are refused, and nothing is sent."""
    tools = [build_tool("look"), build_tool("look", "12")]
    played = stage.play(
        "invoke", completion(), prepare=lambda model: model.bind_tools(tools)
    )
    expect(played.error is not None, "it raised nothing")
    expect_equal(len(played.exchanges), 0, "number of requests")


# --- Structured output --------------------------------------------------------------


class Board(BaseModel):
    """A board, and the boards that it was cut into."""

    cm: int
    pieces: list[Board] = []


class Cut(BaseModel):
    """Where to cut."""

    at: int
    note: Optional[str] = None  # noqa: UP045 - as users write it


class Shelf(BaseModel):
    """What lies on a shelf."""

    counts: dict[str, int]
    cut: Cut


def ask(stage: Stage, schema: Any, reply: JSON, **options: Any) -> tuple[Any, JSON]:
    """Ask for an object of a schema; get it, and the body of the request."""
    with WireServer(lambda _: json_reply(reply)) as server:
        model = stage.build_model(origin=server.origin)
        found = model.with_structured_output(schema, **options).invoke("Wie lang?")
        return found, server.last_request.json


def read_schema(body: JSON) -> JSON:
    """Read the schema that was asked for."""
    form = body.get("response_format") or {}
    expect_equal(form.get("type"), "json_schema", "response_format")
    return form["json_schema"]["schema"]


def find_objects(schema: Any) -> list[JSON]:
    """Find all schemas of objects in a schema."""
    found: list[JSON] = []
    if isinstance(schema, dict):
        found += [schema] if "properties" in schema else []
        schema = list(schema.values())
    if isinstance(schema, list):
        found += [one for child in schema for one in find_objects(child)]
    return found


def find_references(schema: Any) -> list[str]:
    """Find all references in a schema."""
    if isinstance(schema, dict):
        own = [schema["$ref"]] if isinstance(schema.get("$ref"), str) else []
        return own + [r for child in schema.values() for r in find_references(child)]
    if isinstance(schema, list):
        return [r for child in schema for r in find_references(child)]
    return []


def resolve(schema: JSON, reference: str) -> Any:
    """Follow a reference; None where it points to nothing."""
    found: Any = schema
    for step in reference.removeprefix("#").strip("/").split("/"):
        found = found.get(step) if step and isinstance(found, dict) else found
    return found


@check(9)
def recursive_schemas(stage: Stage) -> None:
    """A recursive class with `json_schema` keeps its definition and references."""
    told = {"cm": 84, "pieces": [{"cm": 12, "pieces": []}]}
    found, body = ask(stage, Board, completion(dump(told)), method="json_schema")
    schema = read_schema(body)
    references = find_references(schema)
    expect(references, "there is no $ref")
    for reference in references:
        target = resolve(schema, reference)
        expect(target, f"{reference} points to nothing")
        expect("cm" in target.get("properties", {}), f"{reference} is no board")
    expect_equal(found, Board.model_validate(told), "the object")


def ask_strictly(stage: Stage, schema: Any, told: JSON) -> JSON | None:
    """Ask strictly; get the schema that was sent, or None where it was refused."""
    with WireServer(lambda _: json_reply(completion(dump(told)))) as server:
        model = stage.build_model(origin=server.origin)
        try:
            asker = model.with_structured_output(
                schema, method="json_schema", strict=True
            )
            asker.invoke("Wie lang?")
        except (ValueError, TypeError) as refused:
            expect(not server.requests, f"it was sent, and then: {refused}")
            return None
        return read_schema(server.last_request.json)


@check(9)
def strict_objects_are_closed(stage: Stage) -> None:
    """`strict=True`: objects are closed, all is required, and there is no default."""
    schema = ask_strictly(stage, Cut, {"at": 12, "note": None})
    expect(schema, "it was refused")
    for one in find_objects(schema):
        name = shorten(one)
        expect_equal(one.get("additionalProperties"), False, f"open is {name}")  # noqa: FBT003
        expect_equal(set(one.get("required", ())), set(one["properties"]), "required")
        defaults = [p for p in one["properties"].values() if "default" in p]
        expect_equal(defaults, [], "defaults")


@check(9)
def strict_dicts_keep_their_values(stage: Stage) -> None:
    """`strict=True`: a `dict[str, int]` keeps its values' schema, or is refused."""
    told = {"counts": {"Brett": 3}, "cut": {"at": 12, "note": None}}
    schema = ask_strictly(stage, Shelf, told)
    if schema is not None:
        counts = schema["properties"]["counts"]
        values = counts.get("additionalProperties")
        expect(isinstance(values, dict), f"counts are {shorten(counts)}")
        expect_equal(values.get("type"), "integer", "type of the values")


@check(9)
def filtered_and_empty(stage: Stage) -> None:
    """`content_filter` with an empty structured answer is a refusal."""
    for method in ("json_schema", "json_mode"):
        try:
            found, _ = ask(stage, Cut, completion("", "content_filter"), method=method)
        except Exception as raised:  # noqa: BLE001 - its class is what is judged
            name = " ".join(one.__name__ for one in type(raised).__mro__)
            expect(re.search("Refusal|Filter", name), f"{method}: {name[:80]}")
        else:
            expect(False, f"{method}: it is {found!r}")  # noqa: FBT003


@check(9)
def untitled_schemas(stage: Stage) -> None:
    """A JSON schema without a title gets a name."""
    schema = {
        "type": "object",
        "properties": {"cm": {"type": "integer"}},
        "required": ["cm"],
    }
    found, body = ask(stage, schema, completion('{"cm": 84}'), method="json_schema")
    expect_equal(found, {"cm": 84}, "the object")
    expect(body["response_format"]["json_schema"].get("name"), "it has no name")


@check(9)
def fallbacks_take_tools_and_schemas(stage: Stage) -> None:
    """`with_fallbacks` and then `bind_tools` or `with_structured_output` work."""

    def fall_back(model: Any) -> Any:
        other = stage.build_model(origin="http://127.0.0.1:9")
        return model.with_fallbacks([other])

    tools = [build_tool("look")]
    body = stage.send("Los.", prepare=lambda model: fall_back(model).bind_tools(tools))
    expect_equal(len(body.get("tools", [])), 1, "number of tools")
    told = completion('{"at": 12, "note": null}')
    with WireServer(lambda _: json_reply(told)) as server:
        model = fall_back(stage.build_model(origin=server.origin))
        asker = model.with_structured_output(Cut, method="json_schema")
        expect_equal(asker.invoke("Wo?"), Cut(at=12), "the object")
