"""A lease is the claim of one model, and is never copied."""

from __future__ import annotations

import copy
import pickle

import pytest

from langchain_clarifai._lease import Lease


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda lease: pickle.loads(pickle.dumps(lease))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copied_lease_is_a_claim_of_its_own(duplicate: object) -> None:
    """What the copy gives back is not what the original holds."""
    assert callable(duplicate)
    lease = Lease()
    other = duplicate(lease)
    assert isinstance(other, Lease)
    assert other is not lease
    assert len({lease, other}) == 2
