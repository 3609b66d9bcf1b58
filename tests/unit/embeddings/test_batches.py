"""Texts → batches, each for one request."""

from __future__ import annotations

import itertools

from hypothesis import given, strategies as st

from langchain_clarifai._embeddings import batches
from langchain_clarifai._embeddings.batches import (
    MAX_LETTERS,
    cut_into_batches,
    halve,
)

sizes = st.lists(
    st.sampled_from([0, 1, 90_000, 125_000, MAX_LETTERS, MAX_LETTERS + 1]), max_size=30
)


@given(sizes, st.integers(1, 9))
def test_every_text_is_in_one_batch_within_both_bounds(
    lengths: list[int], chunk_size: int
) -> None:
    """In their order; only a text that is too long by itself goes over the bound."""
    texts = ["x" * length for length in lengths]
    cut = cut_into_batches(texts, chunk_size)
    assert [place for batch in cut for place in batch] == list(range(len(texts)))
    for batch in cut:
        assert 1 <= len(batch) <= chunk_size
        letters = sum(lengths[batch.start : batch.stop])
        assert letters <= MAX_LETTERS or len(batch) == 1


@given(sizes, st.integers(1, 9))
def test_no_two_neighbours_fit_into_one(lengths: list[int], chunk_size: int) -> None:
    """A batch ends where its next text would go over a bound, not before."""
    cut = cut_into_batches(["x" * length for length in lengths], chunk_size)
    for batch, following in itertools.pairwise(cut):
        letters = sum(lengths[batch.start : batch.stop]) + lengths[following.start]
        assert len(batch) == chunk_size or letters > MAX_LETTERS


@given(st.integers(0, 50), st.integers(2, 50))
def test_halves_are_the_whole(start: int, count: int) -> None:
    """Neither is empty, so that halving ends."""
    first, second = halve(range(start, start + count))
    assert first
    assert second
    assert [*first, *second] == list(range(start, start + count))


def test_the_bound_is_the_documented_one() -> None:
    """The docstring of `chunk_size` names it."""
    assert batches.MAX_LETTERS == 250_000
