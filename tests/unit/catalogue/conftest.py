"""What tests of the catalogue share: both ways to list, and a stand-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from langchain_clarifai._catalogue.listing import alist_models, list_models
from langchain_clarifai._settings import known_names, model_ids
from tests.servers.catalogue import (
    CatalogueServer,
)
from tests.unit.catalogue.models import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_clarifai._catalogue.records import ModelRecord


async def _list_in_sync(**arguments: Any) -> list[ModelRecord]:
    return list_models(**arguments)


@pytest.fixture(autouse=True)
def _nothing_stays_listed() -> Iterator[None]:
    """What a test lists is known for the whole process."""
    yield
    known_names.forget()
    model_ids.forget_resolved()


@pytest.fixture(params=[_list_in_sync, alist_models], ids=["sync", "async"])
def listing(request: pytest.FixtureRequest) -> Any:
    """List models, in each of the two ways."""
    return request.param


@pytest.fixture
def catalogue() -> Iterator[CatalogueServer]:
    """Serve a catalogue that a test fills."""
    with CatalogueServer(token=TOKEN) as server:
        yield server
    assert server.failures == []
