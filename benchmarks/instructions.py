"""Counts the instructions of a small fixed run: valgrind's totals → what moved.

The counts hardly depend on the machine, so they show what a change costs where times
are too noisy. It is a report, not a gate. `--save` keeps the new counts beside this
file.

One process runs under valgrind, imports the client once, and forks for each part of
the run. Each part is run at two sizes, and the difference counts, so that neither the
start nor the import does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from clients import CONCURRENT_REQUESTS, IMPORTS, build_call
from compared import (
    build_compared_python,
    build_variables,
    read_compared_versions,
)
from processes import run_server
from report import OURS, build_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from clients import Call

KEPT = Path(__file__).with_name("instructions.json")
IMPORT = f"import of {OURS}"
AT_ONCE = f"request, {CONCURRENT_REQUESTS} at once, async"
# What is run: name → scenario, units in a run, how often in the smaller and larger run.
PARTS = {
    "request": ("plain-200-0", 1, (1, 11)),
    AT_ONCE: ("plain-200-0", CONCURRENT_REQUESTS, (1, 9)),
    "streamed chunk": ("text-1000-0", 1000, (1, 2)),
    "tool-call chunk": ("tool-1000-0", 1000, (1, 2)),
}


def run_part(server: str, name: str, scenario: str, count: int) -> None:
    """Send a scenario's request a number of times, and read the answers."""
    call = build_call(OURS, server, scenario)
    if name == AT_ONCE:
        # Not above, for the import of the client shall count it.
        import asyncio

        asyncio.run(send_at_once(call, count))
        return
    for _ in range(count):
        if scenario.startswith("plain"):
            call.request()
        else:
            for _chunk in call.stream():
                pass


async def send_at_once(call: Call, count: int) -> None:
    """Send many requests at once, a number of times."""
    import asyncio

    for _ in range(count):
        await asyncio.gather(*(call.arequest() for _ in range(CONCURRENT_REQUESTS)))


def fork(name: str, part: Callable[[], object]) -> None:
    """Run a part in a child, and print the child's name and process id."""
    child = os.fork()
    if not child:
        part()
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    if status:
        raise SystemExit(f"{name} failed")
    print(f"{child} {name}", flush=True)


def run_parts(client: str, server: str) -> None:
    """Run all parts; this is what valgrind watches."""
    statement = IMPORTS[client]
    fork(f"{IMPORT} 0", lambda: None)
    fork(f"{IMPORT} 1", lambda: exec(statement, {}))  # noqa: S102  (our own code)
    for scenario in ("plain-200-0", "text-10-0", "tool-10-0"):
        run_part(server, "", scenario, 1)
    run_part(server, AT_ONCE, "plain-200-0", 1)
    for name, (scenario, _units, counts) in PARTS.items():
        for count in counts:
            part = partial(run_part, server, name, scenario, count)
            fork(f"{name} {count}", part)


def count_instructions(python: str) -> dict[str, float]:
    """Count the instructions per unit of each part."""
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server(python, "server.py") as server,
    ):
        command = ["valgrind", "--quiet", "--tool=callgrind"]
        command += [f"--callgrind-out-file={folder}/%p", python, __file__]
        output = subprocess.check_output(  # noqa: S603  (our own command)
            [*command, "--watched", server],
            env=build_variables(),
            text=True,
        )
        totals: dict[str, int] = {}
        for line in output.splitlines():
            process, _, name = line.partition(" ")
            counts = Path(folder, process).read_text(encoding="utf-8")
            totals[name] = int(counts.rpartition("totals: ")[2].split()[0])
    instructions = {IMPORT: float(totals[f"{IMPORT} 1"] - totals[f"{IMPORT} 0"])}
    for name, (_scenario, units, (small, large)) in PARTS.items():
        difference = totals[f"{name} {large}"] - totals[f"{name} {small}"]
        instructions[name] = difference / (large - small) / units
    return instructions


def build_change(now: float, before: float | None) -> list[str]:
    """Build the cells of one count."""
    if before is None:
        return [f"{now:,.0f}", "", "new"]
    return [f"{now:,.0f}", f"{before:,.0f}", f"{now / before - 1:+.1%}"]


def main() -> None:
    """Count, print the change against the kept counts, and keep them if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", action="store_true", help="keep the new counts")
    parser.add_argument("--watched", metavar="SERVER", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.watched:
        run_parts(OURS, arguments.watched)
        return
    if not shutil.which("valgrind"):
        sys.exit("valgrind is not installed, so instructions cannot be counted.")
    python = build_compared_python("langchain")
    versions = {"python": platform.python_version(), **read_compared_versions(python)}
    instructions = count_instructions(python)
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    before = kept.get("instructions", {})
    rows = [["instructions per unit", "now", "kept", "change"]]
    rows += [[n, *build_change(c, before.get(n))] for n, c in instructions.items()]
    print(build_table(rows))
    if kept and kept["versions"] != versions:
        print(f"Other versions than those kept: {kept['versions']}, now {versions}")
    if arguments.save:
        counts = {"versions": versions, "instructions": instructions}
        KEPT.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
