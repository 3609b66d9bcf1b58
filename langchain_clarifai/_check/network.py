"""A base URL → how long each step to its host takes, until one fails."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from langchain_clarifai._connections.warm_up import get_tls_context
from langchain_clarifai._errors.tls import advise_on_tls

if TYPE_CHECKING:
    from collections.abc import Iterator

_HTTPS_PORT = 443
_HTTP_PORT = 80
_ADVICE_ON_LOSS: Final = "A firewall may have hung up, or the server. Try again."


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a connection: its time in seconds, or what went wrong."""

    name: str
    seconds: float
    came: str
    is_good: bool
    do: str = ""


def measure_steps(url: str, timeout: float) -> Iterator[Step]:
    """Resolve the host, connect, and agree on TLS; stop at what does not work.

    How long the first request over a connection takes is measured by the probes.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (_HTTPS_PORT if parts.scheme == "https" else _HTTP_PORT)
    started = time.monotonic()
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        advice = "Check the host's name and this machine's name server."
        yield _fail("DNS", started, error, advice)
        return
    addresses = list(dict.fromkeys(str(address[4][0]) for address in found))
    yield Step("DNS", _since(started), ", ".join(addresses[:3]), is_good=True)
    started = time.monotonic()
    try:
        connection = socket.create_connection((host, port), timeout=timeout)
    except OSError as error:
        advice = "Nothing listens there, or a firewall is in between."
        yield _fail("TCP", started, error, advice)
        return
    with connection:
        yield Step("TCP", _since(started), f"port {port}", is_good=True)
        if parts.scheme != "https":
            return
        started = time.monotonic()
        try:
            with get_tls_context().wrap_socket(
                connection, server_hostname=host
            ) as secured:
                came = f"{secured.version()}, {_name_issuer(secured)}"
                yield Step("TLS", _since(started), came, is_good=True)
        except (OSError, ssl.SSLError) as error:
            advice = advise_on_tls(error, is_made=False) or _ADVICE_ON_LOSS
            yield _fail("TLS", started, error, advice)


def _fail(name: str, started: float, error: OSError, advice: str) -> Step:
    came = f"{type(error).__name__}: {error}"
    return Step(name, _since(started), came, is_good=False, do=advice)


def _since(started: float) -> float:
    return round(time.monotonic() - started, 4)


def _name_issuer(secured: ssl.SSLSocket) -> str:
    certificate: Any = secured.getpeercert() or {}
    issuer = dict(pair[0] for pair in certificate.get("issuer", ()) if pair)
    return f"certificate by {issuer.get('organizationName', 'an unnamed issuer')}"
