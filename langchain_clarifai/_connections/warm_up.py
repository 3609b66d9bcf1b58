"""What the first request of a process waits for: certificates, modules of libraries."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from langchain_clarifai._connections.proxies import speaks_tls
from langchain_clarifai._connections.trust import build_tls_context
from langchain_clarifai._importing import import_with_room

if TYPE_CHECKING:
    import ssl

_tls_context: ssl.SSLContext | None = None
_tls_lock = threading.RLock()
_is_imported = False


def get_tls_context() -> ssl.SSLContext:
    """Return the process's TLS context, which takes tens of milliseconds to build."""
    global _tls_context  # noqa: PLW0603 - one for the process
    if _tls_context is not None:
        return _tls_context
    with _tls_lock:
        if _tls_context is None:
            _tls_context = build_tls_context()
        return _tls_context


def find_tls_context(origin: str, proxy: str | None) -> ssl.SSLContext | None:
    """Return the TLS context, where requests to an origin through a proxy need one."""
    return get_tls_context() if speaks_tls(origin, proxy) else None


def are_loops_prepared(*, tls: bool) -> bool:
    """Tell whether nothing is left that would block a loop."""
    return _is_imported and not (tls and _tls_context is None)


def prepare_loops(*, tls: bool) -> None:
    """Do what would block a loop: read modules of the libraries, and certificates.

    Args:
        tls: Whether certificates are needed: plain HTTP shall not wait for them.
    """
    global _is_imported  # noqa: PLW0603 - of the process
    if tls:
        get_tls_context()
    import_with_room("langchain_clarifai._connections.async_client")
    _is_imported = True


def _start_over_in_child() -> None:
    global _tls_lock  # noqa: PLW0603 - one for the process
    _tls_lock = threading.RLock()


if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows
    os.register_at_fork(after_in_child=_start_over_in_child)
