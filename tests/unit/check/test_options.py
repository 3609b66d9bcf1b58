"""Words after `langchain-clarifai check` → options, or what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from langchain_clarifai._check.command import main
from tests.servers.gateway import Gateway, Outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[..., dict[str, Any]]


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
