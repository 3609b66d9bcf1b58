"""A file of bytes → the message that each kind of reader makes of it."""

from __future__ import annotations

import asyncio
import functools
import operator
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from langchain_core.messages import AIMessage, message_chunk_to_message

from tests.servers.wire import event_stream_reply, split_every
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_clarifai import ChatClarifai
    from tests.servers.wire import Piece, WireServer

_BYTES: Final = Path(__file__).parent / "bytes"


def load(name: str) -> bytes:
    """Load a file by the name of its folder and its own."""
    return (_BYTES / f"{name}.sse").read_bytes()


def _read_at_once(body: bytes) -> list[Piece]:
    return [body]


def _read_by_event(body: bytes) -> list[Piece]:
    return [event + b"\n\n" for event in body.split(b"\n\n") if event]


def _read_by_byte(body: bytes) -> list[Piece]:
    return [*split_every(body, 1)]


def _stream(model: ChatClarifai) -> AIMessage:
    return _add_up(list(model.stream("Hi")))


def _astream(model: ChatClarifai) -> AIMessage:
    async def collect() -> list[Any]:
        return [chunk async for chunk in model.astream("Hi")]

    return _add_up(asyncio.run(collect()))


def _add_up(chunks: list[Any]) -> AIMessage:
    total = functools.reduce(operator.add, chunks)
    in_one_go = chunks[0] + chunks[1:]
    assert total == in_one_go
    return _check(message_chunk_to_message(total))


def _invoke(model: ChatClarifai) -> AIMessage:
    return _check(model.invoke("Hi"))


def _ainvoke(model: ChatClarifai) -> AIMessage:
    return _check(asyncio.run(model.ainvoke("Hi")))


def _events(model: ChatClarifai) -> AIMessage:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* is in beta")
        return _check(model.stream_events("Hi", version="v3").output)


def _aevents(model: ChatClarifai) -> AIMessage:
    async def collect() -> Any:
        stream = await model.astream_events("Hi", version="v3")
        return await stream.output

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* is in beta")
        return _check(asyncio.run(collect()))


def _check(message: Any) -> AIMessage:
    assert type(message) is AIMessage
    return message


_V1: Final = {"output_version": "v1"}
_STREAMING: Final = {"streaming": True}

READERS: Final[
    dict[
        str,
        tuple[
            Callable[[bytes], list[Piece]],
            Callable[[ChatClarifai], AIMessage],
            dict[str, Any],
        ],
    ]
] = {
    "stream": (_read_at_once, _stream, {}),
    "stream-by-event": (_read_by_event, _stream, {}),
    "stream-by-byte": (_read_by_byte, _stream, {}),
    "astream": (_read_at_once, _astream, {}),
    "astream-by-event": (_read_by_event, _astream, {}),
    "invoke-streaming": (_read_by_event, _invoke, _STREAMING),
    "ainvoke-streaming": (_read_at_once, _ainvoke, _STREAMING),
    "stream-v1": (_read_by_event, _stream, _V1),
    "astream-v1": (_read_at_once, _astream, _V1),
    "invoke-streaming-v1": (_read_by_event, _invoke, {**_V1, **_STREAMING}),
    "events-v3": (_read_by_event, _events, {}),
    "aevents-v3": (_read_at_once, _aevents, {}),
}
"""How bytes are cut, who reads them, and with which settings."""


def replay(wire: WireServer, name: str, reader: str, **settings: Any) -> AIMessage:
    """Serve a file to a reader and return its message."""
    cut, read, own_settings = READERS[reader]
    wire.reply(event_stream_reply(*cut(load(name))))
    return read(build_model(wire, **own_settings, **settings))


def read_calls(message: AIMessage) -> list[tuple[Any, ...]]:
    """Return the calls of a message, the broken ones last, with their text."""
    broken = [
        (call["name"], call["args"] or "", call["id"])
        for call in message.invalid_tool_calls
    ]
    calls = [(call["name"], call["args"], call["id"]) for call in message.tool_calls]
    return [*calls, *broken]


def read_blocks(message: AIMessage) -> list[Any]:
    """Return the content blocks, in the order of their types, without indices."""
    order = ["reasoning", "text", "tool_call", "invalid_tool_call"]
    blocks = [
        {key: value for key, value in block.items() if key not in {"extras", "index"}}
        for block in message.content_blocks
    ]
    return sorted(blocks, key=lambda block: order.index(block["type"]))
