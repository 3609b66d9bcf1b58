"""Check `tests/typing` as its author would: with mypy and pyright, both strict.

Run by `make typecheck-users` with the package as it is installed, and by `make wheel`
with the wheel. Without `py.typed` the checkers would take everything for Any, and the
mistakes would not be found.

Usage: check_user_types.py [PYTHON]
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PROJECT: Final = ROOT / "tests" / "typing"
BIN: Final = Path(sys.executable).parent
EXPECTED: Final = re.compile(r"# error: ([\w-]+), (\w+)$")
MYPY_ERROR: Final = re.compile(r"^([\w.]+):(\d+): error: .*\[([\w-]+)\]$", re.MULTILINE)

Report = set[tuple[str, int, str]]
"""File, line and name of each error."""


def read_expected() -> tuple[Report, Report]:
    """Read the errors that the files announce: mypy's and pyright's."""
    mypy: Report = set()
    pyright: Report = set()
    for path in sorted(PROJECT.glob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if match := EXPECTED.search(line):
                mypy.add((path.name, number, match[1]))
                pyright.add((path.name, number, match[2]))
    return mypy, pyright


def _run(*command: str | Path) -> str:
    done = subprocess.run(  # noqa: S603 - commands of this file
        [str(part) for part in command],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1} or done.stderr:
        sys.exit(f"{command[0]} did not run:\n{done.stdout}{done.stderr}")
    return done.stdout


def run_mypy(python: str) -> Report:
    """Check with mypy; its cache is not the one of `make typecheck`."""
    options = ("--python-executable", python, "--show-error-codes", "--no-pretty")
    cache = ("--cache-dir", ROOT / ".cache" / "mypy-users")
    output = _run(BIN / "mypy", *options, *cache, "--no-color-output", ".")
    return {
        (match[1], int(match[2]), match[3]) for match in MYPY_ERROR.finditer(output)
    }


def run_pyright(python: str) -> Report:
    """Check with pyright."""
    output = _run(BIN / "pyright", "--pythonpath", python, "--outputjson", ".")
    return {
        (
            Path(found["file"]).name,
            found["range"]["start"]["line"] + 1,
            found.get("rule", "unknown"),
        )
        for found in json.loads(output)["generalDiagnostics"]
        if found["severity"] != "information"
    }


def compare(checker: str, found: Report, expected: Report) -> list[str]:
    """List what was found and not expected, and the other way round."""
    return [
        f"{checker}: {'unexpected' if one in found else 'not found'}: "
        f"{one[0]}:{one[1]} {one[2]}"
        for one in sorted(found ^ expected)
    ]


def main() -> None:
    """Check, compare, tell."""
    python = sys.argv[1] if sys.argv[1:] else sys.executable
    mypy, pyright = read_expected()
    if not mypy:
        sys.exit("No mistake is expected: nothing would show that they are found.")
    differences = compare("mypy", run_mypy(python), mypy)
    differences += compare("pyright", run_pyright(python), pyright)
    if differences:
        sys.exit("\n".join(differences))
    print(  # noqa: T201 - for a person
        f"mypy and pyright, strict: no error but the {len(mypy)} expected ones"
    )


if __name__ == "__main__":
    main()
