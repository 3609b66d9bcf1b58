"""The environment, or else the system → the certificates that servers are checked by.

The order is the SDK's: SSL_CERT_FILE, SSL_CERT_DIR, the system's store. On macOS and
Windows that store is asked through truststore, elsewhere it is a file or a folder of
OpenSSL's. A folder without a single certificate that OpenSSL would find in it is no
store; Python builds that bring their own OpenSSL, such as uv's, point to one on systems
which keep theirs elsewhere. certifi's list is the last source.
"""

from __future__ import annotations

import os
import re
import ssl
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

# What OpenSSL looks for in a folder: the hash of a subject, and a number.
_HASHED_NAME: Final = re.compile(r"[0-9a-f]{8}\.\d+")

# Where distributions keep their stores, as Go and truststore know them.
_STORES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/cert.pem",
)


def build_tls_context() -> ssl.SSLContext:
    """Build a context that verifies servers, by the first source that has anything.

    Raises:
        OSError: If SSL_CERT_FILE names what cannot be read; an empty list of
            certificates would fail every connection, and not say why.
    """
    context = _build_told() or _build_native()
    if context is not None:
        return context
    context = ssl.create_default_context()
    if not context.get_ca_certs() and not _is_usable_store():
        _load_fallback(context)
    return context


def _build_told() -> ssl.SSLContext | None:
    """Build a context from SSL_CERT_FILE and SSL_CERT_DIR, if they hold anything."""
    file = os.environ.get("SSL_CERT_FILE") or None
    folder = os.environ.get("SSL_CERT_DIR") or None
    folders = folder.split(os.pathsep) if folder else []
    usable = any(_has_certificates(path) for path in folders)
    if file is None and not usable:
        return None
    if file is not None and not Path(file).is_file():
        raise FileNotFoundError(f"SSL_CERT_FILE names no file: {file}")
    return ssl.create_default_context(cafile=file, capath=folder if usable else None)


def _build_native() -> ssl.SSLContext | None:
    """Build a context that asks macOS or Windows."""
    if sys.platform not in {"darwin", "win32"} or find_spec("truststore") is None:
        return None
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _is_usable_store() -> bool:
    """Tell whether OpenSSL's own folder holds certificates.

    OpenSSL reads the folder only when it needs a certificate, so the context does not
    tell.
    """
    paths: Any = ssl.get_default_verify_paths()
    return _has_certificates(paths.capath)


def _has_certificates(folder: str | None) -> bool:
    try:
        with os.scandir(folder or "") as entries:
            return any(_HASHED_NAME.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False


def _load_fallback(context: ssl.SSLContext) -> None:
    """Load the first list of certificates that there is."""
    for path in [path for path in _STORES if Path(path).is_file()]:
        context.load_verify_locations(path)
        if context.get_ca_certs():
            return
    if find_spec("certifi") is not None:
        import certifi

        context.load_verify_locations(certifi.where())
