"""Half of a surrogate pair in what is sent: JSON can bring one, and UTF-8 has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from tests.servers.openai_wire import completion
from tests.servers.wire import json_reply
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from tests.servers.wire import WireServer

HALF: Final = "a\ud83db"
SENT: Final = "a\ufffdb"


def _answer_call(message: AIMessage, text: str = "Hi") -> list[BaseMessage]:
    calls: list[Any] = [*message.tool_calls, *message.invalid_tool_calls]
    return [HumanMessage("x"), message, ToolMessage(text, tool_call_id=calls[0]["id"])]


def _call(**fields: Any) -> AIMessage:
    return AIMessage(
        "",
        tool_calls=[{"id": "1", "name": "f", "args": {}, "type": "tool_call"} | fields],
    )


CONVERSATIONS: Final[dict[str, list[BaseMessage]]] = {
    "a person's": [HumanMessage(HALF)],
    "a system's": [SystemMessage(HALF), HumanMessage("x")],
    "a block's": [HumanMessage([{"type": "text", "text": HALF}])],
    "a model's": [HumanMessage("x"), AIMessage(HALF), HumanMessage("y")],
    "arguments": _answer_call(_call(args={HALF: [HALF]})),
    "an id's": _answer_call(_call(id=HALF)),
    "a result's": _answer_call(_call(), HALF),
    "unread arguments": _answer_call(
        AIMessage(
            "",
            invalid_tool_calls=[
                {
                    "id": "1",
                    "name": "f",
                    "args": HALF,
                    "error": None,
                    "type": "invalid_tool_call",
                }
            ],
        )
    ),
}


@pytest.mark.parametrize("messages", CONVERSATIONS.values(), ids=list(CONVERSATIONS))
def test_half_a_character_in_a_conversation_goes_out_as_the_sign_for_none(
    wire: WireServer, messages: list[BaseMessage]
) -> None:
    """The conversation goes on; everything around it is as it was."""
    wire.reply(json_reply(completion()))
    assert build_model(wire).invoke(messages).text == "Hello!"
    assert SENT in wire.last_request.body.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        {"stop": [HALF]},
        {"user": HALF},
        {"extra_body": {HALF: HALF}},
        {
            "tools": [
                {"type": "function", "function": {"name": "f", "description": HALF}}
            ]
        },
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_half_a_character_in_a_parameter_goes_out_likewise(
    wire: WireServer, arguments: dict[str, Any]
) -> None:
    """By bytes that any server can read."""
    wire.reply(json_reply(completion()))
    build_model(wire).invoke("Hi", **arguments)
    assert SENT in wire.last_request.body.decode()


@pytest.mark.parametrize("model", [HALF, f"user/app/models/{HALF}"])
def test_half_a_character_in_a_models_id_is_refused(
    wire: WireServer, model: str
) -> None:
    """At construction and for a single call: it would name another model."""
    with pytest.raises(ValueError, match="control character"):
        build_model(wire, model=model)
    with pytest.raises(ValueError, match="control character"):
        build_model(wire).invoke("Hi", model=model)
    with pytest.raises(ValueError, match="control character"):
        build_model(wire, model=model, base_url=f"{wire.origin}/v1")
    assert wire.exchanges == []
