"""Name, port and certificate of a server → what the check says before it sends."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import trustme

from langchain_clarifai._check.command import main

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Check = Callable[..., dict[str, Any]]


def test_port_where_nobody_listens_is_told(
    way: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sent after that."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}/v2/ext/openai/v1"
    assert main(["check", "--yes", "--base-url", url, *way]) == 1
    printed = capsys.readouterr().out
    assert "FAILS   TCP" in printed
    assert "Nothing listens there" in printed
    assert "Probes" not in printed


def test_host_that_does_not_exist_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The name server is to blame, or the name."""
    url = "https://no-such-host.invalid/v2/ext/openai/v1"
    arguments = ["check", "--yes", "--base-url", url, "--api-key-env", "CLARIFAI_PAT"]
    assert main(arguments) == 1
    assert "FAILS   DNS" in capsys.readouterr().out


def test_certificate_that_nobody_trusts_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As behind a company's proxy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    refused = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                context.wrap_socket(connection, server_side=True)
            except OSError as error:
                refused.append(error)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        url = f"https://localhost:{listener.getsockname()[1]}/v2/ext/openai/v1"
        assert main(["check", "--yes", "--base-url", url]) == 1
        thread.join()
    printed = capsys.readouterr().out
    assert "FAILS   TLS" in printed
    assert "SSL_CERT_FILE" in printed
    assert refused
