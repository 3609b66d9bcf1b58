"""The users' table of faults names tests, and files of bytes, that there are."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
BYTES: Final = ROOT / "tests" / "wire" / "bytes"

HEADINGS: Final = [
    "Tool calls",
    "Usage and metadata",
    "Reasoning",
    "The stream itself",
    "Errors",
    "What else backends send",
    "What goes out",
]

FIGURES: Final = "Recorded answers"
"""The section whose table is of figures, and names no tests."""

_TEST: Final = re.compile(r"`(?P<path>tests/[\w/]+\.py)::(?P<name>\w+)(?:\[(.+?)\])?`")
_FILE: Final = re.compile(r"\[(\w+\.(?:html|json|sse))-[\w-]+\]`")
_CELL_END: Final = re.compile(r"(?<!\\)\|")


def _read_sections() -> dict[str, list[list[str]]]:
    """Read the rows of each section, without its head."""
    sections: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in (ROOT / "docs" / "wire.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            rows = sections.setdefault(line.removeprefix("## "), [])
        elif line.startswith("|"):
            cells = _CELL_END.split(line)[1:-1]
            rows.append([cell.strip() for cell in cells])
    del sections[FIGURES]
    return {heading: rows[2:] for heading, rows in sections.items()}


SECTIONS: Final = _read_sections()
ROWS: Final = [row for rows in SECTIONS.values() for row in rows]


@functools.cache
def _find_tests(path: str) -> frozenset[str]:
    """Find the tests of a module without importing it."""
    tree = ast.parse((ROOT / path).read_bytes())
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


def test_every_section_is_there_and_has_rows() -> None:
    """Nothing that may arrive, or that goes out, is left out of the table."""
    assert list(SECTIONS) == HEADINGS
    assert all(SECTIONS.values())


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:60] for row in ROWS])
def test_row_says_what_comes_of_it_and_names_tests_that_exist(row: list[str]) -> None:
    """A row is a promise, and its tests show that it is kept."""
    arrives, becomes, tests = row
    named = list(_TEST.finditer(tests))

    assert arrives
    assert becomes
    assert named
    assert _TEST.sub("", tests).replace("<br>", "") == ""
    for test in named:
        assert test["name"] in _find_tests(test["path"])


def test_rows_name_every_file_of_bytes_and_no_other() -> None:
    """A fault that is tested is told of."""
    named = {name for row in ROWS for name in _FILE.findall(row[2])}

    assert named == {
        path.name
        for path in BYTES.iterdir()
        if path.suffix in {".html", ".json", ".sse"}
    }
