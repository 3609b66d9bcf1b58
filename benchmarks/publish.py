"""Puts the results of a run into the README and `docs/performance.md`, between marks.

    python benchmarks/publish.py

`run.py` does so after a whole run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from report import build_headline, build_ratios, build_targets, build_values

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
README = HERE.parent / "README.md"
BEGIN = "<!-- figures of `make bench` begin -->\n"
LIMITS = """\
The limits that the project sets itself. A ratio whose rounds fall on both sides of its
limit is open: the machine's noise decides."""
END = "<!-- figures of `make bench` end -->\n"


def build_versions(report: dict[str, Any]) -> str:
    """Name what was compared, and on which Python."""
    versions = ", ".join(" ".join(pair) for pair in report["versions"].items())
    litellm = report["litellm_versions"]["litellm"]
    return f"Python {report['python']}, {versions}, litellm {litellm}:"


def build_figures(report: dict[str, Any]) -> str:
    """Build the tables of the page."""
    parts = [
        build_versions(report),
        build_values(report["results"]),
        build_ratios(report["results"]),
        LIMITS,
        build_targets(report["results"], report["rounds"]),
    ]
    return "\n\n".join(parts)


def fill(path: Path, figures: str) -> None:
    """Write figures between the marks of a page."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{figures}\n\n{END}{after}", encoding="utf-8")


def publish(report: dict[str, Any]) -> None:
    """Write the tables into both pages."""
    fill(PAGE, build_figures(report))
    fill(README, f"{build_versions(report)}\n\n{build_headline(report['results'])}")


if __name__ == "__main__":
    publish(json.loads((HERE / "results.json").read_text(encoding="utf-8")))
