"""A request → an answer that repeats its last message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.openai_wire import choice, completion, sse, text_chunks
from tests.servers.wire import event_stream_reply, json_reply

if TYPE_CHECKING:
    from tests.servers.wire import Reply, Request


def echo(request: Request) -> Reply:
    """Answer with what the last message says."""
    body = request.json
    text = body["messages"][-1]["content"]
    if body.get("stream"):
        return event_stream_reply(sse(*text_chunks("echo:", text)))
    return json_reply(completion(choice(f"echo:{text}")))
