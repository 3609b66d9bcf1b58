"""A folder → a Python of its own, with Clarifai's model runner installed.

`python tests/integration/runner/environment.py` makes it ahead of time. It is made once
and used again until the requirements change.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).resolve().parent
_REQUIREMENTS: Final = _HERE / "requirements.txt"
_DEFAULT_FOLDER: Final = _HERE.parents[2] / ".cache" / "runner"

FOLDER_VARIABLE: Final = "LANGCHAIN_CLARIFAI_RUNNER_ENVIRONMENT"
"""Where the environment is kept, when not in the project's `.cache`."""


def provide_python(folder: Path | None = None) -> Path:
    """Find the runner's Python; make its environment when it is not there yet.

    Raises:
        RuntimeError: The environment cannot be made. Its text holds the installer's.
    """
    folder = folder or Path(os.environ.get(FOLDER_VARIABLE) or _DEFAULT_FOLDER)
    python = _find_python(folder)
    stamp = folder / "requirements.sha256"
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    for command in _build_commands(folder, python):
        _run(command)
    stamp.write_text(wanted)
    return python


def _find_python(folder: Path) -> Path:
    parts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return folder.joinpath(*parts)


def _build_commands(folder: Path, python: Path) -> list[list[str]]:
    if uv := os.environ.get("UV") or shutil.which("uv"):
        make = [uv, "venv", "--clear", "--python", sys.executable, str(folder)]
        install = [uv, "pip", "install", "--python", str(python)]
    else:
        make = [sys.executable, "-m", "venv", "--clear", str(folder)]
        install = [str(python), "-m", "pip", "install"]
    return [make, [*install, "--quiet", "--requirement", str(_REQUIREMENTS)]]


def _run(command: list[str]) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no part of the command comes from outside
    if finished.returncode:
        text = f"{' '.join(command)} failed:\n{finished.stdout}{finished.stderr}"
        raise RuntimeError(text)


if __name__ == "__main__":
    print(provide_python())
