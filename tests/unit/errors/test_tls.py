"""A certificate that is refused, or no TLS at all → one error, with advice."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import openai
import pytest
from pydantic import SecretStr

from langchain_clarifai import (
    ClarifaiConnectionError,
    ClarifaiEmbeddings,
    ClarifaiTLSError,
    alist_models,
    list_models,
)
from langchain_clarifai._errors.tls import explain
from tests.servers.certificates import Authority
from tests.servers.forwarding import Forwarder
from tests.servers.socks import SocksServer
from tests.servers.wire import OPENAI_PATH
from tests.wire.ways import PLAIN, TOKEN, Way, call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.wire import WireServer

pytestmark = pytest.mark.usefixtures("fresh_pools")

plain_ways = pytest.mark.parametrize("way", PLAIN, ids=lambda way: way.value)
each_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
with_own_clients = pytest.mark.parametrize("is_own", [False, True], ids=["ours", "own"])

AUTHORITIES: Final = "Set SSL_CERT_FILE to the CA bundle of your company"
AGREEMENT: Final = "no version of TLS, cipher or certificate in common"
BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
WITHOUT_TLS: Final = "its `base_url` begins with http://"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    return authority


def _check(error: Any, port: int) -> None:
    """Check what all such errors have in common."""
    assert type(error) is ClarifaiTLSError
    assert isinstance(error, ClarifaiConnectionError)
    assert isinstance(error, openai.APIConnectionError)
    assert not error.is_retryable
    assert f"No connection to https://localhost:{port}: " in str(error)
    assert TOKEN not in repr(error)


def _fail(
    wire: WireServer, authority: Authority, way: Way, fault: str, *, is_own: bool
) -> str:
    """Call a server with a fault; return what the error says after one connection."""
    clients = authority.build_clients() if is_own else {}
    with Forwarder(wire.port, tls=authority.build_server(fault)) as front:
        url = f"https://localhost:{front.port}/v1"
        error = call(way, wire, base_url=url, max_retries=2, **clients).error
        assert front.connections == 1
        _check(error, front.port)
    return str(error)


@each_way
@with_own_clients
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("unknown", f"unable to get local issuer certificate. {AUTHORITIES}"),
        ("self-signed", f"self-signed certificate. {AUTHORITIES}"),
        ("another host", "not valid for 'localhost'. Check the host in `base_url`"),
        ("expired", "certificate has expired. Check this machine's clock"),
    ],
)
def test_refused_certificate_is_an_error_at_once(
    wire: WireServer,
    authority: Authority,
    way: Way,
    *,
    fault: str,
    reason: str,
    is_own: bool,
) -> None:
    """It says whose, why and what to do, and nothing is sent."""
    said = _fail(wire, authority, way, fault, is_own=is_own)
    assert "its certificate was refused: " in said
    assert reason in said
    assert wire.exchanges == []


@each_way
@with_own_clients
def test_tls_that_cannot_be_agreed_on_is_an_error_at_once(
    wire: WireServer, authority: Authority, way: Way, *, is_own: bool
) -> None:
    """The server allows only a cipher that Python does not."""
    assert AGREEMENT in _fail(wire, authority, way, "old cipher", is_own=is_own)


@contextmanager
def _answering(answer: bytes) -> Iterator[tuple[int, list[socket.socket]]]:
    """Give the port of a server that answers whatever it reads, and its connections."""
    connections: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connections.append(connection)
                    connection.recv(65_536)
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], connections
        # `accept` returns only when it is called.
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@each_way
@with_own_clients
def test_https_to_a_port_of_plain_http_is_an_error_at_once(
    wire: WireServer, authority: Authority, way: Way, *, is_own: bool
) -> None:
    """It tells of the two schemes."""
    clients = authority.build_clients() if is_own else {}
    with _answering(BAD_REQUEST) as (port, connections):
        url = f"https://localhost:{port}/v1"
        error = call(way, wire, base_url=url, max_retries=2, **clients).error
    _check(error, port)
    assert WITHOUT_TLS in str(error)
    assert len(connections) == 1


@plain_ways
@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_https_to_plain_http_behind_a_proxy_is_told_likewise(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch, way: Way, scheme: str
) -> None:
    """The proxy's part has gone well."""
    pytest.importorskip("aiohttp_socks")
    with (
        _answering(BAD_REQUEST) as (port, connections),
        SocksServer(port) as socks,
        Forwarder(hosts={"models.example": port}) as tunnel,
    ):
        proxy = socks if scheme == "socks5" else tunnel
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:{proxy.port}")
        url = "https://models.example/v1"
        error = call(way, wire, base_url=url, max_retries=2).error
    assert type(error) is ClarifaiTLSError
    assert "No connection to https://models.example: " in str(error)
    assert WITHOUT_TLS in str(error)
    assert len(connections) == 1


@plain_ways
def test_connection_lost_during_the_handshake_is_tried_again(
    wire: WireServer, way: Way
) -> None:
    """The server may have been starting."""
    with _answering(b"") as (port, connections):
        url = f"https://localhost:{port}/v1"
        error = call(way, wire, base_url=url, max_retries=1).error
    assert type(error) is ClarifaiConnectionError
    assert error.is_retryable
    assert len(connections) == 2


def _list_models(**settings: Any) -> None:
    list_models(api_key=TOKEN, **settings)


def _alist_models(**settings: Any) -> None:
    asyncio.run(alist_models(api_key=TOKEN, **settings))


def _build_embeddings(settings: dict[str, Any]) -> ClarifaiEmbeddings:
    return ClarifaiEmbeddings(model="m", api_key=SecretStr(TOKEN), **settings)


def _embed(**settings: Any) -> None:
    _build_embeddings(settings).embed_documents(["a"])


def _aembed(**settings: Any) -> None:
    asyncio.run(_build_embeddings(settings).aembed_documents(["a"]))


@pytest.mark.parametrize("ask", [_list_models, _alist_models, _embed, _aembed])
def test_catalogue_and_embeddings_do_likewise(
    wire: WireServer, authority: Authority, ask: Callable[..., None]
) -> None:
    """One connection, and the same words."""
    with Forwarder(wire.port, tls=authority.build_server("unknown")) as front:
        url = f"https://localhost:{front.port}{OPENAI_PATH}"
        with pytest.raises(ClarifaiTLSError) as caught:
            ask(base_url=url, max_retries=2)
        assert front.connections == 1
        _check(caught.value, front.port)
    assert AUTHORITIES in str(caught.value)


def test_the_sdks_client_on_aiohttp_does_likewise(
    wire: WireServer, authority: Authority
) -> None:
    """It calls each lost connection a timeout; the reason is two errors below."""

    async def ask(url: str) -> None:
        async with openai.DefaultAioHttpClient() as client:
            await alist_models(api_key=TOKEN, base_url=url, http_client=client)

    with Forwarder(wire.port, tls=authority.build_server("unknown")) as front:
        with pytest.raises(ClarifaiTLSError) as caught:
            asyncio.run(ask(f"https://localhost:{front.port}{OPENAI_PATH}"))
        assert front.connections == 1
        _check(caught.value, front.port)


class ConnectError(Exception):
    """Named as the HTTP library's is."""


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", WITHOUT_TLS),
        ("[SSL: RECORD_LAYER_FAILURE] record layer failure", WITHOUT_TLS),
        ("[SSL] record layer failure (_ssl.c:1006)", WITHOUT_TLS),
        ("[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version", AGREEMENT),
        ("[SSL] ssl/tls alert handshake failure (_ssl.c:1006)", AGREEMENT),
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert …", AGREEMENT),
    ],
)
def test_words_of_any_openssl_are_known(said: str, advice: str) -> None:
    """Its versions differ, and Python does not know the names of all."""
    error = ConnectError(ssl.SSLError(1, said))
    told = explain([error])
    assert told.startswith(f"{said}. ")
    assert advice in told


@pytest.mark.parametrize(
    "error",
    [
        ssl.SSLError(1, "[SSL] record layer failure (_ssl.c:2580)"),
        ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] …"),
        ConnectError(ssl.SSLEOFError(8, "EOF occurred in violation of protocol")),
        ConnectError(ConnectionRefusedError(111, "Connection refused")),
        ConnectError(),
    ],
    ids=repr,
)
def test_what_may_pass_is_not_told_of(error: Exception) -> None:
    """It is tried again: bytes that went wrong, for one, on a connection that stood."""
    assert explain([error]) == ""


def test_refusal_of_another_store_is_told_in_its_words() -> None:
    """Those of macOS and Windows have words and codes of their own."""
    error: Any = ssl.SSLCertVerificationError("“localhost” is not trusted.")
    error.verify_message = error.args[0]
    error.verify_code = -67843
    told = explain([error])
    assert (
        f"its certificate was refused: “localhost” is not trusted. {AUTHORITIES}"
        in told
    )
