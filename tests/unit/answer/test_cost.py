"""The usage of an answer → `response_metadata["cost"]`."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai
from langchain_clarifai._answer.cost import describe_cost
from langchain_clarifai._settings.credentials import DEFAULT_BASE_URL
from tests.servers.openai_wire import chunk, completion, sse
from tests.servers.wire import WireServer, event_stream_reply, json_reply, split_every

OSS = "openai/chat-completion/models/gpt-oss-20b"
COUNTS: dict[str, Any] = {
    "prompt_tokens": 1_000_000,
    "completion_tokens": 2_000_000,
    "total_tokens": 3_000_000,
}


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        (0.0125, 0.0125),
        (0, 0.0),
        ("0.0045", 0.0045),
        ({"total_cost": 0.006, "input_tokens_cost": 0.001}, 0.006),
        ({"total": 2}, 2.0),
        (-1, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ("a lot", None),
        ("9" * 5_000, None),
        (10**400, None),
        ([1], None),
        ({}, None),
        ({"total_cost": {"total_cost": 1}}, None),
        (None, None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_cost_that_the_server_tells_is_taken(cost: Any, expected: float | None) -> None:
    """In the shapes that gateways have; what is no sum of money is left."""
    described = describe_cost({**COUNTS, "cost": cost}, "m", "http://localhost/v1")
    assert described == ({} if expected is None else {"cost": expected})


def test_cost_that_is_not_told_is_an_estimate_with_its_date() -> None:
    """Only for models that someone publishes a price of, and on Clarifai."""
    for spelling in (OSS, "gpt-oss-20b", f"https://clarifai.com/{OSS}/versions/1"):
        assert describe_cost(COUNTS, spelling, DEFAULT_BASE_URL) == {
            "cost": pytest.approx(0.405),
            "cost_estimated_with": "prices of 2026-07-02",
        }
    assert describe_cost({**COUNTS, "cost": 7}, OSS, DEFAULT_BASE_URL) == {"cost": 7.0}
    assert describe_cost(COUNTS, "gpt-5", DEFAULT_BASE_URL) == {}
    assert describe_cost(COUNTS, "brand-new", DEFAULT_BASE_URL) == {}
    assert describe_cost(COUNTS, OSS, "http://localhost:8000/v1") == {}


async def test_cost_is_in_every_kind_of_answer_once(wire: WireServer) -> None:
    """The sum of chunks holds what the plain answer does, and holds it once."""
    model = ChatClarifai(model=OSS, base_url=wire.url, api_key=SecretStr("a-token"))
    counts = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
    told = {**counts, "cost": 0.5}
    for usage, expected in ((counts, 0.000135), (told, 0.5)):
        plain = json_reply(completion(usage=usage))
        events = sse(
            chunk("Hel", usage=usage),
            chunk("lo", usage=usage),
            chunk(finish_reason="stop", usage=usage),
            chunk(choices=[], usage=usage),
        )
        streamed = event_stream_reply(*split_every(events, 100))
        wire.reply(plain, plain, streamed, streamed)
        answers = [model.invoke("hi"), await model.ainvoke("hi")]
        for chunks in (
            list(model.stream("hi")),
            [piece async for piece in model.astream("hi")],
        ):
            total = chunks[0]
            for piece in chunks[1:]:
                total += piece
            answers.append(total)
        told_of = [answer.response_metadata for answer in answers]
        costs = [metadata["cost"] for metadata in told_of]
        assert costs == pytest.approx([expected] * 4)
        is_estimate = {"cost_estimated_with" in metadata for metadata in told_of}
        assert is_estimate == {usage is counts}
