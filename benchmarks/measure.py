"""Measures one client in this process: commands on the input → numbers on the output.

A command is a line of JSON: `{"metric": …, "size": …, "seconds": …}`. The answer is
`{"values": {metric: …}}`, or `{"error": …}`. Times are CPU time of this process; the
server's does not count. Memory is resident memory, read from Linux's /proc.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients import (
    CONCURRENT_REQUESTS,
    MODELS,
    LangChainCall,
    build_base_url,
    build_call,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from clients import Call

REQUESTS = 50
CONSTRUCTIONS = 100
PACE = 1  # milliseconds between two events; slower than any client reads them
ADDING_LIMIT = 6.0  # seconds of CPU time


class TooSlowError(Exception):
    """The measurement would take longer than a benchmark can wait."""


class Measurer:
    """Measures one client against one server; its methods are the metrics."""

    def __init__(self, client: str, server: str) -> None:
        self.client = client
        self.server = server
        self.runner = asyncio.Runner()
        self.seconds = 0.5
        self.calls: dict[str, Call] = {}

    def build_call(self, scenario: str, **shape: int) -> Call:
        """Build a call, or get the one built before: a model is made once."""
        key = f"{scenario} {shape}"
        if key not in self.calls:
            self.calls[key] = build_call(self.client, self.server, scenario, **shape)
        return self.calls[key]

    def measure(self, sample: Callable[[], object], units: int) -> float:
        """Measure the microseconds of CPU per unit: after a warm-up, best of several.

        With no seconds to spend, it is measured once and without a warm-up.
        """
        if self.seconds:
            sample()
        gc.collect()
        best = float("inf")
        end = time.perf_counter() + self.seconds
        for repetition in range(1000):
            start = time.process_time()
            sample()
            best = min(best, time.process_time() - start)
            if (repetition or not self.seconds) and time.perf_counter() > end:
                break
        return best / units * 1e6

    def measure_async(
        self, sample: Callable[[], Awaitable[object]], units: int
    ) -> float:
        """Measure likewise, on an event loop that stays the same."""

        async def run() -> None:
            await sample()

        return self.measure(lambda: self.runner.run(run()), units)

    def measure_stream(self, scenario: str, deltas: int) -> float:
        """Measure a delta of a stream that is read and dropped."""
        call = self.build_call(scenario)
        return self.measure(lambda: drop(call.stream()), deltas)

    def measure_astream(self, scenario: str, deltas: int) -> float:
        """Measure a delta of an asynchronous stream that is read and dropped."""
        call = self.build_call(scenario)

        async def read() -> None:
            async for _chunk in call.astream():
                pass

        return self.measure_async(read, deltas)

    def measure_requests(self, call: Call, count: int) -> float:
        """Measure a request that is answered whole."""

        def send() -> None:
            for _ in range(count):
                call.request()

        return self.measure(send, count)

    def request(self, _size: int) -> float:
        """Measure a request with one message."""
        return self.measure_requests(self.build_call("plain-200-0"), REQUESTS)

    def history(self, size: int) -> float:
        """Measure a request with `size` messages."""
        call = self.build_call("plain-200-0", messages=size)
        return self.measure_requests(call, max(1, 100 // size))

    def tools(self, size: int) -> float:
        """Measure a request with `size` tools bound."""
        call = self.build_call("plain-200-0", tools=size)
        return self.measure_requests(call, max(5, 100 // size))

    def requests_at_once(self, _size: int) -> float:
        """Measure a request among 100 that run at once."""
        call = self.build_call("plain-200-0")

        async def send() -> None:
            await asyncio.gather(*(call.arequest() for _ in range(CONCURRENT_REQUESTS)))

        return self.measure_async(send, CONCURRENT_REQUESTS)

    def chunk(self, size: int) -> float:
        """Measure a delta of text in a stream of `size` deltas, many a read."""
        return self.measure_stream(f"text-{size}-0", size)

    def chunk_async(self, size: int) -> float:
        """Measure a delta of text, asynchronously."""
        return self.measure_astream(f"text-{size}-0", size)

    def chunk_mean(self, size: int) -> float:
        """Measure the mean of a delta over 10,000 or more, in streams of `size`.

        Unlike the best of several, the mean includes garbage collection, so that
        streams of any length compare.
        """
        call = self.build_call(f"text-{size}-0")
        drop(self.build_call("text-100-0").stream())
        gc.collect()
        streams = max(1, 10_000 // size)
        start = time.process_time()
        for _ in range(streams):
            drop(call.stream())
        return (time.process_time() - start) / (streams * size) * 1e6

    def tool_chunk(self, size: int) -> float:
        """Measure a delta of a tool call's arguments."""
        return self.measure_stream(f"tool-{size}-0", size)

    def chunk_burst(self, size: int) -> float:
        """Measure a delta of text where the stream is one HTTP chunk."""
        return self.measure_stream(f"text-{size}-burst", size)

    def chunk_async_burst(self, size: int) -> float:
        """Measure a delta of text where the stream is one, asynchronously."""
        return self.measure_astream(f"text-{size}-burst", size)

    def tool_chunk_burst(self, size: int) -> float:
        """Measure a delta of arguments where the stream is one HTTP chunk."""
        return self.measure_stream(f"tool-{size}-burst", size)

    def chunk_paced(self, size: int) -> float:
        """Measure a delta of text that comes on its own."""
        return self.measure_stream(f"text-{size}-{PACE}", size)

    def chunk_async_paced(self, size: int) -> float:
        """Measure a delta of text that comes on its own, asynchronously."""
        return self.measure_astream(f"text-{size}-{PACE}", size)

    def tool_chunk_paced(self, size: int) -> float:
        """Measure a delta of a tool call's arguments that comes on its own."""
        return self.measure_stream(f"tool-{size}-{PACE}", size)

    def construct(self, _size: int) -> float:
        """Measure the construction of a model."""
        build = MODELS[self.client]
        base_url = build_base_url(self.server, "plain-200-0")

        def construct() -> None:
            for _ in range(CONSTRUCTIONS):
                build(base_url)

        return self.measure(construct, CONSTRUCTIONS)

    def added_text(self, size: int) -> float:
        """Measure a delta of text for a reader that adds the chunks up."""
        return self.measure_adding(f"text-{size}-0", size)

    def added_tool_call(self, size: int) -> float:
        """Measure a delta of arguments for a reader that adds the chunks up."""
        return self.measure_adding(f"tool-{size}-0", size)

    def measure_adding(self, scenario: str, deltas: int) -> float:
        """Measure `total += chunk` once, and give up when it takes too long.

        Raises:
            TooSlowError: After `ADDING_LIMIT` seconds.
        """
        call = self.build_call(scenario)
        gc.collect()
        start = time.process_time()
        total = None
        for chunk in call.stream():
            total = chunk if total is None else total + chunk
            if time.process_time() - start > ADDING_LIMIT:
                raise TooSlowError(f"over {ADDING_LIMIT:.0f} s")
        return (time.process_time() - start) / deltas * 1e6

    def streams_at_once(self, size: int) -> dict[str, float]:
        """Measure `size` streams of 10 deltas at once, for CPU and peak memory.

        Raises:
            ValueError: When the streams were not read to the same end.
        """
        deltas = 10
        call = self.build_call(f"text-{deltas}-50")
        drop(self.build_call("text-10-0").stream())

        async def read() -> int:
            return sum([len(call.get_text(chunk)) async for chunk in call.astream()])

        async def read_all() -> list[int]:
            return await asyncio.gather(*(read() for _ in range(size)))

        self.runner.run(read())
        resident = reset_peak_memory()
        start = time.process_time()
        lengths = self.runner.run(read_all())
        used = time.process_time() - start
        if len(set(lengths)) > 1:
            raise ValueError("a stream lost text")
        return {
            "streams_at_once": used / size * 1e6,
            "streams_at_once_memory": read_memory("VmHWM") - resident,
        }

    def long_stream(self, size: int) -> float:
        """Measure the peak memory of a stream of `size` megabytes, in megabytes."""
        call = self.build_call(f"wide-{size * 250}-0")
        return self.measure_peak(lambda: drop(call.stream()))

    def long_stream_alone(self, size: int) -> float:
        """Measure it below langchain-core, which keeps all chunks for its tracers."""
        call = self.build_call(f"wide-{size * 250}-0")
        if not isinstance(call, LangChainCall):
            return self.long_stream(size)
        stream = call.model._stream  # noqa: SLF001  (LangChain's hook)
        return self.measure_peak(lambda: drop(stream(call.messages)))

    def measure_peak(self, sample: Callable[[], object]) -> float:
        """Measure by how many megabytes memory rises at its highest."""
        drop(self.build_call("wide-10-0").stream())
        resident = reset_peak_memory()
        sample()
        return read_memory("VmHWM") - resident

    def memory_after(self, size: int) -> float:
        """Measure the megabytes that stay after `size` requests and as many models."""
        call = self.build_call("plain-200-0")
        base_url = build_base_url(self.server, "plain-200-0")
        for _ in range(1000):
            call.request()
        gc.collect()
        resident = read_memory("VmRSS")
        for _ in range(size):
            call.request()
            MODELS[self.client](base_url)
        gc.collect()
        return read_memory("VmRSS") - resident


def drop(chunks: Iterable[object]) -> None:
    """Read a stream and keep nothing of it."""
    for _chunk in chunks:
        pass


def read_memory(field: str) -> float:
    """Read a field of this process's memory, in megabytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def reset_peak_memory() -> float:
    """Start the peak over, and get the memory that is in use now."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return read_memory("VmRSS")


def answer(measurer: Measurer, command: dict[str, Any]) -> dict[str, Any]:
    """Answer one command; what goes wrong is an answer too."""
    measurer.seconds = command["seconds"]
    try:
        value = getattr(measurer, command["metric"])(command["size"])
    except Exception as error:  # noqa: BLE001  (the other metrics still count)
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    return {"values": value if isinstance(value, dict) else {command["metric"]: value}}


def main() -> None:
    """Answer commands until the input ends; what clients print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    measurer = Measurer(*sys.argv[1:3])
    for line in sys.stdin:
        print(json.dumps(answer(measurer, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
