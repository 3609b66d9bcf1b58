"""A run that sends nothing: a test answers its batches, or refuses them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from langchain_core.messages.ai import UsageMetadata

from langchain_clarifai import (
    ClarifaiBadRequestError,
    ClarifaiEmbeddings,
)
from langchain_clarifai._embeddings.answer import Answer
from langchain_clarifai._embeddings.run import Batch, Run

# As much of a response as the SDK's errors ask for.
RESPONSE: Any = SimpleNamespace(request=None, status_code=400, headers={})


def build_run(texts: list[str], **settings: Any) -> Run:
    """Build the run of a model that sends nothing."""
    model = ClarifaiEmbeddings(
        model="gpt", api_key="x", base_url="http://localhost/v1", **settings
    )
    return Run(model._build_job(texts, None))


def answer(run: Run, batch: Batch, texts: list[str]) -> None:
    """Answer a batch as a server would: a number for each text."""
    vectors = [[float(texts[place])] for place in batch.places]
    run.check_length(1)
    usage = UsageMetadata(input_tokens=1, output_tokens=0, total_tokens=1)
    run.take_answer(batch, Answer(vectors, usage))


def refuse(run: Run, batch: Batch) -> None:
    """Refuse a batch for what is in it."""
    error = ClarifaiBadRequestError("No.", response=RESPONSE, body=None)
    run.take_error(batch, error)
