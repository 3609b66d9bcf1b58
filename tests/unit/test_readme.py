"""The README does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.feature_table import FEATURES
from tests.documents import read_blocks, read_links, run_blocks, use_server

if TYPE_CHECKING:
    from tests.servers.scripted import ScriptedServer

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text("utf-8")


def test_python_blocks_run_in_order(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every Python block runs as written, each after those above it."""
    use_server(scripted, monkeypatch)
    assert len(read_blocks(README)) > 8
    run_blocks(README, tmp_path)


@pytest.mark.parametrize("link", read_links(README))
def test_relative_links_lead_somewhere(link: str) -> None:
    """Every link to a file of the repository has its file."""
    assert (README.parent / link).exists()


def test_feature_table_is_that_of_the_script() -> None:
    """The table lists the features of `make feature-table`, none more and none less."""
    section = TEXT.partition("<!-- features -->")[2].partition("<!-- /features -->")[0]
    rows = re.findall(r"^\| (.*?) \| \d+ \|$", section, re.MULTILINE)
    assert rows == list(FEATURES)
