"""The README does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.feature_table import FEATURES

if TYPE_CHECKING:
    from tests.servers.scripted import ScriptedServer

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
LINKS = re.findall(r"\]\(([^)#:]+)\)", TEXT)


def test_python_blocks_run_in_order(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every Python block runs as written, each after those above it."""
    host = scripted.url.removesuffix("/v2/ext/openai/v1")
    monkeypatch.setenv("CLARIFAI_PAT", "a-token")
    monkeypatch.setenv("CLARIFAI_API_BASE", host)
    namespace: dict[str, Any] = {}
    assert len(BLOCKS) > 8
    for block in BLOCKS:
        exec(compile(block, str(README), "exec"), namespace)  # noqa: S102 - our own text


@pytest.mark.parametrize("link", LINKS)
def test_relative_links_lead_somewhere(link: str) -> None:
    """Every link to a file of the repository has its file."""
    assert (README.parent / link).exists()


def test_feature_table_is_that_of_the_script() -> None:
    """The table lists the features of `make feature-table`, none more and none less."""
    section = TEXT.partition("<!-- features -->")[2].partition("<!-- /features -->")[0]
    rows = re.findall(r"^\| (.*?) \| \d+ \|$", section, re.MULTILINE)
    assert rows == list(FEATURES)
