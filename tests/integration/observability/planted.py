"""Secrets for the calls that are traced, and what to look for in what came out."""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import quote, quote_plus

# The characters at the end are those that a URL or base64 would write otherwise.
ARGUMENT_TOKEN: Final = "pat-argument-5ecret/+~?"
SECRET_STR_TOKEN: Final = "pat-secretstr-5ecret/+~?"
CALLABLE_TOKEN: Final = "pat-callable-5ecret/+~?"
ASYNC_CALLABLE_TOKEN: Final = "pat-asynccallable-5ecret/+~?"
ENVIRONMENT_TOKEN: Final = "pat-environment-5ecret/+~?"
CONFIGURED_TOKEN: Final = "pat-configured-5ecret/+~?"
CONFIGURED_SECRET_STR: Final = "pat-configuredsecretstr-5ecret/+~?"
HEADER: Final = "model-header-5ecret/+~?"
QUERY: Final = "model-query-5ecret/+~?"
CLIENT_HEADER: Final = "client-header-5ecret/+~?"

ALWAYS_HIDDEN: Final = (
    ARGUMENT_TOKEN,
    SECRET_STR_TOKEN,
    CALLABLE_TOKEN,
    ASYNC_CALLABLE_TOKEN,
    ENVIRONMENT_TOKEN,
    CONFIGURED_TOKEN,
    CONFIGURED_SECRET_STR,
    HEADER,
    QUERY,
    CLIENT_HEADER,
)

CALL_HEADER: Final = "call-header-5ecret/+~?"
CALL_QUERY: Final = "call-query-5ecret/+~?"
CALL_TOKEN: Final = "pat-call-5ecret/+~?"
CALL_DEFAULT_HEADER: Final = "call-default-header-5ecret/+~?"


def list_forms(secret: str) -> set[bytes]:
    """List what a secret looks like as it is, in a URL, in JSON and in base64."""
    forms = {secret, quote(secret, safe=""), quote_plus(secret)}
    forms.add(secret.replace("/", "\\/"))
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + secret.encode())
        # Its first and last characters depend on the neighbours of the secret.
        kept = encoded.rstrip(b"=")[4 if before else 0 : -2].decode()
        forms |= {kept, kept.replace("+", "-").replace("/", "_")}
    return {form.encode() for form in forms}


def find_secrets(secrets: tuple[str, ...], contents: list[bytes]) -> list[str]:
    """Find which of the secrets are in what was received."""
    content = b"\n".join(contents)
    return [
        secret
        for secret in secrets
        if any(form in content for form in list_forms(secret))
    ]
