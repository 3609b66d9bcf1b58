"""What unit tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.pooling import starting_over

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def fresh_pools(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test begin as a process does, with no connection and nothing built."""
    with starting_over(monkeypatch):
        yield
