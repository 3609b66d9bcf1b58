"""A name and a list of requirements → a Python of its own that has them installed.

For servers whose pins differ from ours. An environment is made once, under the
project's `.cache`, and used again until its requirements change.

`python -m tests.servers.environment NAME REQUIREMENTS` makes one ahead of time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_CACHE: Final = Path(__file__).resolve().parents[2] / ".cache"


def provide_python(name: str, requirements: Path) -> Path:
    """Find the Python of an environment; make the environment when it is not there.

    `LANGCHAIN_CLARIFAI_{NAME}_ENVIRONMENT` says where it is kept, when not in the
    project's `.cache`.

    Raises:
        RuntimeError: The environment cannot be made. Its text holds the installer's.
    """
    elsewhere = os.environ.get(f"LANGCHAIN_CLARIFAI_{name.upper()}_ENVIRONMENT")
    folder = Path(elsewhere or _CACHE / name)
    python = _find_python(folder)
    stamp = folder / "requirements.sha256"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    for command in _build_commands(folder, python, requirements):
        _run(command)
    stamp.write_text(wanted)
    return python


def _find_python(folder: Path) -> Path:
    parts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return folder.joinpath(*parts)


def _build_commands(folder: Path, python: Path, requirements: Path) -> list[list[str]]:
    if uv := os.environ.get("UV") or shutil.which("uv"):
        make = [uv, "venv", "--clear", "--python", sys.executable, str(folder)]
        # As pip does by itself: large servers start in a fraction of the time.
        install = [uv, "pip", "install", "--compile-bytecode", "--python", str(python)]
    else:
        make = [sys.executable, "-m", "venv", "--clear", str(folder)]
        install = [str(python), "-m", "pip", "install"]
    return [make, [*install, "--quiet", "--requirement", str(requirements)]]


def _run(command: list[str]) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no part of the command comes from outside
    if finished.returncode:
        text = f"{' '.join(command)} failed:\n{finished.stdout}{finished.stderr}"
        raise RuntimeError(text)


if __name__ == "__main__":
    print(provide_python(sys.argv[1], Path(sys.argv[2])))
