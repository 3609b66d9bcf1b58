"""Embeds a thousand texts with each client → CPU time, and memory beyond the vectors.

`make bench` runs it after the rest. By itself, with a Python that has the clients:

    python benchmarks/embeddings.py

The server is a process of its own, which answers with vectors of 1,536 numbers, or as
many as it was asked for. Each client is a process, too; they take turns, and the best
round counts.
"""

from __future__ import annotations

import array
import asyncio
import base64
import json
import os
import random
import re
import resource
import subprocess
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from processes import run_server

# Together in a request, for every client.
BATCH = 250
TEXTS = 1_000
LENGTH = 1_536
ROUNDS = 3
REPEATS = 4

MANY_TEXTS = 100_000
SHORT_LENGTH = 64

OURS, OPENAI, CHAT_OPENAI = "ClarifaiEmbeddings", "openai", "OpenAIEmbeddings"
CLIENTS = (OURS, OPENAI, CHAT_OPENAI)
LIMIT = 0.5
"""Our CPU time, as a part of the SDK's."""

CONTENT_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
MODEL = "text-embedding"

Values = dict[str, float]


# --- The server -------------------------------------------------------------------


@lru_cache
def build_body(count: int, length: int, *, is_base64: bool) -> bytes:
    """Build an answer of random vectors; the same for every client."""
    numbers = random.Random(length)  # noqa: S311 - no secret depends on it
    rows = [
        array.array("f", [numbers.gauss(0, 1) for _ in range(length)])
        for _ in range(20)
    ]
    vectors = [
        base64.b64encode(row.tobytes()).decode() if is_base64 else row.tolist()
        for row in rows
    ]
    entries = [
        {"object": "embedding", "index": index, "embedding": vectors[index % 20]}
        for index in range(count)
    ]
    usage = {"prompt_tokens": count, "total_tokens": count}
    answer = {"object": "list", "data": entries, "model": MODEL, "usage": usage}
    body = json.dumps(answer).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            size = CONTENT_LENGTH.search(head)
            request = json.loads(await reader.readexactly(int(size[1]) if size else 0))
            writer.write(
                build_body(
                    len(request["input"]),
                    request.get("dimensions", LENGTH),
                    is_base64=request.get("encoding_format") == "base64",
                )
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def serve() -> None:
    """Serve on a free port, print it, and end when the standard input closes."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=2**24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


# --- The clients ------------------------------------------------------------------


class Client(Protocol):
    """Something that embeds."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts."""

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts."""


class SDK:
    """The bare SDK, in a loop that anybody would write."""

    def __init__(self, settings: dict[str, Any]) -> None:
        import openai

        self.dimensions = settings.pop("dimensions")
        settings = {name: settings[name] for name in ("api_key", "base_url")}
        self.client = openai.OpenAI(**settings)
        self.async_client = openai.AsyncOpenAI(
            http_client=openai.DefaultAioHttpClient(), **settings
        )

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts."""
        vectors: list[list[float]] = []
        for start in range(0, len(texts), BATCH):
            answer = self.client.embeddings.create(
                model=MODEL,
                input=texts[start : start + BATCH],
                dimensions=self.dimensions,
            )
            vectors += [entry.embedding for entry in answer.data]
        return vectors

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts."""
        vectors: list[list[float]] = []
        for start in range(0, len(texts), BATCH):
            answer = await self.async_client.embeddings.create(
                model=MODEL,
                input=texts[start : start + BATCH],
                dimensions=self.dimensions,
            )
            vectors += [entry.embedding for entry in answer.data]
        return vectors


def build_client(name: str, base_url: str, length: int) -> Client:
    """Build one of the clients."""
    settings: dict[str, Any] = {
        "model": MODEL,
        "api_key": "benchmark",
        "base_url": base_url,
        "dimensions": length,
        "chunk_size": BATCH,
    }
    if name == OPENAI:
        return SDK(settings)
    if name == OURS:
        from langchain_clarifai import ClarifaiEmbeddings

        return ClarifaiEmbeddings(**settings)
    from langchain_openai import OpenAIEmbeddings

    # Or it would send numbers of tokens, and fetch the list of them.
    return OpenAIEmbeddings(check_embedding_ctx_length=False, **settings)


def measure_time(name: str, base_url: str) -> Values:
    """Measure the CPU milliseconds of a thousand texts, sync and async."""
    client = build_client(name, base_url, LENGTH)
    texts = [f"This is text number {number}." for number in range(TEXTS)]
    values = {"sync": min(time_sync(client, texts) for _ in range(REPEATS + 1))}

    async def measure() -> float:
        times = [await time_async(client, texts) for _ in range(REPEATS + 1)]
        if isinstance(client, SDK):
            await client.async_client.close()
        return min(times)

    return values | {"async": asyncio.run(measure())}


def time_sync(client: Client, texts: list[str]) -> float:
    """Time one run."""
    start = time.process_time()
    vectors = client.embed_documents(texts)
    seconds = time.process_time() - start
    assert len(vectors) == len(texts)  # noqa: S101  (or it would compare nothing)
    return seconds * 1000


async def time_async(client: Client, texts: list[str]) -> float:
    """Time one run."""
    start = time.process_time()
    vectors = await client.aembed_documents(texts)
    seconds = time.process_time() - start
    assert len(vectors) == len(texts)  # noqa: S101  (likewise)
    return seconds * 1000


def measure_memory(name: str, base_url: str) -> Values:
    """Measure the peak of memory while 100,000 texts are embedded, beyond the vectors.

    Python gives a float 32 bytes, and a vector's list 8 for each.
    """
    client = build_client(name, base_url, SHORT_LENGTH)
    texts = [f"This is text number {number}." for number in range(MANY_TEXTS)]
    client.embed_documents(texts[:TEXTS])
    before = read_memory()
    vectors = client.embed_documents(texts)
    assert len(vectors) == MANY_TEXTS  # noqa: S101  (likewise)
    kept = sys.getsizeof(vectors[0]) + SHORT_LENGTH * 32
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"memory": peak - before - kept * MANY_TEXTS / 2**20}


def read_memory() -> float:
    """Read how many megabytes the process has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


MEASURES = {"time": measure_time, "memory": measure_memory}


# --- All of them ------------------------------------------------------------------


def measure_embeddings(python: str) -> dict[str, Values]:
    """Measure every client, in turns; return the best of each value."""
    best: dict[str, Values] = {name: {} for name in CLIENTS}
    with run_server(python, "embeddings.py", "serve") as url:
        for measure in ["time"] * ROUNDS + ["memory"]:
            for name in CLIENTS:
                command = [python, __file__, measure, name, f"{url}/v1"]
                output = subprocess.check_output(command, text=True)  # noqa: S603  (our own command)
                for metric, value in json.loads(output).items():
                    best[name][metric] = min(value, best[name].get(metric, value))
    return best


TITLES = {
    "sync": "CPU of 1,000 texts, ms",
    "async": "the same, async, ms",
    "memory": "memory of 100,000 texts beyond the vectors, MB",
}


def build_embeddings_table(best: dict[str, Values]) -> str:
    """Build the table of what was measured, with our part of the SDK's."""
    lines = [
        f"\n| embeddings, {LENGTH:,} numbers | {' | '.join(CLIENTS)} | ratio |",
        "|---|" + "---:|" * (len(CLIENTS) + 1),
    ]
    for metric, title in TITLES.items():
        values = [best[name][metric] for name in CLIENTS]
        ratio = "" if metric == "memory" else f"{values[0] / values[1]:.2f}"
        cells = [*(f"{value:,.0f}" for value in values), ratio]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines.append(f"\nThe ratio is ours to the SDK's; it shall be at most {LIMIT}.")
    return "\n".join(lines)


def main() -> None:
    """Do what the command line asks for."""
    match sys.argv[1:]:
        case []:
            print(build_embeddings_table(measure_embeddings(sys.executable)))
        case ["serve"]:
            asyncio.run(serve())
        case [measure, name, base_url]:
            print(json.dumps(MEASURES[measure](name, base_url)))


if __name__ == "__main__":
    main()
