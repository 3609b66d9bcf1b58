"""The HTTP library is the SDK's, and clients send what they are told."""

from __future__ import annotations

import ssl
from importlib import metadata
from typing import TYPE_CHECKING, Any

import openai
import pytest

from langchain_clarifai._connections import http_library
from langchain_clarifai._connections.async_client import AsyncClient
from langchain_clarifai._connections.proxies import find_proxy
from langchain_clarifai._connections.sync_client import build_client

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = (5.0, 6.0, 7.0, 8.0)


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Let what was decided once be decided anew."""
    found = (
        http_library.read_sdk_version,
        http_library.import_http_library,
        http_library.import_core,
    )
    for one in found:
        one.cache_clear()
    yield
    for one in found:
        one.cache_clear()


def test_library_is_the_one_that_the_sdk_uses() -> None:
    """Its errors, timeouts and clients fit."""
    library = http_library.import_http_library()
    assert isinstance(openai.Timeout(1), library.Timeout)
    assert issubclass(openai.DefaultHttpxClient, library.Client)
    assert http_library.read_sdk_version() == openai.__version__


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("version", ["4.0.0", "", "unknown"])
def test_library_of_an_unknown_version_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """A version that is not known here says itself what it stands on."""
    monkeypatch.setattr(metadata, "version", lambda _: version)
    library = http_library.import_http_library()
    assert isinstance(openai.Timeout(1), library.Timeout)
    assert issubclass(openai.DefaultHttpxClient, library.Client)
    pool = http_library.import_core().ConnectionPool
    assert pool.__module__.startswith(library.__name__.replace("httpx", "httpcore"))


@pytest.mark.usefixtures("forgetful")
def test_sdk_without_metadata_is_asked_for_its_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Frozen applications come without."""

    def fail(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", fail)
    assert http_library.read_sdk_version() == openai.__version__


def _build_request(client: Any, **settings: Any) -> Any:
    return client.build_request(
        "POST", "https://host/v1?a=1", **{"headers": {}, "timeout": SECONDS, **settings}
    )


def test_headers_that_are_given_win_however_they_are_written() -> None:
    """None is sent twice."""
    client = build_client(ssl.create_default_context())
    headers = {"ACCEPT-encoding": "identity", "X-A": "1", "x-a": "2"}
    request = _build_request(client, headers=headers, content=b"{}")
    sent = [(name.lower(), value) for name, value in request.headers]
    assert sorted(sent) == [
        (b"accept-encoding", b"identity"),
        (b"connection", b"keep-alive"),
        (b"content-length", b"2"),
        (b"host", b"host"),
        (b"x-a", b"2"),
    ]
    client.close()


def test_request_has_the_timeouts_and_the_query() -> None:
    """One number stands for all four parts."""
    client = build_client(ssl.create_default_context())
    names = ("connect", "read", "write", "pool")
    request = _build_request(client, params={"b": "2"})
    assert request.extensions["timeout"] == dict(zip(names, SECONDS, strict=True))
    assert request.address.url == "https://host/v1?b=2"
    request = _build_request(client, timeout=3.0)
    assert request.extensions["timeout"] == dict.fromkeys(names, 3.0)
    assert request.address.url == "https://host/v1?a=1"
    client.close()


async def test_closed_clients_send_nothing() -> None:
    """Whoever still holds one gets an error of the connection, which is tried again."""
    context = ssl.create_default_context()
    client, async_client = build_client(context), AsyncClient(context, None)
    client.close()
    await async_client.aclose()
    with pytest.raises(ConnectionError, match="closed"):
        client.send(_build_request(client))
    with pytest.raises(ConnectionError, match="closed"):
        await async_client.send(_build_request(async_client))


@pytest.mark.parametrize(
    ("variables", "origin", "proxy"),
    [
        ({}, "https://host", None),
        ({"HTTPS_PROXY": "http://proxy:1"}, "https://host", "http://proxy:1"),
        ({"HTTPS_PROXY": "proxy:1"}, "https://host", "http://proxy:1"),
        ({"HTTPS_PROXY": "http://proxy:1"}, "http://host", None),
        ({"ALL_PROXY": "http://proxy:1"}, "http://host:80", "http://proxy:1"),
        (
            {"ALL_PROXY": "http://proxy:1", "NO_PROXY": "a.org,host"},
            "https://api.host:8443",
            None,
        ),
        ({"ALL_PROXY": "http://proxy:1", "NO_PROXY": "*"}, "https://host", None),
        (
            {"ALL_PROXY": "http://proxy:1", "NO_PROXY": "host"},
            "https://ghost",
            "http://proxy:1",
        ),
    ],
)
def test_proxy_is_the_one_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    origin: str,
    proxy: str | None,
) -> None:
    """As everywhere: by scheme, else for all, unless the host is excepted."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert find_proxy(origin) == proxy
