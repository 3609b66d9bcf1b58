"""The embedding models that Clarifai documents, by their paths.

Chat models have profiles, which say what they can do; embedding models have none. They
are listed so that their bare names are understood.
"""

from __future__ import annotations

from typing import Final

EMBEDDING_MODELS: Final = (
    # https://docs.clarifai.com/compute/inference/open-ai
    "openai/embed/models/text-embedding-3-large",
    "openai/embed/models/text-embedding-ada-002",
)
