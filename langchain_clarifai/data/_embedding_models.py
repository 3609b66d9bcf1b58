"""The embedding models that Clarifai documents, by their paths.

Chat models have profiles, embedding models have none: what is known of them is that
they are there, so that their bare names are understood.
"""

from __future__ import annotations

from typing import Final

EMBEDDING_MODELS: Final = (
    # https://docs.clarifai.com/compute/inference/open-ai
    "openai/embed/models/text-embedding-3-large",
    "openai/embed/models/text-embedding-ada-002",
)
