"""A server with pins of its own → the Python that runs it, or a test that fails."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.servers.environment import provide_python

if TYPE_CHECKING:
    from pathlib import Path


def require_python(name: str, requirements: Path) -> Path:
    """Provide the Python of a server; without it the tests fail unless told not to."""
    opt_out = f"LANGCHAIN_CLARIFAI_NO_{name.upper()}"
    if os.environ.get(opt_out):
        pytest.skip(f"{opt_out} is set: no {name} is run")
    try:
        return provide_python(name, requirements)
    except RuntimeError as error:
        pytest.fail(f"{error} To go without it, set {opt_out}=1.", pytrace=False)
