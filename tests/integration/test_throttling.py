"""A hundred callers of one process against a server that throttles them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

import pytest
from typing_extensions import override

from langchain_clarifai import ChatClarifai

if TYPE_CHECKING:
    from collections.abc import Iterator

_ANSWER: Final = json.dumps(
    {
        "choices": [
            {"message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}
        ]
    }
).encode()
_CALLERS: Final = 100
# Clarifai's documented limit, in requests a second, and what it says to wait.
_LIMIT: Final = 15
_RETRY_AFTER: Final = 1


class _Handler(BaseHTTPRequestHandler):
    """Serve so many requests in each second, and refuse the others."""

    protocol_version = "HTTP/1.1"
    server: _ThrottlingServer

    def do_POST(self) -> None:  # the base class's name
        """Answer, or ask for patience."""
        self.rfile.read(int(self.headers["content-length"]))
        is_served = self.server.admit(self.headers.get("authorization", ""))
        body = _ANSWER if is_served else b'{"error": {"message": "slow down"}}'
        self.send_response(200 if is_served else 429)
        if not is_served:
            self.send_header("retry-after", str(_RETRY_AFTER))
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *_: Any) -> None:
        """Say nothing."""


class _ThrottlingServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 2 * _CALLERS

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refused = 0
        self._lock = threading.Lock()
        self._admitted: dict[str, list[float]] = {}

    def admit(self, token: str) -> bool:
        with self._lock:
            now = time.monotonic()
            recent = [t for t in self._admitted.get(token, ()) if now - t < 1]
            is_served = len(recent) < _LIMIT
            self._admitted[token] = [*recent, *([now] if is_served else [])]
            self.refused += not is_served
            return is_served


@pytest.fixture
def server() -> Iterator[_ThrottlingServer]:
    with _ThrottlingServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _build_model(server: _ThrottlingServer, api_key: str = "a") -> ChatClarifai:
    return ChatClarifai(
        model="m",
        base_url=f"http://127.0.0.1:{server.server_port}/v1",
        api_key=api_key,
        max_retries=4,
    )


async def test_hundred_tasks_are_refused_once_each_at_most(
    server: _ThrottlingServer,
) -> None:
    """They come back one after another, at the pace that is served; all are answered.

    When each of them waited on its own knowledge alone there were 275 refusals, and 25
    callers gave up.
    """
    model = _build_model(server)
    answers = await asyncio.gather(*(model.ainvoke("Hi") for _ in range(_CALLERS)))
    assert [answer.text for answer in answers] == ["a"] * _CALLERS
    assert server.refused <= _CALLERS


def test_caller_who_comes_later_is_not_refused(server: _ThrottlingServer) -> None:
    """What one thread was told, the next thread knows; another token is not held up."""
    models = [_build_model(server) for _ in range(2 * _LIMIT)]
    with ThreadPoolExecutor(len(models)) as pool:
        list(pool.map(lambda model: model.invoke("Hi"), models[:-1]))
        refused = server.refused
        assert refused <= _LIMIT
        began = time.monotonic()
        _build_model(server, "another").invoke("Hi")
        assert time.monotonic() - began < 1
        models[-1].invoke("Hi")
    assert server.refused == refused
