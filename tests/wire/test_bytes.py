"""The bytes in `bytes/` → what the reader of each file gets, in one table.

All bytes are constructed: each file names the report, or the standard, that it is made
after. None was recorded from a live server.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import openai
import pytest
from langchain_core.exceptions import ContextOverflowError, ModelError

import langchain_clarifai
from tests.servers.wire import Reply, split_every
from tests.wire.ways import PLAIN, STREAMED, Outcome, Way, call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.wire import WireServer

BYTES: Final = Path(__file__).parent / "bytes"
FILES: Final = sorted(
    path
    for path in BYTES.rglob("*.*")
    if path.is_file() and path.suffix in {".sse", ".json", ".html"}
)

CONTENT_TYPES: Final = {
    ".sse": "text/event-stream",
    ".json": "application/json",
    ".html": "text/html",
}
EVERY: Final = tuple(Way)
MADE_UP: Final = "made up"
"""Stands for an id that the bytes do not have."""

MOST_PIECES: Final = 100

USAGE: Final = {"input_tokens": 42, "output_tokens": 17, "total_tokens": 59}
ToolCall: TypeAlias = tuple[str | None, Any, str]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A message; of tool calls the name, the arguments and the id."""

    content: str = ""
    reasoning: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list[ToolCall])
    invalid_tool_calls: list[ToolCall] = field(default_factory=list[ToolCall])
    extra_content: dict[str, Any] = field(default_factory=dict[str, Any])
    usage: dict[str, Any] | None = field(default_factory=lambda: dict(USAGE))
    finish_reason: str | None = "stop"
    fingerprint: str | None = None
    backend_model: str | None = "gpt-oss-120b"


@dataclass(frozen=True)
class Failure:
    """An error: its class, its code, words of its text, and what had arrived."""

    name: str
    words: tuple[str, ...] = ()
    code: Any = None
    partial: Answer | None = None
    is_retryable: bool = False


@dataclass(frozen=True)
class Row:
    """A file, how it is served, how it is read, and what must come of it."""

    file: str
    expected: Answer | Failure
    ways: tuple[Way, ...] | None = None
    status: int = 200
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    note: str = ""
    """What is not met yet; the row fails as soon as it is."""


def _calls(*calls: ToolCall, **fields: Any) -> Answer:
    reason: dict[str, Any] = {"finish_reason": "tool_calls"}
    return Answer(**{**reason, **fields}, tool_calls=[*calls])


CUT: Final = '{"target": "db", "tables": ["kunden", "bestell'
CUT_CALL: Final[list[ToolCall]] = [("drop_tables", CUT, "call_c1")]
SIGNATURE: Final = {
    "function-call-1": {"google": {"thought_signature": "CpwBAdHtim9Xe+q4/7=="}}
}
CODE: Final = (
    "def fib(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n"
    "    return a\n\n\n# Fibonacci, 斐波那契, फिबोनाची\n"
    "print([fib(n) for n in range(20)])\n"
)

OBJECT: Final = _calls(("wetter", {"stadt": "Köln", "tage": 3}, "call_o1"))
NO_ARGUMENTS: Final = _calls(("get_time", {}, "call_z1"))
MAIL: Final[ToolCall] = ("send_mail", {"to": "ana@example.org"}, "call_f1")
SIGNED: Final = _calls(
    ("get_weather", {"city": "Torino"}, "function-call-1"),
    ("get_weather", {"city": "Bari"}, "function-call-2"),
    extra_content=SIGNATURE,
)

TOOL_CALLS: Final = [
    Row(
        "tools_name_repeated.sse",
        _calls(("get_weather", {"city": "Zürich"}, "call_wx01")),
    ),
    Row(
        "tools_new_id_in_every_delta.sse",
        _calls(("get_balance", {"account": "DE89 3704 0044"}, "call_a1")),
    ),
    Row(
        "tools_no_id.sse",
        _calls(
            ("translate", {"text": "おはよう", "to": "fr"}, MADE_UP),
            ("translate", {"text": "こんばんは", "to": "fr"}, MADE_UP),
        ),
    ),
    Row(
        "tools_no_index.sse",
        _calls(
            ("search", {"query": "café near me"}, "call_s1"),
            ("search", {"query": "thé"}, "call_s2"),
        ),
    ),
    Row(
        "tools_no_index_no_id.sse",
        _calls(
            ("read_file", {"path": "src/main.rs"}, MADE_UP),
            ("list_files", {"dir": "./src"}, MADE_UP),
        ),
    ),
    Row(
        "tools_all_at_index_zero.sse",
        _calls(
            ("get_weather", {"city": "Oslo"}, "call_g1"),
            ("get_weather", {"city": "São Paulo"}, "call_g2"),
        ),
    ),
    Row(
        "tools_interleaved.sse",
        _calls(
            ("buy", {"share": "SAP"}, "call_q0"), ("sell", {"share": "BMW"}, "call_q1")
        ),
    ),
    Row(
        "tools_indices_from_three.sse",
        _calls(("roll_dice", {"n": 1}, "call_n3"), ("roll_dice", {"n": 2}, "call_n7")),
    ),
    Row(
        "tools_many_in_one_delta.sse",
        _calls(
            ("get_user", {"id": 1}, "call_m0"),
            ("get_user", {"id": 2}, "call_m1"),
            ("get_order", {"id": 7}, "call_m2"),
        ),
    ),
    Row("tools_name_later.sse", _calls(("web_search", {"q": "Ærø"}, "call_l1"))),
    Row(
        "tools_name_never.sse",
        _calls(invalid_tool_calls=[(None, '{"q": "who am I"}', "call_v1")]),
    ),
    Row(
        "tools_finish_repeats_call.sse",
        _calls(("set_timer", {"minutes": 12}, "call_r1")),
    ),
    Row("tools_arguments_object.sse", OBJECT),
    Row("tools_arguments_object.json", OBJECT),
    Row("tools_arguments_null.sse", NO_ARGUMENTS),
    Row("tools_arguments_null.json", NO_ARGUMENTS),
    Row("tools_function_null.sse", _calls(("lights", {"on": True}, "call_k1"))),
    Row(
        "tools_cut_by_length.sse",
        Answer(invalid_tool_calls=CUT_CALL, finish_reason="length"),
    ),
    Row(
        "tools_cut_by_length.json",
        Answer(invalid_tool_calls=CUT_CALL, finish_reason="length"),
    ),
    Row("tools_cut_and_finish_lies.sse", _calls(invalid_tool_calls=CUT_CALL)),
    Row(
        "tools_cut_by_end_of_stream.sse",
        Failure(
            "ClarifaiUnfinishedStreamError",
            partial=Answer(invalid_tool_calls=CUT_CALL, finish_reason=None, usage=None),
            is_retryable=True,
        ),
    ),
    Row("tools_empty_lists_in_text.sse", Answer(content="Всё хорошо.")),
    Row("tools_and_finish_in_one_delta.sse", _calls(MAIL)),
    Row("tools_finish_stop.sse", _calls(MAIL, finish_reason="stop")),
    Row("tools_extra_content.sse", SIGNED),
    Row("tools_extra_content.json", SIGNED),
    Row(
        "tools_many_tiny_deltas.sse",
        _calls(("write_file", {"path": "fib.py", "content": CODE}, "call_t1")),
    ),
]


def _build_usage(prompt: int, completion: int, **details: Any) -> dict[str, Any]:
    counts = {"input_tokens": prompt, "output_tokens": completion}
    return {**counts, "total_tokens": prompt + completion, **details}


NULL_COUNTS: Final = Answer(content="Olá!", usage=_build_usage(0, 6))
NO_TOTAL: Final = Answer(content="Olá!", usage=_build_usage(30, 12))
NESTED: Final = Answer(
    content="Sí.",
    usage=_build_usage(
        2006,
        300,
        input_token_details={"cache_read": 1920, "audio": 8},
        output_token_details={"reasoning": 192, "audio": 4},
    ),
)
AT_THE_TOP: Final = Answer(
    content="Sí.",
    usage=_build_usage(
        1500, 20, input_token_details={"cache_read": 1000, "cache_creation": 400}
    ),
)
HIT_TOKENS: Final = Answer(
    content="Sí.", usage=_build_usage(640, 8, input_token_details={"cache_read": 512})
)
FINGERPRINT: Final = Answer(content="Hei!", fingerprint="fp_44709d6fcb")
UNKNOWN_REASON: Final = Answer(content="Dzień dobry", finish_reason="eos_token")

USAGES: Final = [
    Row(
        "usage_on_every_chunk.sse",
        Answer(content="Guten Tag!", usage=_build_usage(10, 3)),
    ),
    Row(
        "usage_on_finish_and_last.sse",
        Answer(content="Guten Tag", usage=_build_usage(11, 4)),
    ),
    Row("usage_in_the_choice.sse", Answer(content="你好", usage=_build_usage(9, 2))),
    Row("usage_null_counts.sse", NULL_COUNTS),
    Row("usage_null_counts.json", NULL_COUNTS),
    Row("usage_total_missing.sse", NO_TOTAL),
    Row("usage_total_missing.json", NO_TOTAL),
    Row("usage_details_nested.sse", NESTED),
    Row("usage_details_nested.json", NESTED),
    Row("usage_details_at_the_top.sse", AT_THE_TOP),
    Row("usage_details_at_the_top.json", AT_THE_TOP),
    Row("usage_cache_hit_tokens.sse", HIT_TOKENS),
    Row("usage_cache_hit_tokens.json", HIT_TOKENS),
    Row("metadata_on_every_chunk.sse", FINGERPRINT),
    Row("metadata_on_every_chunk.json", FINGERPRINT),
    Row("finish_reason_empty.sse", Answer(content="Dzień dobry")),
    Row("finish_reason_unknown.sse", UNKNOWN_REASON),
    Row("finish_reason_unknown.json", UNKNOWN_REASON),
]

THOUGHT: Final = "The user asks for six times seven. That is 42."
QWEN: Final[dict[str, Any]] = {"backend_model": "Qwen3-30B-A3B-Thinking"}
QWQ: Final[dict[str, Any]] = {"backend_model": "QwQ-32B-AWQ"}
THOUGHTFUL: Final = Answer(content="Forty-two.", reasoning=THOUGHT, **QWEN)
TAGS: Final = {"reasoning_format": "tags"}
OFF: Final = {"reasoning_format": "off"}
QWQ_MODEL: Final = {"model": "qwen/qwenLM/models/QwQ-32B-AWQ"}
SPLIT_BY_TAG: Final = Answer(content="Forty-two.", reasoning=THOUGHT, **QWQ)
WITH_TAGS: Final = Answer(content=f"<think>{THOUGHT}</think>\n\nForty-two.", **QWEN)
WITH_CLOSER: Final = Answer(content=f"{THOUGHT}</think>\n\nForty-two.", **QWQ)

REASONINGS: Final = [
    *(
        Row(f"{name}.{suffix}", THOUGHTFUL)
        for name in (
            "reasoning_content_field",
            "reasoning_field",
            "reasoning_in_both_fields",
        )
        for suffix in ("sse", "json")
    ),
    Row(
        "reasoning_then_tool_call.sse",
        _calls(("multiply", {"a": 6, "b": 7}, "call_y1"), reasoning=THOUGHT, **QWEN),
    ),
    Row("think_tags_split.sse", THOUGHTFUL),
    Row("think_tags.json", THOUGHTFUL),
    Row("think_tags_split.sse", THOUGHTFUL, settings=TAGS, note="tags"),
    Row("think_tags.json", THOUGHTFUL, settings=TAGS, note="tags"),
    Row("think_tags_split.sse", WITH_TAGS, settings=OFF, note="off"),
    Row("think_tags.json", WITH_TAGS, settings=OFF, note="off"),
    *(
        Row(f"think_closed_only.{suffix}", expected, settings=settings, note=note)
        for suffix in ("sse", "json")
        for note, settings, expected in (
            ("qwq", QWQ_MODEL, SPLIT_BY_TAG),
            ("tags", TAGS, SPLIT_BY_TAG),
            ("auto", {}, WITH_CLOSER),
        )
    ),
]

FOOD: Final = Answer(content="Smørrebrød 🥪, “tak”.")
CAUSE: Final = "without a finish reason"
YES: Final = Answer(content="네, 맞아요!")
BONJOUR: Final = Answer(content="Bonjour !")
WHOLE: Final = Answer(
    content="Tämä on koko vastaus.", tool_calls=[("get_time", {}, "call_w1")]
)
HALF: Final = Answer(content="Der Vertrag endet am", finish_reason=None, usage=None)

STREAM: Final = [
    Row("stream_cr.sse", FOOD),
    Row("stream_crlf.sse", FOOD),
    Row("stream_mixed_line_ends.sse", FOOD),
    Row("stream_bom.sse", FOOD),
    Row("stream_no_space.sse", FOOD),
    Row("stream_several_data_lines.sse", FOOD),
    Row("stream_comments_and_fields.sse", FOOD),
    Row(
        "stream_unicode_separators.sse",
        Answer(content="a\u2028b\u2029c\u0085de\u2028"),
    ),
    Row("stream_done_with_blanks.sse", FOOD),
    Row("stream_done_missing.sse", FOOD),
    Row("stream_done_without_blank_line.sse", FOOD),
    Row("stream_goes_on_after_done.sse", FOOD),
    Row("stream_choices_null.sse", YES),
    Row("stream_delta_null.sse", YES),
    Row("stream_role_missing_empty_null.sse", Answer(content="그렇다.")),
    Row(
        "stream_another_choice_first.sse",
        Answer(content="그래, 맞아!"),
    ),
    Row("stream_content_in_parts.sse", BONJOUR),
    Row("content_in_parts.json", BONJOUR),
    Row(
        "stream_unfinished.sse",
        Failure(
            "ClarifaiUnfinishedStreamError", (CAUSE,), partial=HALF, is_retryable=True
        ),
    ),
    Row(
        "stream_unfinished.sse",
        HALF,
        settings={"allow_unfinished_stream": True},
        note="allowed",
    ),
    Row("whole_completion.json", WHOLE, ways=EVERY),
]


def _retryable(name: str, *words: str, code: Any = None) -> Failure:
    return Failure(name, words, code, is_retryable=True)


def _refused(file: str, status: int, name: str, *words: str, code: Any = None) -> Row:
    """Build the row of an error that stays, sent with a status."""
    return Row(file, Failure(name, words, code), EVERY, status)


def _passing(file: str, status: int, name: str, *words: str, code: Any = None) -> Row:
    """Build the row of an error that may pass, sent with a status."""
    return Row(file, _retryable(name, *words, code=code), EVERY, status)


ONCE: Final = Answer(content="Es war einmal", finish_reason=None, usage=None)
TEMPERATURE: Final = ("temperature must be between 0 and 2", "11102")
INVALID: Final = "ClarifaiBadRequestError"
OVERFLOW: Final = "ClarifaiContextOverflowError"
SERVER: Final = "ClarifaiInternalServerError"
COLD: Final = "ClarifaiColdStartError"
LIMIT: Final = "ClarifaiRateLimitError"
NOT_DEPLOYED: Final = "ClarifaiNotDeployedError"
MALFORMED: Final = "ClarifaiMalformedResponseError"


def _broken(name: str, *words: str, code: Any = None) -> Failure:
    return Failure(name, words, code, partial=ONCE, is_retryable=True)


ERRORS: Final = [
    *(
        Row(file, Failure(INVALID, TEMPERATURE, 11102), EVERY, status, note=str(status))
        for file in (
            "error_status_number.json",
            "error_status_name.json",
            "error_bare.json",
        )
        for status in (200, 400, 500)
    ),
    *(
        Row(
            file,
            Failure(INVALID, ("temprature",), "unknown_parameter"),
            EVERY,
            status,
            note=str(status),
        )
        for file in ("error_openai.json",)
        for status in (200, 400)
    ),
    Row("error_first_event.sse", _retryable(LIMIT, "Throttled", code=11005)),
    Row("error_mid_stream_openai.sse", _broken(SERVER, "Engine core died", code=500)),
    Row("error_mid_stream_status.sse", _broken(COLD, "no free runner", code=21354)),
    Row("error_event.sse", _broken(COLD, "no free runner", code=21354)),
    Row("error_event_of_text.sse", _broken(SERVER, "upstream connect error")),
    Row("error_no_json.sse", _broken(MALFORMED, "upstream sent garbage")),
    Row("success_status.json", Answer(content="Takk.")),
    Row("success_status.sse", Answer(content="Takk.")),
    _refused("runner_bad_request.json", 500, INVALID, "'top_k' must", code=21313),
    _passing("runner_rate_limit.json", 500, LIMIT, "Rate limit reached", code=21313),
    _passing(
        "runner_failure.json",
        500,
        "ClarifaiPredictionError",
        "CUDA out of memory",
        code=21313,
    ),
    _refused("runner_context_overflow.json", 500, OVERFLOW, "8192 tokens", code=21313),
    Row("runner_context_overflow.sse", Failure(OVERFLOW, ("8192 tokens",), 21313)),
    _refused(
        "context_overflow_openai.json",
        400,
        OVERFLOW,
        "8192 tokens",
        code="context_length_exceeded",
    ),
    _refused("context_overflow_status.json", 400, OVERFLOW, "210431", code=11102),
    _refused("error_409.json", 409, "ClarifaiConflictError", "being updated"),
    _refused("error_422.json", 422, "ClarifaiUnprocessableEntityError", "valid string"),
    *(
        Row(f"choices_{what}.json", _retryable(MALFORMED, "chatcmpl-8f3a61c2"), EVERY)
        for what in ("null", "empty", "missing")
    ),
    *(
        Row(
            "page_of_a_proxy.html",
            _retryable(name, "<h1>Bad gateway"),
            EVERY,
            status,
            note=str(status),
        )
        for status, name in ((200, MALFORMED), (502, SERVER))
    ),
    _refused(
        "error_401.json", 401, "ClarifaiAuthenticationError", "CLARIFAI_PAT", code=11009
    ),
    _refused(
        "error_403.json", 403, "ClarifaiPermissionDeniedError", "scopes", code=11007
    ),
    _refused(
        "error_404.json", 404, "ClarifaiNotFoundError", "user/app/models", code=21200
    ),
    *(
        _refused(f"error_{code}.json", 400, NOT_DEPLOYED, "Deploy it", code=code)
        for code in (21350, 21352, 21353)
    ),
    *(
        _passing(f"error_{code}.json", 503, COLD, "cold_start_timeout", code=code)
        for code in (21351, 21354, 21355)
    ),
    _passing("error_503.json", 503, COLD, "cold_start_timeout"),
    _passing("error_429.json", 429, LIMIT, "Rate limit", code="rate_limit_exceeded"),
    _passing("error_11003.json", 429, LIMIT, "Hourly limit", code=11003),
    _passing("error_11005.json", 429, LIMIT, "throttled", code=11005),
]

TABLE: Final = [*TOOL_CALLS, *USAGES, *REASONINGS, *STREAM, *ERRORS]


def _list_cases() -> Iterator[Any]:
    for row in TABLE:
        ways = row.ways or (STREAMED if row.file.endswith(".sse") else PLAIN)
        for way in ways:
            name = "-".join(filter(None, [row.file, row.note, way.value]))
            yield pytest.param(row, way, id=name)


@pytest.mark.parametrize(("row", "way"), list(_list_cases()))
def test_bytes_give_their_row(wire: WireServer, row: Row, way: Way) -> None:
    """Whole and in pieces, sync and async alike."""
    path = BYTES / row.file
    body = path.read_bytes()
    for size in (len(body), max(7, len(body) // MOST_PIECES)):
        wire.reply(
            Reply(
                body=split_every(body, size),
                status=row.status,
                headers={"content-type": CONTENT_TYPES[path.suffix]},
            )
        )
        outcome = call(way, wire, **row.settings)

        if isinstance(row.expected, Answer):
            assert _read_answer(outcome.message, body) == row.expected
            _check_chunks(outcome)
        else:
            _check_failure(outcome.error, row.expected, body)


def _read_answer(message: Any, body: bytes) -> Answer:
    metadata = message.response_metadata
    extra = message.additional_kwargs
    return Answer(
        content=message.content,
        reasoning=extra.get("reasoning_content", ""),
        tool_calls=_read_calls(message.tool_calls, body),
        invalid_tool_calls=_read_calls(message.invalid_tool_calls, body),
        extra_content=extra.get("tool_call_extra_content", {}),
        usage=message.usage_metadata,
        finish_reason=metadata["finish_reason"],
        fingerprint=metadata.get("system_fingerprint"),
        backend_model=metadata.get("backend_model"),
    )


def _read_calls(calls: list[Any], body: bytes) -> list[ToolCall]:
    ids = [one["id"] for one in calls]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    return [
        (
            one["name"],
            one["args"],
            one["id"] if one["id"].encode() in body else MADE_UP,
        )
        for one in calls
    ]


def _check_chunks(outcome: Outcome) -> None:
    """Usage and finish reason come once, and no call is without a name."""
    if outcome.whole is not None:
        return
    chunks = outcome.chunks
    assert sum(chunk.usage_metadata is not None for chunk in chunks) <= 1
    assert sum("finish_reason" in chunk.response_metadata for chunk in chunks) == 1
    assert [one["name"] for chunk in chunks for one in chunk.tool_call_chunks].count(
        ""
    ) == 0


def _check_failure(error: Any, expected: Failure, body: bytes) -> None:
    assert type(error) is getattr(langchain_clarifai, expected.name)
    parents = [openai.APIError, ModelError]
    parents += [ContextOverflowError] if expected.name == OVERFLOW else []
    assert [parent for parent in parents if not isinstance(error, parent)] == []
    assert error.code == expected.code
    assert error.is_retryable is expected.is_retryable
    assert [words for words in expected.words if words not in str(error)] == []
    partial = error.partial_message
    assert (partial and _read_answer(partial, body)) == expected.partial


def test_every_file_has_its_row() -> None:
    """No file is forgotten; those in folders belong to the tests of their name."""
    ours = {path.name for path in FILES if path.parent == BYTES}

    assert ours == {row.file for row in TABLE}


@pytest.mark.parametrize(
    "path", FILES, ids=[str(path.relative_to(BYTES)) for path in FILES]
)
def test_file_says_where_it_comes_from(path: Path) -> None:
    """Constructed bytes are told from recorded ones, and link what they are after."""
    text = path.read_bytes().decode().removeprefix("\ufeff")
    match path.suffix:
        case ".sse":
            provenance = text.splitlines()[0].removeprefix(": ")
        case ".json":
            provenance = json.loads(text)["x_provenance"]
        case _:
            provenance = text.splitlines()[-1].removeprefix("<!-- ")

    assert provenance.startswith(("constructed, after https://", "recorded from "))
