"""The plan of a check: how many requests and tokens it takes at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_clarifai._check.probes import PROBES, count_requests

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[..., dict[str, Any]]


def test_plan_stays_within_its_bounds() -> None:
    """At most 25 requests, with all probes; some hundred tokens in each at most."""
    assert count_requests(PROBES) <= 25
    assert sum(probe.tokens for probe in PROBES) < 2_000
    assert len({probe.name for probe in PROBES}) == len(PROBES)
