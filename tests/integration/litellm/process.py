"""LiteLLM in processes of its own: its proxy, and the examples of its page."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from tests.integration.litellm.network import Network

_HERE: Final = Path(__file__).resolve().parent
_START_SECONDS: Final = 300
_STOP_SECONDS: Final = 10

REQUIREMENTS: Final = _HERE / "requirements.txt"
"""What LiteLLM's Python needs."""

TOKEN: Final = "CLARIFAI_API_KEY"
"""The token of the page's examples."""


@contextlib.contextmanager
def serve_proxy(python: Path, network: Network) -> Generator[str]:
    """Start the proxy with the page's configuration, and yield its base URL.

    The URL has no path, as on the page, and says `localhost`.

    Raises:
        RuntimeError: The proxy did not start. Its text holds what it wrote.
    """
    port = _find_free_port()
    command = [str(python.with_name("litellm")), "--config", str(_HERE / "config.yaml")]
    environment = {
        **network.environment,
        "CLARIFAI_PAT": TOKEN,
        # As the page has it there is no master key: any `api_key` will do.
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
    }
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(  # noqa: S603 - no part of the command comes from outside
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            cwd=network.environment["HOME"],
            env=environment,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            _wait(process, f"http://127.0.0.1:{port}/health/liveliness", log)
            yield f"http://localhost:{port}"
        finally:
            _stop(process)


def _find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], url: str, log: IO[str]) -> None:
    give_up_at = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < give_up_at:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(url, timeout=5),  # noqa: S310 - our own server
        ):
            return
        time.sleep(0.1)
    log.seek(0)
    raise RuntimeError(f"LiteLLM's proxy did not start:\n{log.read()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def run_page(python: Path, network: Network, models: Sequence[str]) -> dict[str, Any]:
    """Run the page's examples without a proxy; see `page.py` for what they print.

    Args:
        python: LiteLLM's Python.
        network: What it can reach.
        models: Further models, each to be asked once.

    Raises:
        RuntimeError: They failed. Its text holds what they wrote.
    """
    finished = subprocess.run(  # noqa: S603 - no part of the command comes from outside
        [str(python), str(_HERE / "page.py"), *models],
        cwd=network.environment["HOME"],
        env={**network.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise RuntimeError(f"The page's examples failed:\n{finished.stderr}")
    # LiteLLM may print advice of its own before.
    printed: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return printed
