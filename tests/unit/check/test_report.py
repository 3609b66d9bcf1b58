"""A check, finished or interrupted → its report, without secrets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.gateway import TOKEN, Gateway, Outcomes
from tests.servers.wire import End, Reply, Request, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Check = Callable[..., dict[str, Any]]


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


@pytest.mark.slow
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
