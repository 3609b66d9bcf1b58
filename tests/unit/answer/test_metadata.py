"""What is said about an answer → `response_metadata`."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_clarifai._answer.metadata import AnswerMetadata

MODEL = "user/app/models/model"
BARE = {"model_provider": "clarifai", "model_name": MODEL, "finish_reason": None}


def build(*payloads: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Read payloads; return the metadata without what they all have."""
    metadata = AnswerMetadata(MODEL, **fields)
    for payload in payloads:
        metadata.read(payload)
    built = metadata.build(None)
    assert BARE.items() <= built.items()
    return {name: value for name, value in built.items() if name not in BARE}


@pytest.mark.parametrize(
    ("payloads", "expected"),
    [
        ([{}], {}),
        ([{"id": "a"}, {"id": "b"}], {"id": "a"}),
        ([{"id": ""}, {"id": "b"}], {"id": "b"}),
        ([{"model": "a"}, {"model": ""}, {"model": None}], {"backend_model": "a"}),
        ([{"system_fingerprint": "a"}] * 2, {"system_fingerprint": "a"}),
        ([{"system_fingerprint": None, "service_tier": "x"}], {"service_tier": "x"}),
        ([{"created": 1, "object": "chat.completion"}], {}),
        (
            [{"usage": {"prompt_tokens": 1}}, {"usage": {"prompt_tokens": 2, "x": 1}}],
            {"token_usage": {"prompt_tokens": 2, "x": 1}},
        ),
        (
            [{"usage": {"prompt_tokens": 1}}, {"usage": {"prompt_tokens": None}}, {}],
            {"token_usage": {"prompt_tokens": 1}},
        ),
        (
            [{"usage": {"prompt_tokens": 1}}, {"usage": {}}, {"usage": None}],
            {"token_usage": {"prompt_tokens": 1}},
        ),
        ([{"status": {"code": 10000, "req_id": "r"}}], {"request_id": "r"}),
        ([{"status": {"code": 10000}}], {}),
        ([{"status": "ok"}], {}),
    ],
    ids=str,
)
def test_what_chunks_repeat_is_kept_once(
    payloads: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    """The first id and the last values count; empty ones are none."""
    assert build(*payloads) == expected


def test_the_header_tells_the_request_before_the_body_does() -> None:
    """The id that the gateway gave is the one that support knows."""
    body = {"status": {"code": 10000, "req_id": "r"}}
    assert build(body, request_id="h") == {"request_id": "h"}


def test_headers_are_there_on_request_only() -> None:
    """All headers are many, so they are asked for."""
    headers = {"x-ratelimit-remaining": "3"}
    assert build(headers=headers) == {}
    assert build(headers=headers, include_headers=True) == {"headers": headers}


def test_a_choice_may_hold_the_usage() -> None:
    """Moonshot reports it there."""
    metadata = AnswerMetadata(MODEL)
    metadata.read_usage({"index": 0, "usage": {"prompt_tokens": 1}})
    assert metadata.usage == {"prompt_tokens": 1}
    assert metadata.build("stop")["finish_reason"] == "stop"
