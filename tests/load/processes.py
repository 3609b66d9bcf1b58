"""A module of these tests → a process that runs it, and its input and output."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def piped_module(name: str) -> Iterator[tuple[IO[str], IO[str]]]:
    """Run a module; yield its input, whose end ends it, and its output."""
    with subprocess.Popen(  # noqa: S603 - a module of ours
        [sys.executable, "-m", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError(f"The process of {name} has no pipes.")
        try:
            yield process.stdin, process.stdout
        finally:
            process.stdin.close()
