"""Whatever bytes a server answers with, the reader gets a message or one of our errors.

The bytes go through all of the package, on a transport without sockets.
"""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from langchain_core.messages import AIMessage
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai, ClarifaiError
from tests.servers.openai_wire import (
    chunk,
    completion,
    openai_error,
    platform_error,
    runner_error,
    sse,
    text_chunks,
    tool_call,
    tool_call_delta,
    usage,
)

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

# httpx with openai 2, httpx2 with openai 3.
_http: Any = importlib.import_module(
    openai.DefaultHttpxClient.__mro__[-3].__module__.partition(".")[0]
)

_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 10**30, 200, 404, 21313, 21355, 1e300, 0.5]),
    st.floats(),
    st.text(st.characters(exclude_categories=())),  # half surrogates, too
    st.sampled_from(["", "stop", "length", "SUCCESS", "MODEL_LOADING", "assistant"]),
    st.just({}),
    st.just([]),
)
_KEYS = st.sampled_from(
    [
        *("choices", "delta", "message", "content", "role", "index", "finish_reason"),
        *("tool_calls", "function", "name", "arguments", "id", "extra_content"),
        *("usage", "prompt_tokens", "prompt_tokens_details", "cached_tokens"),
        *("error", "status", "code", "description", "details", "detail", "req_id"),
        *("reasoning", "reasoning_content", "text", "thinking", "type", "logprobs"),
        *("model", "system_fingerprint", "service_tier", "refusal", "audio", "object"),
    ]
)
_TREES = st.recursive(
    _VALUES,
    lambda trees: (
        st.lists(trees, max_size=4)
        | st.dictionaries(_KEYS | st.text(max_size=3), trees, max_size=5)
    ),
    max_leaves=12,
)
_ANSWERS: list[Any] = [
    completion(usage=usage(prompt_tokens_details={"cached_tokens": 3})),
    chunk({"tool_calls": [tool_call("f", {"a": 1})]}, usage=usage()),
    chunk({"tool_calls": [tool_call_delta("{", call_id="c", name="f")]}),
    chunk({"content": "<think>a</think>b", "reasoning": "c"}, finish_reason="stop"),
    chunk({"content": [{"type": "text", "text": "a"}]}),
    runner_error("Error code: 429"),
    platform_error(21353, "not deployed"),
    openai_error("no", code="context_length_exceeded"),
]


def _list_paths(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: Any = []
    if isinstance(tree, dict):
        items = tree.items()
    elif isinstance(tree, list):
        items = enumerate(tree)
    inner = [found for key, one in items for found in _list_paths(one, (*path, key))]
    return [path, *inner]


def _replace(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = _replace(tree[path[0]], path[1:], value)
    return copy


@st.composite
def _mutated_answers(draw: Callable[[Any], Any]) -> Any:
    """Draw a valid answer of which one place, anywhere, holds something else."""
    answer = draw(st.sampled_from(_ANSWERS))
    path = draw(st.sampled_from(_list_paths(answer)))
    return _replace(answer, path, draw(_TREES))


_ODD_JSON = st.sampled_from(
    [
        b'{"choices":[{"message":{"content":"\\ud83d"}}]}',
        b'{"choices":[{"message":{"content":"\\ud83d\\u0000"},"index":1e999}]}',
        b'{"choices":[{"message":{"content":NaN}}],"usage":{"prompt_tokens":1e999}}',
        b'{"choices":[{"message":{}}],"usage":{"prompt_tokens":' + b"9" * 5000 + b"}}",
        b'{"error":{"code":' + b"9" * 5000 + b"}}",
        b'{"error":{"code":"' + b"9" * 5000 + b'"}}',
        b'{"error":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"error":' + b'{"error":' * 900 + b"1" + b"}" * 901,
        b'{"choices":' + b"[" * 100_000,
        b'{"choices":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"choices":[{"message":{"content":"a","content":5}}]}',
        b'{"choices":[{"message":{"content":"\xff\xfe"}}]}',
        b"[]",
        b"[[]]",
        b"{}",
        b"null",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf{}",
    ]
)
_BODIES = st.one_of(
    _mutated_answers().map(lambda tree: json.dumps(tree).encode()),
    _mutated_answers().map(
        lambda tree: json.dumps(tree, ensure_ascii=False).encode("utf8", "replace")
    ),
    _TREES.map(lambda tree: json.dumps(tree).encode()),
    _ODD_JSON,
    st.binary(max_size=200),
)
_LINES = st.sampled_from(
    [
        *(b"data: ", b"data:", b"data", b"event: error", b"event: ping", b"id: 1"),
        *(b": comment", b"[DONE]", b"data: [DONE]", b"\n", b"\r", b"\r\n", b"\n\n"),
        *(b"\xef\xbb\xbf", b"\xe2\x80", b"retry: 5", b"{", b"}", b"<html>"),
    ]
)


def _build_stream(bodies: list[bytes], starts: bool, done: bool) -> bytes:  # noqa: FBT001 - drawn, not called
    start = sse(*text_chunks("Hel", "lo")[:2], done=False) if starts else b""
    lines = [body.replace(b"\n", b" ").replace(b"\r", b" ") for body in bodies]
    return start + sse(*lines, done=done)


_STREAMS = st.one_of(
    st.builds(
        _build_stream, st.lists(_BODIES, max_size=4), st.booleans(), st.booleans()
    ),
    st.lists(_LINES | _BODIES, max_size=12).map(b"".join),
    _BODIES,
)
_STATUSES = st.sampled_from([200, 200, 200, 201, 302, 400, 401, 404, 429, 500, 503])
_QUIET = settings(
    max_examples=2 * settings().max_examples,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _build_model(pieces: list[bytes], status: int) -> ChatClarifai:
    def respond(request: Any) -> Any:
        return _http.Response(status, content=iter(pieces), request=request)

    return ChatClarifai(
        model="user/app/models/model",
        api_key=SecretStr("sk-token"),
        max_retries=0,
        cold_start_timeout=0,
        http_client=openai.DefaultHttpxClient(transport=_http.MockTransport(respond)),
        http_async_client=openai.DefaultAsyncHttpxClient(),
    )


def _check_error(error: ClarifaiError) -> None:
    assert error.message
    if error.partial_message is not None:
        error.partial_message.model_dump_json()


def _cut(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


@_QUIET
@given(body=_BODIES, status=_STATUSES)
def test_any_body_ends_in_a_message_or_one_of_our_errors(
    body: bytes, status: int
) -> None:
    """A plain answer never raises anything that a caller would not expect."""
    try:
        message = _build_model([body], status).invoke("Hi")
    except ClarifaiError as error:
        _check_error(error)
    else:
        assert isinstance(message, AIMessage)
        message.model_dump_json()


@_QUIET
@given(body=_STREAMS, status=_STATUSES, size=st.integers(1, 5000))
def test_any_stream_ends_in_a_message_or_one_of_our_errors(
    body: bytes, status: int, size: int
) -> None:
    """A streamed answer neither, however it is cut; and it always ends as it should."""
    model = _build_model(_cut(body, max(size, len(body) // 200)), status)
    try:
        generation_chunks = list(model.stream("Hi"))
    except ClarifaiError as error:
        _check_error(error)
    else:
        assert generation_chunks[-1].chunk_position == "last"
        for generation_chunk in generation_chunks:
            generation_chunk.model_dump_json()


@_QUIET
@given(body=_STREAMS, sizes=st.tuples(st.integers(1, 50), st.integers(50, 10_000)))
def test_any_stream_says_the_same_however_it_is_cut(
    body: bytes, sizes: tuple[int, int]
) -> None:
    """Text, error and what is left of the answer do not depend on the network."""
    assert _read(body[:2000], sizes[0]) == _read(body[:2000], sizes[1])


def _read(body: bytes, size: int) -> tuple[str, str]:
    text = ""
    try:
        for generation_chunk in _build_model(_cut(body, size), 200).stream("Hi"):
            text += generation_chunk.text
    except ClarifaiError as error:
        partial = "" if error.partial_message is None else error.partial_message.text
        return f"{text}|{partial}", str(error)
    return text, ""


@pytest.mark.parametrize("status", [200, 400, 500])
def test_no_body_at_all_is_one_of_our_errors(status: int) -> None:
    """Nothing is an answer to nothing."""
    with pytest.raises(ClarifaiError):
        _build_model([], status).invoke("Hi")
