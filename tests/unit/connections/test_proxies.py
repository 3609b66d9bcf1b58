"""Which proxy requests to an origin go through, by the environment."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai
from langchain_clarifai._connections import proxies
from langchain_clarifai._connections.proxies import find_proxy
from tests.servers.forwarding import Forwarder
from tests.servers.openai_wire import choice, completion
from tests.servers.socks import SocksServer
from tests.servers.wire import WireServer, json_reply
from tests.unit.pooling import starting_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in _NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with starting_over(monkeypatch):
        yield


def _build(url: str) -> ChatClarifai:
    return ChatClarifai(
        model="gpt-oss-120b",
        base_url=url,
        api_key=SecretStr("token-token"),
        allow_http=True,
        max_retries=0,
    )


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.8.9.10",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "model.localhost",
        "[::1]",
        "0.0.0.0",  # noqa: S104 - nothing is bound
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
def test_this_machine_is_never_reached_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, name: str, scheme: str, host: str
) -> None:
    """By whichever of its names; a proxy would read the token, or ask another."""
    monkeypatch.setenv(name, "http://proxy.example:3128")
    assert find_proxy(f"{scheme}://{host}:8000") is None


@pytest.mark.parametrize(
    ("environment", "origin", "expected"),
    [
        ({"HTTPS_PROXY": "http://p:1"}, "https://api.example", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://api.example", None),
        ({"ALL_PROXY": "socks5://p:1"}, "https://api.example", "socks5://p:1"),
        ({"https_proxy": "p.example:1"}, "https://api.example", "http://p.example:1"),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "api.example"},
            "https://api.example",
            None,
        ),
        ({"HTTPS_PROXY": ""}, "https://api.example", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://localhost.example", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "https://127.0.0.1.example", "http://p:1"),
    ],
)
def test_proxy_is_the_environments(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    origin: str,
    expected: str | None,
) -> None:
    """By scheme, unless NO_PROXY names the host."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert find_proxy(origin) == expected


@pytest.mark.parametrize(
    "proxy", ["ftp://user:secret@p:1", "http://", "http://p:x", "socks4://p:1"]
)
def test_proxy_that_is_none_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    """Before anything is sent; the text says what is known."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ValueError, match="HTTPS_PROXY") as caught:
        find_proxy("https://api.example")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost"])
def test_calls_to_this_machine_ignore_the_environments_proxy(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch, host: str, *, is_async: bool
) -> None:
    """The proxy hears nothing of it."""
    wire.handler = lambda _: json_reply(completion(choice("here")))
    with Forwarder() as proxy:
        for name in ("HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        model = _build(wire.url.replace("127.0.0.1", host))
        message = asyncio.run(model.ainvoke("a")) if is_async else model.invoke("a")
    assert message.text == "here"
    assert proxy.heads == []
    model.close()


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_socks_without_its_package_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch, *, is_async: bool
) -> None:
    """Before a byte is sent, to the proxy or anywhere."""
    monkeypatch.setattr(proxies, "find_spec", lambda _: None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{port}")
        model = _build("http://models.example/v1")
        with pytest.raises(ImportError, match=r"langchain-clarifai\[socks\]"):
            _ = asyncio.run(model.ainvoke("a")) if is_async else model.invoke("a")
        listener.settimeout(0.05)
        with pytest.raises(TimeoutError):
            listener.accept()


def _ask_twice(model: ChatClarifai, *, is_async: bool) -> list[str]:
    async def ask() -> list[str]:
        return [(await model.ainvoke("a")).text for _ in range(2)]

    if is_async:
        return asyncio.run(ask())
    return [model.invoke("a").text for _ in range(2)]


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_calls_go_through_a_socks_proxy(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch, scheme: str, *, is_async: bool
) -> None:
    """Sync and async alike, on a connection that is used again."""
    pytest.importorskip("aiohttp_socks")
    pytest.importorskip("socksio")
    wire.handler = lambda _: json_reply(completion(choice("there")))
    target = wire.port
    with SocksServer(target) as socks:
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:{socks.port}")
        model = _build("http://models.example/v1")
        texts = _ask_twice(model, is_async=is_async)
        model.close()
    assert texts == ["there", "there"]
    assert socks.hosts == ["models.example"]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_calls_go_through_a_proxy_that_speaks_tls(
    wire: WireServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    scheme: str,
    *,
    is_async: bool,
) -> None:
    """TLS with the server goes within that with the proxy; the same list vouches."""
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "models.example").configure_cert(tls)
    wire.handler = lambda _: json_reply(completion(choice("there" * 20_000)))
    port = wire.port
    with (
        Forwarder(port, tls=tls if scheme == "https" else None) as server,
        Forwarder(tls=tls, hosts={"models.example": server.port}) as proxy,
    ):
        monkeypatch.setenv("ALL_PROXY", f"https://localhost:{proxy.port}")
        model = _build(f"{scheme}://models.example/v1")
        texts = _ask_twice(model, is_async=is_async)
        model.close()
        assert wire.connections == 1
    assert texts == ["there" * 20_000] * 2
    assert len(proxy.heads) == 1
    assert (b"CONNECT" in proxy.heads[0]) == (scheme == "https")
