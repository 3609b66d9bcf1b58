"""A request to Clarifai's OpenAI path → Clarifai's own runner code → a backend.

What stands between a client and a model is Clarifai's gateway, which is closed, and the
runner, which is open. This is the gateway's place, kept as thin as can be, around the
runner as Clarifai publishes it. It runs in an environment of its own:

    python gateway.py BACKEND_BASE_URL MODEL_NAME

and prints the base URL it serves.
"""

from __future__ import annotations

import importlib
import json
import socket
import sys
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

_PATH: Final = "/v2/ext/openai/v1"


def build_runner(backend_url: str, model: str) -> Any:
    """Build the runner's model as its users do: a subclass with two attributes."""
    openai = importlib.import_module("openai")
    base = importlib.import_module("clarifai.runners.models.openai_class")
    client = openai.OpenAI(base_url=backend_url, api_key="backend", max_retries=0)
    attributes = {"client": client, "model": model}
    return type("Runner", (base.OpenAIModelClass,), attributes)()


def build_application(runner: Any) -> Starlette:
    """Build the web application around the runner."""

    async def complete(request: Request) -> Response:
        text = (await request.body()).decode()
        if json.loads(text).get("stream"):
            events = _write_events(runner.openai_stream_transport(text))
            return StreamingResponse(events, media_type="text/event-stream")
        return await _transport(runner, text)

    async def embed(request: Request) -> Response:
        # The runner has one door: the gateway says which endpoint was asked.
        body = {**await request.json(), "openai_endpoint": "/embeddings"}
        return await _transport(runner, json.dumps(body))

    endpoints = {"chat/completions": complete, "embeddings": embed}
    return Starlette(
        routes=[
            Route(f"{_PATH}/{name}", endpoint, methods=["POST"])
            for name, endpoint in endpoints.items()
        ]
    )


async def _transport(runner: Any, text: str) -> Response:
    answer = await run_in_threadpool(runner.openai_transport, text)
    # An error is an answer like any other: the runner never raises.
    return Response(answer, media_type="application/json")


def _write_events(answers: Iterator[str | bytes]) -> Iterator[bytes]:
    for answer in answers:
        event = answer if isinstance(answer, bytes) else answer.encode()
        yield b"data: " + event + b"\n\n"
    yield b"data: [DONE]\n\n"


def main() -> None:
    """Serve until the process is ended."""
    backend_url, model = sys.argv[1:]
    application = build_application(build_runner(backend_url, model))
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}{_PATH}", flush=True)
    settings = uvicorn.Config(application, log_level="warning")
    uvicorn.Server(settings).run(sockets=[listener])


if __name__ == "__main__":
    main()
