"""What a model is asked, and what is said of a service that is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.gateway import Outcomes, refuse
from tests.servers.wire import End, Pause, Reply
from tests.unit.check.reports import COLD, find_answer, find_outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[..., dict[str, Any]]


SILENT = Reply(body=[], end=End.SILENCE)


# What answers everything, and what the check says of it.
BROKEN: list[tuple[Reply, str]] = [
    (refuse(401, 11001), "The server does not take this token."),
    (refuse(404, 21200), "has no such model or no such path"),
    (refuse(404, 21353), "Deploy it to a node pool of your own"),
    (refuse(402, 11006), "no right, credit or quota"),
    (refuse(429, 11005), "The server throttles."),
    (COLD, "is starting or busy"),
    (refuse(500, 98000), "The server failed."),
    (Reply(body=[b"<html>Welcome</html>"]), "does not speak this API"),
    (Reply(status=302, headers={"location": "https://a.b"}), "redirects"),
    (Reply(body=[b'{"choices": ['], end=End.RESET), "No connection, or it broke."),
    (Reply(body=[Pause(30)]), "The server is silent."),
    (SILENT, "The server is silent. "),
]


@pytest.mark.parametrize(("reply", "words"), BROKEN, ids=[words for _, words in BROKEN])
def test_broken_service_is_told_with_what_to_do(
    reply: Reply,
    words: str,
    way: list[str],
    check: Check,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 1; what would need an answer of the model is left out."""
    outcomes = Outcomes(answers_always=reply)
    patience = "0.1" if "silent" in words else "5"
    report = check(outcomes, "--timeout", patience, *way, code=1)
    printed = " ".join(capsys.readouterr().out.split())
    assert words in printed
    assert "Does not work: a plain answer" in printed
    assert find_outcome(report, "plain") == "fails"
    assert find_outcome(report, "stream") == "skipped"


def test_cold_start_that_does_not_end_is_told(way: list[str], check: Check) -> None:
    """It is waited for as long as `--wait` says, in few requests."""
    report = check(Outcomes(answers_first=[COLD] * 3), *way, code=1)
    assert "it did not end while it was waited for" in find_answer(report, "cold_start")
    assert len(report["probes"][0]["exchanges"]) == 3


def test_image_is_shown_to_models_that_see(check: Check) -> None:
    """The profile decides; a picture of one colour is enough."""
    report = check(Outcomes(), "--model", "clarifai/main/models/mm-poly-8b")
    assert find_outcome(report, "image") == "note"
    assert "image" not in {probe["name"] for probe in check(Outcomes())["probes"]}
