"""What an assistant said goes back, as far as it is ours to send."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage

from tests.unit.request.histories import CACHED, OURS, convert_one, wire_assistant

ASSISTANTS: list[tuple[str, AIMessage, dict[str, Any]]] = [
    (
        "Anthropic's thoughts and calls",
        AIMessage(
            [
                {"type": "thinking", "thinking": "hm", "signature": "x"},
                {"type": "redacted_thinking", "data": "x"},
                {"type": "text", "text": "a", "citations": []},
                {"type": "server_tool_use", "id": "s", "name": "web_search"},
                {"type": "web_search_tool_result", "tool_use_id": "s"},
            ],
            response_metadata={"model_provider": "anthropic"},
        ),
        wire_assistant("a"),
    ),
    (
        "OpenAI's Responses",
        AIMessage(
            [
                {"type": "reasoning", "id": "rs_1", "summary": []},
                {"type": "web_search_call", "id": "ws_1"},
                {"type": "text", "text": "a", "annotations": [], "id": "msg_1"},
            ],
            additional_kwargs={"reasoning": {"id": "rs_1"}},
            response_metadata={"model_provider": "openai"},
        ),
        wire_assistant("a"),
    ),
    (
        "Gemini's own",
        AIMessage(
            [
                {"type": "executable_code", "executable_code": "1"},
                {"type": "speciality", "of": "the house"},
                "a",
            ],
            response_metadata={"model_provider": "google_genai"},
        ),
        wire_assistant("a"),
    ),
    (
        "Groq's reasoning",
        AIMessage(
            "a",
            additional_kwargs={"reasoning_content": "hm"},
            response_metadata={"model_provider": "groq"},
        ),
        wire_assistant("a"),
    ),
    (
        "v1 of another provider",
        AIMessage(
            [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "a"}],
            response_metadata={"model_provider": "anthropic", "output_version": "v1"},
        ),
        wire_assistant("a"),
    ),
    (
        "Anthropic's thoughts without their provider's name",
        AIMessage(
            [
                {"type": "thinking", "thinking": "hm", "signature": "x"},
                {"type": "text", "text": "a"},
            ],
            additional_kwargs={"reasoning_content": "hm"},
        ),
        wire_assistant("a"),
    ),
    (
        "Anthropic's in v1 without their provider's name",
        AIMessage(
            [
                {"type": "reasoning", "reasoning": "h", "extras": {"signature": "x"}},
                {"type": "text", "text": "a"},
            ]
        ),
        wire_assistant("a"),
    ),
    (
        "OpenAI's encrypted thoughts without their provider's name",
        AIMessage(
            [
                {"type": "reasoning", "id": "rs_1", "encrypted_content": "x"},
                {"type": "web_search_call", "id": "ws_1"},
                {"type": "text", "text": "a"},
            ],
            additional_kwargs={"reasoning_content": "hm"},
        ),
        wire_assistant("a"),
    ),
    (
        "OpenAI's in v1 without their provider's name",
        AIMessage(
            [
                {"type": "reasoning", "id": "rs_1", "reasoning": "hm"},
                {"type": "text", "text": "a"},
            ]
        ),
        wire_assistant("a"),
    ),
    (
        "OpenAI's in v0 without their provider's name",
        AIMessage(
            "a",
            additional_kwargs={
                "reasoning": {"id": "rs_1", "summary": [{"text": "hm"}]},
                "reasoning_content": "hm",
            },
        ),
        wire_assistant("a"),
    ),
    (
        "entries without their provider's name",
        AIMessage(
            "a",
            additional_kwargs={
                "reasoning_content": "hm",
                "thinking_blocks": [
                    {"type": "thinking", "thinking": "hm", "signature": "x"}
                ],
                "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}],
            },
        ),
        wire_assistant("a"),
    ),
    (
        "an answer of some older integration",
        AIMessage(
            "a",
            additional_kwargs={"reasoning_content": "hm"},
            response_metadata={"model_name": "m", "finish_reason": "stop"},
        ),
        wire_assistant("a"),
    ),
    (
        "thoughts of nobody in particular, in v1",
        AIMessage(
            [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "a"}],
            response_metadata={"output_version": "v1"},
        ),
        wire_assistant("a", reasoning_content="hm"),
    ),
    (
        "wrapped by core",
        AIMessage([{"type": "non_standard", "value": {"type": "x"}}, "a"]),
        wire_assistant("a"),
    ),
    (
        "our reasoning",
        AIMessage(
            "a",
            additional_kwargs={"reasoning_content": "hm"},
            response_metadata=OURS,
        ),
        wire_assistant("a", reasoning_content="hm"),
    ),
    (
        "our reasoning that is empty",
        AIMessage(
            "a", additional_kwargs={"reasoning_content": ""}, response_metadata=OURS
        ),
        wire_assistant("a", reasoning_content=""),
    ),
    (
        "reasoning of nobody in particular",
        AIMessage("a", additional_kwargs={"reasoning": "hm"}),
        wire_assistant("a", reasoning_content="hm"),
    ),
    (
        "reasoning that is no text",
        AIMessage("a", additional_kwargs={"reasoning_content": ["hm"]}),
        wire_assistant("a"),
    ),
    (
        "reasoning from a field of another name",
        AIMessage(
            "a",
            additional_kwargs={
                "reasoning_content": "hm",
                "reasoning_field": "reasoning",
            },
            response_metadata=OURS,
        ),
        wire_assistant("a", reasoning="hm"),
    ),
    (
        "reasoning field that is unheard of",
        AIMessage(
            "a",
            additional_kwargs={"reasoning_content": "hm", "reasoning_field": "role"},
            response_metadata=OURS,
        ),
        wire_assistant("a", reasoning_content="hm"),
    ),
    (
        "our reasoning in v1 blocks, once",
        AIMessage(
            [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "a"}],
            additional_kwargs={"reasoning_content": "hm"},
            response_metadata=OURS,
        ),
        wire_assistant("a", reasoning_content="hm"),
    ),
    (
        "our reasoning in v1 blocks alone",
        AIMessage(
            [
                {"type": "reasoning", "reasoning": "h", "index": "lc_r_0"},
                {"type": "reasoning", "reasoning": "m"},
                {"type": "reasoning"},
            ],
            response_metadata=OURS,
        ),
        wire_assistant("", reasoning_content="hm"),
    ),
    (
        "reasoning that came as tags",
        AIMessage(
            "a",
            additional_kwargs={"reasoning_content": "hm", "reasoning_field": "content"},
            response_metadata=OURS,
        ),
        wire_assistant("<think>hm</think>\n\na"),
    ),
    (
        "reasoning that came as tags, and nothing else",
        AIMessage(
            "",
            additional_kwargs={"reasoning_content": "hm", "reasoning_field": "content"},
            response_metadata=OURS,
        ),
        wire_assistant("<think>hm</think>"),
    ),
    (
        "tags without a thought",
        AIMessage(
            "a",
            additional_kwargs={"reasoning_content": "", "reasoning_field": "content"},
            response_metadata=OURS,
        ),
        wire_assistant("a"),
    ),
    (
        "tags before cached text",
        AIMessage(
            [CACHED],
            additional_kwargs={"reasoning_content": "hm", "reasoning_field": "content"},
        ),
        wire_assistant([{"type": "text", "text": "<think>hm</think>\n\n"}, CACHED]),
    ),
    (
        "refusal",
        AIMessage("", additional_kwargs={"refusal": "no"}),
        wire_assistant("", refusal="no"),
    ),
    (
        "refusal in a block",
        AIMessage([{"type": "refusal", "refusal": "no"}]),
        wire_assistant("", refusal="no"),
    ),
    (
        "refusal that is none",
        AIMessage("a", additional_kwargs={"refusal": None}),
        wire_assistant("a"),
    ),
    (
        "raw leftovers of others",
        AIMessage("a", additional_kwargs={"function_call": {"name": "x"}, "audio": {}}),
        wire_assistant("a"),
    ),
]


@pytest.mark.parametrize(
    ("message", "wire_message"),
    [row[1:] for row in ASSISTANTS],
    ids=[row[0] for row in ASSISTANTS],
)
def test_assistant_message_keeps_what_is_ours_to_send(
    message: AIMessage, wire_message: dict[str, Any]
) -> None:
    """Text and our reasoning go back; what only its provider understands does not."""
    assert convert_one(message) == wire_message
