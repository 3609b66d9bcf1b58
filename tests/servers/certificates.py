"""An authority of a test's own → what servers show, and what clients trust."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import openai
import trustme

if TYPE_CHECKING:
    from pathlib import Path


class Authority:
    """An authority that clients trust, and what servers show.

    Args:
        folder: Where its certificate is written, as `path` says.
        *hosts: The names of a server without a fault.
    """

    def __init__(self, folder: Path, *hosts: str) -> None:
        self._authority = trustme.CA()
        self.path = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.path))
        self._folder = folder
        self._hosts = hosts or ("localhost",)

    def build_server(self, fault: str | None = None) -> ssl.SSLContext:
        """Build the server's side of TLS, with a fault or without."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if fault == "unknown":
            trustme.CA().issue_cert("localhost").configure_cert(context)
        elif fault == "self-signed":
            other = trustme.CA()
            other.private_key_pem.write_to_path(str(self._folder / "own.pem"))
            other.cert_pem.write_to_path(str(self._folder / "own.pem"), append=True)
            context.load_cert_chain(self._folder / "own.pem")
        elif fault == "another host":
            self._authority.issue_cert("example.com").configure_cert(context)
        elif fault == "expired":
            last = datetime(2020, 1, 1, tzinfo=UTC)
            self._authority.issue_cert("localhost", not_after=last).configure_cert(
                context
            )
        else:
            self._authority.issue_cert(*self._hosts).configure_cert(context)
        if fault == "old cipher":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("ECDHE-ECDSA-AES128-SHA")
        return context

    def build_clients(self) -> dict[str, Any]:
        """Build clients of the user's that trust it."""
        context = ssl.create_default_context(cafile=self.path)
        return {
            "http_client": openai.DefaultHttpxClient(verify=context),
            "http_async_client": openai.DefaultAsyncHttpxClient(verify=context),
        }
