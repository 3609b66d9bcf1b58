"""Draws results.json → results.png beside it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, NullFormatter
from report import OURS, TITLES, UNITS, Results, format_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = {
    "langchain-core": "#b8bec6",
    "openai": "#8a94a3",
    "ChatOpenAI": "#5f6b7c",
    "ChatLiteLLM": "#c9a26b",
    OURS: "#e4572e",
}
BARS = ("request", "requests_at_once", "chunk", "chunk_async", "tool_chunk")
CURVES = ("chunk_mean", "added_text", "history")


def draw_bars(axes: Axes, metric: str, results: Results) -> None:
    """Draw a metric as a bar a client; a bar over the top is cut, and says so."""
    cells = next(iter(results[metric].values()))
    values = {client: cells[client] for client in COLORS if cells[client] is not None}
    numbers = [value or 0.0 for value in values.values()]
    top = 2.2 * sorted(numbers)[-2]
    colors = [COLORS[client] for client in values]
    bars = axes.barh(list(values), [min(n, top) for n in numbers], color=colors)
    labels = [format_value(n) + " (bar cut)" * (n > top) for n in numbers]
    axes.bar_label(bars, labels, padding=3, fontsize=8)
    axes.set_title(f"{TITLES[metric]} ({UNITS.get(metric, 'µs')})", fontsize=9)
    axes.set_xlim(0, top * 1.4)
    axes.set_xticks([])
    axes.invert_yaxis()


def draw_curve(axes: Axes, metric: str, results: Results) -> None:
    """Draw a metric over its sizes, a line a client."""
    sizes = sorted(results[metric], key=int)
    for client, color in COLORS.items():
        cells = {int(size): results[metric][size][client] for size in sizes}
        points = [(size, value) for size, value in cells.items() if value is not None]
        if len(points) > 1:
            axes.plot(*zip(*points, strict=True), color=color, marker="o", markersize=3)
    axes.set_title(f"{TITLES[metric]}, by their number (µs)", fontsize=9)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axis.set_minor_formatter(NullFormatter())
    axes.set_ylim(bottom=1)


def main() -> None:
    """Draw the bars above, and the curves below."""
    source = Path(sys.argv[1])
    results: Results = json.loads(source.read_text(encoding="utf-8"))["results"]
    plt.rcParams |= {"font.size": 8, "axes.spines.top": False}
    plt.rcParams |= {"axes.spines.right": False, "axes.axisbelow": True}
    figure, grid = plt.subplots(3, 3, figsize=(11, 7), layout="constrained")
    for axes, metric in zip(grid.flat, (*BARS, "first_token"), strict=False):
        draw_bars(axes, metric, results)
    for axes, metric in zip(grid[2], CURVES, strict=True):
        draw_curve(axes, metric, results)
    figure.suptitle("CPU time per unit; less is better", fontsize=11)
    figure.savefig(source.with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()
