"""The example of a company's network: through its proxy, with its authority."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

import pytest

from tests.integration.running_examples import read_output, run_example
from tests.servers.forwarding import Forwarder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.scripted import ScriptedServer

_EXAMPLE: Final = "company_network.py"
_HOST: Final = "models.example"
_QUESTIONS: Final = ("Why is the sky blue?", "Why is the sea salty?")


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """The certificate of the company's authority."""
    return tmp_path / "authority.pem"


@pytest.fixture
def front(scripted: ScriptedServer, authority: Path) -> Iterator[Forwarder]:
    """A server that speaks TLS, with a certificate that only the company trusts."""
    trustme = pytest.importorskip("trustme")
    company = trustme.CA()
    company.cert_pem.write_to_path(str(authority))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    company.issue_cert(_HOST, "localhost").configure_cert(tls)
    with Forwarder(int(scripted.origin.rpartition(":")[2]), tls=tls) as forwarder:
        yield forwarder


def _list_answers(output: str) -> list[str]:
    return [line.partition(": ")[2] for line in output.splitlines()]


@pytest.mark.parametrize("host", [_HOST, "localhost"])
def test_sync_and_async_calls_go_through_the_companys_proxy(
    scripted: ScriptedServer,
    front: Forwarder,
    authority: Path,
    tmp_path: Path,
    host: str,
) -> None:
    """By a tunnel that hides the token; to this machine as well, when told so."""
    with Forwarder(hosts={host: front.port}) as proxy:
        output = read_output(
            _EXAMPLE,
            tmp_path,
            f"https://{host}:{front.port}",
            COMPANY_PROXY=f"http://127.0.0.1:{proxy.port}",
            COMPANY_CA=str(authority),
        )
    assert _list_answers(output) == list(_QUESTIONS)
    assert len(proxy.heads) == 2
    for head in proxy.heads:
        assert head.startswith(f"CONNECT {host}:{front.port} ".encode())
        assert b"a-token" not in head
    tokens = [request.headers["authorization"] for request in scripted.requests]
    assert tokens == ["Bearer a-token"] * 2


def test_authority_that_was_not_given_is_not_trusted(
    scripted: ScriptedServer, front: Forwarder, tmp_path: Path
) -> None:
    """A clear error, and nothing is sent."""
    run = run_example(_EXAMPLE, tmp_path, f"https://localhost:{front.port}")
    assert run.returncode == 1
    assert "ClarifaiTLSError" in run.stderr
    assert "certificate" in run.stderr.lower()
    assert "a-token" not in run.stderr
    assert scripted.requests == []


def test_environment_is_enough_where_it_says_the_same(
    scripted: ScriptedServer, front: Forwarder, authority: Path, tmp_path: Path
) -> None:
    """The proxy and the certificates of an example that builds no clients."""
    with Forwarder(hosts={_HOST: front.port}) as proxy:
        output = read_output(
            "invoke.py",
            tmp_path,
            f"https://{_HOST}:{front.port}",
            HTTPS_PROXY=f"http://127.0.0.1:{proxy.port}",
            SSL_CERT_FILE=str(authority),
        )
    assert _QUESTIONS[0] in output
    assert len(proxy.heads) == 1
    assert len(scripted.requests) == 1
