"""Plays the same bytes to six LangChain integrations → a matrix of who holds what.

Each integration runs in a process of its own, LiteLLM in an environment of its own.
The bytes come from a server on loopback; no key and no network are needed, but for the
package index when the environments are made (once, in `.cache/`).

    python benchmarks/faults/run.py                       all, and write the results
    python benchmarks/faults/run.py --only chatclarifai   one column, print it only
    python benchmarks/faults/run.py --only chatclarifai --update       and write it
    python benchmarks/faults/run.py --only chatopenai --check silence byte_order_mark
    python benchmarks/faults/run.py --check silence --update      and write those checks
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matrix import build_json, build_markdown, build_summary

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))

from environments import (  # noqa: E402 - its folder was not on the path before
    CACHE,
    LITELLM,
    PROJECT,
    ROOT,
    build_python,
    read_versions,
)

RESULTS = HERE / "results.json"
TOOLS = ["blockbuster>=1.5", "cloudpickle>=3"]
REQUIREMENTS = {
    "others": [
        "langchain-openai",
        "langchain-groq",
        "langchain-deepseek",
        "langchain-openrouter",
        PROJECT,
        *TOOLS,
    ],
    "litellm": ["langchain-litellm", LITELLM, *TOOLS],
}
COLUMNS = {
    "ChatOpenAI": "others",
    "ChatDeepSeek": "others",
    "ChatGroq": "others",
    "ChatOpenRouter": "others",
    "ChatLiteLLM": "litellm",
    "ChatClarifai": "others",
}
COMPARED = (
    "langchain-core",
    "langchain-clarifai",
    "langchain-openai",
    "langchain-deepseek",
    "langchain-groq",
    "langchain-openrouter",
    "langchain-litellm",
    "litellm",
    "openai",
    "pydantic",
)


@dataclass
class Verdicts:
    """What became of one integration's checks."""

    column: str
    reasons: dict[str, str] = field(default_factory=dict)
    """Why a check failed, by its name; empty when it passed."""


def build_environment(name: str) -> str:
    """Build the environment of a column, and get its Python."""
    return build_python(f"faults-{name}", REQUIREMENTS[name])


def build_variables() -> dict[str, str]:
    """Build the environment of a judged process: nobody's key and nobody's settings."""
    home = CACHE / "faults-home"
    home.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT / "tests")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # or importing it asks the network
    }


def start(python: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a worker."""
    return subprocess.Popen(  # noqa: S603  (our own command)
        [python, str(HERE / "worker.py"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=build_variables(),
        text=True,
    )


def read_checks(python: str) -> list[dict[str, Any]]:
    """Read which checks there are."""
    output, _ = start(python, "--list").communicate()
    return json.loads(output)


def judge(python: str, column: str, checks: list[dict[str, Any]]) -> Verdicts:
    """Let workers judge an integration, one for most checks."""
    verdicts = Verdicts(column)
    together = [one for one in checks if not one["alone"]]
    while together:
        run_worker(python, verdicts, together)
        together = [one for one in together if one["name"] not in verdicts.reasons]
    for one in checks:
        if one["alone"]:
            run_worker(python, verdicts, [one])
    passed = sum(not reason for reason in verdicts.reasons.values())
    print(f"{column}: {passed} of {len(checks)}", file=sys.stderr, flush=True)
    return verdicts


def run_worker(python: str, verdicts: Verdicts, checks: list[dict[str, Any]]) -> None:
    """Read a worker's lines until it ends; at least one check is judged."""
    names = [one["name"] for one in checks]
    patience = 120 + sum(one["seconds"] for one in checks)
    process = start(python, verdicts.column.lower(), *names)
    timer = threading.Timer(patience, process.kill)
    timer.start()
    begun = names[0]
    for line in process.stdout or ():
        told = json.loads(line)
        begun = told.get("started", begun)
        if "passed" in told:
            verdicts.reasons[told["name"]] = told["reason"]
    timer.cancel()
    code = process.wait()
    if begun not in verdicts.reasons:
        verdicts.reasons[begun] = f"the process ended (exit code {code})"


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    by_name = {name.lower(): name for name in COLUMNS}
    parser.add_argument("--only", nargs="+", choices=by_name, help="columns to run")
    parser.add_argument("--check", nargs="+", help="checks to run, by name")
    parser.add_argument("--update", action="store_true", help="write the columns run")
    parser.add_argument("--jobs", type=int, default=2, help="columns at a time")
    arguments = parser.parse_args()
    arguments.columns = [by_name[one] for one in arguments.only or by_name]
    return arguments


def main() -> int:
    """Judge, print and, when everything was judged, write the results."""
    arguments = parse_arguments()
    pythons = {
        name: build_environment(name)
        for name in dict.fromkeys(COLUMNS[column] for column in arguments.columns)
    }
    every_check = checks = read_checks(next(iter(pythons.values())))
    if arguments.check:
        checks = [one for one in checks if one["name"] in arguments.check]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        verdicts = list(
            pool.map(
                lambda column: judge(pythons[COLUMNS[column]], column, checks),
                arguments.columns,
            )
        )
    reasons = {one.column: one.reasons for one in verdicts}
    print(build_summary(checks, reasons))
    is_part = arguments.check or arguments.only
    if is_part and not arguments.update:
        return 0
    known = read_reasons(every_check) if is_part else {}
    write_results(
        every_check,
        {
            column: {**known.get(column, {}), **reasons.get(column, {})}
            for column in COLUMNS
        },
    )
    return 0


def read_reasons(checks: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Read what became of the columns that are not run now.

    Raises:
        SystemExit: They were judged by other checks.
    """
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    judged = {one["name"]: one["failures"] for one in results["checks"]}
    if judged.keys() != {one["name"] for one in checks}:
        sys.exit("The checks have changed since: run all columns.")
    return {
        column: {name: failures.get(column, "") for name, failures in judged.items()}
        for column in results["totals"]
    }


def write_results(
    checks: list[dict[str, Any]], reasons: dict[str, dict[str, str]]
) -> None:
    """Write the results as JSON and as Markdown."""
    results = build_json(
        checks,
        reasons,
        date=datetime.now(tz=UTC).date().isoformat(),
        python=platform.python_version(),
        versions={
            name: read_versions(build_environment(name), COMPARED)
            for name in REQUIREMENTS
        },
        environments=COLUMNS,
    )
    text = json.dumps(results, ensure_ascii=False, indent=1)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    RESULTS.with_suffix(".md").write_text(build_markdown(results), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
