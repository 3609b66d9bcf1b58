"""What LangChain does around a model: fallbacks, caches, counting."""

from __future__ import annotations

import base64
import inspect
import typing
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_clarifai import ChatClarifai
from tests.servers.openai_wire import choice, completion, tool_call
from tests.servers.wire import json_reply
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from tests.servers.wire import WireServer

SCHEMA = {"title": "Joke", "type": "object", "properties": {"x": {}}}


def test_fallbacks_pass_on_what_is_bound(wire: WireServer) -> None:
    """langchain-core reads the hints of the methods, and binds to every model."""
    call = tool_call("Joke", {"x": 1})
    wire.reply(
        *[json_reply(completion(choice(None, tool_calls=[call])))] * 2,
    )
    model: Any = build_model(wire).with_fallbacks([build_model(wire)])

    assert model.bind_tools([SCHEMA]).invoke("hi").tool_calls[0]["name"] == "Joke"
    assert model.with_structured_output(SCHEMA).invoke("hi") == {"x": 1}


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, method in inspect.getmembers(ChatClarifai, inspect.isfunction)
        if not name.startswith("_") and method.__module__.startswith("langchain_cl")
    ],
)
def test_hints_of_public_methods_can_be_read(name: str) -> None:
    """A fallback reads those of any method that is asked of it."""
    typing.get_type_hints(getattr(ChatClarifai, name))


def build(**arguments: Any) -> ChatClarifai:
    return ChatClarifai(model="gpt-oss-120b", api_key="a-token", **arguments)


def test_key_of_caches_tells_headers_and_queries_apart() -> None:
    """Tenants do not share answers, and no header stands in the key."""
    arguments: list[dict[str, Any]] = [
        {},
        {"default_headers": {"X-Tenant": "tenant-one"}},
        {"default_headers": {"X-Tenant": "tenant-two"}},
        {"default_query": {"tenant": "tenant-one"}},
    ]
    keys = [build(**given)._get_llm_string() for given in arguments]
    per_call = build()._get_llm_string(extra_headers={"X-Tenant": "tenant-one"})

    assert len({*keys, per_call}) == len(keys) + 1
    assert not any("tenant-one" in key for key in (*keys, per_call))
    assert keys[1] == build(**arguments[1])._get_llm_string()


MEDIUM = base64.b64encode(b"x" * 30_000).decode()


@pytest.mark.parametrize(
    "block",
    [
        {"type": "audio", "base64": MEDIUM, "mime_type": "audio/wav"},
        {"type": "input_audio", "input_audio": {"data": MEDIUM, "format": "wav"}},
        {"type": "file", "base64": MEDIUM, "mime_type": "application/pdf"},
        {"type": "file", "file": {"file_data": MEDIUM, "filename": "a.pdf"}},
        {"type": "video", "base64": MEDIUM, "mime_type": "video/mp4"},
    ],
)
def test_media_count_as_a_constant(block: dict[str, Any]) -> None:
    """Not the letters of their base64 are counted; images are counted so, too."""
    image = {"type": "image", "base64": "eA==", "mime_type": "image/png"}
    model = build()

    counts = {
        model.get_num_tokens_from_messages([HumanMessage(["hi", medium])])
        for medium in (block, image)
    }

    assert len(counts) == 1
    assert counts.pop() < 1000
