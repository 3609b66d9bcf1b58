"""Our table of models beside models.dev's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from scripts.compare_profiles import main

if TYPE_CHECKING:
    from pathlib import Path

OSS = "openai/chat-completion/models/gpt-oss-20b"
SAME: dict[str, Any] = {
    "limit": {"context": 131_072, "output": 16_384},
    "modalities": {"input": ["text"], "output": ["text"]},
    "tool_call": True,
    "reasoning": True,
    "cost": {"input": 0.045, "output": 0.18},
}


def compare(
    models: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[str]]:
    path = tmp_path / "api.json"
    path.write_text(json.dumps({"clarifai": {"models": models}}), "utf-8")
    code = main([str(path)])
    lines = capsys.readouterr().out.splitlines()
    return code, [line for line in lines if "no longer has" not in line]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"limit": {"context": 1}}, ["max_input_tokens: ours 131072, theirs 1"]),
        ({"tool_call": False}, ["tool_calling: ours True, theirs False"]),
        ({"cost": {"input": 1}}, ["price of input: ours 0.045, theirs 1"]),
        (
            {"modalities": {"input": ["text", "image"]}},
            ["image_inputs: ours False, theirs True"],
        ),
    ],
    ids=str,
)
def test_what_differs_is_printed(
    changes: dict[str, Any],
    expected: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line for each fact; what both say alike, and what one leaves out, is silent."""
    _, lines = compare({OSS: {**SAME, **changes}}, tmp_path, capsys)
    assert lines == [f"{OSS}: {line}" for line in expected]


def test_model_that_is_new_there_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So is one whose price we have and that is gone; the exit code tells of either."""
    code, lines = compare({"a/b/models/new": SAME}, tmp_path, capsys)
    assert lines == ["a/b/models/new: models.dev has it, our table does not"]
    assert code == 1


def test_without_a_file_it_says_how() -> None:
    """It fetches nothing itself."""
    assert main([]) == 2
