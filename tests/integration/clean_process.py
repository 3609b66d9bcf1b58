"""A script → what it printed, in a fresh Python where any warning is an error."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

RunScript: TypeAlias = Callable[[str, str, Path], None]

_STRICT: Final = ("-X", "dev", "-W", "error")

PRELUDE: Final = '''
import asyncio
import sys

from langchain_clarifai import ChatClarifai

URL = sys.argv[1]
model = ChatClarifai(model="gpt-oss-120b", base_url=URL, api_key="token")


def ask_sync(text):
    """Ask twice, plain and streamed."""
    assert model.invoke(text).text == "echo:" + text
    assert "".join(piece.text for piece in model.stream(text)) == "echo:" + text


async def ask(text):
    """Ask twice, plain and streamed."""
    assert (await model.ainvoke(text)).text == "echo:" + text
    pieces = [piece.text async for piece in model.astream(text)]
    assert "".join(pieces) == "echo:" + text
'''


@contextmanager
def warm_python() -> Iterator[RunScript]:
    """Start a Python that turns warnings into errors; yield what runs scripts in it.

    Each script runs in a fork of it, which has imported the package already: that takes
    seconds in development mode. The fork ends as any Python does.
    """
    with subprocess.Popen(  # noqa: S603 - the script is our own
        [sys.executable, *_STRICT, "-c", _FORKING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def run(script: str, url: str, directory: Path) -> None:
            path = _write(PRELUDE + script, directory)
            errors = directory / "stderr"
            status = _ask(process, f"{path} {url} {errors}\n")
            _check(status, errors.read_text(encoding="utf-8"))

        try:
            yield run
        finally:
            process.communicate()


# It reads a line for each script, runs it in a child, and writes the child's status.
_FORKING: Final = """
import os, sys
from langchain_clarifai._transport import calls

for line in sys.stdin:
    path, url, errors = line.split()
    child = os.fork()
    if child == 0:
        nothing = os.open(os.devnull, os.O_RDWR)
        files = [nothing, os.open(errors, os.O_CREAT | os.O_WRONLY)]
        os.dup2(files[0], 0)
        os.dup2(files[0], 1)
        os.dup2(files[1], 2)
        for file in files:
            os.close(file)
        sys.argv = [path, url]
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
with open(path) as file:
    script = compile(file.read(), path, "exec")
exec(script)
"""


def _ask(process: subprocess.Popen[str], line: str) -> int:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("The process has no pipes.")
    process.stdin.write(line)
    process.stdin.flush()
    return int(process.stdout.readline())


def run_script(
    script: str,
    url: str,
    directory: Path,
    *,
    strict: bool = True,
    prelude: str = PRELUDE,
) -> str:
    """Run a script in a process of its own and return what it printed.

    Args:
        script: What follows the prelude, which makes `model`, `ask` and `ask_sync`.
        url: The server's base URL.
        directory: Where the script's file may be.
        strict: Whether Python runs in development mode with warnings as errors.
        prelude: What comes first.
    """
    path = _write(prelude + script, directory)
    process = subprocess.run(  # noqa: S603 - the script is a test's own
        [sys.executable, *(_STRICT if strict else ()), str(path), url],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    _check(process.returncode, process.stderr)
    return process.stdout


def _write(script: str, directory: Path) -> Path:
    path = directory / "script.py"
    path.write_text(script, encoding="utf-8")
    return path


def _check(status: int, errors: str) -> None:
    # asyncio's development mode tells of callbacks that took long, as they do on a
    # machine that is busy.
    lines = [line for line in errors.splitlines() if not line.startswith("Executing ")]
    assert lines == [], errors
    assert status == 0
