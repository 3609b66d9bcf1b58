"""Live tests see the real token, and are left out where there is none."""

from __future__ import annotations

import os
from typing import Final

import pytest

TOKEN: Final = os.environ.get("CLARIFAI_PAT", "")
MODEL: Final = (
    os.environ.get("CLARIFAI_MODEL") or "openai/chat-completion/models/gpt-oss-120b"
)
IS_LIVE: Final = bool(TOKEN and os.environ.get("LANGCHAIN_CLARIFAI_LIVE"))

collect_ignore_glob = [] if IS_LIVE else ["test_*.py"]


@pytest.fixture(autouse=True)
def _real_token(_no_foreign_settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give back what the other tests are kept away from."""
    monkeypatch.setenv("CLARIFAI_PAT", TOKEN)


@pytest.fixture
def live_model() -> str:
    """Name the model that is asked."""
    return MODEL
