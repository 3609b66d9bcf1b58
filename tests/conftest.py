"""What every test may ask for, and what no test may see."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from langchain_clarifai._transport import retries
from tests.servers.scripted import ScriptedServer
from tests.servers.wire import WireServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Random examples: few in `make unit`, many in `make fuzz`. A busy machine makes any
# example slow, so none has a deadline.
settings.register_profile("few", max_examples=10, deadline=None)
settings.register_profile("quick", max_examples=25, deadline=None)
settings.register_profile("fuzz", max_examples=1_000, deadline=None)
settings.load_profile("quick")

_INTEGRATION = "tests/integration/"
# Folders whose files share a server that takes seconds to start.
_SHARED_SERVERS = (f"{_INTEGRATION}litellm/", f"{_INTEGRATION}observability/")

_FOREIGN_PREFIXES = ("CLARIFAI_", "LANGCHAIN_", "LANGSMITH_", "OPENAI_")
_OWN_PREFIX = "LANGCHAIN_CLARIFAI_"
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


@pytest.fixture(scope="session", autouse=True)
def _no_foreign_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep a developer's keys, proxies and configuration files out of the tests.

    Their home is not there. A browser may make it, but no test writes settings to it.
    """
    no_home = tmp_path_factory.getbasetemp() / "home"
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in filter(_is_foreign, list(os.environ)):
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(no_home))
        monkeypatch.setenv("USERPROFILE", str(no_home))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(no_home / ".config"))
        yield
    assert not (no_home / ".config" / "clarifai").exists()


def _is_foreign(name: str) -> bool:
    if name.startswith(_OWN_PREFIX):  # they say how the tests are to run
        return False
    return name.startswith(_FOREIGN_PREFIXES) or name.endswith(_FOREIGN_SUFFIXES)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a test a home to write to."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries begin with a wait of 20 ms instead of half a second."""
    monkeypatch.setattr(retries, "_SOON_WAIT", 0.02)
    monkeypatch.setattr(retries, "_COLD_START_WAIT", 0.02)
    monkeypatch.setattr(retries, "_LATER", 0.01)


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
