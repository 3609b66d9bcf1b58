"""This process's settings and versions → what a reader of a report has to know."""

from __future__ import annotations

import os
import platform
import ssl
import urllib.request
from importlib import metadata
from typing import Final
from urllib.parse import urlsplit

from langchain_clarifai._settings.credentials import (
    DEFAULT_BASE_URL,
    check_token,
    find_base_url,
    find_token,
)
from langchain_clarifai._settings.hosts import may_have_found_token

_TOKEN_VARIABLES: Final = ("CLARIFAI_PAT", "CLARIFAI_API_KEY")
_BASE_VARIABLE: Final = "CLARIFAI_API_BASE"
_CLI_FILE: Final = "the Clarifai CLI's file, ~/.config/clarifai/config"
_PACKAGES: Final = (
    "langchain-clarifai",
    "langchain-core",
    "openai",
    "pydantic",
    "httpx",
    "httpx2",
    "aiohttp",
)


def find_source_of_token(
    base_url: str, variable: str | None = None
) -> tuple[str | None, str]:
    """Find the token for a server, and say where it was found.

    A token that was found goes to Clarifai, to the host that is configured beside it,
    and to this machine. Any other server gets what `variable` holds, or none.

    Raises:
        ValueError: If that variable is empty, or holds no token.
    """
    if variable is not None:
        return check_token(os.environ.get(variable, "")), f"${variable}, as you said"
    token, source = find_token(), _CLI_FILE
    for name in _TOKEN_VARIABLES:
        if os.environ.get(name, "").strip():
            source = f"the environment variable {name}"
            break
    if token is None:
        return None, "none was found"
    if not may_have_found_token(base_url):
        return None, f"none: the one in {source} is for Clarifai (see --api-key-env)"
    return check_token(token), f"found in {source}"


def find_source_of_base_url(given: str | None) -> tuple[str, str]:
    """Find the base URL that a model would have, and say where it was found.

    Raises:
        ValueError: If the one that was found is no usable URL.
    """
    if given:
        return given, "the argument --base-url"
    base_url = find_base_url()
    if os.environ.get(_BASE_VARIABLE, "").strip():
        return base_url, f"the environment variable {_BASE_VARIABLE}"
    return base_url, "the default" if base_url == DEFAULT_BASE_URL else _CLI_FILE


def read_versions() -> dict[str, str]:
    """Read the versions of Python, the system, TLS and the packages that matter."""
    versions = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "tls": ssl.OPENSSL_VERSION,
    }
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def find_proxy(base_url: str) -> str | None:
    """Find the proxy that requests go through, without the password for it."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return None if proxy is None else _hide_password(proxy)


def describe_certificates() -> str:
    """Say which certificates are trusted."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if value := os.environ.get(name):
            return f"{name}={value}"
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or "those of the package certifi"


def _hide_password(url: str) -> str:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{'…@' if '@' in parts.netloc else ''}{host}"
