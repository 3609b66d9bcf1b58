"""Embeddings where they are used: vector stores, the suite, real servers."""

from __future__ import annotations

import asyncio
import math
import operator
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_tests.integration_tests import EmbeddingsIntegrationTests

from langchain_clarifai import (
    ClarifaiBadRequestError,
    ClarifaiContextOverflowError,
    ClarifaiEmbeddings,
)
from tests.servers.embedding import embed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.embeddings import Embeddings

    from tests.servers.scripted import ScriptedServer

MODEL = "openai/embed/models/text-embedding-3-large"
HANDBOOK = [
    "Everyone has 30 days of paid holiday a year.",
    "Trains are booked in second class.",
    "A new laptop is ordered from the help desk every 4 years.",
]
QUESTION = "Who orders a new laptop?"


class TestScriptedModel(EmbeddingsIntegrationTests):
    """LangChain's standard suite in full, on a model that behaves."""

    @pytest.fixture(autouse=True)
    def _serve(self, scripted: ScriptedServer) -> None:
        self.url = scripted.url

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return ClarifaiEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"model": MODEL, "api_key": "test", "base_url": self.url}


@pytest.mark.local_model
class TestLocalModel(EmbeddingsIntegrationTests):
    """The same on a real model, served by llama.cpp."""

    @pytest.fixture(autouse=True)
    def _serve(self, local_model_url: str) -> None:
        self.url = local_model_url

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return ClarifaiEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"model": "smollm2", "api_key": "none", "base_url": self.url}


@pytest.fixture
def local(local_model_url: str) -> Iterator[ClarifaiEmbeddings]:
    """Build a model that asks llama.cpp."""
    with ClarifaiEmbeddings(
        model="smollm2", api_key="none", base_url=local_model_url, max_retries=0
    ) as embeddings:
        yield embeddings


@pytest.mark.local_model
def test_real_server_gives_the_same_in_both_encodings(
    local: ClarifaiEmbeddings,
) -> None:
    """llama.cpp takes base64; its vectors are of length 1, alike but for rounding."""
    encoded = local.embed_documents(HANDBOOK)
    written = local.model_copy(update={"encoding_format": "float"})
    assert len(encoded[0]) == 576
    for one, other in zip(encoded, written.embed_documents(HANDBOOK), strict=True):
        assert math.isclose(math.hypot(*one), 1, rel_tol=1e-3)
        assert math.dist(one, other) < 0.01
    assert local.usage_metadata["input_tokens"] > 30


@pytest.mark.local_model
def test_real_server_refuses_a_text_that_is_too_long(local: ClarifaiEmbeddings) -> None:
    """llama.cpp calls it a server error (500); it is told for what it is, and where."""
    texts = [HANDBOOK[0], "word " * 1_000, HANDBOOK[1]]
    with pytest.raises(ClarifaiContextOverflowError, match=r"texts\[1\]") as caught:
        local.embed_documents(texts)
    assert caught.value.failed_indices == (1,)
    assert caught.value.partial_embeddings.keys() == {0, 2}


@pytest.mark.local_model
def test_real_server_refuses_an_empty_text(local: ClarifaiEmbeddings) -> None:
    """It went out, and the server has the last word."""
    with pytest.raises(ClarifaiBadRequestError, match=r"texts\[0\].*cannot be empty"):
        local.embed_query("")


@pytest.mark.local_model
def test_real_model_finds_what_shares_words(local: ClarifaiEmbeddings) -> None:
    """It is no embedding model, but that much it tells apart."""
    store = InMemoryVectorStore.from_texts(HANDBOOK, local)
    [found] = store.similarity_search(QUESTION, k=1)
    assert found.page_content == HANDBOOK[2]


async def test_stores_embed_sync_and_async(scripted: ScriptedServer) -> None:
    """LangChain's store asks in either way, and finds what fits."""
    async with ClarifaiEmbeddings(
        model=MODEL, api_key="test", base_url=scripted.url
    ) as embeddings:
        store = InMemoryVectorStore(embeddings)
        documents = [Document(text) for text in HANDBOOK]
        await store.aadd_documents(documents)
        [found] = await store.asimilarity_search(QUESTION, k=1)
        assert found.page_content == HANDBOOK[2]
        retriever = store.as_retriever(search_kwargs={"k": 1})
        assert await asyncio.to_thread(retriever.invoke, QUESTION) == [found]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_faiss_searches_our_vectors(scripted: ScriptedServer) -> None:
    """A store from PyPI indexes them, by way of LangChain's community package."""
    pytest.importorskip("faiss")
    pytest.importorskip("langchain_community")
    from langchain_community.vectorstores import FAISS
    from langchain_community.vectorstores.utils import DistanceStrategy

    with ClarifaiEmbeddings(
        model=MODEL,
        api_key="test",
        base_url=scripted.url,
        chunk_size=2,
        max_concurrency=2,
    ) as embeddings:
        store = FAISS.from_texts(
            HANDBOOK, embeddings, distance_strategy=DistanceStrategy.MAX_INNER_PRODUCT
        )
        [(found, score)] = store.similarity_search_with_score(QUESTION, k=1)
    assert found.page_content == HANDBOOK[2]
    assert score == sum(map(operator.mul, embed(QUESTION), embed(HANDBOOK[2])))
