"""The local language model: started once, shared by all tests that ask for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from local_model import LocalModelError, local_model_server

if TYPE_CHECKING:
    from collections.abc import Iterator

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
