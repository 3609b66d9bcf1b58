"""An event gives its text where it brings nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_clarifai._answer.plain_text import find_text
from tests.servers.openai_wire import chunk

EVENT: Any = chunk("Hi")
CHOICE: Any = EVENT["choices"][0]


def build(delta: Any = None, choice: Any = None, **fields: Any) -> dict[str, Any]:
    """Build an event of text, and add to it at one of its levels."""
    choice = {**CHOICE, "delta": {"content": "Hi", **(delta or {})}, **(choice or {})}
    return {**EVENT, "choices": [choice], **fields}


@pytest.mark.parametrize(
    "event",
    [
        build(),
        build({"role": "assistant"}),
        build(choice={"finish_reason": None, "logprobs": None}),
        build(usage=None, system_fingerprint="f", service_tier=None, obfuscation="x"),
    ],
)
def test_text_is_found(event: dict[str, Any]) -> None:
    """Beside what a server repeats on every event."""
    assert find_text(event, 0) == "Hi"


@pytest.mark.parametrize(
    "event",
    [
        build({"content": ""}),
        build({"content": None}),
        build({"content": [{"type": "text", "text": "Hi"}]}),
        build({"refusal": "No."}),
        build({"tool_calls": []}),
        build({"their_id": 1}),
        build(choice={"delta": None}),
        build(choice={"finish_reason": "stop"}),
        build(choice={"index": 1}),
        build(choice={"logprobs": {"content": []}}),
        build(choice={"logprobs": 0.5}),
        build(choice={"their_id": 1}),
        build(choices=[]),
        build(choices=[None]),
        build(choices=[CHOICE, CHOICE]),
        build(choices={"0": CHOICE}),
        build(usage={"total_tokens": 1}),
        build(status={"code": 10000}),
        build(error={"message": "No."}),
        build(their_id=1),
    ],
    ids=str,
)
def test_event_with_anything_else_is_left_to_others(event: dict[str, Any]) -> None:
    """What it brings would be lost on the short way."""
    assert find_text(event, 0) is None
