"""A lease is the claim of one model, and is never copied."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from langchain_clarifai._settings.lease import Lease

if TYPE_CHECKING:
    from collections.abc import Callable


def _pickle(lease: Lease) -> Lease:
    other: Lease = pickle.loads(pickle.dumps(lease))  # noqa: S301 - our own bytes
    return other


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, _pickle],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copied_lease_is_a_claim_of_its_own(
    duplicate: Callable[[Lease], Lease],
) -> None:
    """What the copy gives back is not what the original holds."""
    lease = Lease()
    other = duplicate(lease)
    assert other is not lease
    assert len({lease, other}) == 2
