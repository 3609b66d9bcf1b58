"""`langchain-clarifai check` → what is printed, reported and recorded."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from langchain_clarifai._check.command import main
from langchain_clarifai._check.probes import PROBES, count_requests
from langchain_clarifai._check.recorder import Recorder, TooManyRequestsError
from langchain_clarifai._check.surroundings import find_source_of_token
from langchain_clarifai._settings import hosts
from tests.servers.gateway import KNOWN, TOKEN, VERSION, Gateway, Outcomes, refuse
from tests.servers.scripted import ScriptedServer
from tests.servers.wire import OPENAI_PATH, End, Reply, Request, WireServer, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_port_where_nobody_listens_is_told(
    way: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sent after that."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}/v2/ext/openai/v1"
    assert main(["check", "--yes", "--base-url", url, *way]) == 1
    printed = capsys.readouterr().out
    assert "FAILS   TCP" in printed
    assert "Nothing listens there" in printed
    assert "Probes" not in printed


def test_host_that_does_not_exist_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The name server is to blame, or the name."""
    url = "https://no-such-host.invalid/v2/ext/openai/v1"
    arguments = ["check", "--yes", "--base-url", url, "--api-key-env", "CLARIFAI_PAT"]
    assert main(arguments) == 1
    assert "FAILS   DNS" in capsys.readouterr().out


def test_certificate_that_nobody_trusts_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As behind a company's proxy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    refused = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                context.wrap_socket(connection, server_side=True)
            except OSError as error:
                refused.append(error)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        url = f"https://localhost:{listener.getsockname()[1]}/v2/ext/openai/v1"
        assert main(["check", "--yes", "--base-url", url]) == 1
        thread.join()
    printed = capsys.readouterr().out
    assert "FAILS   TLS" in printed
    assert "SSL_CERT_FILE" in printed
    assert refused


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


@pytest.mark.parametrize(
    "arguments",
    [
        ["--timeout", "0"],
        ["--timeout", "x"],
        ["--base-url", "ftp://a.b"],
        ["--model", "a/b"],
        ["--model", "gtp-oss-120b"],
        ["--api-key-env", "UNSET_VARIABLE"],
        ["--report", "/no/such/folder/report.json"],
    ],
)
def test_wrong_argument_could_not_run(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, with a sentence on what is allowed."""
    with Gateway(Outcomes()) as gateway:
        try:
            code = main(["check", "--yes", "--base-url", gateway.url, *arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        assert gateway.requests == []
    assert code == 2
    assert capsys.readouterr().err


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
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the token nor the password of a proxy is shown."""
    monkeypatch.delenv("CLARIFAI_PAT")
    folder = Path.home() / ".config" / "clarifai"
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


def test_report_holds_no_token_and_no_account(
    way: list[str], tmp_path: Path, check: Check
) -> None:
    """What the server repeats, in headers and bodies, is blotted out as well."""
    secretive = {
        "data": [{"id": "m", "owned_by": "jane-doe-inc"}],
        "token": TOKEN,
        "start": f"{TOKEN[:9]}***",
        "note": "asked by jane.doe@example.com of jane-doe-inc",
        "user_id": "jane-doe-inc",
    }
    headers = {"x-clarifai-user-id": "u77", "x-a": TOKEN}
    outcomes = Outcomes(models=json_reply(secretive, headers=headers))
    folder = tmp_path / "bytes"
    model = "jane-doe-inc/secret-app/models/mine"
    check(outcomes, "--model", model, "--record", str(folder), *way)
    written = [tmp_path / "report.json", *folder.iterdir()]
    assert len(written) > 10
    for path in written:
        text = path.read_text("utf-8")
        for secret in (TOKEN, TOKEN[:9], "jane", "u77", "secret-app"):
            assert secret not in text, path
    assert "ACCOUNT/models/mine" in (tmp_path / "report.json").read_text("utf-8")


def test_recordings_are_the_bytes_with_their_provenance(
    way: list[str], tmp_path: Path, check: Check
) -> None:
    """Each file can be played by the tests; a table tells where it is from."""
    folder = tmp_path / "new" / "bytes"
    check(Outcomes(), "--record", str(folder), *way)
    stream = (folder / "stream.sse").read_bytes()
    assert stream.startswith(b"data: {")
    assert stream.rstrip().endswith(b"data: [DONE]")
    assert json.loads((folder / "plain.json").read_bytes())["choices"]
    readme = (folder / "README.md").read_text("utf-8")
    assert "**Recorded**" in readme
    assert KNOWN in readme
    assert "| `tool_2.json` | 200 |" in readme


def test_interrupt_leaves_a_partial_report(way: list[str], tmp_path: Path) -> None:
    """Ctrl+C in a probe: what was seen before it is written, and said to be a part."""
    path = tmp_path / "report.json"
    with Gateway(Outcomes()) as gateway:
        inner: Any = gateway.handler
        asked = threading.Event()

        def answer_once(request: Request) -> Reply:
            if len(gateway.requests) == 1:
                reply: Reply = inner(request)
                return reply
            asked.set()
            return Reply(body=[], end=End.SILENCE)

        gateway.handler = answer_once
        arguments = ["--yes", "--base-url", gateway.url, "--report", str(path), *way]
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "langchain_clarifai", "check", *arguments],
            stdout=subprocess.PIPE,
            env={**os.environ, "CLARIFAI_PAT": TOKEN},
        )
        assert asked.wait(30)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert b"the report is a part" in output
    report = json.loads(path.read_text("utf-8"))
    assert report["is_complete"] is False
    assert [probe["name"] for probe in report["probes"]] == ["plain"]


def test_plan_stays_within_its_bounds() -> None:
    """At most 25 requests, with all probes; some hundred tokens in each at most."""
    assert count_requests(PROBES) <= 25
    assert sum(probe.tokens for probe in PROBES) < 2_000
    assert len({probe.name for probe in PROBES}) == len(PROBES)


def test_more_requests_than_announced_are_never_sent() -> None:
    """Whatever a probe does, the recorder counts."""

    class _Request:
        method, url, content = "GET", "https://a.b", b""

    recorder = Recorder(2)
    recorder.begin(_Request())
    recorder.begin(_Request())
    with pytest.raises(TooManyRequestsError):
        recorder.begin(_Request())


def test_version_that_is_pinned_is_the_catalogues() -> None:
    """The URL and the path that are tried name the version that the server told."""
    with Gateway(Outcomes()) as gateway:
        assert main(["check", "--yes", "--base-url", gateway.url]) == 0
        models = [r.json["model"] for r in gateway.requests if r.body[-1:] == b"}"]
    assert f"{URL}/versions/{VERSION}" in models
    assert f"{KNOWN}/versions/{VERSION}" in models
    assert "gpt-oss-120b" in models


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
    assert not any(TOKEN in value or "none" in value.casefold() for value in sent)
    assert sum(bool(value) for value in sent) <= 1
