"""A script of this folder that serves → its URL, as long as it runs.

Servers of benchmarks run in processes of their own, so that they share no thread with
what is measured. Each prints its port, and ends when its standard input closes.
"""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def run_server(python: str, script: str, *arguments: str) -> Iterator[str]:
    """Run a script that prints its port, and get the URL of its server."""
    process = subprocess.Popen(  # noqa: S603  (our own command)
        [python, str(Path(__file__).with_name(script)), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout  # noqa: S101  (for the types)
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.communicate()
