"""The drawing of the house in CONTRIBUTING.md shows what is there, and all of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "langchain_clarifai"
TEXT: Final = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
DRAWING: Final = re.findall(
    r"^(\w+)  ", TEXT.partition("```text\n")[2].partition("```")[0], re.MULTILINE
)
NAMED: Final = sorted(set(re.findall(r"`(_\w+/\w+)(?:\.py)?`", TEXT)))


@pytest.mark.parametrize("name", NAMED)
def test_module_named_in_the_walks_exists(name: str) -> None:
    """A newcomer finds it where the text says."""
    assert (PACKAGE / f"{name}.py").is_file()


def test_drawing_shows_every_wing() -> None:
    """A folder of the package that is not drawn would be missed."""
    wings = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert wings - {"data"}
    assert wings <= set(DRAWING)
    for name in DRAWING:
        assert (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def test_drawing_is_in_the_order_of_imports() -> None:
    """From top to bottom as import-linter's layers are."""
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = configuration["tool"]["importlinter"]["contracts"][0]["layers"]
    floors = {
        name: floor
        for floor, layer in enumerate(layers)
        for name in layer.replace(":", "|").split(" | ")
    }
    drawn = [floors[name] for name in DRAWING]
    assert drawn == sorted(drawn)
    assert set(drawn) == set(range(len(layers)))
