"""Arguments that may be secrets → hidden from tracebacks, or refused."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._settings.credentials import Masked

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names of tokens in LangChain's other packages. (`prompt_cache_key` is no token.)
_NAMES_OF_SECRETS: Final = re.compile(
    r"(?:^|_)(?:api_?key|pat|secret|password|(?:access_|auth_|session_|bearer_)token)$"
    r"|^token$",
    re.IGNORECASE,
)
# Other arguments whose values may hold secrets.
_MAPPINGS: Final = frozenset(
    {"default_headers", "default_query", "extra_headers", "extra_query"}
)
_URLS: Final = frozenset({"api_base", "base_url"})
_HIDDEN_PARTS: Final = frozenset("@?#")


def hide_secrets(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Replace values that may be secret by the same text, which no repr shows.

    The arguments go through frames of LangChain and pydantic, and a traceback may show
    the local variables of all of them.
    """
    return {
        name: _hide(value) if _may_be_secret(name, value) else value
        for name, value in arguments.items()
    }


def _may_be_secret(name: str, value: Any) -> bool:
    if name in _URLS:
        # It is refused, and what follows one of these may be a password.
        return isinstance(value, str) and not _HIDDEN_PARTS.isdisjoint(value)
    return name in _MAPPINGS or _is_name_of_secret(name)


@lru_cache(maxsize=256)
def _is_name_of_secret(name: str) -> bool:
    return _NAMES_OF_SECRETS.search(name) is not None


def _hide(value: Any) -> Any:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return Masked(value)
    if isinstance(value, dict):
        return {name: _hide(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_hide(part) for part in value]
    return value


def refuse_secrets(names: set[str]) -> None:
    """Refuse what other packages call their token: parameters are shown and sent.

    Raises:
        ValueError: If one of the names is like that of a token.
    """
    if secrets := [name for name in sorted(names) if _is_name_of_secret(name)]:
        raise ValueError(
            f"`{'`, `'.join(secrets)}` looks like a secret, and parameters of the "
            "model are sent in the body and shown in traces. Give the token as "
            "`api_key`."
        )
