"""The task in a request's last message → an answer on loopback, or a fault.

Runs in a process of its own, `python -m tests.load.server`, and serves any number of
connections at once. A request's last message is a `Task` in JSON; its nonce comes back
in the answer, and the server counts how often it was asked for and how often it was
answered in full. `GET /counts` returns the counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
import sys
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.load.processes import piped_module
from tests.servers.openai_wire import (
    choice as build_choice,
    chunk,
    completion,
    openai_error,
    platform_error,
    sse,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATH: Final = "/v2/ext/openai/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one request asks for.

    The fault befalls the first `times` attempts; later ones are answered.
    """

    nonce: str
    deltas: int = 3
    fault: str = ""
    times: int = 1

    @property
    def answer(self) -> str:
        """The text of the right answer."""
        return "".join(self.pieces)

    @property
    def pieces(self) -> list[str]:
        """The text, delta by delta; each of them tells whose it is."""
        return [f"{self.nonce}.{number} " for number in range(self.deltas)]


@dataclass
class Counts:
    """What the server has seen."""

    requests: Counter[str]
    answered: Counter[str]
    open_connections: int = 0
    most_connections: int = 0
    connections: int = 0


@dataclass(slots=True)
class Answer:
    """The right answer to one request, as bytes, and where it goes."""

    head: bytes
    pieces: list[bytes]
    streamed: bool
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def length(self) -> int:
        """The length of the body."""
        return sum(map(len, self.pieces))

    async def write(self, *pieces: bytes) -> None:
        """Send bytes as they are."""
        if self.writer.is_closing():
            raise ConnectionError  # Python 3.13.0 would stumble over it
        self.writer.writelines(pieces)
        await self.writer.drain()

    async def send(self) -> None:
        """Send the whole answer, chunked."""
        body = b"".join(_frame(piece) for piece in self.pieces)
        await self.write(self.head, _CHUNKED, body, b"0\r\n\r\n")

    def reset(self) -> None:
        """Reset the connection."""
        connection: socket.socket = self.writer.get_extra_info("socket")
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


_CHUNKED: Final = b"transfer-encoding: chunked\r\n\r\n"


def _frame(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _build_head(content_type: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n".encode()


async def _send_after_a_while(answer: Answer) -> None:
    await asyncio.sleep(0.2)
    await answer.send()


async def _drip(answer: Answer) -> None:
    whole = b"".join(answer.pieces)
    size = max(1, len(whole) // 20)
    await answer.write(answer.head, _CHUNKED)
    for start in range(0, len(whole), size):
        await answer.write(_frame(whole[start : start + size]))
        await asyncio.sleep(0.01)
    await answer.write(b"0\r\n\r\n")


async def _drip_headers(answer: Answer) -> None:
    """Take five seconds for the headers, though each byte comes soon."""
    head = answer.head + b"x-padding: " + b"x" * 60
    for start in range(0, len(head), 2):
        await answer.write(head[start : start + 2])
        await asyncio.sleep(5.0 / len(head))
    await answer.write(b"\r\n", _CHUNKED)


async def _reset_before_headers(answer: Answer) -> None:
    answer.reset()


async def _close_before_headers(answer: Answer) -> None:
    answer.writer.close()


async def _reset_after_headers(answer: Answer) -> None:
    await answer.write(answer.head, _CHUNKED)
    await asyncio.sleep(0.02)
    answer.reset()


async def _send_half(answer: Answer) -> None:
    whole = b"".join(answer.pieces)
    await answer.write(answer.head, _CHUNKED, _frame(whole[: len(whole) // 2]))
    await asyncio.sleep(0.02)


async def _reset_in_mid_body(answer: Answer) -> None:
    await _send_half(answer)
    answer.reset()


async def _truncate_chunk(answer: Answer) -> None:
    await _send_half(answer)
    await answer.write(b"ffff\r\ndata: {")
    answer.writer.close()


async def _promise_too_much(answer: Answer) -> None:
    length = b"content-length: %d\r\n\r\n" % (answer.length + 10)
    half = b"".join(answer.pieces)[: answer.length // 2]
    await answer.write(answer.head, length, half)
    answer.writer.close()


async def _promise_too_little(answer: Answer) -> None:
    # The connection stays open: what is left over must not be read as the answer to
    # the next request.
    length = b"content-length: %d\r\n\r\n" % (answer.length // 2)
    await answer.write(answer.head, length, *answer.pieces)


async def _send_garbage(answer: Answer) -> None:
    await answer.write(b"\x16\x03\x01\x00 this is no HTTP at all\r\n\r\n")
    answer.writer.close()


async def _send_html(answer: Answer) -> None:
    page = b"<html><body>Bad gateway</body></html>"
    head = _build_head("text/html")
    await answer.write(head, b"content-length: %d\r\n\r\n" % len(page), page)


async def _fall_silent_before_headers(answer: Answer) -> None:
    await answer.reader.read()


async def _fall_silent_in_mid_body(answer: Answer) -> None:
    await _send_half(answer)
    await answer.reader.read()


def _refuse(status: str, body: Any, headers: bytes = b"") -> Fault:
    async def send(answer: Answer) -> None:
        content = json.dumps(body).encode()
        length = b"content-length: %d\r\n\r\n" % len(content)
        head = _build_head("application/json", status)
        await answer.write(head, headers, length, content)

    return send


async def _fail_in_mid_stream(answer: Answer) -> None:
    error = platform_error(98004, "Internal error", "The runner died.")
    event = sse(error, done=False) if answer.streamed else json.dumps(error).encode()
    pieces = [*answer.pieces[: len(answer.pieces) // 2], event]
    body = b"".join(_frame(piece) for piece in (pieces if answer.streamed else [event]))
    await answer.write(answer.head, _CHUNKED, body, b"0\r\n\r\n")


async def _send_twice(answer: Answer) -> None:
    # Both at once: a copy that comes when the next request was sent already cannot be
    # told from its answer, in HTTP/1.1.
    body = b"".join(_frame(piece) for piece in answer.pieces)
    whole = b"".join([answer.head, _CHUNKED, body, b"0\r\n\r\n"])
    await answer.write(whole * 2)


async def _send_late_bytes(answer: Answer) -> None:
    await answer.send()
    await asyncio.sleep(0.02)
    await answer.write(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
    answer.writer.close()


async def _send_information(answer: Answer) -> None:
    await answer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 3)
    await answer.send()


Fault = Callable[[Answer], Awaitable[None]]

FAULTS: Final[dict[str, Fault]] = {
    "latency": _send_after_a_while,
    "drip": _drip,
    "headers that drip": _drip_headers,
    "reset before the headers": _reset_before_headers,
    "closed before the headers": _close_before_headers,
    "reset after the headers": _reset_after_headers,
    "reset in mid-body": _reset_in_mid_body,
    "truncated chunk": _truncate_chunk,
    "content-length too long": _promise_too_much,
    "content-length too short": _promise_too_little,
    "garbage": _send_garbage,
    "HTML with status 200": _send_html,
    "half-open before the headers": _fall_silent_before_headers,
    "half-open in mid-body": _fall_silent_in_mid_body,
    "500": _refuse("500 Oops", openai_error("Something broke.")),
    "503, starting": _refuse(
        "503 Busy", platform_error(21351, "Deploying"), b"retry-after-ms: 20\r\n"
    ),
    "429": _refuse(
        "429 Slow down", platform_error(11005, "Slow down"), b"retry-after-ms: 20\r\n"
    ),
    "error in mid-stream": _fail_in_mid_stream,
    "answer sent twice": _send_twice,
    "late 408 while idle": _send_late_bytes,
    "100 Continue": _send_information,
    "500, header that is no ASCII": _refuse(
        "500 Oops", openai_error("Something broke."), "x-wer: Jürgen\r\n".encode()
    ),
}


class _Server:
    def __init__(self) -> None:
        self.counts = Counts(Counter(), Counter())

    async def serve(self, reader: Any, writer: asyncio.StreamWriter) -> None:
        counts = self.counts
        counts.connections += 1
        counts.open_connections += 1
        counts.most_connections = max(counts.most_connections, counts.open_connections)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while not writer.is_closing():
                    await self._serve_request(reader, writer)
        finally:
            counts.open_connections -= 1
            writer.close()

    async def _serve_request(self, reader: Any, writer: asyncio.StreamWriter) -> None:
        head: bytes = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET"):
            body = json.dumps(vars(self.counts)).encode()
            length = b"content-length: %d\r\n\r\n" % len(body)
            writer.writelines([_build_head("application/json"), length, body])
            return
        _, _, after = head.lower().partition(b"content-length:")
        body = json.loads(await reader.readexactly(int(after.split(b"\r")[0])))
        task = Task(**json.loads(body["messages"][-1]["content"]))
        self.counts.requests[task.nonce] += 1
        answer = _build_answer(task, reader, writer, streamed="stream" in body)
        if task.fault and self.counts.requests[task.nonce] <= task.times:
            await FAULTS[task.fault](answer)
        else:
            await answer.send()
            self.counts.answered[task.nonce] += 1


def _build_answer(task: Task, reader: Any, writer: Any, *, streamed: bool) -> Answer:
    if not streamed:
        whole = json.dumps(completion(build_choice(task.answer))).encode()
        head = _build_head("application/json")
        return Answer(head, [whole], streamed, reader, writer)
    events = [
        *(sse(chunk(piece), done=False) for piece in task.pieces),
        sse(chunk(finish_reason="stop")),
    ]
    head = _build_head("text/event-stream")
    return Answer(head, events, streamed, reader, writer)


async def _run() -> None:
    server = await asyncio.start_server(
        _Server().serve, "127.0.0.1", 0, limit=1 << 20, backlog=2_048
    )
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}{_PATH}", flush=True)
    # It ends with the process that started it, however that ends, and waits for no
    # connection that is still open.
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


@contextmanager
def served_tasks() -> Iterator[str]:
    """Start the server; yield its base URL."""
    with piped_module("tests.load.server") as (_, output):
        yield output.readline().strip()


def read_counts(base_url: str) -> Counts:
    """Ask the server what it has seen; the connection for asking is not counted."""
    url = base_url.removesuffix(_PATH) + "/counts"
    with urllib.request.urlopen(url) as response:  # noqa: S310 - our own server
        counts = Counts(**json.load(response))
    counts.requests = Counter(counts.requests)
    counts.answered = Counter(counts.answered)
    counts.open_connections -= 1
    counts.connections -= 1
    return counts


if __name__ == "__main__":
    asyncio.run(_run())
