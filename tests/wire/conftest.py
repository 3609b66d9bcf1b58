"""What tests of bytes on the wire share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _short_waits(request: pytest.FixtureRequest) -> None:
    """Retry soon: how long each wait is, tests of `retries` claim."""
    request.getfixturevalue("short_waits")
