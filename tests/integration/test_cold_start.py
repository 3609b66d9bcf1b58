"""What a new process imports until it has its first answer, and what it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.clean_process import run_script
from tests.servers.echoing import echo
from tests.servers.wire import Reply, Request, json_reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.wire import WireServer

_SYNC = "ask_sync('a')"
_ASYNC = "asyncio.run(ask('a'))"
_SHOW = "\nprint(sorted(HEAVY & set(sys.modules)))"


def _build_script(calls: str, heavy: set[str]) -> str:
    return f"HEAVY = {heavy!r}\n{calls}{_SHOW}"


@pytest.mark.parametrize(
    ("calls", "heavy"),
    [
        (
            _SYNC,
            {
                "aiohttp",
                "langchain_clarifai._catalogue",
                "langchain_clarifai._errors.classes",
                "langchain_clarifai._errors.conversion",
                "langchain_clarifai._structured.parsers",
                "langchain_clarifai._connections.async_client",
                "openai",
                "tiktoken",
                "transformers",
                "yaml",
            },
        ),
        (
            _ASYNC,
            {
                "langchain_clarifai._catalogue",
                "langchain_clarifai._connections.connections",
                "langchain_clarifai._connections.sync_client",
                "langchain_clarifai._errors.classes",
                "langchain_clarifai._errors.conversion",
                "langchain_clarifai._structured.parsers",
                "openai",
                "tiktoken",
                "transformers",
                "yaml",
            },
        ),
    ],
    ids=["sync", "async"],
)
def test_answer_that_is_good_needs_no_more_than_it_uses(
    wire: WireServer, tmp_path: Path, calls: str, heavy: set[str]
) -> None:
    """Plain and streamed answers come without the SDK, nor what only errors need."""
    wire.handler = echo
    script = _build_script(calls, heavy)
    assert run_script(script, wire.url, tmp_path, strict=False) == "[]\n"


_CATCHING = """
def fail():
    try:
        model.invoke("a")
    except {caught} as error:
        print(type(error).__name__)

import threading
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


@pytest.mark.parametrize("first", ["import openai", "import langchain_clarifai", ""])
@pytest.mark.parametrize(
    "caught",
    [
        "__import__('openai').RateLimitError",
        "__import__('langchain_clarifai').ClarifaiRateLimitError",
        "__import__('langchain_clarifai').ClarifaiError",
    ],
)
def test_error_is_caught_whatever_was_imported_first(
    wire: WireServer, tmp_path: Path, first: str, caught: str
) -> None:
    """The SDK's class and ours fit, in every thread."""
    wire.handler = _refuse
    script = f"{first}\nmodel.max_retries = 0\n" + _CATCHING.format(caught=caught)
    printed = run_script(script, wire.url, tmp_path, strict=False)
    assert printed == "ClarifaiRateLimitError\n" * 2


def test_first_error_in_a_loop_does_not_block_it(
    wire: WireServer, tmp_path: Path
) -> None:
    """The SDK, which the error's class needs, is imported in a thread."""
    pytest.importorskip("blockbuster")
    wire.handler = _refuse
    script = """
from blockbuster import blockbuster_ctx

model.max_retries = 0


async def fail():
    for _ in range(2):
        try:
            await model.ainvoke("a")
        except Exception as error:
            print(type(error).__name__)
        try:
            async for _ in model.astream("a"):
                pass
        except Exception as error:
            print(type(error).__name__)


assert "openai" not in sys.modules
with blockbuster_ctx():
    asyncio.run(fail())
"""
    printed = run_script(script, wire.url, tmp_path, strict=False)
    assert printed == "ClarifaiRateLimitError\n" * 4


def _refuse(_request: Request) -> Reply:
    return json_reply({"error": {"message": "slow down"}}, status=429)
