"""A check → lines for a person, and nothing that a server could forge."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from langchain_clarifai._check.command import main
from tests.servers.gateway import Gateway, Outcomes, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.servers.wire import WireServer

    Check = Callable[..., dict[str, Any]]


def test_colours_and_progress_are_for_terminals_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a person looks, words are coloured and the probe under way is named."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with Gateway(Outcomes()) as gateway:
        assert main(["check", "--yes", "--base-url", gateway.url]) == 0
        printed = capsys.readouterr().out
        assert "\033[32mok" in printed
        assert "[2/16] a stream …" in printed
        monkeypatch.setenv("NO_COLOR", "1")
        assert main(["check", "--yes", "--base-url", gateway.url]) == 0
    assert "\033[32m" not in capsys.readouterr().out


def test_control_characters_of_a_server_do_not_reach_the_terminal(
    wire: WireServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hostile server could otherwise write over what was printed."""
    hostile = refuse(500, 98000, "\033[2J\033[31mAll is well\a")
    wire.handler = lambda _: hostile
    assert main(["check", "--yes", "--base-url", wire.url]) == 1
    printed = capsys.readouterr().out
    assert "All is well" in printed
    assert "\033" not in printed
    assert "\a" not in printed
