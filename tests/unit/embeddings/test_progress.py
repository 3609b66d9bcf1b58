"""How many texts are done → a bar, or nothing."""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from langchain_clarifai._embeddings.progress import Progress

if TYPE_CHECKING:
    import pytest


class _Bar:
    """A bar that remembers what it was told."""

    def __init__(self, **settings: Any) -> None:
        self.told: list[Any] = [settings["total"]]

    def update(self, count: int) -> None:
        self.told.append(count)

    def close(self) -> None:
        self.told.append("closed")


def test_bar_advances_by_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tqdm's, and it is closed in the end."""
    bars: list[_Bar] = []

    def build(**settings: Any) -> _Bar:
        bars.append(_Bar(**settings))
        return bars[-1]

    monkeypatch.setitem(sys.modules, "tqdm.auto", SimpleNamespace(tqdm=build))
    progress = Progress(5, is_shown=True)
    progress.advance(3)
    progress.advance(2)
    progress.close()
    assert [bar.told for bar in bars] == [[5, 3, 2, "closed"]]


def test_without_tqdm_a_line_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bar is no reason to fail."""
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with caplog.at_level(logging.WARNING):
        progress = Progress(5, is_shown=True)
    progress.advance(5)
    progress.close()
    assert "tqdm" in caplog.text


def test_no_bar_needs_no_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not even imported."""
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    Progress(5, is_shown=False).advance(5)
