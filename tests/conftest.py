"""What every test may ask for, and what no test may see."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.servers.scripted import ScriptedServer
from tests.servers.wire import WireServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Random examples: few while one works, many in `make fuzz`. A busy machine makes any
# example slow, so none has a deadline.
settings.register_profile("quick", max_examples=25, deadline=None)
settings.register_profile("fuzz", max_examples=1_000, deadline=None)
settings.load_profile("quick")

_INTEGRATION = "tests/integration/"
# Folders whose files share a server that takes seconds to start.
_SHARED_SERVERS = (f"{_INTEGRATION}litellm/", f"{_INTEGRATION}observability/")

_FOREIGN_PREFIXES = ("CLARIFAI_", "LANGCHAIN_", "LANGSMITH_", "OPENAI_")
_FOREIGN_SUFFIXES = ("_PROXY", "_proxy")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Keep together what shares a server, where several processes run the tests.

    A file's tests stay in one process, and all that ask the local model: there is one.
    What takes longest comes first, so that no process is left with it at the end.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_choose_group(item)))
    if hasattr(config, "workerinput"):
        items.sort(key=_is_quick)


def _choose_group(item: pytest.Item) -> str:
    if item.get_closest_marker("local_model"):
        return "local_model"
    path = item.nodeid.split("::")[0]
    return next((folder for folder in _SHARED_SERVERS if path.startswith(folder)), path)


def _is_quick(item: pytest.Item) -> tuple[bool, bool]:
    is_local = item.get_closest_marker("local_model") is not None
    return not is_local, not item.nodeid.startswith(_INTEGRATION)


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
