"""Puts the results of a run into `docs/performance.md`, between its two marks.

    python benchmarks/publish.py

`run.py` does so after a whole run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from report import build_ratios, build_targets, build_values

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
BEGIN = "<!-- figures of `make bench` begin -->\n"
LIMITS = """\
The limits that the project sets itself. A ratio whose rounds fall on both sides of its
limit is open: the machine's noise decides."""
END = "<!-- figures of `make bench` end -->\n"


def build_figures(report: dict[str, Any]) -> str:
    """Build the tables of the page."""
    versions = ", ".join(" ".join(pair) for pair in report["versions"].items())
    parts = [
        f"Python {report['python']}, {versions}:",
        build_values(report["results"]),
        build_ratios(report["results"]),
        LIMITS,
        build_targets(report["results"], report["rounds"]),
    ]
    return "\n\n".join(parts) + "\n"


def publish(report: dict[str, Any]) -> None:
    """Write the tables into the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page = f"{before}{BEGIN}\n{build_figures(report)}\n{END}{after}"
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    publish(json.loads((HERE / "results.json").read_text(encoding="utf-8")))
