"""A recording → what a server on loopback answers with."""

from __future__ import annotations

from typing import Any

from tests.servers.wire import Framing, Reply, event_stream_reply, split_every


def build_reply(recording: dict[str, Any]) -> Reply:
    """Replay a recording, a stream in pieces of 500 bytes."""
    body = recording["body"].encode()
    if recording["is_stream"]:
        return event_stream_reply(*split_every(body, 500))
    return Reply(
        body=[body],
        status=recording["status"],
        headers={"content-type": "application/json"},
        framing=Framing.LENGTH,
    )
