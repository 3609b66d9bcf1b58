"""The tokens of many answers → one sum, and LangChain's usage callback."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.messages.ai import UsageMetadata

from langchain_clarifai._embeddings.usage import UsageCounter
from tests.unit.embeddings.runs import answer, build_run


def test_usage_callback_of_langchain_counts_embeddings() -> None:
    """A cost report has chat and embeddings in one place, by model."""
    with get_usage_metadata_callback() as usage:
        for _ in range(2):
            run = build_run(["1"])
            batch = run.take_batch()
            assert batch
            answer(run, batch, ["1"])
            run.finish()
    assert usage.usage_metadata == {
        "gpt": {"input_tokens": 2, "output_tokens": 0, "total_tokens": 2}
    }


def test_tokens_that_threads_count_at_once_are_all_counted() -> None:
    """No answer is lost between reading the sum and writing it."""
    counter = UsageCounter()
    usage = UsageMetadata(input_tokens=1, output_tokens=0, total_tokens=1)
    with ThreadPoolExecutor(8) as executor:
        for _ in range(2_000):
            executor.submit(counter.add, usage)
    assert counter.total["total_tokens"] == 2_000


def test_copy_and_pickle_begin_at_zero() -> None:
    """Else a model that was sent to workers would report its first tokens again."""
    counter = UsageCounter()
    counter.add(UsageMetadata(input_tokens=3, output_tokens=0, total_tokens=3))
    for other in (copy.deepcopy(counter), pickle.loads(pickle.dumps(counter))):  # noqa: S301 - our own bytes
        assert other.total["total_tokens"] == 0
    assert counter.total["total_tokens"] == 3
