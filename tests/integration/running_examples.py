"""An example's file → what it prints, run as a user would run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = ROOT / "examples"

GPT_OSS: Final = "https://clarifai.com/openai/chat-completion/models/gpt-oss-120b"
"""The model of most examples, as it goes over the wire."""

# Strict about everything that Python can complain of, such as a socket left open.
COMMAND: Final = (sys.executable, "-X", "dev", "-W", "error")

_NEEDED: Final = ("PATH", "SYSTEMROOT", "TEMP")

# asyncio's part of `-X dev` reports steps of over 0.1 s; that a machine has much else
# to do is no fault of an example.
_SLOW_STEP: Final = re.compile(r"Executing <.*> took \d+\.\d+ seconds\n")


def build_environment(home: Path, api_base: str, **variables: str) -> dict[str, str]:
    """Build an environment that has nothing of the developer's in it."""
    return {
        **{name: os.environ[name] for name in _NEEDED if name in os.environ},
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PYTHONUTF8": "1",
        "CLARIFAI_PAT": "a-token",
        "CLARIFAI_API_BASE": api_base,
        **variables,
    }


def run_example(
    name: str, home: Path, api_base: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run an example to its end.

    Args:
        name: Its file, in the folder of the examples.
        home: The home of a user who has no settings.
        api_base: Where the model is, as `CLARIFAI_API_BASE` names it.
        **variables: Further variables of its environment.
    """
    run = subprocess.run(  # noqa: S603 - the project's own file
        [*COMMAND, f"examples/{name}"],
        cwd=ROOT,
        env=build_environment(home, api_base, **variables),
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    run.stderr = _SLOW_STEP.sub("", run.stderr)
    return run


def read_output(name: str, home: Path, api_base: str, **variables: str) -> str:
    """Run an example that must succeed and complain of nothing; return its output."""
    run = run_example(name, home, api_base, **variables)
    assert run.stderr == ""
    assert run.returncode == 0
    return run.stdout
