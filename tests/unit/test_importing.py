"""What takes long to import is imported where frames have room."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from langchain_clarifai._importing import import_with_room

if TYPE_CHECKING:
    from pathlib import Path

resource = pytest.importorskip("resource", reason="Windows tells no page faults")

# Calls a function a thousand times at each of many depths, and keeps how often that
# took a new page of memory. The function's frame is larger than a step of the depth, so
# that some depth has it cross the end of a chunk.
_LOOPS = f"""
from resource import RUSAGE_SELF, getrusage

def call():
    {" = ".join(f"a{number}" for number in range(60))} = None

def count(depth):
    if depth:
        return count(depth - 1)
    before = getrusage(RUSAGE_SELF).ru_minflt
    for _ in range(1000):
        call()
    return getrusage(RUSAGE_SELF).ru_minflt - before

most = max(map(count, range(300)))
"""
_FEW = 500


@pytest.fixture
def loops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module whose import loops over calls at each depth."""
    (tmp_path / "loops_over_calls.py").write_text(_LOOPS, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "loops_over_calls", raising=False)
    return "loops_over_calls"


def test_calls_of_an_imported_module_find_room(loops: str) -> None:
    """None of its loops asks for memory at every turn, however deep it is."""
    module = import_with_room(loops)
    assert module is sys.modules[loops]
    assert module.most < _FEW


@pytest.mark.skipif(
    sys.version_info >= (3, 13) or sys.implementation.name != "cpython",
    reason="such Pythons may keep a chunk for the next call",
)
def test_calls_of_a_module_imported_plainly_do_not(loops: str) -> None:
    """Otherwise nothing of this would be needed."""
    assert __import__(loops).most > _FEW


def test_parent_of_a_module_is_imported_first() -> None:
    """As with any import."""
    assert import_with_room("json.decoder") is json.decoder
