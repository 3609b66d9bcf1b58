"""One call of a model → what it cost its process: CPU, memory and time.

`python -m tests.load.measuring` imports the package and then forks for each call that
it is asked for, so that a call costs no start of Python and finds memory as it was.
The kernel counts what the fork has used.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai import ChatClarifai, ClarifaiError, list_models
from tests.load.processes import piped_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_KILOBYTES: Final = 1 / 1024 if sys.platform == "darwin" else 1.0
"""What the kernel counts memory in: kilobytes, and bytes on macOS."""

_MEGABYTE: Final = 1024  # in kilobytes
_NOBODY: Final = "http://127.0.0.1:9/v2/ext/openai/v1"
_NO_REPORT: Final = '{"ended": "killed", "said": "", "memory_before": 0}'
_LONGEST: Final = 60  # seconds until a call counts as hung


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a call cost, and how it ended."""

    ended: str
    """The class of the error, or `answer`."""

    said: str
    """The start of the error's text; of an answer, its length."""

    cpu: float
    """Seconds, of the process and of the kernel on its behalf."""

    memory: float
    """Megabytes at most, above what the process had before."""

    seconds: float


@contextmanager
def measured_calls() -> Iterator[Callable[..., Cost]]:
    """Start the process that forks; yield what runs a call in a fork of it."""
    with piped_module("tests.load.measuring") as (requests, answers):

        def measure(
            way: str,
            url: str,
            settings: Mapping[str, Any] | None = None,
            limits: Mapping[str, int] | None = None,
        ) -> Cost:
            requests.write(json.dumps([way, url, settings or {}, limits or {}]) + "\n")
            requests.flush()
            return Cost(**json.loads(answers.readline()))

        yield measure


def _answer_requests() -> None:
    # What the first call and the first error import is no cost of an attack.
    for way in _CHAT_WAYS:
        _call(way, _NOBODY, {})
    for line in sys.stdin:
        print(json.dumps(_fork(*json.loads(line))), flush=True)


def _fork(
    way: str, url: str, settings: Mapping[str, Any], limits: Mapping[str, int]
) -> dict[str, Any]:
    reading, writing = os.pipe()
    started = time.monotonic()
    if not (child := os.fork()):
        _run_in_fork(writing, lambda: _call(way, url, settings), limits)
    os.close(writing)
    with os.fdopen(reading) as stream:
        written = stream.read()
    _, _, usage = os.wait4(child, 0)
    report: dict[str, Any] = json.loads(written or _NO_REPORT)
    memory = usage.ru_maxrss * _KILOBYTES - report.pop("memory_before")
    return {
        **report,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": memory / _MEGABYTE,
        "seconds": time.monotonic() - started,
    }


def _run_in_fork(
    writing: int, call: Callable[[], dict[str, str]], limits: Mapping[str, int]
) -> None:
    """Run a call in the fork, and end it without Python's own farewells."""
    status = 1
    signal.alarm(_LONGEST)
    try:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTES
        for place, limit in limits.items():
            module, _, name = place.rpartition(".")
            setattr(import_module(module), name, limit)
        report = {**call(), "memory_before": memory}
        with os.fdopen(writing, "w") as stream:
            stream.write(json.dumps(report))
        status = 0
    finally:
        os._exit(status)


def _call(way: str, url: str, settings: Mapping[str, Any]) -> dict[str, str]:
    try:
        said = str(_WAYS[way](url, settings))
    except ClarifaiError as error:
        return {"ended": type(error).__name__, "said": str(error)[:500]}
    return {"ended": "answer", "said": said}


def _build_model(url: str, settings: Mapping[str, Any]) -> ChatClarifai:
    fields = {"max_retries": 0, "cold_start_timeout": 0, "timeout": 30, **settings}
    return ChatClarifai(
        model="gpt-oss-120b", base_url=url, api_key="a-token-of-nobody", **fields
    )


def _invoke(url: str, settings: Mapping[str, Any]) -> int:
    return len(_build_model(url, settings).invoke("Hi").text)


def _ainvoke(url: str, settings: Mapping[str, Any]) -> int:
    return len(asyncio.run(_build_model(url, settings).ainvoke("Hi")).text)


def _stream(url: str, settings: Mapping[str, Any]) -> int:
    return sum(len(chunk.text) for chunk in _build_model(url, settings).stream("Hi"))


def _astream(url: str, settings: Mapping[str, Any]) -> int:
    async def read() -> int:
        chunks = _build_model(url, settings).astream("Hi")
        return sum([len(chunk.text) async for chunk in chunks])

    return asyncio.run(read())


def _list_models(url: str, settings: Mapping[str, Any]) -> int:
    return len(list_models(base_url=url, api_key="a-token-of-nobody", **settings))


_CHAT_WAYS: Final[dict[str, Callable[[str, Mapping[str, Any]], int]]] = {
    "invoke": _invoke,
    "ainvoke": _ainvoke,
    "stream": _stream,
    "astream": _astream,
}
_WAYS: Final = {**_CHAT_WAYS, "list_models": _list_models}

if __name__ == "__main__":
    _answer_requests()
