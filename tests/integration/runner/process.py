"""A backend's base URL → the base URL of Clarifai's runner in front of it."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

_HERE: Final = Path(__file__).resolve().parent
_GATEWAY: Final = _HERE / "gateway.py"
_STOP_SECONDS: Final = 10

REQUIREMENTS: Final = _HERE / "requirements.txt"
"""What the gateway's Python needs."""


@contextlib.contextmanager
def serve_runner(python: Path, backend_url: str, model: str) -> Generator[str]:
    """Run the gateway in a process of its own, and yield its base URL.

    Raises:
        RuntimeError: The process ended at once. Its text holds what it wrote.
    """
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(  # noqa: S603 - no part of the command comes from outside
            [str(python), str(_GATEWAY), backend_url, model],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        with process:
            try:
                yield _read_url(process, log.fileno())
            finally:
                _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _read_url(process: subprocess.Popen[str], log: int) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if line.startswith("http"):
        return line.strip()
    process.wait(_STOP_SECONDS)
    with open(log, closefd=False) as written:
        written.seek(0)
        raise RuntimeError(f"The runner did not start:\n{line}{written.read()}")
