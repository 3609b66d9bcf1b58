"""What the model itself is asked: each probe → a verdict, and facts."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, Any, Final

from langchain_core.messages import HumanMessage, ToolMessage

from langchain_clarifai._check.lines import join
from langchain_clarifai._check.verdicts import Verdict
from langchain_clarifai._errors.classes import ClarifaiColdStartError

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from langchain_clarifai._check.lines import Line

# Thoughts count as well: fewer tokens would leave a reasoning model without an answer.
ANSWER_TOKENS: Final = 96
_QUESTION: Final = "Reply with the one word: pong"
# Seconds between the tries while a model starts.
_WAITS: Final = (5.0, 15.0, 30.0, 60.0)

_TOOL: Final[dict[str, Any]] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
_SCHEMA: Final[dict[str, Any]] = {
    "title": "Person",
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


async def ask_plainly(line: Line) -> Verdict:
    """Ask for a short answer, and wait for a model that is starting."""
    model = line.build_model(max_tokens=ANSWER_TOKENS)
    waited = 0.0
    waits = iter(_WAITS)
    while True:
        try:
            answer = await line.invoke(model, _QUESTION)
        except ClarifaiColdStartError as error:
            line.facts["cold_start_status"] = line.recorder.exchanges[-1].status
            line.facts["cold_start_code"] = error.code
            wait = next(waits, None)
            if wait is None or waited + wait > line.facts.get("wait", 0.0):
                raise
            await line.pause(wait)
            waited += wait
        else:
            break
    line.facts["cold_start_seconds"] = waited
    exchange = line.recorder.exchanges[-1]
    line.facts["request_id_header"] = _find_id_header(exchange.headers)
    line.facts["backend_model"] = answer.response_metadata.get("backend_model", "")
    line.facts["model_sent"] = _read_sent_model(exchange.sent)
    _note_reasoning(line, bytes(exchange.body))
    usage: Any = answer.usage_metadata or {}
    came = f"{_show(answer)}, {usage.get('total_tokens', 'no')} tokens, "
    came += f"{exchange.ended_after or 0:.2f} s"
    if waited:
        came += f", after {waited:g} s in which the model started"
    if not usage:
        return Verdict("note", came, "The server counts no tokens in a plain answer.")
    return Verdict("ok", came, "A plain answer works.")


async def ask_for_stream(line: Line) -> Verdict:
    """Ask for a stream: time to the first token, tokens a second, usage at the end."""
    model = line.build_model(max_tokens=ANSWER_TOKENS)
    chunks = await line.stream(model, "Count from 1 to 10, in digits.")
    total = join(chunks)
    speaking = [
        seconds
        for seconds, chunk in chunks
        if chunk.text or chunk.additional_kwargs.get("reasoning_content")
    ]
    first = speaking[0] if speaking else chunks[-1][0]
    usage = total.usage_metadata
    tokens = usage["output_tokens"] if usage else 0
    rest = chunks[-1][0] - first
    rate = f"{tokens / rest:.0f} tokens a second" if tokens and rest > 0 else "no rate"
    line.facts["stream_usage"] = usage is not None
    line.facts["first_token_seconds"] = round(first, 3)
    came = f"first token after {first:.2f} s, {len(chunks)} chunks, {rate}"
    if usage is None:
        return Verdict(
            "note",
            f"{came}, no usage",
            "The stream works and does not say how many tokens it took.",
            "Count on plain answers for token usage.",
        )
    return Verdict("ok", f"{came}, usage at the end", "Streaming works.")


async def call_tool(line: Line) -> Verdict:
    """Ask for a tool call, and give the tool's result back."""
    model = line.build_model(max_tokens=2 * ANSWER_TOKENS).bind_tools([_TOOL])
    question = HumanMessage("What is the weather in Paris? Use the tool.")
    answer = await line.invoke(model, [question])
    if not answer.tool_calls:
        content = f"{_show(answer)}; {len(answer.invalid_tool_calls)} invalid calls"
        return Verdict(
            "note",
            f"no tool call: {content}",
            "The model, or how it is served, does not call tools.",
            "Serve it with a tool-call parser, or choose a model with tools.",
        )
    call = answer.tool_calls[0]
    result = ToolMessage("21 degrees, sunny", tool_call_id=str(call["id"]))
    second = await line.invoke(model, [question, answer, result])
    came = f"{call['name']}({call['args']}), then {_show(second)}"
    return Verdict("ok", came, "A tool call and its second turn work.")


async def reason(line: Line) -> Verdict:
    """Ask a question that needs a thought, and send the thought back."""
    model = line.build_model(max_tokens=2 * ANSWER_TOKENS)
    question = HumanMessage("Is 91 prime? Answer yes or no.")
    answer = await line.invoke(model, [question])
    _note_reasoning(line, bytes(line.recorder.exchanges[-1].body))
    thought = any(block["type"] == "reasoning" for block in answer.content_blocks)
    follow_up = HumanMessage("And 97? Answer yes or no.")
    await line.invoke(model, [question, answer, follow_up])
    field = line.facts.get("reasoning_field")
    if not thought:
        return Verdict("note", "an answer without thoughts", "The model shows none.")
    where = f"in the field `{field}`" if field else "in the text"
    return Verdict(
        "ok", f"thoughts {where}, and an answer to them", "Reasoning and its way back."
    )


async def ask_for_schema(line: Line) -> Verdict:
    """Ask for JSON of a schema, which the backend shall enforce."""
    model = line.build_model(max_tokens=2 * ANSWER_TOKENS)
    asked = model.with_structured_output(
        _SCHEMA, method="json_schema", include_raw=True
    )
    result: Any = await line.invoke(asked, "Ada is 36 years old.")
    if result["parsing_error"] is None:
        return Verdict("ok", f"{result['parsed']}", "`json_schema` works.")
    return Verdict(
        "note",
        f"no JSON of the schema: {_show(result['raw'])}",
        "The backend does not enforce `json_schema`.",
        'Use method="function_calling".',
    )


async def show_image(line: Line) -> Verdict:
    """Show a red square."""
    model = line.build_model(max_tokens=ANSWER_TOKENS)
    message = HumanMessage(
        [
            {"type": "text", "text": "Which colour is this? One word."},
            {
                "type": "image",
                "base64": base64.b64encode(build_red_square()).decode(),
                "mime_type": "image/png",
            },
        ]
    )
    answer = await line.invoke(model, [message])
    if "red" in answer.text.casefold():
        return Verdict("ok", _show(answer), "The model sees images.")
    return Verdict(
        "note", _show(answer), "An image was taken; that it was seen does not show."
    )


def build_red_square() -> bytes:
    """Build a PNG of 32 by 32 red pixels."""

    def build_chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    size = 32
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\xff\0\0" * size) * size
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            build_chunk(b"IHDR", header),
            build_chunk(b"IDAT", zlib.compress(rows)),
            build_chunk(b"IEND", b""),
        )
    )


def _note_reasoning(line: Line, body: bytes) -> None:
    """Note which field thoughts came in, as the wire has it."""
    for name in ("reasoning_content", "reasoning"):
        if f'"{name}":"'.encode() in body.replace(b'": "', b'":"').replace(
            f'"{name}":""'.encode(), b""
        ):
            line.facts["reasoning_field"] = name
            return
    if b"</think>" in body or b"\\u003c/think\\u003e" in body:
        line.facts.setdefault("reasoning_field", "content, in <think> tags")


def _find_id_header(headers: dict[str, str]) -> str:
    names = (name for name in headers if "request-id" in name or "req-id" in name)
    return next(names, "")


def _read_sent_model(body: bytes) -> str:
    import orjson

    return str(orjson.loads(body)["model"])


def _show(message: AIMessage) -> str:
    text = " ".join(message.text.split())
    return repr(text if len(text) <= 40 else f"{text[:40]}…")  # noqa: PLR2004
