"""Serves prepared answers on loopback: the scenario in a request's path → bytes.

A path is `/<kind>-<count>-<pace>/v2/ext/openai/v1/chat/completions`. The kind is
one of `ANSWERS`, the count is the number of deltas, and the pace is the
milliseconds between two events. An event is one HTTP chunk, as with the usual servers.
At a pace of 0 all chunks come in one write, as a busy reader or a proxy has them: many
a read. "burst" has the whole stream in one HTTP chunk, which servers hardly do.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from functools import lru_cache
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "chatcmpl-9b1f2c3d4e5f"
MODEL = "gpt-oss-120b"
WORDS = (" the", " quick", " brown", " fox", " jumps", " over", " a", " lazy", " dog")
USAGE = {
    "prompt_tokens": 24,
    "completion_tokens": 200,
    "total_tokens": 224,
    "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
REQUEST_LINE = re.compile(rb"POST /(?:([a-z]+)-(\d+)-(\d+|burst)/)?\S* HTTP/1\.1\r\n")
CONTENT_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def build_event(choices: list[dict[str, Any]], **fields: Any) -> bytes:
    """Build one server-sent event that carries a chunk of a completion."""
    chunk = {
        "id": ID,
        "object": "chat.completion.chunk",
        "created": 1_767_225_600,
        "model": MODEL,
        "choices": choices,
        **fields,
    }
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"


def build_delta(finish_reason: str | None = None, **delta: Any) -> bytes:
    """Build the event of one delta."""
    choice = {
        "index": 0,
        "delta": delta,
        "logprobs": None,
        "finish_reason": finish_reason,
    }
    return build_event([choice])


def build_stream(first: bytes, deltas: Iterator[bytes], finish: str) -> list[bytes]:
    """Build the events of a whole stream around its deltas."""
    usage = build_event([], usage=USAGE)
    return [first, *deltas, build_delta(finish), usage + b"data: [DONE]\n\n"]


def build_text(count: int, words: tuple[str, ...] = WORDS) -> list[bytes]:
    """Build a stream of text, a word a delta."""
    events = [build_delta(content=word) for word in words]
    first = build_delta(role="assistant", content="")
    return build_stream(first, islice(cycle(events), count), "stop")


def build_wide_text(count: int) -> list[bytes]:
    """Build a stream of text, four thousand characters a delta."""
    return build_text(count, ("".join(WORDS) * 93,))


def build_tool_call(count: int) -> list[bytes]:
    """Build a stream of one tool call, a few characters of arguments a delta."""

    def build_call(**call: Any) -> bytes:
        return build_delta(tool_calls=[{"index": 0, **call}])

    words = [build_call(function={"arguments": word}) for word in WORDS]
    first = build_call(
        id="call_1f2e3d",
        type="function",
        function={"name": "tool_0", "arguments": '{"query": "'},
    )
    last = build_call(function={"arguments": '"}'})
    deltas = [*islice(cycle(words), count - 1), last]
    return build_stream(first, iter(deltas), "tool_calls")


def build_completion(count: int) -> list[bytes]:
    """Build a plain completion of `count` words."""
    message = {"role": "assistant", "content": "".join(islice(cycle(WORDS), count))}
    completion = {
        "id": ID,
        "object": "chat.completion",
        "created": 1_767_225_600,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": USAGE,
    }
    return [json.dumps(completion, separators=(",", ":")).encode()]


ANSWERS = {
    "plain": build_completion,
    "text": build_text,
    "wide": build_wide_text,
    "tool": build_tool_call,
}


@lru_cache(maxsize=16)
def build_writes(kind: str, count: int, pace: str) -> list[bytes]:
    """Build what is written, write by write, headers and HTTP chunks included."""
    pieces = ANSWERS[kind](count)
    pieces = [b"".join(pieces)] if pace == "burst" else pieces
    media_type = b"application/json" if kind == "plain" else b"text/event-stream"
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: " + media_type + b"; charset=utf-8\r\n"
        b"x-request-id: 0123456789abcdef\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    writes = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
    writes[0] = head + writes[0]
    writes[-1] += b"0\r\n\r\n"
    return writes if pace not in {"0", "burst"} else [b"".join(writes)]


class Connection(asyncio.Protocol):
    """Answers the requests of one connection, one after the other."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  (for the types)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self.received += data
        head_end = self.received.find(b"\r\n\r\n") + 4
        if head_end < 4:
            return
        length = CONTENT_LENGTH.search(self.received, 0, head_end)
        if len(self.received) < head_end + int(length[1] if length else 0):
            return
        line = REQUEST_LINE.match(bytes(self.received))
        self.received.clear()
        if line is None or line[1] is None:
            self.transport.write(
                b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            )
            return
        kind, count, pace = line[1].decode(), int(line[2]), line[3].decode()
        writes = build_writes(kind, count, pace)
        seconds = int(pace) / 1000 if pace.isdecimal() else 0.0
        self.write(iter(writes), seconds)

    def write(self, writes: Iterator[bytes], pace: float) -> None:
        """Write the next piece, and plan the one after it."""
        piece = next(writes, None)
        if piece is not None and not self.transport.is_closing():
            self.transport.write(piece)
            loop = asyncio.get_running_loop()
            loop.call_later(pace, self.write, writes, pace)


async def serve() -> None:
    """Serve on a free port, print it, and end when the standard input closes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
