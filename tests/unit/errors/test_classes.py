"""The tree of exceptions is what its drawing says."""

from __future__ import annotations

import inspect
from typing import Any

import openai
import pytest
from langchain_core import exceptions as core

from langchain_clarifai._errors import classes
from langchain_clarifai._errors.base import ClarifaiError

CLASSES: list[Any] = [
    one
    for _, one in inspect.getmembers(classes, inspect.isclass)
    if issubclass(one, ClarifaiError)
]


def _read_drawing() -> dict[str, tuple[str, int]]:
    """Return each name in the drawing with its line's indentation."""
    lines = (classes.__doc__ or "").splitlines()
    drawn = [line for line in lines if "Clarifai" in line and "Error" in line]
    return {
        next(word for word in line.split() if word.startswith("Clarifai")): (
            line,
            line.index("Clarifai"),
        )
        for line in drawn
    }


def test_drawing_shows_every_class() -> None:
    """None is missing, and none is there that does not exist."""
    assert set(_read_drawing()) == {one.__name__ for one in CLASSES}


def test_drawing_shows_every_parent() -> None:
    """A class hangs below the one that it inherits from."""
    path: list[tuple[int, str]] = []
    for name, (_, indentation) in _read_drawing().items():
        path = [(depth, above) for depth, above in path if depth < indentation]
        if path:
            parents = [one.__name__ for one in getattr(classes, name).__bases__]
            assert path[-1][1] in parents
        path.append((indentation, name))


@pytest.mark.parametrize("error_class", CLASSES)
def test_every_class_is_the_sdks_and_langchains(error_class: Any) -> None:
    """Either `except` works."""
    assert issubclass(error_class, ClarifaiError)
    assert issubclass(error_class, core.ModelError)
    if error_class is not ClarifaiError:
        assert issubclass(error_class, openai.APIError)
        assert error_class.__doc__


@pytest.mark.parametrize("error_class", CLASSES)
def test_what_is_tried_again_is_retryable(error_class: Any) -> None:
    """LangChain's middleware may go on where the package stops."""
    if error_class.retry_kind != "never":
        assert error_class.is_retryable
