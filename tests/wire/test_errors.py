"""Bytes of an error, in any shape and place → the exception that users get.

All bytes here are constructed: each shows what some server, or Clarifai, answers.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import traceback
from typing import TYPE_CHECKING, Any

import openai
import pytest
from langchain_core import exceptions as core
from langchain_core.callbacks import BaseCallbackHandler

from langchain_clarifai import ClarifaiError
from tests.servers.openai_wire import (
    chunk,
    completion,
    openai_error,
    platform_error,
    runner_error,
    sse,
    text_chunks,
)
from tests.servers.wire import (
    End,
    Framing,
    Pause,
    Reply,
    event_stream_reply,
    json_reply,
    split_every,
)
from tests.wire.ways import PLAIN, STREAMED, TOKEN, Outcome, Way, build_model, call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.openai_wire import JSON
    from tests.servers.wire import WireServer

SOON = 10.0
"""Seconds that nothing here takes, however busy the machine is."""

every_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
streamed = pytest.mark.parametrize("way", STREAMED, ids=lambda way: way.value)

AUTHENTICATION = (openai.AuthenticationError, core.ModelAuthenticationError)
PERMISSION = (openai.PermissionDeniedError, core.ModelPermissionDeniedError)
NOT_FOUND = (openai.NotFoundError, core.ModelNotFoundError)
INVALID = (openai.BadRequestError, core.ModelInvalidRequestError)
CONFLICT = (openai.ConflictError, core.ModelInvalidRequestError)
UNPROCESSABLE = (openai.UnprocessableEntityError, core.ModelInvalidRequestError)
RATE_LIMIT = (openai.RateLimitError, core.ModelRateLimitError)
SERVER = (openai.InternalServerError, core.ModelAPIError)
MALFORMED = (openai.APIResponseValidationError, core.ModelAPIError)
OVERFLOW = (openai.BadRequestError, core.ContextOverflowError)
RETRYABLE = {RATE_LIMIT, SERVER, MALFORMED}

Classes = tuple[type[Exception], type[Exception]]


def _answer(wire: WireServer, reply: Reply) -> None:
    wire.handler = lambda _: reply


def _good(way: Way) -> Reply:
    if way in PLAIN:
        return json_reply(completion())
    return event_stream_reply(sse(*text_chunks("Hello", "!")))


def _assert_classes(error: Any, classes: Classes) -> None:
    for one in (*classes, ClarifaiError, core.ModelError):
        assert isinstance(error, one)
    assert error.is_retryable is (classes in RETRYABLE)


# --- Every code, in every place --------------------------------------------------

CODES: dict[int | str, tuple[Classes, str]] = {
    10030: (SERVER, ""),
    11000: (PERMISSION, "billing"),
    11001: (AUTHENTICATION, "CLARIFAI_PAT"),
    11002: (AUTHENTICATION, "CLARIFAI_PAT"),
    11003: (RATE_LIMIT, "15 requests a second"),
    11004: (PERMISSION, "quota"),
    11005: (RATE_LIMIT, "15 requests a second"),
    11007: (PERMISSION, "scopes"),
    11009: (AUTHENTICATION, "CLARIFAI_PAT"),
    11100: (INVALID, ""),
    11101: (NOT_FOUND, "model id"),
    11102: (INVALID, ""),
    21200: (NOT_FOUND, "case-sensitive"),
    21201: (PERMISSION, "CLARIFAI_PAT"),
    21313: (SERVER, ""),
    21350: (NOT_FOUND, "Deploy it"),
    21351: (SERVER, "cold_start_timeout"),
    21352: (NOT_FOUND, "Deploy it"),
    21353: (NOT_FOUND, "Deploy it"),
    21354: (SERVER, "cold_start_timeout"),
    21355: (SERVER, "cold_start_timeout"),
    25604: (SERVER, ""),
    25903: (NOT_FOUND, "Deploy it"),
    69001: (PERMISSION, "billing"),
    98004: (SERVER, ""),
    99009: (SERVER, ""),
    "11005": (RATE_LIMIT, "15 requests a second"),
    "CONN_THROTTLED": (RATE_LIMIT, "15 requests a second"),
    "MODEL_DOES_NOT_EXIST": (NOT_FOUND, "model id"),
    "model_loading": (SERVER, "cold_start_timeout"),
}
NUMBERS: dict[int | str, int] = {
    "11005": 11005,
    "CONN_THROTTLED": 11005,
    "MODEL_DOES_NOT_EXIST": 21200,
    "model_loading": 21355,
}


def _platform(code: int | str) -> JSON:
    return platform_error(code, "What went wrong", "and why")


def _runner(code: int | str) -> JSON:
    return {
        "code": code,
        "description": "What went wrong",
        "details": "and why",
        "req_id": "req-1",
    }


def _openai(code: int | str) -> JSON:
    fields = {"details": "and why", "req_id": "req-1"}
    return {"error": {"code": code, "message": "What went wrong", **fields}}


SHAPES = {"platform": _platform, "runner": _runner, "openai": _openai}


def _place(body: JSON, place: str) -> Reply:
    match place:
        case "status 400" | "status 500" | "status 200":
            return json_reply(body, status=int(place[-3:]))
        case "first event":
            return event_stream_reply(sse(body))
        case "error event":
            return event_stream_reply(b"event: error\n" + sse(body, done=False))
        case "event after a role":
            return event_stream_reply(sse(chunk({"role": "assistant"}), body))
        case "event in pieces":
            return event_stream_reply(*split_every(sse(body), 3))
        case "event with choices":
            choices = [{"index": 0, "delta": {"content": ""}, "finish_reason": None}]
            return event_stream_reply(sse({**body, "choices": choices}))
    raise AssertionError(place)


PLACES = ["status 400", "status 500", "status 200"]
EVENTS = ["first event", "error event", "event after a role", "event in pieces"]


def _list_cases() -> Iterator[Any]:
    for way in Way:
        for place in PLACES if way in PLAIN else [*PLACES, *EVENTS]:
            for shape in SHAPES:
                yield pytest.param(way, place, shape, id=f"{way.value}-{place}-{shape}")


@pytest.mark.parametrize(("way", "place", "shape"), list(_list_cases()))
def test_code_decides_wherever_it_comes(
    wire: WireServer, way: Way, place: str, shape: str
) -> None:
    """Class, code, request id, body, text and advice, for every code."""
    for code, (classes, advice) in CODES.items():
        body = SHAPES[shape](code)
        _answer(wire, _place(body, place))

        error = call(way, wire).error

        _assert_classes(error, classes)
        assert error.code == NUMBERS.get(code, code)
        assert error.request_id == "req-1"
        assert error.body == body.get("error", body)
        assert error.partial_message is None
        text = str(error)
        said = (str(error.code), "What went wrong", "and why", "req-1", advice)
        assert [part for part in said if part not in text] == []
        assert f"HTTP {place[-3:] if 'status' in place else 200}" in text
        assert error.message == text
        assert error.response.status_code == int(text.split("HTTP ")[1][:3])
    assert len(wire.exchanges) == len(CODES)


STATUSES = {
    400: INVALID,
    401: AUTHENTICATION,
    402: PERMISSION,
    403: PERMISSION,
    404: NOT_FOUND,
    405: INVALID,
    408: SERVER,
    409: CONFLICT,
    413: INVALID,
    418: INVALID,
    422: UNPROCESSABLE,
    429: RATE_LIMIT,
    500: SERVER,
    502: SERVER,
    503: SERVER,
    504: SERVER,
    529: SERVER,
}
UNCODED = {
    "openai": (openai_error("What went wrong"), "What went wrong"),
    "message": ({"message": "What went wrong"}, "What went wrong"),
    "word": ({"error": "What went wrong"}, "What went wrong"),
    "fastapi": ({"detail": "What went wrong"}, "What went wrong"),
    "pydantic": ({"detail": [{"msg": "What went wrong"}]}, "What went wrong"),
    "list": ([{"error": {"message": "What went wrong"}}], "What went wrong"),
    "unknown": ({"oops": "What went wrong"}, "What went wrong"),
    "success": ({"status": {"code": 10000, "description": "Oh"}}, "Oh"),
    "null": ({"error": None, "detail": "What went wrong"}, "What went wrong"),
    "nothing": ({}, "error"),
}


@every_way
@pytest.mark.parametrize("shape", UNCODED)
def test_status_decides_where_there_is_no_code(
    wire: WireServer, way: Way, shape: str
) -> None:
    """For every status, with the request id of the headers."""
    body, said = UNCODED[shape]
    for status, classes in STATUSES.items():
        _answer(wire, json_reply(body, status=status, headers={"x-request-id": "r-2"}))

        error = call(way, wire).error

        _assert_classes(error, classes)
        assert error.request_id == "r-2"
        assert said in str(error)
        assert f"[HTTP {status}, request id r-2]" in str(error)


@every_way
@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"upstream connect error", "upstream connect error"),
        (b"<html><h1>Bad gateway</h1>" + b"x" * 5000, "<html><h1>Bad gateway</h1>"),
        (b"", "error"),
        (b"\xff\xfe\x00", "\ufffd"),
        (b"null", "error"),
    ],
)
def test_status_decides_where_the_body_is_no_json(
    wire: WireServer, way: Way, status: int, body: bytes, said: str
) -> None:
    """A proxy's page is shown in part."""
    _answer(wire, Reply(status=status, body=[body], framing=Framing.LENGTH))

    error = call(way, wire).error

    _assert_classes(error, STATUSES[status])
    assert said in str(error)
    assert len(str(error)) < 800


@every_way
@pytest.mark.parametrize("end", [End.RESET, End.FIN])
def test_status_decides_where_the_body_is_cut(
    wire: WireServer, way: Way, end: End
) -> None:
    """What counts had come."""
    body = json_reply(openai_error("no")).body
    _answer(
        wire,
        Reply(status=401, body=[*body, Pause(0.05)], end=end, framing=Framing.LENGTH),
    )

    _assert_classes(call(way, wire, max_retries=3).error, AUTHENTICATION)
    assert len(wire.exchanges) == 1


WORDS = {
    "invalid_api_key": AUTHENTICATION,
    "authentication_error": AUTHENTICATION,
    "insufficient_quota": PERMISSION,
    "permission_error": PERMISSION,
    "model_not_found": NOT_FOUND,
    "rate_limit_exceeded": RATE_LIMIT,
    "RESOURCE_EXHAUSTED": RATE_LIMIT,
    "overloaded_error": SERVER,
    "UNAVAILABLE": SERVER,
    "server_error": SERVER,
    "invalid_request_error": INVALID,
    "BadRequestError": INVALID,
}


@every_way
@pytest.mark.parametrize("field", ["code", "type", "status"])
@pytest.mark.parametrize("word", WORDS)
def test_word_decides_where_there_is_neither(
    wire: WireServer, way: Way, word: str, field: str
) -> None:
    """An error in a 200 has no status: its own words tell."""
    body = {"error": {"message": "no", field: word}}
    _answer(wire, json_reply(body) if way in PLAIN else event_stream_reply(sse(body)))

    error = call(way, wire).error

    _assert_classes(error, WORDS[word])
    assert error.code == (word if field == "code" else None)


@every_way
@pytest.mark.parametrize("field", ["code", "status_code", "http_status_code"])
def test_number_decides_within_a_200(wire: WireServer, way: Way, field: str) -> None:
    """OpenRouter and vLLM put the status there."""
    for status in (401, 404, 429, 503):
        body = {"error": {"message": "no", field: status}}
        _answer(
            wire, json_reply(body) if way in PLAIN else event_stream_reply(sse(body))
        )

        _assert_classes(call(way, wire).error, STATUSES[status])


# --- 21313 -----------------------------------------------------------------------

DETAILS = {
    "Error code: 400 - {'error': {'message': 'bad'}}": INVALID,
    "Error code: 401 - Incorrect API key": AUTHENTICATION,
    "Error code: 403": PERMISSION,
    "Error code: 404 - The model `x` does not exist": NOT_FOUND,
    "Error code: 409": CONFLICT,
    "Error code: 422 - {'detail': []}": UNPROCESSABLE,
    "Error code: 429 - Rate limit reached": RATE_LIMIT,
    "Error code: 500 - oops": SERVER,
    "Error code: 503 - overloaded": SERVER,
    "Backend said: error code: 429": RATE_LIMIT,
    "Error code: 21313": SERVER,
    "Error code: 200": SERVER,
    "CUDA out of memory": SERVER,
    "": SERVER,
    "create() got an unexpected keyword argument 'min_p'": INVALID,
    "Error code: 400 - This model's maximum context length is 8 tokens": OVERFLOW,
    "Error code: 500 - the prompt is too long: 9 tokens": OVERFLOW,
    "maximum context length is 8 tokens": OVERFLOW,
    "rpc error: code = DeadlineExceeded desc = context deadline exceeded": SERVER,
}


@every_way
@pytest.mark.parametrize("status", [200, 400, 500])
def test_details_tell_what_the_runner_wrapped(
    wire: WireServer, way: Way, status: int
) -> None:
    """The code is always the same, so the details decide."""
    for details, classes in DETAILS.items():
        _answer(wire, json_reply(runner_error(details), status=status))

        error = call(way, wire).error

        _assert_classes(error, classes)
        assert error.code == 21313
        assert details in str(error)


@streamed
def test_details_tell_in_mid_stream(wire: WireServer, way: Way) -> None:
    """With what had come until then."""
    for details, classes in DETAILS.items():
        _answer(wire, event_stream_reply(sse(chunk("Hel"), runner_error(details))))

        outcome = call(way, wire, max_retries=2, cold_start_timeout=30)

        _assert_classes(outcome.error, classes)
        assert outcome.texts == ["Hel"]
        assert outcome.error.partial_message.content == "Hel"
    assert len(wire.exchanges) == len(DETAILS)


def test_unknown_parameter_is_told_how_to_travel(wire: WireServer) -> None:
    """The runner refuses what its client does not know."""
    details = "create() got an unexpected keyword argument 'min_p'"
    _answer(wire, json_reply(runner_error(details)))

    assert 'extra_body={"extra_body": {"min_p": …}}' in str(
        call(Way.INVOKE, wire).error
    )


# --- Context overflow --------------------------------------------------------------

OVERFLOWS = [
    "This model's maximum context length is 8192 tokens. You requested 9000 tokens.",
    "Your input exceeds the context window of this model.",
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "'max_tokens' is too large: 5000. This model's maximum context length is 4096.",
    "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    "Input length (5000 tokens) exceeds the maximum allowed length (4096 tokens).",
    "the request exceeds the available context size. try increasing the context size",
    "request (5000 tokens) exceeds the available context size (4096 tokens)",
    "Requested tokens (5000) exceed context window of 2048",
    "The number of tokens to keep is greater than the context length.",
    "the input length exceeds the context length",
    "prompt is too long: 210000 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
    "The input token count (120) exceeds the maximum number of tokens allowed (10).",
    "The input token count is 40000, up to 32768. Reduce the input token count.",
    "This model's maximum prompt length is 131072 but the request contains 537812.",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096.",
    "Input validation error: `inputs` must have less than 4095 tokens. Given: 5000",
    "Input is too long for requested model.",
    "too many tokens: total number of tokens in the prompt cannot exceed 4081",
    "Your request exceeded model token limit: 8192",
    "Prompt exceeds max length",
    "prompt token count of 70000 exceeds the limit of 64000",
    "Range of input length should be [1, 30720]",
    "Please reduce the length of the messages or completion.",
    "litellm.ContextWindowExceededError: no",
    "context window exceeds limit (2013)",
]
NO_OVERFLOWS = [
    "max_tokens must be at least 1, got -5.",
    "max_tokens is too large: 100000. This model supports at most 16384 tokens.",
    "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens",
    "Rate limit reached on tokens per minute (TPM): Limit 30000, Requested 40000.",
    "Request too large on tokens per min (TPM): Limit 30000, Requested 50000.",
    "Too many tokens per day, please wait before trying again.",
    "Too many tokens, please wait before trying again.",
    "context deadline exceeded",
    "rpc error: code = DeadlineExceeded desc = context canceled",
    "Max retries exceeded with url: /v1 (context of the request)",
    "input image exceeds the maximum allowed size of 5 MB",
    "At most 4 images may be provided in one prompt.",
    "Invalid 'tools[0].function.name': string too long. Maximum length is 64.",
    "temperature must be less than 2",
]
SPELLINGS: dict[str, Callable[[str], JSON]] = {
    "openai": openai_error,
    "code only": lambda text: openai_error(text, code="context_length_exceeded"),
    "platform": lambda text: platform_error(11102, "Invalid request", text),
    "runner": lambda text: runner_error(f"Error code: 400 - {{'message': {text!r}}}"),
    "vllm": lambda text: {"object": "error", "message": text, "code": 400},
    "openrouter": lambda text: {
        "error": {
            "message": "Provider returned error",
            "code": 400,
            "metadata": {"raw": json.dumps({"error": {"message": text}})},
        }
    },
    "ollama": lambda text: {"error": text},
}


@every_way
@pytest.mark.parametrize("shape", SPELLINGS)
@pytest.mark.parametrize("place", ["status 400", "status 500", "status 200"])
def test_prompt_that_is_too_long_is_a_context_overflow(
    wire: WireServer, way: Way, shape: str, place: str
) -> None:
    """In every server's words."""
    for text in OVERFLOWS if way in {Way.INVOKE, Way.STREAM} else OVERFLOWS[:3]:
        _answer(wire, _place(SPELLINGS[shape](text), place))

        outcome = call(way, wire, max_retries=2)

        _assert_classes(outcome.error, OVERFLOW)
    assert len(wire.exchanges) in {len(OVERFLOWS), 3}


@streamed
@pytest.mark.parametrize("shape", SPELLINGS)
@pytest.mark.parametrize("place", EVENTS)
def test_prompt_that_is_too_long_is_a_context_overflow_in_a_stream(
    wire: WireServer, way: Way, shape: str, place: str
) -> None:
    """Wherever the event comes."""
    for text in OVERFLOWS[::5]:
        _answer(wire, _place(SPELLINGS[shape](text), place))

        _assert_classes(call(way, wire).error, OVERFLOW)


@every_way
@pytest.mark.parametrize("shape", ["openai", "platform", "runner", "ollama"])
def test_other_limits_are_no_context_overflow(
    wire: WireServer, way: Way, shape: str
) -> None:
    """Not all that speaks of tokens, limits and contexts."""
    for text in NO_OVERFLOWS:
        _answer(wire, json_reply(SPELLINGS[shape](text), status=400))

        assert not isinstance(call(way, wire).error, core.ContextOverflowError), text


@every_way
def test_rate_limit_on_tokens_is_no_context_overflow(
    wire: WireServer, way: Way
) -> None:
    """A 429 stays one, whatever it says."""
    for text in OVERFLOWS:
        _answer(wire, json_reply(openai_error(text), status=429))

        _assert_classes(call(way, wire).error, RATE_LIMIT)


# --- 200, and no answer --------------------------------------------------------------

NO_ANSWERS = {
    "HTML": b"<!doctype html><html>" + b"x" * 5000,
    "text": b"Service temporarily unavailable " + b"x" * 5000,
    "null": b"null",
    "list": b"[1, 2]",
    "empty list": b"[]",
    "word": b'"Hello"',
    "number": b"5",
    "cut JSON": b'{"choices": [{"message": {"content": "Hel',
    "empty object": b"{}",
    "choices null": b'{"id": "x", "choices": null}',
    "choices empty": b'{"id": "x", "choices": []}',
    "choices missing": b'{"id": "x", "object": "chat.completion"}',
    "choices an object": b'{"choices": {"0": {}}}',
    "choices of no objects": b'{"choices": [1]}',
}


@every_way
@pytest.mark.parametrize("size", [1, 100_000])
@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_success_without_an_answer_is_an_error(
    wire: WireServer, way: Way, body: bytes, size: int
) -> None:
    """With status, request id and an excerpt, whatever the content type."""
    pieces = split_every(body, max(size, len(body) // 100))
    wire.reply(Reply(body=pieces, headers={"x-request-id": "r-2"}))

    error = call(way, wire).error

    _assert_classes(error, MALFORMED)
    assert "[HTTP 200, request id r-2]" in str(error)
    assert error.request_id == "r-2"
    assert error.response.status_code == 200
    assert error.body == body.decode()[:200]
    assert repr(error.body) in str(error)
    assert len(str(error)) < 400


@pytest.mark.parametrize("way", PLAIN)
def test_success_without_a_body_is_an_error(wire: WireServer, way: Way) -> None:
    """There is nothing to show."""
    wire.reply(Reply(framing=Framing.LENGTH))

    error = call(way, wire).error

    _assert_classes(error, MALFORMED)
    assert error.body is None


STREAMS_WITHOUT_ANSWER = {
    "choices null": sse({"id": "x", "choices": None}),
    "choices empty": sse({"choices": []}),
    "choices missing": sse({"id": "x"}),
    "choices a word": sse({"choices": "no"}),
    "no JSON": sse("<html>", done=False),
    "cut JSON": sse('{"choices": [', chunk("no")),
    "a number": sse("5"),
    "a list": sse("[{}]"),
    "DONE only": sse(),
}


@streamed
@pytest.mark.parametrize(
    "body", STREAMS_WITHOUT_ANSWER.values(), ids=STREAMS_WITHOUT_ANSWER.keys()
)
def test_stream_without_an_answer_is_an_error(
    wire: WireServer, way: Way, body: bytes
) -> None:
    """Not an empty message."""
    wire.reply(event_stream_reply(body, headers={"x-request-id": "r-2"}))

    error = call(way, wire).error

    _assert_classes(error, MALFORMED)
    assert "[HTTP 200, request id r-2]" in str(error)
    assert error.body in body.decode()


@every_way
def test_answer_with_a_code_of_success_is_an_answer(wire: WireServer, way: Way) -> None:
    """10000 is success, as a number and as a name."""
    for code in (10000, "10000", "SUCCESS"):
        body = {**completion(), **platform_error(code, "Ok"), "error": None}
        _answer(wire, json_reply(body))

        assert call(way, wire).message.content == "Hello!"


@every_way
def test_error_beside_a_status_of_success_is_an_error(
    wire: WireServer, way: Way
) -> None:
    """The error is described, not the success."""
    body = {**platform_error(10000, "Ok"), **openai_error("no", code="invalid_api_key")}
    _answer(wire, json_reply(body))

    error = call(way, wire).error

    _assert_classes(error, AUTHENTICATION)
    assert error.code == "invalid_api_key"


@every_way
@pytest.mark.parametrize("content_type", ["text/plain", "text/html", ""])
def test_answer_of_another_content_type_is_an_answer(
    wire: WireServer, way: Way, content_type: str
) -> None:
    """The bytes count."""
    [body] = json_reply(completion()).body
    wire.reply(Reply(body=[body], headers={"content-type": content_type}))

    assert call(way, wire).message.content == "Hello!"


@every_way
def test_redirect_is_an_error_that_names_the_place(wire: WireServer, way: Way) -> None:
    """It is neither followed nor tried again."""
    wire.reply(Reply(status=307, headers={"location": "https://example.com/x"}))

    error = call(way, wire, max_retries=2).error

    _assert_classes(error, INVALID)
    assert "https://example.com/x" in str(error)
    assert "base_url" in str(error)
    assert len(wire.exchanges) == 1


# --- Events ---------------------------------------------------------------------

ERROR_EVENTS = {
    "text": (b"event: error\ndata: boom\n\n", "boom"),
    "empty data": (b"event: error\ndata:\n\n", "error"),
    "no space": (b"event:error\ndata:boom\n\n", "boom"),
    "data first": (b"data: boom\nevent: error\n\n", "boom"),
    "several lines": (b"event: error\ndata: boom\ndata: bang\n\n", "boom\nbang"),
    "JSON text": (b'event: error\ndata: "boom"\n\n', "boom"),
    "JSON with choices": (
        b'event: error\ndata: {"message": "boom", "choices": [{}]}\n\n',
        "boom",
    ),
    "cut off": (b'event: error\ndata: {"message": "boom', "boom"),
    "anthropic": (
        b'event: error\ndata: {"type": "error", "error": {"message": "boom"}}\n\n',
        "boom",
    ),
    "choice": (
        sse({"choices": [{"index": 0, "error": {"message": "boom"}}]}, done=False),
        "boom",
    ),
}


@streamed
@pytest.mark.parametrize("position", ["first", "middle", "last"])
@pytest.mark.parametrize("name", ERROR_EVENTS)
def test_error_event_ends_the_stream_wherever_it_comes(
    wire: WireServer, way: Way, name: str, position: str
) -> None:
    """In whatever form."""
    event, said = ERROR_EVENTS[name]
    before = {
        "first": b"",
        "middle": sse(chunk("Hel"), done=False),
        "last": sse(chunk("Hel"), chunk(finish_reason="stop"), done=False),
    }[position]
    wire.reply(event_stream_reply(before + event))

    outcome = call(way, wire)

    _assert_classes(outcome.error, SERVER)
    assert said in str(outcome.error)
    assert outcome.texts == (["Hel"] if before else [])
    assert (outcome.error.partial_message is not None) == bool(before)


# --- Tried again, or not ----------------------------------------------------------

NEVER_RETRIED = {
    "401": json_reply(openai_error("no"), status=401),
    "402": json_reply(openai_error("no"), status=402),
    "403": json_reply(openai_error("no"), status=403),
    "404": json_reply(openai_error("no"), status=404),
    "409": json_reply(openai_error("no"), status=409),
    "422": json_reply(openai_error("no"), status=422),
    "21350": json_reply(platform_error(21350, "failed"), status=503),
    "21352": json_reply(platform_error(21352, "queued"), status=503),
    "21353": json_reply(platform_error(21353, "not deployed")),
    "21200": json_reply(platform_error(21200, "unknown")),
    "21313": json_reply(runner_error("oops")),
    "monthly limit": json_reply(platform_error(11004, "no"), status=429),
    "no answer": json_reply({}),
}


@every_way
@pytest.mark.parametrize("name", NEVER_RETRIED)
def test_error_that_stays_is_not_tried_again(
    wire: WireServer, way: Way, name: str
) -> None:
    """One request, whatever `max_retries` says."""
    wire.reply(NEVER_RETRIED[name])

    assert call(way, wire, max_retries=5, cold_start_timeout=60).error
    assert len(wire.exchanges) == 1


@every_way
def test_answer_that_does_not_come_in_time_is_not_asked_for_again(
    wire: WireServer, way: Way
) -> None:
    """The request was sent, and may be paid for already."""
    wire.reply(Reply(before=[Pause(SOON)]))

    error = call(way, wire, timeout={"read": 0.3}, max_retries=5).error

    assert isinstance(error, openai.APITimeoutError)
    assert len(wire.exchanges) == 1


COLD_STARTS = {
    "503": json_reply(openai_error("no"), status=503),
    "503 HTML": Reply(status=503, body=[b"<html>"]),
    "21351": json_reply(platform_error(21351, "deploying"), status=400),
    "21354": json_reply(platform_error("MODEL_BUSY_PLEASE_RETRY", "busy")),
    "21355": json_reply(platform_error(21355, "loading"), status=500),
    "wrapped": json_reply(runner_error("Error code: 503 - loading")),
    "event": event_stream_reply(sse(platform_error(21355, "loading"))),
}


@every_way
@pytest.mark.parametrize("name", COLD_STARTS)
def test_model_that_starts_is_waited_for(
    wire: WireServer, way: Way, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Even without retries; a log line says so."""
    if way in PLAIN and name == "event":
        pytest.skip("only streams have events")
    wire.reply(COLD_STARTS[name], _good(way))

    with caplog.at_level(logging.WARNING, "langchain_clarifai"):
        assert call(way, wire, cold_start_timeout=30).message.content == ("Hello!")
    assert len(wire.exchanges) == 2
    [record] = caplog.records
    assert "Trying again in" in record.getMessage()


@every_way
@pytest.mark.parametrize(
    "limits",
    [
        {"cold_start_timeout": 0},
        {"cold_start_timeout": 0.1},
        {"cold_start_timeout": 600, "timeout": 0.2},
    ],
)
def test_model_that_starts_is_not_waited_for_for_ever(
    wire: WireServer, way: Way, limits: dict[str, Any]
) -> None:
    """`cold_start_timeout` ends it, and so does `timeout`."""
    _answer(wire, COLD_STARTS["21355"])
    started = time.monotonic()

    error = call(way, wire, **limits).error

    assert error.code == 21355
    assert "cold_start_timeout" in str(error)
    assert time.monotonic() - started < SOON
    assert len(wire.exchanges) <= 8


THROTTLES = {
    "429": json_reply(openai_error("slow"), status=429, headers={"retry-after": "0"}),
    "429 in ms": json_reply(
        openai_error("slow"),
        status=429,
        headers={"retry-after-ms": "10", "retry-after": "3000"},
    ),
    "429 until a date": json_reply(
        openai_error("slow"),
        status=429,
        headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"},
    ),
    "11003": json_reply(platform_error(11003, "slow"), headers={"retry-after": "0"}),
    "11005": json_reply(
        platform_error("CONN_THROTTLED", "slow"),
        status=400,
        headers={"retry-after": "0.01"},
    ),
    "500": json_reply(openai_error("oops"), status=500),
    "25604": json_reply(platform_error("RUNNER_NEEDS_RETRY", "again")),
}


@every_way
@pytest.mark.parametrize("name", THROTTLES)
def test_error_that_passes_is_tried_again(
    wire: WireServer, way: Way, name: str
) -> None:
    """As often as `max_retries` says, as soon as the server says."""
    wire.reply(THROTTLES[name], _good(way))

    assert call(way, wire, max_retries=1).message.content == "Hello!"
    assert len(wire.exchanges) == 2


@every_way
@pytest.mark.parametrize("max_retries", [0, 2])
def test_retries_are_counted(wire: WireServer, way: Way, max_retries: int) -> None:
    """One request more than retries, and then the error."""
    _answer(wire, THROTTLES["429"])

    _assert_classes(call(way, wire, max_retries=max_retries).error, RATE_LIMIT)
    assert len(wire.exchanges) == max_retries + 1


BUSY: dict[str, tuple[JSON, int, Classes]] = {
    "429": (openai_error("slow"), 429, RATE_LIMIT),
    "503": (openai_error("slow"), 503, SERVER),
    "deploying": (platform_error(21351, "Model is deploying"), 400, SERVER),
}


@every_way
@pytest.mark.parametrize("name", BUSY)
@pytest.mark.parametrize(
    "retry_after", ["3600", "1e400", "Fri, 31 Dec 2099 23:59:59 GMT"]
)
def test_server_that_asks_for_too_much_time_is_not_waited_for(
    wire: WireServer, way: Way, name: str, retry_after: str
) -> None:
    """The error comes at once, of a model that starts as well."""
    body, status, classes = BUSY[name]
    _answer(wire, json_reply(body, status=status, headers={"retry-after": retry_after}))
    started = time.monotonic()

    outcome = call(way, wire, max_retries=2, cold_start_timeout=600)

    _assert_classes(outcome.error, classes)
    assert time.monotonic() - started < SOON
    assert len(wire.exchanges) == 1


@streamed
@pytest.mark.parametrize("name", ["429", "503", "11005", "500"])
def test_nothing_is_tried_again_after_a_chunk(
    wire: WireServer, way: Way, name: str
) -> None:
    """The reader would get the start of the answer twice."""
    error = {"error": {"message": "no", "code": int(name)}}
    wire.reply(event_stream_reply(sse(chunk("Hel"), error)))

    outcome = call(way, wire, max_retries=5, cold_start_timeout=60)

    assert outcome.texts == ["Hel"]
    assert outcome.error.partial_message.content == "Hel"
    assert len(wire.exchanges) == 1


# --- The token --------------------------------------------------------------------

ECHO_HEADERS = {"x-echo": f"Bearer {TOKEN}", "x-request-id": "r-2"}
ECHOES = {
    "platform": json_reply(
        platform_error(11001, f"Bad {TOKEN}", f"{TOKEN}!", req_id=f"r-{TOKEN}"),
        status=401,
        headers=ECHO_HEADERS,
    ),
    "key": json_reply({"error": {TOKEN: {"a": [TOKEN]}}}, headers=ECHO_HEADERS),
    "HTML": Reply(body=[b"<html>" + b"x" * 180 + TOKEN.encode()], headers=ECHO_HEADERS),
    "HTML 500": Reply(status=500, body=[f"<html>{TOKEN}".encode()]),
    "location": Reply(status=302, headers={"location": f"http://x/?{TOKEN}"}),
    "no HTTP": Reply(body=[TOKEN.encode()], framing=Framing.RAW, end=End.FIN),
    "lost": Reply(body=[TOKEN.encode()], end=End.FIN),
    "silence": Reply(end=End.SILENCE),
    "deep": Reply(
        status=400, body=[b'{"error":' * 500 + f'"{TOKEN}"'.encode() + b"}" * 500]
    ),
}


class _Tracer(BaseCallbackHandler):
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        self.seen.append((error, kwargs))


def _walk(error: BaseException | None, seen: list[BaseException]) -> None:
    if error is not None and error not in seen:
        seen.append(error)
        _walk(error.__cause__, seen)
        _walk(error.__context__, seen)


@every_way
@pytest.mark.parametrize("name", ECHOES)
def test_token_is_seen_nowhere(
    wire: WireServer, way: Way, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in text, repr, attributes, causes, frames, logs or traces."""
    _answer(wire, ECHOES[name])
    tracer = _Tracer()

    error = call(way, wire, callbacks=[tracer], timeout=0.2, max_retries=1).error

    chain: list[BaseException] = []
    _walk(error, chain)
    for one in chain:
        trace = traceback.TracebackException.from_exception(one, capture_locals=True)
        shown = "".join(trace.format(chain=True))
        assert TOKEN not in shown
        assert TOKEN not in f"{one!s}{one!r}{one.args}{vars(one)}"
    assert TOKEN not in f"{tracer.seen}"
    assert TOKEN not in caplog.text
    assert tracer.seen
    response = error.response
    if response is not None:
        assert TOKEN not in str(dict(response.headers))
        assert TOKEN not in str(dict(response.request.headers))
        if way in PLAIN and name not in {"lost", "silence"}:
            assert TOKEN not in response.text


@pytest.mark.parametrize("way", PLAIN)
def test_plain_answer_that_trickles_in_is_a_timeout(wire: WireServer, way: Way) -> None:
    """Each wait is short, but all of them together take too long."""
    wire.reply(Reply(body=[piece for _ in range(200) for piece in (b" ", Pause(0.05))]))
    started = time.monotonic()

    error = call(way, wire, timeout=0.3).error

    assert isinstance(error, openai.APITimeoutError)
    assert isinstance(error, core.ModelTimeoutError)
    assert "within 0.3 seconds" in str(error)
    assert time.monotonic() - started < SOON


@pytest.mark.slow
@pytest.mark.parametrize("way", PLAIN)
def test_plain_answer_that_falls_silent_ends_with_the_time_of_the_whole(
    wire: WireServer, way: Way
) -> None:
    """Not a whole timeout after its last piece."""
    wire.reply(Reply(body=[b"{", Pause(0.9), b" ", Pause(20)]))
    started = time.monotonic()

    error = call(way, wire, timeout=1.0).error

    assert isinstance(error, openai.APITimeoutError)
    assert "within 1 seconds" in str(error)
    assert time.monotonic() - started < 1.7


@every_way
def test_token_is_not_shown_among_the_headers_of_a_request(
    wire: WireServer, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client of the user's that fails leaves no trace of it in any frame."""
    clients = {
        "http_client": openai.DefaultHttpxClient(),
        "http_async_client": openai.DefaultAsyncHttpxClient(),
    }
    for client in clients.values():
        monkeypatch.setattr(client, "build_request", _fail)

    with pytest.raises(LookupError) as caught:
        call(way, wire, **clients)

    trace = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    )
    assert TOKEN not in "".join(trace.format())


def _fail(*_: Any, headers: dict[str, str], **__: Any) -> Any:
    raise LookupError(f"{headers['Authorization']!r}")


async def test_body_of_an_error_can_be_read_again(wire: WireServer) -> None:
    """As users of the SDK, and LangChain's tracers, do."""
    reply = json_reply(openai_error("no"), status=400)
    wire.reply(reply, reply)
    model = build_model(wire)

    with pytest.raises(openai.BadRequestError) as caught:
        await model.ainvoke("Hi")
    with pytest.raises(openai.BadRequestError) as caught_sync:
        await asyncio.to_thread(model.invoke, "Hi")

    for error in (caught.value, caught_sync.value):
        assert error.response.json() == openai_error("no")
        assert error.response.request.method == "POST"
        assert error.type == "invalid_request_error"


def test_outcome_is_one_of_both() -> None:
    """The tests above can trust what they look at."""
    with pytest.raises(AssertionError):
        _ = Outcome().error
