"""The README does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.servers.scripted import ScriptedServer

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)


def test_python_blocks_run_in_order(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every Python block runs as written, each after those above it."""
    monkeypatch.setenv("CLARIFAI_PAT", "a-token")
    monkeypatch.setenv("CLARIFAI_API_BASE", scripted.url.removesuffix("/v2/ext/openai/v1"))
    namespace: dict[str, Any] = {}
    assert len(BLOCKS) > 8
    for block in BLOCKS:
        exec(compile(block, str(README), "exec"), namespace)  # noqa: S102 - our own text


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README.read_text("utf-8")))
def test_relative_links_lead_somewhere(link: str) -> None:
    """Every link to a file of the repository has its file."""
    assert (README.parent / link).exists()
