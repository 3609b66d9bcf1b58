"""Run by `make wheel` in an environment that has the wheel and nothing else.

It answers a plain and an asynchronous request on loopback, so that what the package
needs at run time is imported and used, and prints the versions.
"""

from __future__ import annotations

import asyncio
import json
import platform
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points, version
from importlib.resources import files

import langchain_clarifai
from langchain_clarifai import ChatClarifai

COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "smoke",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello!"},
            "finish_reason": "stop",
        }
    ],
}


class Handler(BaseHTTPRequestHandler):
    """Gives every request the same answer."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read the request to its end, as clients expect, and answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(COMPLETION).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the output is one line."""


def main() -> None:
    """Check what was installed, and print one line."""
    installed = version("langchain-clarifai")
    if langchain_clarifai.__version__ != installed:
        raise SystemExit(f"{langchain_clarifai.__version__} is not {installed}.")
    if not files(langchain_clarifai).joinpath("py.typed").is_file():
        raise SystemExit("py.typed is missing.")
    [entry] = entry_points(group="deepagents.provider_profiles", name="clarifai")
    entry.load()
    for name in langchain_clarifai.__all__:
        getattr(langchain_clarifai, name)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            check_answers(f"http://127.0.0.1:{server.server_port}/v1")
        finally:
            server.shutdown()
            thread.join()
    print(f"langchain-clarifai {installed} on Python {platform.python_version()}")  # noqa: T201 - it is what the caller reads


def check_answers(base_url: str) -> None:
    """Ask the server, in both ways."""
    with ChatClarifai(model="smoke", base_url=base_url, api_key=lambda: "a") as model:
        answers = [model.invoke("Hi!").text, asyncio.run(model.ainvoke("Hi!")).text]
    if answers != ["Hello!", "Hello!"]:
        raise SystemExit(f"Wrong answers: {answers}")


if __name__ == "__main__":
    main()
