"""What a hostile server can cost a client, at most, in CPU, memory and time.

The attacks are those of `tests.load.attacks`, which `make chaos` measures; the bounds
are a multiple of what was measured, so that a busy machine does not fail them. Attacks
whose bound is a rule of one module are tested there: docs/reliability.md lists all.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from tests.load.attacks import ATTACKS, list_attacks, serve_attack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.load.measuring import Cost
    from tests.servers.wire import WireServer

Measure: TypeAlias = Callable[..., "Cost"]

if sys.platform == "win32":
    pytest.skip("Each attack runs in a fork.", allow_module_level=True)


@pytest.fixture(scope="module")
def measure() -> Iterator[Measure]:
    from tests.load.measuring import measured_calls

    with measured_calls() as measure_call:
        yield measure_call


@pytest.mark.parametrize(("name", "way"), list_attacks())
def test_attack_costs_a_client_no_more_than_this(
    wire: WireServer, measure: Measure, name: str, way: str
) -> None:
    """And it ends as an answer or an error of ours: nothing hangs or overflows."""
    attack = ATTACKS[name]
    cost = serve_attack(wire, attack, way, measure)
    assert cost.ended == attack.choose_end(way), cost
    assert cost.cpu < attack.cpu, cost
    assert cost.memory < attack.memory, cost
    assert cost.seconds < attack.seconds, cost


def test_docs_name_tests_that_there_are() -> None:
    """The tables of attacks in docs/reliability.md."""
    root = Path(__file__).parents[2]
    text = (root / "docs/reliability.md").read_text(encoding="utf-8")
    tables = text.partition("## What a hostile server can cost")[2]
    named = set(re.findall(r"`(test_\w+)(?:\.py)?`", tables.partition("\n## ")[0]))
    files = list((root / "tests").rglob("test_*.py"))
    known = {path.stem for path in files}
    for path in files:
        known |= set(re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8")))
    assert len(named) > 20
    assert named <= known
