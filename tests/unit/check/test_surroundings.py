"""Where the check finds the token, and which server may have it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from langchain_clarifai._check.command import main
from langchain_clarifai._check.surroundings import find_source_of_token
from tests.servers.gateway import TOKEN, Gateway, Outcomes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    Check = Callable[..., dict[str, Any]]


def test_found_token_does_not_go_to_a_stranger() -> None:
    """Only Clarifai's hosts, the configured host and this machine get it."""
    token, source = find_source_of_token("https://stranger.example/v1")
    assert token is None
    assert "--api-key-env" in source
    assert find_source_of_token("https://api.clarifai.com/v2")[0] == TOKEN
    assert find_source_of_token("http://127.0.0.1:1/v1")[0] == TOKEN
    assert find_source_of_token("https://clarifai.com.example/v1")[0] is None
    assert find_source_of_token("https://a.b/v1", "CLARIFAI_PAT")[0] == TOKEN


def test_settings_of_the_cli_are_named_as_their_source(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the token nor the password of a proxy is shown."""
    monkeypatch.delenv("CLARIFAI_PAT")
    folder = home / ".config" / "clarifai"
    folder.mkdir(parents=True)
    with Gateway(Outcomes()) as gateway:
        context = f"{{CLARIFAI_PAT: {TOKEN}, CLARIFAI_API_BASE: '{gateway.origin}'}}"
        text = f"current_context: me\ncontexts: {{me: {context}}}\n"
        (folder / "config").write_text(text, "utf-8")
        assert main(["check", "--yes"]) == 0
    printed = capsys.readouterr().out
    assert "found in the Clarifai CLI's file" in printed
    assert "openai/v1 (from the Clarifai CLI's file" in printed
    assert TOKEN not in printed

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:hidden@127.0.0.1:{port}")
    assert main(["check", "--yes", "--base-url", "https://api.clarifai.com"]) == 1
    printed = capsys.readouterr().out
    assert f"http://…@127.0.0.1:{port}" in printed
    assert "Connection to the proxy" in printed
    assert "hidden" not in printed
