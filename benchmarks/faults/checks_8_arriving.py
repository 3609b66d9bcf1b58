"""Section 8: what else backends send, after what recorded traffic showed."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.exceptions import (
    ModelAuthenticationError,
    ModelRateLimitError,
)
from langchain_core.messages import HumanMessage, ToolMessage
from payloads import (
    JSON,
    build_chunk,
    chunk,
    completion,
    events,
    piece,
    role,
    status,
    tool_stream,
    usage,
    whole_call,
)
from servers.wire import json_reply
from stage import Played, Stage, check, expect, expect_equal, read_reasoning, shorten

THOUGHT = "Erst messen, dann sägen."
PIECES = ("Erst messen, ", "dann sägen.")
ANSWER = "Das Brett ist 84 cm lang."
SOURCES = ["https://holz.example/fichte", "https://holz.example/tanne"]
PICTURE = {
    "type": "image_url",
    "image_url": {"url": "data:image/webp;base64,UklGRgAA"},
}
SOUND = {
    "id": "audio_9c",
    "data": "T2dnUwAC",
    "transcript": "Vierundachtzig.",
    "expires_at": 9_999_999_999,
}


def list_scalars(value: Any) -> list[Any]:
    """List all scalars in a value."""
    if isinstance(value, dict):
        return [one for child in value.values() for one in list_scalars(child)]
    if isinstance(value, list):
        return [one for child in value for one in list_scalars(child)]
    return [value]


def expect_reachable(played: Played, *values: Any) -> None:
    """Expect values somewhere in the message, each once."""
    held = list_scalars(played.message.model_dump())
    for value in values:
        expect(value in held, f"{value!r} is nowhere in the message")


def answer_and_stream(stage: Stage, message: JSON, *deltas: JSON) -> list[Played]:
    """Play a message, and deltas that say the same; without any, the message is one."""
    stream = events(role(), *map(chunk, deltas or [message]), chunk(finish="stop"))
    return [*stage.answer(completion(**message)), *stage.stream(stream)]


# --- Answers of odd shapes ----------------------------------------------------------


@check(8)
def message_beside_an_empty_delta(stage: Stage) -> None:
    """A plain choice with a message and an empty delta: the message."""
    body = completion(ANSWER)
    body["choices"][0]["delta"] = {"role": "assistant", "content": ""}
    for played in [*stage.answer(body), *stage.stream(json_reply(body))]:
        expect_equal(played.text, ANSWER, "text")


@check(8)
def message_that_grows_beside_deltas(stage: Stage) -> None:
    """In a stream the deltas count, and a message that grows beside them does not."""
    grown, told = "", []
    for text in (ANSWER[:9], ANSWER[9:]):
        grown += text
        event = chunk(text)
        event["choices"][0]["message"] = {"role": "assistant", "content": grown}
        told.append(event)
    for played in stage.stream(events(*told, chunk(finish="stop"))):
        expect_equal(played.text, ANSWER, "text")


@check(8)
def content_is_json(stage: Stage) -> None:
    """Content that is an object or a list of records: its JSON as text."""
    for content in ({"cm": 84}, [{"cm": 84}, {"cm": 12}]):
        for played in answer_and_stream(stage, {"content": content}):
            try:
                found = json.loads(played.text)
            except ValueError:
                expect(False, f"text is {shorten(played.text)}")  # noqa: FBT003
            expect_equal(found, content, "text as JSON")


@check(8)
def placeholder_calls_are_none(stage: Stage) -> None:
    """Entries of `tool_calls` without name, arguments and id are no calls."""
    for empty in ("", None):
        function = {"name": empty, "arguments": empty}
        call = {"index": 0, "id": empty, "type": "function", "function": function}
        for played in answer_and_stream(
            stage, {"content": ANSWER, "tool_calls": [call]}
        ):
            expect_equal(played.calls, [], "tool_calls")
            expect_equal(played.message.invalid_tool_calls, [], "invalid_tool_calls")
            expect_equal(played.text, ANSWER, "text")


@check(8)
def placeholder_function_call_is_none(stage: Stage) -> None:
    """A `function_call` without a name is no call."""
    message = {"content": ANSWER, "function_call": {"name": "", "arguments": ""}}
    for played in answer_and_stream(stage, message):
        expect_equal(played.calls, [], "tool_calls")
        expect_equal(played.message.invalid_tool_calls, [], "invalid_tool_calls")


@check(8)
def halves_of_characters(stage: Stage) -> None:
    """Half a surrogate pair at the end of a delta joins the half in the next one."""
    for name in ("content", "reasoning_content"):
        halves = ({name: "Säge \ud83e"}, {name: "\ude9a!"})
        told = [json.dumps(chunk(half)) for half in halves]
        for played in stage.stream(events(*told, chunk("."), chunk(finish="stop"))):
            found = played.text if name == "content" else played.reasoning
            expect("Säge 🪚!" in found, f"{name} is {found!r}")


@check(8)
def halves_of_characters_in_arguments(stage: Stage) -> None:
    """So they do in the arguments of a call."""
    first = piece('{"what": "\ud83e', index=0, call="w1", name="fetch")
    told = [
        json.dumps(chunk({"tool_calls": [one]}))
        for one in (first, piece('\ude9a"}', index=0))
    ]
    for played in stage.stream(events(*told, chunk(finish="tool_calls"))):
        expect_equal(played.calls, [("fetch", {"what": "🪚"})], "tool_calls")


@check(8)
def header_that_is_no_ascii(stage: Stage) -> None:
    """A response header in Latin-1 does no harm."""
    headers = {"x-region": "Zürich"}
    for played in stage.answer(json_reply(completion(ANSWER), headers=headers)):
        expect_equal(played.text, ANSWER, "text")


@check(8)
def integers_beyond_64_bits(stage: Stage) -> None:
    """An integer of 80 bits in arguments is exact, plain and streamed."""
    number = 2**80 + 12_345
    call = whole_call("fetch", json.dumps({"id": number}), call="w1")
    delta = {"content": None, "tool_calls": [{"index": 0, **call}]}
    for played in answer_and_stream(stage, delta):
        expect_equal(played.calls, [("fetch", {"id": number})], "tool_calls")


# --- Thoughts -----------------------------------------------------------------------

DETAILS: list[JSON] = [
    {
        "type": "reasoning.text",
        "text": THOUGHT,
        "index": 0,
        "signature": "EqQB",
        "format": "anthropic-claude-v1",
    },
    {"type": "reasoning.encrypted", "data": "gAAA", "index": 1},
]
DETAIL_PIECES: list[JSON] = [
    {"reasoning_details": [{**DETAILS[0], "text": PIECES[0], "signature": None}]},
    {
        "reasoning_details": [
            {"type": "reasoning.text", "text": PIECES[1], "index": 0},
            DETAILS[1],
        ]
    },
    {
        "reasoning_details": [
            {"type": "reasoning.text", "signature": "EqQB", "index": 0}
        ]
    },
]
BLOCKS: list[JSON] = [{"type": "thinking", "thinking": THOUGHT, "signature": "EqQB"}]
PARTS: list[JSON] = [
    {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}
]


def think_and_call(stage: Stage, message: JSON, *deltas: JSON) -> list[Played]:
    """Play thoughts and a call, plain and streamed."""
    call = whole_call("measure", "{}", call="m1")
    calls = {"tool_calls": [{"index": 0, **call}]}
    stream = events(role(), *map(chunk, [*deltas, calls]), chunk(finish="tool_calls"))
    plain = completion(finish="tool_calls", **{"content": "", **message, **calls})
    return [*stage.answer(plain), *stage.stream(stream)]


def send_back(stage: Stage, message: Any) -> JSON:
    """Send an answer and the result of its call back; get it as it was sent."""
    history = [
        HumanMessage("Wie lang?"),
        message,
        ToolMessage("84", tool_call_id="m1"),
    ]
    sent: JSON = stage.send(history)["messages"][1]
    return sent


@check(8)
def reasoning_details_are_reasoning(stage: Stage) -> None:
    """The text of `reasoning_details` is reasoning, where no other field has it."""
    for played in think_and_call(stage, {"reasoning_details": DETAILS}, *DETAIL_PIECES):
        expect_equal(read_reasoning(played.message), THOUGHT, "reasoning")


@check(8)
def reasoning_details_go_back(stage: Stage) -> None:
    """They go back whole, fragments joined, with signature and encrypted part."""
    for played in think_and_call(stage, {"reasoning_details": DETAILS}, *DETAIL_PIECES):
        sent = send_back(stage, played.message).get("reasoning_details")
        expect_equal(sent, DETAILS, "what is sent back")


@check(8)
def thinking_blocks_go_back(stage: Stage) -> None:
    """`thinking_blocks` go back whole, with their signature."""
    deltas = [
        {"thinking_blocks": [{"type": "thinking", "thinking": text}]} for text in PIECES
    ]
    sealed = {"thinking_blocks": [{"type": "thinking", "signature": "EqQB"}]}
    for played in think_and_call(stage, {"thinking_blocks": BLOCKS}, *deltas, sealed):
        sent = send_back(stage, played.message).get("thinking_blocks")
        expect_equal(sent, BLOCKS, "what is sent back")


@check(8)
def extra_content_of_a_message_goes_back(stage: Stage) -> None:
    """`extra_content` of a message goes back verbatim."""
    extra = {"extra_content": {"google": {"thought_signature": "CiQB"}}}
    for played in think_and_call(stage, extra, {"content": ""}, extra):
        sent = send_back(stage, played.message).get("extra_content")
        expect_equal(sent, extra["extra_content"], "what is sent back")


def play_parts(stage: Stage) -> list[Played]:
    """Play thoughts that are parts of content."""
    deltas = [
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": text}]}
            ]
        }
        for text in PIECES
    ]
    whole = {"content": [*PARTS, {"type": "text", "text": ANSWER}]}
    return think_and_call(stage, whole, *deltas, {"content": ANSWER})


@check(8)
def thinking_parts_are_reasoning(stage: Stage) -> None:
    """Thoughts that are parts of content are reasoning, and no text."""
    for played in play_parts(stage):
        expect_equal(read_reasoning(played.message), THOUGHT, "reasoning")
        expect_equal(played.text, ANSWER, "text")


@check(8)
def thinking_parts_go_back(stage: Stage) -> None:
    """They go back as the parts they were, and under no other name."""
    for played in play_parts(stage):
        sent = send_back(stage, played.message)
        text = {"type": "text", "text": ANSWER}
        expect_equal(sent.get("content"), [*PARTS, text], "content sent back")
        expect("reasoning_content" not in sent, "reasoning_content is sent too")


# --- What comes along ---------------------------------------------------------------


@check(8)
def sources_are_kept_once(stage: Stage) -> None:
    """`citations` and `search_results` beside the choices are reachable, once."""
    found = [{"title": "Fichte", "url": SOURCES[0]}]
    top = {"citations": SOURCES, "search_results": found}
    told = [chunk(text, **top) for text in ("Fichte", "nholz")]
    stream = events(role(), *told, chunk(finish="stop", **top))
    everything = [*stage.answer(completion(top=top)), *stage.stream(stream)]
    for played in everything:
        expect_reachable(played, *SOURCES, "Fichte")
        dumped = json.dumps(played.message.model_dump(), default=str)
        count = dumped.count('Fichte"')
        expect(count <= 2, f"a title stands there {count} times")


@check(8)
def citations_are_standard(stage: Stage) -> None:
    """`url_citation`s are LangChain's citations of the text block."""
    told = {
        "url": SOURCES[0],
        "title": "Fichte",
        "start_index": 4,
        "end_index": 9,
    }
    notes = {"annotations": [{"type": "url_citation", "url_citation": told}]}
    for played in answer_and_stream(
        stage, {"content": ANSWER, **notes}, {"content": ANSWER}, notes
    ):
        texts = [b for b in played.message.content_blocks if b["type"] == "text"]
        cited = [note for block in texts for note in block.get("annotations", [])]
        expect_equal(len(cited), 1, "number of citations")
        expect_equal(cited[0].get("type"), "citation", "type")
        expect_equal(cited[0].get("url"), SOURCES[0], "url")


@check(8)
def unknown_fields_are_reachable(stage: Stage) -> None:
    """Fields that nobody defined are reachable, of the top, choice and message."""
    top = {"provider": "Holzwurm", "timings": {"prompt_ms": 12.75}}
    message = {"content": ANSWER, "executed_tools": [{"name": "Zollstock"}]}
    body = completion(**message, top=top)
    body["choices"][0]["matched_stop"] = 151_643
    event = chunk(message, **top)
    event["choices"][0]["matched_stop"] = 151_643
    stream = events(role(), event, chunk(finish="stop"))
    for played in [*stage.answer(body), *stage.stream(stream)]:
        expect_reachable(played, "Holzwurm", 12.75, 151_643, "Zollstock")


@check(8)
def unknown_fields_do_not_multiply(stage: Stage) -> None:
    """Such fields on each chunk of a stream are there once in the sum."""
    told = [chunk(text, provider="Holzwurm") for text in ("a", "b", "c")]
    for played in stage.stream(events(*told, chunk(finish="stop"))):
        expect_reachable(played, "Holzwurm")
        dumped = json.dumps(played.message.model_dump(), default=str)
        expect_equal(dumped.count("Holzwurm"), 1, "how often it stands there")


def find_blocks(played: Played, kind: str) -> list[Any]:
    """Find the blocks of a type."""
    return [one for one in played.message.content_blocks if one["type"] == kind]


@check(8)
def images_are_blocks(stage: Stage) -> None:
    """`images` of a message or delta are image blocks."""
    for played in answer_and_stream(
        stage,
        {"content": ANSWER, "images": [PICTURE]},
        {"content": ANSWER},
        {"images": [PICTURE]},
    ):
        blocks = find_blocks(played, "image")
        expect_equal(len(blocks), 1, "number of images")
        expect_equal(blocks[0].get("base64"), "UklGRgAA", "base64")


@check(8)
def image_parts_are_blocks(stage: Stage) -> None:
    """`image_url` parts of an answer's content are image blocks."""
    content = [{"type": "text", "text": ANSWER}, PICTURE]
    for played in answer_and_stream(stage, {"content": content}):
        expect_equal(played.text, ANSWER, "text")
        blocks = find_blocks(played, "image")
        expect_equal(len(blocks), 1, "number of images")
        expect_equal(blocks[0].get("base64"), "UklGRgAA", "base64")


@check(8)
def sound_is_a_block(stage: Stage) -> None:
    """`audio` of an answer is an audio block, its pieces joined."""
    deltas = [
        {"audio": {"id": "audio_9c", "data": "T2dn", "transcript": "Vierund"}},
        {"audio": {"data": "UwAC", "transcript": "achtzig."}},
    ]
    for played in answer_and_stream(stage, {"content": None, "audio": SOUND}, *deltas):
        blocks = find_blocks(played, "audio")
        expect_equal(len(blocks), 1, "number of sounds")
        expect_equal(blocks[0].get("base64"), "T2dnUwAC", "base64")


@check(8)
def sound_goes_back_by_its_id(stage: Stage) -> None:
    """A spoken answer goes back by its id, and never as an empty turn."""
    for played in stage.answer(completion(None, audio=SOUND)):
        sent = send_back(stage, played.message)
        expect_equal(sent.get("audio"), {"id": "audio_9c"}, "audio sent back")


# --- Calls --------------------------------------------------------------------------

CUSTOM = {
    "id": "c7",
    "type": "custom",
    "custom": {"name": "shell", "input": 'echo "84"\n'},
}


@check(8)
def custom_call_is_not_lost(stage: Stage) -> None:
    """A call of type `custom` is a call, or an invalid one, with its raw input."""
    for played in stage.answer(completion(None, "tool_calls", tool_calls=[CUSTOM])):
        message = played.message
        calls = [*message.tool_calls, *message.invalid_tool_calls]
        expect_equal([one["name"] for one in calls], ["shell"], "names of the calls")
        told = CUSTOM["custom"]["input"]  # type: ignore[index]  # it is a dict
        expect(told in list_scalars(calls[0]["args"]), f"args are {calls[0]['args']}")


@check(8)
def custom_call_goes_back(stage: Stage) -> None:
    """It goes back as it came."""
    for played in stage.answer(completion(None, "tool_calls", tool_calls=[CUSTOM])):
        history = [
            HumanMessage("Wie lang?"),
            played.message,
            ToolMessage("84", tool_call_id="c7"),
        ]
        again = stage.play("invoke", completion(), messages=history)
        sent = again.body["messages"][1].get("tool_calls")
        expect_equal(sent, [CUSTOM], "tool_calls sent back")


def bind(model: Any) -> Any:
    """Bind the tool that is called."""
    function = {"name": "search", "parameters": {"type": "object", "properties": {}}}
    return model.bind_tools([{"type": "function", "function": function}])


@check(8)
def names_with_a_harmony_tail(stage: Stage) -> None:
    """`search<|channel|>commentary` is `search`, where such a tool is bound."""
    call = whole_call("search<|channel|>commentary", "{}", call="s1")
    plain = completion(None, "tool_calls", tool_calls=[call])
    stream = tool_stream([{"index": 0, **call}])
    for played in [
        *stage.answer(plain, prepare=bind),
        *stage.stream(stream, prepare=bind),
    ]:
        expect_equal(played.calls, [("search", {})], "tool_calls")


@check(8)
def arguments_encoded_twice(stage: Stage) -> None:
    """Arguments that are JSON in a JSON string are the object."""
    call = whole_call("search", json.dumps('{"q": "Fichte"}'), call="s1")
    plain = completion(None, "tool_calls", tool_calls=[call])
    stream = tool_stream([{"index": 0, **call}])
    for played in [*stage.answer(plain), *stage.stream(stream)]:
        expect_equal(played.calls, [("search", {"q": "Fichte"})], "tool_calls")


# --- Usage --------------------------------------------------------------------------


def expect_counts(played: Played, *counts: int) -> JSON:
    """Expect counts of input, output and in total; hand the usage out."""
    found: Any = played.message.usage_metadata
    expect(found, "there is no usage")
    names = ("input_tokens", "output_tokens", "total_tokens")
    expect_equal(tuple(found[name] for name in names), counts, "tokens")
    return found


def stream_usages(*usages: JSON) -> bytes:
    """Write a stream with each usage in an event of its own."""
    told = [build_chunk([], usage=one) for one in usages]
    return events(role(), chunk(ANSWER), chunk(finish="stop"), *told)


@check(8)
def usage_in_two_halves(stage: Stage) -> None:
    """Later zeros, nulls and absences do not overwrite counts that came before."""
    first = {"prompt_tokens": 31, "completion_tokens": 0, "total_tokens": 31}
    for second in (
        {"prompt_tokens": 0, "completion_tokens": 8, "total_tokens": 39},
        {"prompt_tokens": None, "completion_tokens": 8, "total_tokens": 39},
    ):
        for played in stage.stream(stream_usages(first, second)):
            expect_counts(played, 31, 8, 39)


@check(8)
def reasoning_is_not_in_the_completion(stage: Stage) -> None:
    """Where thoughts are counted apart and the total says so, they are output too."""
    details = {"reasoning_tokens": 20}
    counts = usage(31, 8, 59, completion_tokens_details=details)
    plain = completion(ANSWER, top={"usage": counts})
    for played in [*stage.answer(plain), *stage.stream(stream_usages(counts))]:
        expect_counts(played, 31, 28, 59)


@check(8)
def cached_tokens_of_mistral(stage: Stage) -> None:
    """`num_cached_tokens` are tokens read from a cache."""
    counts = usage(31, 8, num_cached_tokens=16)
    plain = completion(ANSWER, top={"usage": counts})
    for played in [*stage.answer(plain), *stage.stream(stream_usages(counts))]:
        found = expect_counts(played, 31, 8, 39)
        cached = found.get("input_token_details", {}).get("cache_read")
        expect_equal(cached, 16, "cache_read")


@check(8)
def usage_of_groq_alone(stage: Stage) -> None:
    """Usage that stands in `x_groq` alone is usage."""
    last = build_chunk([], x_groq={"id": "req_1", "usage": usage(31, 8)})
    for played in stage.stream(
        events(role(), chunk(ANSWER), chunk(finish="stop"), last)
    ):
        expect_counts(played, 31, 8, 39)


# --- Errors -------------------------------------------------------------------------


@check(8)
def status_decides_over_a_generic_code(stage: Stage) -> None:
    """Where Clarifai's code says "invalid request" only, the status decides."""
    body = status(11_102, "Invalid request", "siehe Status")
    for number, kind in ((401, ModelAuthenticationError), (429, ModelRateLimitError)):
        for played in stage.fail(json_reply(body, status=number)):
            name = type(played.error).__name__
            expect(isinstance(played.error, kind), f"{number}: it is a {name}")
