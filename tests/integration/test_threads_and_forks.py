"""One model in threads and in processes that were forked or spawned."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.integration.clean_process import PRELUDE, run_script
from tests.servers.echoing import echo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.clean_process import RunScript
    from tests.servers.wire import WireServer

_THREADS = (
    (
        "16 threads with a loop each",
        32,
        """
from concurrent.futures import ThreadPoolExecutor
from langchain_clarifai._connections import loop_pools

with ThreadPoolExecutor(16) as executor:
    list(executor.map(lambda n: asyncio.run(ask(str(n))), range(16)))
assert not loop_pools._tables
""",
    ),
    (
        "16 threads with sync calls",
        128,
        """
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(16) as executor:
    list(executor.map(lambda n: ask_sync(str(n)), range(64)))
""",
    ),
    (
        "threads and a loop at once",
        40,
        """
async def both():
    threads = [asyncio.to_thread(ask_sync, f"t{n}") for n in range(10)]
    await asyncio.gather(*threads, *(ask(f"l{n}") for n in range(10)))

asyncio.run(both())
""",
    ),
)

_FORK = """
import os

def fork(work):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            END(status)
    _, status = os.waitpid(child, 0)
    assert status == 0

def work():
    ask_sync("child")
    asyncio.run(ask("child"))
"""
_FORKS = (
    (
        "a prefork worker that built its model before the fork",
        16,
        """
for number in range(4):
    fork(work)
""",
    ),
    (
        "a fork while pools are open, the parent going on",
        12,
        """
ask_sync("parent")
loop = asyncio.new_event_loop()
loop.run_until_complete(ask("parent"))
fork(work)
ask_sync("parent")
loop.run_until_complete(ask("parent"))
loop.run_until_complete(loop.shutdown_asyncgens())
loop.run_until_complete(loop.shutdown_default_executor())
loop.close()
""",
    ),
    (
        "a fork within a loop and within streams",
        10,
        """
import threading

def work_in_thread():
    # The loop that the child inherited still counts as running in its main thread.
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

async def fork_in_loop():
    pieces, kept = model.astream("a"), model.stream("b")
    text, other = (await anext(pieces)).text, next(kept).text
    fork(work_in_thread)
    text += "".join([piece.text async for piece in pieces])
    other += "".join(piece.text for piece in kept)
    assert (text, other) == ("echo:a", "echo:b")
    await ask("c")
    ask_sync("d")

asyncio.run(fork_in_loop())
""",
    ),
    (
        "a fork while a thread holds the locks",
        4,
        """
from langchain_clarifai._transport import calls
from langchain_clarifai._connections import loop_pools, pools, warm_up

with pools._lock, loop_pools._lock, warm_up._tls_lock:
    fork(work)
""",
    ),
)


@pytest.mark.parametrize(
    ("requests", "script"),
    [script[1:] for script in _THREADS],
    ids=[script[0] for script in _THREADS],
)
def test_one_model_in_threads_answers_right_and_leaves_no_warning(
    run: RunScript, wire: WireServer, tmp_path: Path, requests: int, script: str
) -> None:
    """Answers are right, each request is sent once, and nothing is complained about."""
    wire.handler = echo
    run(script, wire.url, tmp_path)
    assert len(wire.exchanges) == requests


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("end", ["os._exit", "sys.exit"])
@pytest.mark.parametrize(
    ("requests", "script"),
    [script[1:] for script in _FORKS],
    ids=[script[0] for script in _FORKS],
)
def test_one_model_on_both_sides_of_a_fork_answers_right_and_leaves_no_warning(
    run: RunScript,
    wire: WireServer,
    tmp_path: Path,
    *,
    end: str,
    requests: int,
    script: str,
) -> None:
    """Parent and child use connections of their own, and the parent's stay open."""
    if end == "sys.exit" and "fork_in_loop" in script:
        pytest.skip("leaving a loop by sys.exit is no way to leave a child")
    wire.handler = echo
    # From Python 3.12 on a fork beside threads is itself warned about.
    allowed = "import warnings\nwarnings.filterwarnings('ignore', '.*multi-threaded')\n"
    run(allowed + _FORK.replace("END", end) + script, wire.url, tmp_path)
    assert len(wire.exchanges) == requests


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_one_model_in_worker_processes_answers_right(
    wire: WireServer, tmp_path: Path, how: str
) -> None:
    """A pool of processes, forked or spawned, gets the model as its argument."""
    if how == "fork" and not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    wire.handler = echo
    prelude = PRELUDE.replace(
        'URL = sys.argv[1]\nmodel = ChatClarifai(model="gpt-oss-120b", base_url=URL, '
        'api_key="token")\n',
        "",
    )
    script = f"""
import multiprocessing

def work(arguments):
    global model
    model, text = arguments
    ask_sync(text)
    asyncio.run(ask(text))

if __name__ == "__main__":
    model = ChatClarifai(model="gpt-oss-120b", base_url=sys.argv[1], api_key="token")
    ask_sync("parent")
    pool = multiprocessing.get_context({how!r}).Pool(2)
    pool.map(work, [(model, str(number)) for number in range(4)])
    pool.close()
    pool.join()
    ask_sync("parent")
"""
    run_script(script, wire.url, tmp_path, prelude=prelude)
    assert len(wire.exchanges) == 20
