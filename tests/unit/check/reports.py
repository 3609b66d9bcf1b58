"""Reports of a check, read; and answers of a model that is starting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.servers.gateway import refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[..., dict[str, Any]]


COLD = refuse(503, 21351, "Model is deploying")


def find_answer(report: dict[str, Any], name: str) -> str:
    [answer] = [q["answer"] for q in report["open_questions"] if q["name"] == name]
    return str(answer)


def find_outcome(report: dict[str, Any], name: str) -> str:
    [outcome] = [p["outcome"] for p in report["probes"] if p["name"] == name]
    return str(outcome)
