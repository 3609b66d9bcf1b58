"""A stand-in for Clarifai on loopback → all of the network that LiteLLM can reach.

LiteLLM's Clarifai provider takes its address from no variable and no setting but
`api_base`, which the examples of its page leave out. So that they run as they stand,
LiteLLM gets an HTTP proxy that knows one host, `api.clarifai.com`, and an authority
that vouches for it. Whatever else it tries to reach is refused, and written down.
"""

from __future__ import annotations

import contextlib
import os
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import trustme

from tests.servers.forwarding import Forwarder

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from tests.servers.wire import WireServer

HOST: Final = "api.clarifai.com"

# What LiteLLM would fetch at its start; it has copies of its own.
_LOCAL: Final = {
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}


@dataclass(frozen=True)
class Network:
    """What a process needs to reach Clarifai's stand-in and nothing else."""

    proxy: Forwarder
    environment: Mapping[str, str]
    """All of the process's environment variables, none of ours among them."""

    @property
    def hosts(self) -> set[str]:
        """The hosts that were asked for, with their ports."""
        return {head.split()[1].decode() for head in self.proxy.heads}


@contextlib.contextmanager
def serve_network(clarifai: WireServer, folder: Path) -> Generator[Network]:
    """Serve the network, and keep its certificate in the folder."""
    authority = trustme.CA()
    certificates = folder / "certificates.pem"
    authority.cert_pem.write_to_path(certificates)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(tls)
    with (
        Forwarder(urlsplit(clarifai.origin).port, tls=tls) as front,
        Forwarder(hosts={HOST: front.port}) as proxy,
    ):
        address = f"http://127.0.0.1:{proxy.port}"
        yield Network(
            proxy,
            {
                **_LOCAL,
                "HOME": str(folder),
                "HTTPS_PROXY": address,
                "HTTP_PROXY": address,
                "NO_PROXY": "",
                "PATH": os.environ["PATH"],
                "SSL_CERT_FILE": str(certificates),
            },
        )
