"""What checks of a stand-in share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from langchain_clarifai._check import chat_probes
from langchain_clarifai._check.command import main
from langchain_clarifai._check.probes import MOST_REQUESTS
from tests.servers.gateway import TOKEN, Gateway, Outcomes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(params=[[], ["--async"]], ids=["sync", "async"])
def way(request: pytest.FixtureRequest) -> list[str]:
    """Run each check on both kinds of calls."""
    arguments: list[str] = request.param
    return arguments


@pytest.fixture(autouse=True)
def _token_and_short_waits(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue("short_waits")
    monkeypatch.setenv("CLARIFAI_PAT", TOKEN)
    monkeypatch.setattr(chat_probes, "_WAITS", (0.01, 0.02))


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Check a gateway with these outcomes; return the report."""

    def run(outcomes: Outcomes, *arguments: str, code: int = 0) -> dict[str, Any]:
        path = tmp_path / "report.json"
        with Gateway(outcomes) as gateway:
            options = ["--yes", "--base-url", gateway.url, "--report", str(path)]
            assert main(["check", *options, *arguments]) == code
        assert len(gateway.requests) <= MOST_REQUESTS
        report: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return report

    return run
