"""Texts → batches, each for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_LETTERS: Final = 250_000
"""How many letters the texts of one request may have together.

OpenAI's API takes 300,000 tokens in one request, and a letter is about one token in the
worst case. A text that is longer goes alone.
"""


def cut_into_batches(texts: Sequence[str], chunk_size: int) -> list[range]:
    """Cut texts into batches.

    Args:
        texts: All texts.
        chunk_size: Most texts of a batch.

    Returns:
        The places of each batch's texts, in their order; none is empty.
    """
    batches: list[range] = []
    start = letters = 0
    for place, text in enumerate(texts):
        letters += len(text)
        is_full = place - start == chunk_size or letters > MAX_LETTERS
        if is_full and place > start:
            batches.append(range(start, place))
            start, letters = place, len(text)
    if start < len(texts):
        batches.append(range(start, len(texts)))
    return batches


def halve(batch: range) -> tuple[range, range]:
    """Cut a batch of two or more in two."""
    middle = batch.start + len(batch) // 2
    return range(batch.start, middle), range(middle, batch.stop)
