"""Messages of any role become wire messages, or errors that say where."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    ChatMessageChunk,
    FunctionMessage,
    HumanMessage,
    HumanMessageChunk,
    RemoveMessage,
    SystemMessage,
    SystemMessageChunk,
)

from langchain_clarifai._request.messages import convert_to_wire_messages
from tests.unit.request.histories import (
    CACHED,
    IMAGE,
    IMAGE_PART,
    convert_one,
    wire_assistant,
    wire_user,
)


class HumanAlias(HumanMessage):
    """A message class of somebody's own."""


ROLES: list[tuple[str, BaseMessage, dict[str, Any]]] = [
    ("system", SystemMessage("a"), {"role": "system", "content": "a"}),
    (
        "system chunk",
        SystemMessageChunk(content="a"),
        {"role": "system", "content": "a"},
    ),
    (
        "developer",
        SystemMessage("a", additional_kwargs={"__openai_role__": "developer"}),
        {"role": "developer", "content": "a"},
    ),
    (
        "system in blocks",
        SystemMessage(["a", {"type": "text", "text": "b"}]),
        {"role": "system", "content": "a\nb"},
    ),
    (
        "system with cache_control",
        SystemMessage([CACHED]),
        {"role": "system", "content": [CACHED]},
    ),
    ("user", HumanMessage("a"), wire_user("a")),
    ("user chunk", HumanMessageChunk(content="a"), wire_user("a")),
    ("user of a subclass", HumanAlias(content="a"), wire_user("a")),
    (
        "user in blocks",
        HumanMessage(["a", IMAGE]),
        wire_user([{"type": "text", "text": "a"}, IMAGE_PART]),
    ),
    ("user with nothing to say", HumanMessage([]), wire_user("")),
    (
        "notification",
        HumanMessage("a", additional_kwargs={"lc_source": "x", "lc_data": {"y": 1}}),
        wire_user("a"),
    ),
    ("assistant", AIMessage("a"), wire_assistant("a")),
    ("assistant chunk", AIMessageChunk(content="a"), wire_assistant("a")),
    ("assistant with nothing to say", AIMessage([]), wire_assistant("")),
    (
        "assistant in pieces",
        AIMessage(["a", " ", {"type": "text", "text": "b", "annotations": []}]),
        wire_assistant("a b"),
    ),
    (
        "assistant with cache_control",
        AIMessage([CACHED]),
        wire_assistant([CACHED]),
    ),
    ("assistant that is blank", AIMessage("\n"), wire_assistant("\n")),
    (
        "chat",
        ChatMessage(role="critic", content=["a", "b"]),
        {"role": "critic", "content": "a\nb"},
    ),
    (
        "chat chunk of a user",
        ChatMessageChunk(role="user", content=["a"]),
        wire_user([{"type": "text", "text": "a"}]),
    ),
    ("name", HumanMessage("a", name="Ann"), {**wire_user("a"), "name": "Ann"}),
    (
        "name with spaces and more",
        AIMessage("a", name="My agent №1"),
        wire_assistant("a", name="My_agent__1"),
    ),
    (
        "name that is too long",
        HumanMessage("a", name="n" * 65),
        {**wire_user("a"), "name": "n" * 64},
    ),
    (
        "name that is not the message's own",
        HumanMessage("a", additional_kwargs={"name": "Ann"}),
        wire_user("a"),
    ),
]


@pytest.mark.parametrize(
    ("message", "wire_message"),
    [row[1:] for row in ROLES],
    ids=[row[0] for row in ROLES],
)
def test_message_of_any_role_becomes_its_wire_message(
    message: BaseMessage, wire_message: dict[str, Any]
) -> None:
    """Role, content and name are sent, and nothing else that a message carries."""
    assert convert_one(message) == wire_message


@pytest.mark.parametrize(
    "message", [RemoveMessage(id="1"), FunctionMessage(content="a", name="f")]
)
def test_message_without_a_role_on_the_wire_is_refused(message: BaseMessage) -> None:
    """The error names the class, its place, and what to use instead."""
    with pytest.raises(ValueError, match=r"messages\[1\] is a .*Use .*ToolMessage"):
        convert_to_wire_messages([HumanMessage("a"), message])


@pytest.mark.parametrize(
    "message",
    [
        HumanMessage(["a", {"type": "hologram"}]),
        SystemMessage(["a", {"type": "hologram"}]),
        AIMessage([{"type": "reasoning"}, {"type": "hologram"}]),
        HumanMessage(
            [{"type": "tool_result", "tool_use_id": "1"}, {"type": "hologram"}]
        ),
    ],
)
def test_unknown_block_is_refused_with_its_place(message: BaseMessage) -> None:
    """In any role, a block that nobody knows is an error that names it."""
    with pytest.raises(ValueError, match=r"messages\[1\]\.content\[1\]: .*'hologram'"):
        convert_to_wire_messages([HumanMessage("a"), message])
