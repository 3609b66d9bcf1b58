"""Verdicts → the matrix: for the terminal, as JSON and as Markdown."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

Checks: TypeAlias = list[dict[str, Any]]
Reasons: TypeAlias = dict[str, dict[str, str]]
"""Why a check failed, by integration and check; empty when it passed."""

SECTIONS = {
    1: "Tool calls",
    2: "Usage and metadata",
    3: "Reasoning",
    4: "The stream itself",
    5: "Errors",
    6: "What goes out",
    7: "The client",
    8: "What else arrives",
    9: "What else goes out",
    10: "Around",
}
PASSED, FAILED = "✓", "·"
# What differs from run to run says nothing.
PASSING = re.compile(r"(?<=127\.0\.0\.1):\d+|(?<=localhost):\d+|\bat 0x[0-9a-f]+")
RUN_IDS = re.compile(r"lc_run-[0-9a-f-]+")


def count(checks: Checks, reasons: dict[str, str], section: int | None = None) -> int:
    """Count the checks that an integration holds."""
    return sum(
        not reasons[one["name"]]
        for one in checks
        if section is None or one["section"] == section
    )


def get_sections(checks: Checks) -> dict[int, int]:
    """Count the checks of each section."""
    numbers = [one["section"] for one in checks]
    return {number: numbers.count(number) for number in dict.fromkeys(numbers)}


def build_summary(checks: Checks, reasons: Reasons) -> str:
    """Build the matrix for the terminal; reasons only when it has one column."""
    width = max(len(one["name"]) for one in checks) + 2
    widths = [len(column) + 2 for column in reasons]
    lines = []
    for section, total in get_sections(checks).items():
        counts = [count(checks, found, section) for found in reasons.values()]
        lines += ["", build_line(f"{section} {SECTIONS[section]}", width, reasons)]
        for one in checks:
            if one["section"] == section:
                marks = [get_mark(found, one) for found in reasons.values()]
                lines.append(write_row(f"  {one['name']}", width, marks, widths))
        row = [f"{number}/{total}" for number in counts]
        lines.append(write_row("", width, row, widths))
    row = [f"{count(checks, found)}/{len(checks)}" for found in reasons.values()]
    lines += ["", write_row("All", width, row, widths)]
    if len(reasons) == 1:
        (found,) = reasons.values()
        lines += ["", *(f"{name}: {why}" for name, why in found.items() if why)]
    return "\n".join(lines)


def build_line(title: str, width: int, reasons: Reasons) -> str:
    """Build a section's first line."""
    return write_row(title, width, list(reasons), [len(one) + 2 for one in reasons])


def write_row(title: str, width: int, cells: list[str], widths: list[int]) -> str:
    """Write a row in columns."""
    padded = (cell.rjust(one) for cell, one in zip(cells, widths, strict=True))
    return title.ljust(width) + "".join(padded)


def get_mark(reasons: dict[str, str], check: dict[str, Any]) -> str:
    """Get the mark of a cell."""
    return FAILED if reasons[check["name"]] else PASSED


def clean(reason: str) -> str:
    """Take out what differs from run to run."""
    return RUN_IDS.sub("lc_run-…", PASSING.sub("", reason))


def build_json(checks: Checks, reasons: Reasons, **facts: Any) -> dict[str, Any]:
    """Build the results as JSON."""
    totals = {
        column: {"passed": count(checks, found), "checks": len(checks)}
        for column, found in reasons.items()
    }
    judged = [
        {
            "name": one["name"],
            "section": one["section"],
            "claim": one["claim"],
            "failures": {
                column: clean(found[one["name"]])
                for column, found in reasons.items()
                if found[one["name"]]
            },
        }
        for one in checks
    ]
    return {**facts, "totals": totals, "checks": judged}


def build_markdown(results: dict[str, Any]) -> str:
    """Build the matrix as Markdown, from the results as JSON."""
    columns = list(results["totals"])
    checks = results["checks"]
    held = {
        column: {one["name"]: one["failures"].get(column, "") for one in checks}
        for column in columns
    }
    head = f"| {' | '.join(columns)} |"
    rule = "|---" * (len(columns) + 1) + "|"
    lines = [
        "# The same bytes, played to six integrations",
        "",
        build_introduction(results),
        "",
        *(write_versions(name, results) for name in results["versions"]),
        "",
        f"| | {head[2:]}",
        rule,
    ]
    for section, total in get_sections(checks).items():
        counts = [f"{count(checks, held[one], section)}/{total}" for one in columns]
        title = f"{section} {SECTIONS[section]}"
        lines.append(f"| {title} | {' | '.join(counts)} |")
    totals = [f"**{count(checks, held[one])}/{len(checks)}**" for one in columns]
    lines.append(f"| **All** | {' | '.join(totals)} |")
    for section in get_sections(checks):
        lines += ["", f"## {section} {SECTIONS[section]}", "", f"| | {head[2:]}", rule]
        for one in checks:
            if one["section"] == section:
                marks = [get_mark(held[column], one) for column in columns]
                claim = one["claim"].replace("|", "\\|")
                lines.append(f"| {claim} | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n"


def build_introduction(results: dict[str, Any]) -> str:
    """Write what the matrix is, and what in it is not to be misread."""
    return (
        f"{len(results['checks'])} checks, on {results['date']}, with Python "
        f"{results['python']}: `python benchmarks/faults/run.py`. Why a check failed "
        "is in `results.json`. The checks ask for what `ChatClarifai` sets out to do; "
        "`ChatOpenAI` is made for OpenAI's own servers, and reads OpenAI's variables "
        "on purpose."
    )


def write_versions(name: str, results: dict[str, Any]) -> str:
    """Write a line on the versions of an environment."""
    columns = [
        column
        for column, environment in results["environments"].items()
        if environment == name
    ]
    found = ", ".join(f"{k} {v}" for k, v in results["versions"][name].items())
    return f"- {', '.join(columns)}: {found}"
