"""What tools returned becomes the content of a message."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage, ToolMessageChunk

from langchain_clarifai._request.messages import convert_to_wire_messages
from tests.unit.request.histories import (
    FILE,
    FILE_PART,
    IMAGE,
    IMAGE_PART,
    call,
    wire_result,
    wire_user,
)

RESULTS: list[tuple[str, Any, str]] = [
    ("a string", "a", "a"),
    ("text blocks", [{"type": "text", "text": "a"}, "b"], "a\nb"),
    ("nothing", "", "(no output)"),
    ("blanks", [{"type": "text", "text": " "}], "(no output)"),
    ("no blocks", [], "(no output)"),
    ("data", [{"a": "ü"}, {"type": 1}], '[{"a": "ü"}, {"type": 1}]'),
    ("a JSON block", [{"type": "json", "json": {"a": 1}}], '{"a": 1}'),
]


@pytest.mark.parametrize(
    ("content", "sent"), [row[1:] for row in RESULTS], ids=[row[0] for row in RESULTS]
)
@pytest.mark.parametrize("message_class", [ToolMessage, ToolMessageChunk])
@pytest.mark.parametrize("status", ["success", "error"])
def test_tool_result_is_sent_as_one_string(
    content: Any, sent: str, message_class: type[ToolMessage], status: str
) -> None:
    """A result is text, never empty; its status, name and artifact stay at home."""
    result = message_class(
        content, tool_call_id="1", status=status, name="look", artifact={"x": 1}
    )

    wire_messages = convert_to_wire_messages(
        [AIMessage("", tool_calls=[call("1")]), result]
    )

    assert wire_messages[1:] == [wire_result("1", sent)]


def test_images_stay_in_the_result_where_the_model_takes_them() -> None:
    """With image_tool_message images stay, and other media still move."""
    wire_messages = convert_to_wire_messages(
        [
            AIMessage("", tool_calls=[call("1"), call("2")]),
            ToolMessage(["a", IMAGE, FILE], tool_call_id="1"),
            ToolMessage([{"type": "text", "text": "b"}], tool_call_id="2"),
        ],
        image_tool_message=True,
    )

    assert wire_messages[1:] == [
        wire_result("1", [{"type": "text", "text": "a"}, IMAGE_PART]),
        wire_result("2", "b"),
        wire_user([FILE_PART]),
    ]
