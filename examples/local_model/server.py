"""A `with` block → a server of the local model that lives as long as the block."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local_model.weights import LocalModelError, get_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "smollm2"
CONTEXT_SIZE = 4096
"""Tokens that prompt and answer may have together."""

_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 5.0


@dataclass(frozen=True)
class LocalModelServer:
    """Where a running server is, and what its model is called."""

    base_url: str
    model: str = MODEL


@contextlib.contextmanager
def local_model_server(
    *, port: int = 0, api_key: str | None = None
) -> Iterator[LocalModelServer]:
    """Serve the local model for the duration of the block.

    Args:
        port: The port to listen on; 0 takes a free one.
        api_key: The key that callers must send; None accepts any.

    Raises:
        LocalModelError: If the weights cannot be had or the server does not start.
    """
    get_weights()
    command = [sys.executable, "-m", "local_model", "--until-stdin-closes"]
    command += ["--port", str(port)]
    command += ["--api-key", api_key] if api_key else []
    process = subprocess.Popen(  # noqa: S603 - fixed words and a number
        command,
        # Its end closes the server, also when we are killed and cannot say goodbye.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    try:
        yield LocalModelServer(_wait_until_ready(process))
    finally:
        _stop(process)


def _wait_until_ready(process: subprocess.Popen[str]) -> str:
    """Return the base URL, which is all that the process prints, once it serves."""
    assert process.stdout  # noqa: S101 - it was asked for
    give_up = threading.Timer(_START_TIMEOUT, process.kill)
    give_up.start()
    try:
        base_url = process.stdout.readline().strip()
    finally:
        give_up.cancel()
    if not base_url:
        raise LocalModelError(
            f"The local model server ended, or was not ready within "
            f"{_START_TIMEOUT:.0f} seconds; it says why above. For its whole log: "
            "`python -m local_model --verbose` in the folder examples."
        )
    return base_url


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
