"""What is started once and shared: the local language model, a warm Python."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from local_model import LocalModelError, local_model_server

from tests.integration.clean_process import warm_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.clean_process import RunScript

OPT_OUT = "LANGCHAIN_CLARIFAI_NO_LOCAL_MODEL"


@pytest.fixture(scope="session")
def local_model_url() -> Iterator[str]:
    """Serve the local model for the whole session; yield its base URL."""
    if os.environ.get(OPT_OUT):
        pytest.skip(f"{OPT_OUT} is set: nothing runs on the local model")
    try:
        with local_model_server() as server:
            yield server.base_url
    except LocalModelError as error:
        pytest.fail(f"{error} To go without it, set {OPT_OUT}=1.", pytrace=False)


@pytest.fixture(scope="module")
def run() -> Iterator[RunScript]:
    """Run scripts in forks of a Python that has imported the package already."""
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    with warm_python() as run_script:
        yield run_script
