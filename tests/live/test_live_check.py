"""The check and the README's blocks on Clarifai itself."""

from __future__ import annotations

import os
from pathlib import Path

from langchain_clarifai._check.command import main
from tests.documents import run_blocks

README = Path(__file__).parents[2] / "README.md"
RECORDINGS = Path(os.environ.get("LIVE_RECORDINGS") or "build/live")


def test_check_finds_nothing_broken_and_records_it(live_model: str) -> None:
    """The report and the bytes of the probes are left for a pull request."""
    RECORDINGS.mkdir(parents=True, exist_ok=True)
    report = RECORDINGS / "report.json"
    options = ["--report", str(report), "--record", str(RECORDINGS / "bytes")]
    assert main(["check", "--yes", "--model", live_model, *options]) == 0


async def test_async_check_finds_nothing_broken(live_model: str) -> None:
    """The same probes on the async calls, in a thread: they bring their own loop."""
    import asyncio

    arguments = ["check", "--yes", "--async", "--model", live_model]
    assert await asyncio.to_thread(main, arguments) == 0


def test_readme_does_what_it_says(tmp_path: Path) -> None:
    """Every Python block runs as written, on the service."""
    run_blocks(README, tmp_path)
