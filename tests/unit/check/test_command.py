"""`langchain-clarifai check` → what is printed, reported and recorded."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_clarifai._check.command import main
from langchain_clarifai._check.service_probes import WRONG_TOKEN
from langchain_clarifai._settings import hosts
from tests.servers.gateway import KNOWN, TOKEN, Gateway, Outcomes, refuse
from tests.servers.scripted import ScriptedServer
from tests.servers.wire import OPENAI_PATH, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Check = Callable[..., dict[str, Any]]

URL = f"https://clarifai.com/{KNOWN}"


def test_service_that_works_is_said_to_work(
    way: list[str], check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings, connection, plan, each probe, each answer; exit code 0."""
    report = check(Outcomes(), *way)
    printed = " ".join(capsys.readouterr().out.split())
    for text in (
        "found in the environment variable CLARIFAI_PAT",
        "(from the argument --base-url)",
        "DNS, ",
        "TCP, ",
        "requests and",
        "a tool call and its second turn: get_weather({'city': 'Paris'})",
        "usage at the end",
        "Everything that was tried works",
    ):
        assert text in printed
    assert "\033" not in printed
    assert TOKEN not in printed
    assert {p["outcome"] for p in report["probes"]} <= {"ok", "note"}
    assert report["is_complete"] is True
    assert report["settings"]["async"] is bool(way)
    unsettled = {q["name"] for q in report["open_questions"] if not q["settled"]}
    assert unsettled == {"cold_start"}


def test_no_token_is_told_and_nothing_sent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2: it could not run."""
    monkeypatch.delenv("CLARIFAI_PAT")
    assert main(["check", "--yes"]) == 2
    assert "CLARIFAI_PAT" in capsys.readouterr().err


def test_without_a_terminal_nothing_is_sent_unasked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan is printed, and `--yes` asked for."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with Gateway(Outcomes()) as gateway:
        assert main(["check", "--base-url", gateway.url]) == 2
        assert gateway.requests == []
    captured = capsys.readouterr()
    assert "At most 24 requests" in captured.out
    assert "give --yes" in captured.err


def test_local_server_is_asked_without_clarifais_own_probes(
    way: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its first model is asked where none is named, and no token is needed."""
    monkeypatch.delenv("CLARIFAI_PAT")
    path = tmp_path / "report.json"
    with ScriptedServer() as server:
        inner: Any = server.handler

        def answer(request: Request) -> Reply:
            if request.body == b'{"model": ':
                return refuse(400, 11100)
            path = OPENAI_PATH + request.path.removeprefix("/v1")
            reply: Reply = inner(dataclasses.replace(request, path=path))
            return reply

        server.handler = answer
        options = ["--base-url", f"{server.origin}/v1", "--report", str(path), *way]
        assert main(["check", "--yes", *options]) == 0
        paths = {request.path for request in server.requests}
        models = {r.json["model"] for r in server.requests if r.body[-1:] == b"}"}
    assert paths == {"/v1/chat/completions", "/v1/models"}
    assert "scripted" in models
    report = json.loads(path.read_text("utf-8"))
    assert report["open_questions"] == []
    names = {probe["name"] for probe in report["probes"]}
    assert names.isdisjoint({"catalogue", "version", "bare_name", "embeddings"})


def test_found_token_goes_to_no_other_host_in_any_request(
    way: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither the model's requests nor the raw ones, nor a placeholder."""
    monkeypatch.setattr(hosts, "is_loopback", lambda _: False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with Gateway(Outcomes()) as gateway:
        main(["check", "--yes", "--base-url", gateway.url, "--model", "m", *way])
    sent = [request.headers.get("authorization", "") for request in gateway.requests]
    assert len(sent) > 5
    # A probe sends a wrong token of its own to see how it is refused.
    assert [value for value in sent if value] == [f"Bearer {WRONG_TOKEN}"]
    everything = [(request.path, request.headers) for request in gateway.requests]
    assert TOKEN not in str(everything)
    assert not any(TOKEN.encode() in request.body for request in gateway.requests)
