"""LiteLLM and the network it sees, started once for all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai
from tests.integration.environments import require_python
from tests.integration.litellm.network import Network, serve_network
from tests.integration.litellm.process import REQUIREMENTS, TOKEN, serve_proxy
from tests.servers.scripted import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def litellm_python() -> Path:
    """Provide LiteLLM."""
    return require_python("litellm", REQUIREMENTS)


@pytest.fixture(scope="session")
def clarifai() -> Iterator[ScriptedServer]:
    """Serve Clarifai's stand-in, which lets in one token only."""
    with ScriptedServer(api_key=TOKEN) as server:
        yield server
    assert server.failures == []


@pytest.fixture(scope="session")
def network(
    clarifai: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Network]:
    """Serve all of the network that LiteLLM sees."""
    with serve_network(clarifai, tmp_path_factory.mktemp("litellm")) as served:
        yield served


@pytest.fixture(scope="session")
def proxy_url(litellm_python: Path, network: Network) -> Iterator[str]:
    """Serve LiteLLM's proxy in front of the stand-in."""
    with serve_proxy(litellm_python, network) as url:
        yield url


@pytest.fixture
def model(proxy_url: str) -> Iterator[ChatClarifai]:
    """Build a model that talks to the proxy, as the page's client does."""
    with ChatClarifai(
        model="clarifai-model",
        base_url=proxy_url,
        api_key=SecretStr("anything"),
        max_retries=0,
        cold_start_timeout=0,
    ) as chat_model:
        yield chat_model
