"""The endpoint that streams, in a real uvicorn, read by a real HTTP client."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.running_examples import (
    COMMAND,
    GPT_OSS,
    ROOT,
    build_environment,
)
from tests.servers.openai_wire import chunk, platform_error, sse, text_chunks, usage
from tests.servers.wire import End, WireServer, event_stream_reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.wire import Exchange

PATIENCE: Final = 30.0
PROMPT: Final = "Tell me a fun fact about space."


@dataclass
class Endpoint:
    """The example's server, and the model's server behind it."""

    process: subprocess.Popen[bytes]
    log: Path
    model: WireServer
    port: int = 0

    def read_log(self) -> str:
        """Read what the endpoint has said so far."""
        return self.log.read_text("utf-8")

    def wait_until_ready(self) -> None:
        """Wait until uvicorn names its port."""
        pattern = re.compile(r"running on http://127\.0\.0\.1:(\d+)")
        give_up = time.monotonic() + PATIENCE
        while not (found := pattern.search(self.read_log())):
            assert self.process.poll() is None, self.read_log()
            assert time.monotonic() < give_up, self.read_log()
            time.sleep(0.02)
        self.port = int(found[1])

    @contextlib.contextmanager
    def ask(self) -> Iterator[http.client.HTTPResponse]:
        """Ask, and leave when the block is left, wherever the answer is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, PATIENCE)
        connection.connect()
        # A kernel may keep 30 MB for somebody who does not read.
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        body = json.dumps({"prompt": PROMPT})
        connection.request("POST", "/chat", body, {"content-type": "application/json"})
        response = connection.getresponse()
        try:
            yield response
        finally:
            response.close()
            connection.close()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Run the example once, as a user would, on a free port."""
    home = tmp_path_factory.mktemp("endpoint")
    log = home / "log.txt"
    with WireServer() as model, log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - the project's own file
            [*COMMAND, "examples/sse_endpoint.py"],
            cwd=ROOT,
            env=build_environment(home, model.origin, PORT="0"),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        endpoint = Endpoint(process, log, model)
        try:
            endpoint.wait_until_ready()
            yield endpoint
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def endpoint(started: Endpoint) -> Iterator[Endpoint]:
    """Hand out the endpoint, and insist that each of its requests was foreseen."""
    yield started
    assert started.model.failures == []


def read_events(response: http.client.HTTPResponse) -> Iterator[tuple[str, Any]]:
    """Read the events of a stream until it ends."""
    while line := response.readline().decode():
        event = line.removeprefix("event: ").rstrip("\n")
        fields = response.readline().decode().removeprefix("data: ")
        assert response.readline() == b"\n"
        yield event, json.loads(fields)


def test_answer_comes_as_events_while_it_is_written(endpoint: Endpoint) -> None:
    """A token is there before the next one is written; usage comes at the end."""
    go_on = threading.Event()
    first, *others = [
        sse(piece, done=False)
        for piece in text_chunks("Space is", " big.\nReally.", counts=usage(9, 4))[1:]
    ]
    endpoint.model.reply(event_stream_reply(first, go_on, *others, sse()))

    with endpoint.ask() as response:
        assert response.status == 200
        assert response.headers.get_content_type() == "text/event-stream"
        events = read_events(response)
        assert next(events) == ("token", {"text": "Space is"})
        go_on.set()
        token, (name, done) = events

    assert token == ("token", {"text": " big.\nReally."})
    assert name == "done"
    assert done["usage"]["input_tokens"] == 9
    assert done["usage"]["output_tokens"] == 4
    assert endpoint.model.last_request.json == {
        "model": GPT_OSS,
        "messages": [{"role": "user", "content": PROMPT}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_client_that_leaves_ends_the_models_stream(endpoint: Endpoint) -> None:
    """The model's server sees the connection close, though it was silent."""
    never = threading.Event()
    piece = sse(chunk("Space"), done=False)
    endpoint.model.reply(event_stream_reply(piece, never))

    with endpoint.ask() as response:
        assert next(read_events(response)) == ("token", {"text": "Space"})

    exchange = endpoint.model.exchanges[-1]
    assert exchange.client_left.wait(PATIENCE)


def test_client_that_stops_reading_and_leaves_ends_it_too(endpoint: Endpoint) -> None:
    """The same holds while the endpoint waits to get rid of what it has.

    What the model has written by then is still read: anyio does not cancel a task
    that has something to do. A real model writes slower than that.
    """
    piece = sse(chunk("Space " * 700), done=False)
    endpoint.model.reply(event_stream_reply(*[piece] * 6_000, end=End.SILENCE))

    with endpoint.ask() as response:
        next(read_events(response))
        exchange = endpoint.model.exchanges[-1]
        _wait_until_stuck(exchange)
        assert len(exchange.sent_at) < 6_000

    assert exchange.client_left.wait(PATIENCE)


def _wait_until_stuck(exchange: Exchange) -> None:
    """Wait until the model's server has got rid of nothing for half a second."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < exchange.sent_at[-1] + 0.5:
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_stream_that_breaks_off_ends_with_an_error_event(endpoint: Endpoint) -> None:
    """What had come is kept, the error is an event, and its details are in the log."""
    piece = sse(chunk("Space"), done=False)
    endpoint.model.reply(event_stream_reply(piece, end=End.FIN))

    with endpoint.ask() as response:
        token, error = read_events(response)

    assert token == ("token", {"text": "Space"})
    assert error == ("error", {"retryable": True})
    assert "The answer broke off: The connection broke" in endpoint.read_log()


def test_refusal_is_an_error_event_without_details(endpoint: Endpoint) -> None:
    """A wrong token is no business of the browser, and trying again is of no use."""
    refusal = platform_error(11001, "Invalid token")
    endpoint.model.reply(json_reply(refusal, status=401))

    with endpoint.ask() as response:
        events = list(read_events(response))

    assert events == [("error", {"retryable": False})]
    assert "CLARIFAI_PAT" in endpoint.read_log()


def test_endpoint_ends_without_a_complaint(endpoint: Endpoint) -> None:
    """After all of the above, an interrupt ends it, and nothing was left open."""
    endpoint.process.send_signal(signal.SIGINT)

    endpoint.process.wait(PATIENCE)
    log = endpoint.read_log()
    assert "Application shutdown complete." in log
    for complaint in ("Traceback", "Exception ignored", "Warning", "never retrieved"):
        assert complaint not in log
