"""Argument, environment and CLI context → token and base URL."""

from __future__ import annotations

import ipaddress
import logging
import os
import re
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast
from urllib.parse import SplitResult, urlsplit

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

OPENAI_PATH = "/v2/ext/openai/v1"
"""Where a Clarifai host serves its OpenAI-compatible endpoint."""

DEFAULT_BASE_URL = f"https://api.clarifai.com{OPENAI_PATH}"

MISSING_TOKEN = (
    "No Clarifai token was found. "  # noqa: S105 - an error's text, not a secret
    "Pass `api_key`, or set the environment variable CLARIFAI_PAT (or "
    "CLARIFAI_API_KEY), or run `clarifai login`, which writes "
    "~/.config/clarifai/config. Personal access tokens are made at "
    "https://clarifai.com/settings/security (Settings → Secrets)."
)

_TOKEN_VARIABLES = ("CLARIFAI_PAT", "CLARIFAI_API_KEY")
BASE_VARIABLE = "CLARIFAI_API_BASE"

# Clarifai's CLI neither looks at XDG_CONFIG_HOME nor has a variable that chooses
# the context: https://github.com/Clarifai/clarifai-python (clarifai/utils/config.py).
_CONFIG_PATH = Path(".config", "clarifai", "config")
_NO_CONTEXT: Mapping[str, str] = MappingProxyType({})
_FROM_ENVIRONMENT = "ENVVAR"

_TOKEN = re.compile(r"[!-~]+")
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_HIDDEN_PARTS = re.compile(r"[@?#]")
_ENDPOINT = re.compile(r"/(?:chat/completions|embeddings)$")
_DOT_SEGMENT = re.compile(r"/\.{1,2}(?:/|$)")


class Masked(str):
    """A text that no repr shows, in a traceback with locals, say."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return "'**********'"


def find_token() -> str | None:
    """Find the token in the environment, else in the CLI's current context.

    A blank variable counts as unset.
    """
    for variable in _TOKEN_VARIABLES:
        if token := os.environ.get(variable, "").strip():
            return Masked(token)
    token = read_current_context().get("CLARIFAI_PAT", "")
    return Masked(token) if token else None


def check_token(token: str) -> str:
    """Strip a token and make sure that it fits into a header.

    Raises:
        ValueError: If it is empty or has a character that no token has. The text
            never shows the token.
    """
    token = Masked(token)
    stripped = Masked(token.strip())
    if not stripped:
        raise ValueError(f"The Clarifai token is empty. {MISSING_TOKEN}")
    if _TOKEN.fullmatch(stripped) is None:
        raise ValueError(
            "The Clarifai token has whitespace, a control character or a character "
            "outside ASCII in it (it is not shown here). Give the token alone, on one "
            "line and without 'Bearer' or 'Key' before it."
        )
    return stripped


def find_base_url(*, allow_http: bool = False) -> str:
    """Find the base URL in the environment or the CLI's context, else the default.

    Raises:
        ValueError: If the value found there is no usable URL.
    """
    if base_url := os.environ.get(BASE_VARIABLE, "").strip():
        source = f"the environment variable {BASE_VARIABLE}"
    elif base_url := read_current_context().get(BASE_VARIABLE, ""):
        source = f"{BASE_VARIABLE} in the current context of ~/{_CONFIG_PATH}"
    else:
        return DEFAULT_BASE_URL
    try:
        return normalize_base_url(base_url, append_path=True, allow_http=allow_http)
    except ValueError as error:
        # `from None`: the cause may come from urllib, whose text can show the value.
        raise ValueError(f"{error} It was read from {source}.") from None


@lru_cache(maxsize=256)
def normalize_base_url(
    base_url: str, *, append_path: bool = False, allow_http: bool = False
) -> str:
    """Bring a base URL into the one form that is compared and sent to.

    A bare Clarifai host becomes its OpenAI-compatible endpoint; with `append_path`
    so does any other host without a path, since `CLARIFAI_API_BASE` names the host.

    Raises:
        ValueError: If it is not an absolute http or https URL, has parts that a base
            URL cannot have, or would send the token over a network in the clear.
    """
    parts = _split_base_url(base_url.strip())
    host = parts.hostname or ""
    if parts.scheme == "http" and not (allow_http or is_loopback(host)):
        raise ValueError(
            f"The base URL of host {host!r} is plain http: the token would travel in "
            "the clear. Use https, or pass `allow_http=True` if the network is "
            "trusted. (Loopback hosts need no permission.)"
        )
    path = parts.path.rstrip("/")
    if not path and (append_path or is_clarifai_host(host)):
        path = OPENAI_PATH
    # Documentation of servers often shows the address of one endpoint instead.
    path = _ENDPOINT.sub("", path)
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(':')}{path}"


def _split_base_url(base_url: str) -> SplitResult:
    """Split a URL, refusing whatever a base URL cannot have."""
    # What follows these characters may be a secret, so no text of ours shows it.
    if _HIDDEN_PARTS.search(base_url):
        raise ValueError(
            "The base URL has a user name, a query or a fragment in it ('@', '?' or "
            f"'#'). Give the address alone, like {DEFAULT_BASE_URL}, and the token as "
            "`api_key`."
        )
    if any(not "!" <= character <= "~" or character == "\\" for character in base_url):
        raise ValueError(
            "The base URL has whitespace, a control character, a backslash or a "
            "character outside ASCII in it. Write international host names in "
            "punycode (xn--…)."
        )
    scheme, separator, _ = base_url.partition("://")
    if not separator or scheme.lower() not in {"http", "https"}:
        raise ValueError(
            f"The base URL {base_url!r} does not start with https:// or http://. "
            f"Write it in full, like {DEFAULT_BASE_URL}."
        )
    try:
        parts = urlsplit(base_url)
        is_sound = _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        parts, is_sound = SplitResult("", "", "", "", ""), False
    if not is_sound or _DOT_SEGMENT.search(parts.path):
        raise ValueError(
            f"The base URL {base_url!r} has no valid host, port or path. Write it "
            f"like {DEFAULT_BASE_URL} or http://localhost:8000/v1."
        )
    return parts


def _is_host(host: str) -> bool:
    return bool(_HOST.fullmatch(host)) or _parse_address(host) is not None


def is_clarifai_host(host: str) -> bool:
    """Tell whether a host, in lower case, is Clarifai's."""
    return f".{host}".endswith(".clarifai.com")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    address = _parse_address(host)
    if address is not None:
        return address.is_loopback
    return f".{host}".endswith(".localhost")


def _parse_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def read_current_context() -> Mapping[str, str]:
    """Read the CLI's current context: variable → value, empty when there is none."""
    path = _locate_config(os.environ.get("HOME"), os.environ.get("USERPROFILE"))
    if path is None:
        return _NO_CONTEXT
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return _NO_CONTEXT
    except OSError:
        state: tuple[int, ...] = ()
    else:
        state = (status.st_mtime_ns, status.st_size, status.st_ino)
    return _load_context(path, state)


@lru_cache(maxsize=8)
def _locate_config(*_homes: str | None) -> Path | None:
    """Locate the CLI's file once per home, `None` for a user without one."""
    try:
        return Path.home() / _CONFIG_PATH
    except RuntimeError:
        return None


@lru_cache(maxsize=8)
def _load_context(path: Path, _state: tuple[int, ...]) -> Mapping[str, str]:
    """Load the current context once per state of the file, and so warn of it once."""
    import yaml

    try:
        # This loader makes a string of every value: tags such as `!!int ""` neither
        # build anything nor fail.
        text = path.read_text(encoding="utf-8")
        config: object = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - as above
        return _select_context(config)
    except (
        OSError,
        ValueError,
        TypeError,
        # What PyYAML raises for `!!bool x`, `!!timestamp x` and the like.
        LookupError,
        AttributeError,
        ArithmeticError,
        RecursionError,
        yaml.YAMLError,
    ):
        # Not even the exception is logged: a YAML error quotes the lines it is about.
        logger.warning(
            "The Clarifai CLI configuration %s cannot be read or is not valid; it is "
            "ignored. `clarifai login` writes it anew.",
            path,
        )
        return _NO_CONTEXT


def _select_context(config: object) -> Mapping[str, str]:
    """Take the variables of the current context out of the CLI's configuration.

    Raises:
        TypeError: If the configuration has another shape than the CLI writes.
    """
    sections = _check_mapping(config)
    contexts = _check_mapping(sections.get("contexts"))
    # Without a name there is no context; `_empty_` is the CLI's word for that.
    name = sections.get("current_context") or "_empty_"
    if name == "_empty_" or name not in contexts:
        return _NO_CONTEXT
    context = _check_mapping(contexts[name])
    variables = _check_mapping(context.get("env", context))
    found = (
        (variable, _select_variable(variables, variable))
        for variable in ("CLARIFAI_PAT", BASE_VARIABLE)
    )
    return MappingProxyType({variable: value for variable, value in found if value})


def _select_variable(variables: Mapping[object, object], variable: str) -> str:
    """Take one value; like the CLI, also under its short name (`pat`)."""
    short_name = variable.removeprefix("CLARIFAI_").lower()
    value = variables.get(variable, variables.get(short_name))
    # With ENVVAR the CLI means the environment, which was read before the file.
    if not isinstance(value, str) or value.strip() == _FROM_ENVIRONMENT:
        return ""
    return value.strip()


def _check_mapping(value: object) -> Mapping[object, object]:
    """Make sure that a part of the configuration is a mapping; null counts as empty.

    Raises:
        TypeError: If it is something else.
    """
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise TypeError("The CLI configuration has a value where a section was due.")
    return cast("Mapping[object, object]", value)
