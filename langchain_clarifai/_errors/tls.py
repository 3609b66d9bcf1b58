"""An error of TLS → why, and what to do, where no further attempt would go better.

A certificate that is refused will be refused again, and so it is with a server that
speaks no TLS, or none that both sides allow. A connection that is lost during the
handshake may be made by the next attempt.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_ADVICE_ON_AUTHORITIES: Final = (
    "Set SSL_CERT_FILE to the CA bundle of your company, or of whoever runs the "
    "server. Or give HTTP clients of your own that trust it, `http_client` and "
    "`http_async_client`, as in examples/company_network.py."
)
_ADVICE_ON_DATES: Final = (
    "Check this machine's clock. If it is right, the certificate has to be renewed."
)
_ADVICE_ON_NAMES: Final = (
    "Check the host in `base_url`: what answers there shows another host's certificate."
)
_ADVICE_WITHOUT_TLS: Final = (
    "What answers there speaks no TLS. If it serves plain HTTP, its `base_url` begins "
    "with http://, not https://; so does the URL of most proxies, in HTTPS_PROXY too."
)
_ADVICE_ON_AGREEMENT: Final = (
    "The server and this Python allow no version of TLS, cipher or certificate in "
    "common. HTTP clients of your own may allow more: `http_client`, "
    "`http_async_client`."
)

# By OpenSSL's codes, of its `x509_vfy.h`. The stores of macOS and Windows have others.
_ADVICE_BY_CODE: Final = {
    9: _ADVICE_ON_DATES,  # not valid yet
    10: _ADVICE_ON_DATES,  # expired
    62: _ADVICE_ON_NAMES,  # of another host
    64: _ADVICE_ON_NAMES,  # of another IP address
}
# What OpenSSL says of bytes that are no TLS, before version 3.2 and since:
# https://github.com/urllib3/urllib3/pull/3271
_WITHOUT_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
_WITHOUT_AGREEMENT: Final = (
    "CERTIFICATE_REQUIRED",
    "DH_KEY_TOO_SMALL",
    "HANDSHAKE_FAILURE",
    "LEGACY_RENEGOTIATION_DISABLED",
    "NO_PROTOCOLS_AVAILABLE",
    "PROTOCOL_VERSION",
    "UNSUPPORTED_PROTOCOL",
)
# The classes of the HTTP libraries' errors before there is a connection.
_FAILED_HANDSHAKES: Final = {"ClientConnectorSSLError", "ConnectError"}


def explain(causes: Sequence[BaseException]) -> str:
    """Say why there is no connection, and what to do.

    Args:
        causes: An error and what caused it, the innermost last.

    Returns:
        Nothing where TLS is not the reason, or where another attempt may go better.
    """
    error = causes[-1]
    # The core of the HTTP library makes its error of Python's, as the argument, and its
    # pool cuts the cause off.
    if error.args and isinstance(error.args[0], ssl.SSLError):
        error = error.args[0]
    names = {type(cause).__name__ for cause in causes}
    advice = advise_on_tls(error, is_made=names.isdisjoint(_FAILED_HANDSHAKES))
    return advice and f"{_say_why(error)}. {advice}"


def advise_on_tls(error: BaseException, *, is_made: bool) -> str:
    """Say what to do about an error; nothing where another attempt may go better.

    Args:
        error: Any error.
        is_made: Whether the connection was made: bytes that are no TLS are a fault then
            that may pass.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        code = getattr(error, "verify_code", None)
        return _ADVICE_BY_CODE.get(code or 0, _ADVICE_ON_AUTHORITIES)
    if not isinstance(error, ssl.SSLError):
        return ""
    # A Python that is older than its OpenSSL knows these words, but not their name.
    said = str(error).upper().replace(" ", "_")
    if not is_made and any(name in said for name in _WITHOUT_TLS):
        return _ADVICE_WITHOUT_TLS
    if any(name in said for name in _WITHOUT_AGREEMENT):
        return _ADVICE_ON_AGREEMENT
    return ""


def _say_why(error: BaseException) -> str:
    """Say it in OpenSSL's words."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return str(error)
    why = getattr(error, "verify_message", "") or str(error)
    return f"its certificate was refused: {why.rstrip('.')}"
