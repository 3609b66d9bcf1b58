"""What the tests of agents write into LangChain stays theirs."""

from __future__ import annotations

import pytest
from langchain.chat_models import base


@pytest.fixture(autouse=True)
def _registry_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deep Agents registers us for the whole process when it is given our name."""
    monkeypatch.setattr(base, "_BUILTIN_PROVIDERS", dict(base._BUILTIN_PROVIDERS))
