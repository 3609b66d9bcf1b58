"""What every test may ask for, and what no test may see."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.servers.scripted import ScriptedServer
from tests.servers.wire import WireServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOREIGN_PREFIXES = ("CLARIFAI_", "LANGCHAIN_", "LANGSMITH_", "OPENAI_")
_FOREIGN_SUFFIXES = ("_PROXY", "_proxy")


@pytest.fixture(autouse=True)
def _no_foreign_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep a developer's keys, proxies and configuration files out of the tests."""
    for name in list(os.environ):
        if name.startswith(_FOREIGN_PREFIXES) or name.endswith(_FOREIGN_SUFFIXES):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))


@pytest.fixture
def wire() -> Iterator[WireServer]:
    """Serve the bytes that a test has written, and insist that all were foreseen."""
    with WireServer() as server:
        yield server
    assert server.failures == []


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    """Serve a model that behaves."""
    with ScriptedServer() as server:
        yield server
    assert server.failures == []
