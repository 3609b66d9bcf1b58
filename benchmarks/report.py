"""Writes the report: what was measured → text with ratios and targets."""

from __future__ import annotations

from typing import Any

# metric → size → client → number
Results = dict[str, dict[str, dict[str, float | None]]]
# metric → client → number of each round
Rounds = dict[str, dict[str, list[float]]]

OURS = "ChatClarifai"
DASH = "\N{EN DASH}"  # what could not be measured
UNITS = {"import": "ms", "first_token": "ms", "first_token_async": "ms"}
UNITS |= {"long_stream": "MB"}
UNITS |= {"long_stream_alone": "MB", "memory_after": "MB"}
UNITS |= {"streams_at_once_memory": "MB"}
TITLES = {
    "request": "request",
    "requests_at_once": "request, 100 at once, async",
    "chunk": "streamed chunk",
    "chunk_async": "streamed chunk, async",
    "tool_chunk": "tool-call chunk",
    "construct": "construct",
    "import": "import",
    "chunk_burst": "streamed chunk, all in one HTTP chunk",
    "chunk_async_burst": "streamed chunk, async, all in one HTTP chunk",
    "tool_chunk_burst": "tool-call chunk, all in one HTTP chunk",
    "chunk_paced": "streamed chunk, one a read",
    "chunk_async_paced": "streamed chunk, async, one a read",
    "tool_chunk_paced": "tool-call chunk, one a read",
    "chunk_mean": "streamed chunk, mean",
    "first_token": "cold process to first token",
    "first_token_async": "cold process to first token, async",
    "history": "request with messages",
    "tools": "request with tools",
    "added_text": "text chunk, added up",
    "added_tool_call": "tool-call chunk, added up",
    "streams_at_once": "stream of 10 chunks, all at once, async",
    "streams_at_once_memory": "peak memory of these streams",
    "long_stream": "peak memory of a stream of 100 MB",
    "long_stream_alone": "the same, without what langchain-core keeps",
    "memory_after": "memory left by requests and models",
}
# Which ratios to reach: metric → other client → limit, at the table's size.
TARGETS = {
    "request": {"ChatOpenAI": 0.40, "openai": 0.60},
    "requests_at_once": {"ChatOpenAI": 0.15, "openai": 0.20},
    "chunk": {"ChatOpenAI": 0.15, "openai": 0.22, "langchain-core": 2.3},
    "chunk_async": {"ChatOpenAI": 0.12, "openai": 0.20, "langchain-core": 1.7},
    "tool_chunk": {"ChatOpenAI": 0.25, "openai": 0.40},
    "construct": {"ChatOpenAI": 0.10},
    "import": {"langchain-core": 1.02},
    "first_token": {"langchain-core": 1.25},
    "first_token_async": {"langchain-core": 1.40},
}
VERDICTS = {(True, True): "reached", (False, False): "MISSED"}


def format_value(value: float | None) -> str:
    """Format a measured number; what could not be measured is a dash."""
    if value is None:
        return DASH
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def build_table(rows: list[list[str]]) -> str:
    """Build a table of text, in Markdown."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def build_row(cells: list[str]) -> str:
        first, *rest = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(cell.rjust(w) for cell, w in rest)]
        return f"| {' | '.join(padded)} |"

    head, *body = map(build_row, rows)
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([head, rule, *body])


def build_values(results: Results) -> str:
    """Build the table of what was measured, a row a metric and size."""
    clients = list(next(iter(next(iter(results.values())).values())))
    rows = [["", "size", "unit", *clients]]
    for metric, sizes in results.items():
        unit = UNITS.get(metric, "µs")
        for size, cells in sizes.items():
            values = [format_value(cells[client]) for client in clients]
            rows.append([TITLES[metric], f"{int(size):,}", unit, *values])
    return build_table(rows)


def build_headline(results: Results) -> str:
    """Build the table of what most users will ask for, a row a metric with a target."""
    clients = ["openai", "ChatOpenAI", "ChatLiteLLM", OURS]
    heads = ["`openai` SDK alone" if name == "openai" else name for name in clients]
    rows = [["CPU, µs", *heads]]
    for metric in TARGETS:
        unit = UNITS.get(metric)
        title = TITLES[metric] + (f", {unit}" if unit else "")
        cells = next(iter(results[metric].values()))
        rows.append([title, *(format_value(cells[client]) for client in clients)])
    return build_table(rows)


def build_ratio(cells: dict[str, float | None], other: str) -> float | None:
    """Build our share of another client's number."""
    ours, theirs = cells[OURS], cells[other]
    return None if ours is None or theirs is None else ours / theirs


def build_ratio_cell(ratio: float | None) -> str:
    """Build a cell with a ratio."""
    return DASH if ratio is None else f"{ratio:.2f}"


def build_ratios(results: Results) -> str:
    """Build the table of our ratios, a row a metric."""
    others = ["ChatOpenAI", "openai", "langchain-core", "ChatLiteLLM"]
    rows = [[f"{OURS} against", *others]]
    for metric, sizes in results.items():
        for size, cells in sizes.items():
            title = TITLES[metric] if len(sizes) == 1 else f"{TITLES[metric]}, {size}"
            ratios = [build_ratio_cell(build_ratio(cells, other)) for other in others]
            if set(ratios) != {DASH}:
                rows.append([title, *ratios])
    return build_table(rows)


def build_targets(results: Results, rounds: Rounds) -> str:
    """Build the table of targets, with the lowest and highest ratio of all rounds.

    A target is reached or missed when the ratio of the best rounds and the ratio of
    every single round, of two or more, say so; otherwise noise decides: it is open.
    """
    rows = [["target", "against", "limit", "ratio", "lowest", "highest", ""]]
    for metric, limits in TARGETS.items():
        cells = next(iter(results.get(metric, {}).values()), {})
        for other, limit in limits.items():
            ratio = build_ratio(cells, other) if cells else None
            if ratio is None or metric not in rounds:
                rows.append([TITLES[metric], other, f"{limit:.2f}", *[DASH] * 4])
                continue
            pairs = zip(rounds[metric][OURS], rounds[metric][other], strict=False)
            singles = [ours / theirs for ours, theirs in pairs]
            ratios = [ratio, *singles]
            lowest, highest = min(ratios), max(ratios)
            verdict = VERDICTS.get((lowest <= limit, highest <= limit), "open")
            verdict = verdict if len(singles) > 1 else "open"
            numbers = [f"{number:.2f}" for number in (limit, ratio, lowest, highest)]
            rows.append([TITLES[metric], other, *numbers, verdict])
    return build_table(rows)


def build_report(report: dict[str, Any]) -> str:
    """Build the whole report."""
    versions = ", ".join(" ".join(pair) for pair in report["versions"].items())
    errors = [f"{DASH} {cell}: {error}" for cell, error in report["errors"].items()]
    return "\n".join(
        [
            f"\nPython {report['python']}, {versions}; {report['seconds']} s",
            f"\n{build_values(report['results'])}",
            "\nTimes are CPU time per unit, in the best round.",
            f"\n{build_ratios(report['results'])}",
            f"\n{build_targets(report['results'], report['rounds'])}",
            *errors,
        ]
    )
