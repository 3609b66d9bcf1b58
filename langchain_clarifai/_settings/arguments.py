"""The constructor's arguments, as users write them → values of a class's fields.

In come aliases, parts of a model's id and parameters of the endpoint; what nobody gave
is looked for in the environment.
"""

from __future__ import annotations

import sys
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from langchain_clarifai._settings import parameters
from langchain_clarifai._settings.credentials import (
    MISSING_TOKEN,
    check_token,
    find_base_url,
    find_token,
    normalize_base_url,
)
from langchain_clarifai._settings.hosts import is_clarifais, may_have_found_token
from langchain_clarifai._settings.model_ids import (
    expand_listed_name,
    find_path,
    resolve_model,
)
from langchain_clarifai._settings.model_parts import build_model_from_parts
from langchain_clarifai._settings.secret_arguments import refuse_secrets
from langchain_clarifai._settings.settings import FoundToken
from langchain_clarifai._settings.validation_errors import ALLOWED
from langchain_clarifai.data._profiles import KnownProfile, find_profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from langchain_core.language_models.model_profile import ModelProfile
    from pydantic import BaseModel

# Other spellings of the constructor's arguments, as LangChain's packages have them.
_ALIASES: Final = {
    "api_base": "base_url",
    "extra_headers": "default_headers",
    "extra_query": "default_query",
    "model_name": "model",
    "pat": "api_key",
    "request_timeout": "timeout",
    "stop_sequences": "stop",
}
# The separate arguments of the integration in langchain-community.
_MODEL_PARTS: Final = (
    "model_url",
    "user_id",
    "app_id",
    "model_id",
    "model_version_id",
)
_LONE_USER_ID: Final = (
    "`user_id` alone names no model (`app_id`, `model_id` is missing): give the whole "
    "id as `model`, and pass `user` to tell the server which end user asks."
)
_OTHER_SPELLINGS: Final = frozenset({*_ALIASES, *_MODEL_PARTS})

# The user's HTTP clients: for which calls each is, and which is for the others.
_CLIENTS: Final = {
    "http_client": ("sync", "http_async_client", "async"),
    "http_async_client": ("async", "http_client", "sync"),
}

# Warnings point at the user's line, so frames of these packages are skipped.
_INNER_PACKAGES: Final = (
    "langchain",
    "langchain_clarifai",
    "langchain_core",
    "pydantic",
)


def resolve_arguments(
    arguments: Mapping[str, Any], model_class: type[BaseModel], known: frozenset[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Resolve the arguments of the constructor to values of its fields.

    Args:
        arguments: What the user wrote; it is not changed.
        model_class: The class whose fields they are.
        known: Further parameters of its endpoint, which are sent without a warning.

    Returns:
        The values, and the names of those that were found in the environment.

    Raises:
        ValueError: If arguments contradict each other, the model or the base URL is
            malformed, or no token is found.
    """
    values = dict(arguments)
    field_names = get_field_names(model_class)
    if not values.keys().isdisjoint(_OTHER_SPELLINGS):
        _rename_aliases(values)
        _join_model_parts(values)
    if values.get("model_kwargs") or not values.keys() <= field_names:
        _move_unknown(values, field_names, model_class.__name__, known)
    if not values.get("model"):
        raise ValueError(f"`model` is missing or empty. Allowed: {ALLOWED['model']}.")
    found = tuple(_add_found(values))
    # Values of a wrong type are left for pydantic to refuse.
    if isinstance(values["model"], str) and isinstance(values["base_url"], str):
        resolve_model(values["model"], values["base_url"])
        values["model"] = expand_listed_name(values["model"], values["base_url"])
        _complete_profile(values)
    return values, found


def _rename_aliases(values: dict[str, Any]) -> None:
    for alias, name in _ALIASES.items():
        if alias not in values:
            continue
        value = values.pop(alias)
        if values.get(name, value) != value:
            raise ValueError(
                f"`{alias}` is another name for `{name}`: give one of the two."
            )
        values[name] = value


def _join_model_parts(values: dict[str, Any]) -> None:
    parts = {name: values.pop(name, None) for name in _MODEL_PARTS}
    if [name for name, value in parts.items() if value] == ["user_id"]:
        raise ValueError(_LONE_USER_ID)
    model = build_model_from_parts(**parts)
    if model is None:
        return
    if values.get("model") not in (None, model):
        raise ValueError(
            "`model` and the parts of a model's id were both given. Give `model`."
        )
    values["model"] = model


def _move_unknown(
    values: dict[str, Any],
    field_names: frozenset[str],
    class_name: str,
    known: frozenset[str],
) -> None:
    """Move unknown arguments to `model_kwargs`, with a warning."""
    given = values.get("model_kwargs") or {}
    if not isinstance(given, dict):
        return
    if misplaced := given.keys() & (field_names | _OTHER_SPELLINGS):
        names = ", ".join(f"`{name}`" for name in sorted(misplaced))
        raise ValueError(
            f"Not allowed in `model_kwargs`: {names}. These are arguments of "
            f"{class_name} itself: give them directly."
        )
    unknown = sorted(values.keys() - field_names)
    refuse_secrets({*given, *unknown})
    parameters.refuse({*given, *unknown})
    for name in unknown:
        if name in known:
            continue
        closest = parameters.suggest(name, known | field_names | _OTHER_SPELLINGS)
        meant = f"; did you mean `{closest}`?" if closest else "."
        warnings.warn(
            f"`{name}` is not an argument of {class_name}{meant} It is sent to the "
            "model as part of `model_kwargs`; put it there if that is what you mean.",
            stacklevel=_find_stacklevel(),
        )
    values["model_kwargs"] = {**given, **{name: values.pop(name) for name in unknown}}


def warn_of_lone_client(values: Mapping[str, Any]) -> None:
    """Warn of a client for one kind of call where the other kind goes without."""
    for name, (kind, other, other_kind) in _CLIENTS.items():
        if values.get(name) is not None and values.get(other) is None:
            warnings.warn(
                f"`{name}` is for {kind} calls alone. The {other_kind} ones go over "
                "connections of this package, without its proxy and certificates: give "
                f"`{other}`, too.",
                stacklevel=_find_stacklevel(),
            )


def _find_stacklevel() -> int:
    """Count the frames between the caller and the line that the user wrote."""
    level = 1
    frame = sys._getframe(1)  # noqa: SLF001 - `inspect.stack` reads every source file
    while frame.f_back and _is_inner(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
        level += 1
    return level


def _is_inner(module_name: str) -> bool:
    return module_name.partition(".")[0] in _INNER_PACKAGES


def _add_found(values: dict[str, Any]) -> Iterator[str]:
    """Check base URL and token, or find them; give the names of what was found."""
    base_url = values.get("base_url")
    allow_http = values.get("allow_http") is True
    if not base_url:
        values["base_url"] = find_base_url(allow_http=allow_http)
        yield "base_url"
    elif isinstance(base_url, str):
        values["base_url"] = normalize_base_url(base_url, allow_http=allow_http)
    api_key = values.get("api_key")
    if api_key is None or isinstance(api_key, FoundToken):
        yield "api_key"
        if isinstance(base_url := values["base_url"], str):
            values["api_key"] = _find_api_key(api_key, base_url)
    elif isinstance(api_key, SecretStr):
        check_token(api_key.get_secret_value())
    elif isinstance(api_key, str):
        values["api_key"] = SecretStr(check_token(api_key))


def _find_api_key(found: FoundToken | None, base_url: str) -> FoundToken | None:
    """Find the token for a server, where the user passed none.

    Raises:
        ValueError: If Clarifai is asked, and there is none. Other servers need none.
    """
    if found is not None or not may_have_found_token(base_url):
        return found
    if (token := find_token()) is not None:
        return FoundToken(check_token(token))
    if is_clarifais(base_url):
        raise ValueError(MISSING_TOKEN)
    return None


def _complete_profile(values: dict[str, Any]) -> None:
    """Lay the user's profile, which may be partial, over what is known."""
    profile = values.get("profile")
    if isinstance(profile, KnownProfile):
        # These arguments were read from another model, for which it was looked up.
        del values["profile"]
    elif isinstance(profile, dict):
        known = find_known_profile(values["model"], values["base_url"])
        values["profile"] = {**(known or {}), **profile}


def find_known_profile(model: str, base_url: str) -> ModelProfile | None:
    """Find what a model can do; None for a name that only its server knows.

    Raises:
        ValueError: If the model is malformed.
    """
    path = find_path(model, base_url)
    return None if path is None else find_profile(path)


@lru_cache
def get_field_names(model_class: type[BaseModel]) -> frozenset[str]:
    """Return the names under which the fields of a class can be given."""
    fields = model_class.model_fields
    aliases = {field.alias for field in fields.values() if field.alias}
    return frozenset(fields) | aliases
