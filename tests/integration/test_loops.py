"""One model in event loops of every kind, in processes where a warning is an error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.integration.clean_process import run_script
from tests.servers.echoing import echo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.clean_process import RunScript
    from tests.servers.wire import WireServer

# Name, requests that the server must see, script.
_SCRIPTS = (
    (
        "three asyncio.run in a row",
        6,
        """
for number in range(3):
    asyncio.run(ask(str(number)))
""",
    ),
    (
        "sync calls between loops",
        8,
        """
asyncio.run(ask("a"))
ask_sync("b")
asyncio.run(ask("c"))
ask_sync("d")
""",
    ),
    (
        "loops that are shut down by hand",
        4,
        """
for number in range(2):
    loop = asyncio.new_event_loop()
    loop.run_until_complete(ask(str(number)))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
""",
    ),
    (
        "two loops that take turns",
        8,
        """
first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
for loop in (first, second, first, second):
    loop.run_until_complete(ask("a"))
for loop in (first, second):
    loop.run_until_complete(model.aclose())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
""",
    ),
    (
        "a loop that is closed while another runs",
        6,
        """
async def close_another():
    await ask("a")
    await asyncio.to_thread(asyncio.run, ask("b"))
    await ask("c")

asyncio.run(close_another())
""",
    ),
    (
        "sync calls in a loop that runs, as in Jupyter",
        8,
        """
async def run_cell(number):
    ask_sync(f"sync {number}")
    await ask(f"async {number}")

async def run_cells():
    for number in range(2):
        await asyncio.create_task(run_cell(number))

asyncio.run(run_cells())
""",
    ),
    (
        "a loop that still runs in a thread when Python exits",
        2,
        """
import threading
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
asyncio.run_coroutine_threadsafe(ask("a"), loop).result()
""",
    ),
    (
        "a loop that is left open when Python exits",
        2,
        """
loop = asyncio.new_event_loop()
loop.run_until_complete(ask("a"))
""",
    ),
    (
        "generators that are abandoned",
        2,
        """
async def abandon():
    global kept
    async for piece in model.astream("a"):
        break
    kept = model.astream("b")
    await anext(kept)

asyncio.run(abandon())
""",
    ),
    (
        "tasks that are still busy when the main one returns",
        0,
        """
async def leave():
    asyncio.create_task(ask("a"))
    asyncio.create_task(ask("b"))
    await asyncio.sleep(0)

asyncio.run(leave())
""",
    ),
    (
        "async with, and aclose in another loop",
        6,
        """
async def use():
    async with model:
        await ask("a")
    await ask("b")

asyncio.run(use())
asyncio.run(model.aclose())
asyncio.run(ask("c"))
""",
    ),
    (
        "200 tasks at once in a fresh loop",
        200,
        """
from langchain_clarifai._connections import loop_pools

async def rush():
    answers = await asyncio.gather(*(model.ainvoke(str(n)) for n in range(200)))
    assert [answer.text for answer in answers] == [f"echo:{n}" for n in range(200)]
    [table] = loop_pools._tables.values()
    assert len(table.by_key) == 1

asyncio.run(rush())
assert not loop_pools._tables
""",
    ),
)


@pytest.mark.parametrize(
    ("requests", "script"),
    [script[1:] for script in _SCRIPTS],
    ids=[script[0] for script in _SCRIPTS],
)
def test_one_model_in_several_loops_answers_right_and_leaves_no_warning(
    run: RunScript, wire: WireServer, tmp_path: Path, requests: int, script: str
) -> None:
    """Answers are right, each request is sent once, and nothing is complained about."""
    wire.handler = echo
    run(script, wire.url, tmp_path)
    assert len(wire.exchanges) == requests


def test_loops_closed_without_shutdown_answer_right_and_silently(
    wire: WireServer, tmp_path: Path
) -> None:
    """No "Event loop is closed", no "Unclosed client session"; sockets are not kept.

    Python's development mode would name asyncio's transports: a closed loop cannot
    close them any more.
    """
    wire.handler = echo
    script = """
import gc, pathlib
for number in range(20):
    loop = asyncio.new_event_loop()
    loop.run_until_complete(ask(str(number)))
    loop.close()
asyncio.run(ask("last"))
gc.collect()
links = [str(link.readlink()) for link in pathlib.Path("/proc/self/fd").iterdir()
         if link.exists() or link.is_symlink()]
print(sum(link.startswith("socket:") for link in links))
"""
    if sys.platform != "linux":
        script = script[: script.index("gc.collect")] + "print(0)"
    printed = run_script(script, wire.url, tmp_path, strict=False)
    assert printed == "0\n"
    assert len(wire.exchanges) == 42


def test_a_blocking_call_detector_finds_nothing_in_a_fresh_process(
    wire: WireServer, tmp_path: Path
) -> None:
    """The first calls of a process do no disk, DNS or import work on the loop."""
    pytest.importorskip("blockbuster")
    wire.handler = echo
    script = """
from blockbuster import blockbuster_ctx

async def watch():
    with blockbuster_ctx():
        await ask("a")
        await asyncio.gather(*(ask(str(n)) for n in range(5)))
        await model.aclose()

asyncio.run(watch())
"""
    # A name, so that it is looked up.
    run_script(script, wire.url.replace("127.0.0.1", "localhost"), tmp_path)
    assert len(wire.exchanges) == 12


def test_uvloop_serves_as_well(
    run: RunScript, wire: WireServer, tmp_path: Path
) -> None:
    """Another event loop than asyncio's own is used and released alike."""
    pytest.importorskip("uvloop")
    wire.handler = echo
    script = """
import uvloop
for number in range(3):
    uvloop.run(ask(str(number)))
"""
    run(script, wire.url, tmp_path)
    assert len(wire.exchanges) == 6


@pytest.mark.skipif(
    sys.version_info[:3] == (3, 13, 0),
    reason="Python 3.13.0 crashes when httpx's response is closed at exit",
)
def test_sync_generators_abandoned_at_exit_are_silent(
    run: RunScript, wire: WireServer, tmp_path: Path
) -> None:
    """A stream that is half read when Python exits leaves no complaint."""
    wire.handler = echo
    script = """
for piece in model.stream("a"):
    break
kept = model.stream("b")
next(kept)
"""
    run(script, wire.url, tmp_path)
    assert len(wire.exchanges) == 2
