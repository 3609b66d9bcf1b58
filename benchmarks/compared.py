"""What is compared, in which versions, and the environment of its processes."""

from __future__ import annotations

import os
from functools import partial

from environments import LITELLM, PROJECT, build_python, read_versions

REQUIREMENTS = {
    "langchain": [
        "langchain-core==1.8.3",
        "langchain-openai==1.7.4",
        "matplotlib>=3.10,<4",
        "openai[aiohttp]==3.57.0",
        "pydantic==2.14.4",
        PROJECT,
    ],
    "litellm": [
        "langchain-core==1.7.2",
        "langchain-litellm==0.11.2",
        LITELLM,
    ],
}
COMPARED = ("langchain-core", "langchain-openai", "openai", "pydantic", "litellm")

read_compared_versions = partial(read_versions, packages=COMPARED)


def build_compared_python(name: str) -> str:
    """Build an environment of the benchmarks, and get its Python."""
    return build_python(f"bench-{name}", REQUIREMENTS[name])


def build_variables() -> dict[str, str]:
    """Build the environment of a measured process: small, and always the same."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONHASHSEED": "0",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # or importing it asks the network
    }
