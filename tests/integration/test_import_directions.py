"""A wrong import fails lint with a sentence that says why."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

pytest.importorskip("importlinter", reason="`make lint` installs import-linter")

ROOT: Final = Path(__file__).parents[2]
LINT: Final = (
    "from importlinter.cli import lint_imports_command; lint_imports_command()"
)
WRONG: Final = {
    "between wings": (
        "_answer/usage.py",
        "from langchain_clarifai._transport import calls",
        "Between wings imports run one way: each uses those below it, never those",
    ),
    "inside a wing": (
        "_answer/usage.py",
        "from langchain_clarifai._answer import choice",
        "which does not know which of the two it serves, so that they cannot differ",
    ),
    "an HTTP library": (
        "_transport/retries.py",
        "import httpx2",
        "openai 2 and 3 use different HTTP libraries, so neither is imported as such",
    ),
}


@pytest.mark.parametrize(("module", "line", "reason"), WRONG.values(), ids=WRONG)
def test_wrong_import_is_refused_with_the_reason(
    tmp_path: Path, module: str, line: str, reason: str
) -> None:
    """Whoever wrote it need not look up what the rule is."""
    package = tmp_path / "langchain_clarifai"
    shutil.copytree(
        ROOT / package.name, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (package / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")

    linted = subprocess.run(  # noqa: S603 - this Python, and a constant
        [sys.executable, "-c", LINT],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert linted.returncode == 1, linted.stderr
    assert reason in linted.stdout
    assert "BROKEN" in linted.stdout
