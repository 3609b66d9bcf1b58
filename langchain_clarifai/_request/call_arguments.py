"""The arguments of one call → what changes a setting, and what goes into the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._settings import parameters
from langchain_clarifai._settings.headers import merge_headers
from langchain_clarifai._settings.validation_errors import ALLOWED

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_clarifai._settings.settings import Settings

# Other names that the arguments of a call may have.
_ALIASES: Final = {
    "model_name": "model",
    "request_timeout": "timeout",
    "stop_sequences": "stop",
}

# Arguments of a call that never go into the body.
_NEVER_IN_BODY: Final = frozenset(
    {
        "cache",
        "callbacks",
        "disable_streaming",
        "include_raw",
        "method",
        "output_version",
        "profile",
        "run_manager",
        "stream",
        "streaming",
        "strict",
        "structured_output_format",
        "verbose",
    }
)
_LEFTOVER_PREFIXES: Final = ("ls_", "lc_", "__")

# Arguments of the model alone: those of a call are traced, and these may be secret.
_NOT_PER_CALL: Final = frozenset(
    {
        "allow_http",
        "api_base",
        "api_key",
        "base_url",
        "default_headers",
        "default_query",
        "http_async_client",
        "http_client",
        "pat",
    }
)

_NEVER_TRACED: Final = _NOT_PER_CALL | {"extra_headers", "extra_query"}

# Settings that one call may change by an argument of that name → whether `None` is a
# value of theirs. Where it is none, it leaves the model's setting as it is.
_PER_CALL_SETTINGS: Final = {
    "allow_unfinished_stream": False,
    "cold_start_timeout": False,
    "include_response_headers": False,
    "max_retries": False,
    "reasoning_format": False,
    "stream_idle_timeout": True,
    "stream_usage": False,
    "timeout": True,
}


# Of those, the numbers, which pydantic checks where the model is constructed: whether a
# value is one that is allowed. (A timeout is checked where it is read.)
_NUMBERS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "cold_start_timeout": lambda value: isinstance(value, int | float) and value >= 0,
    "max_retries": lambda value: isinstance(value, int) and value >= 0,
    "stream_idle_timeout": lambda value: (
        value is None or (isinstance(value, int | float) and value > 0)
    ),
}


def resolve_call_aliases(call_arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Name the arguments of a call as the fields are named."""
    return {_ALIASES.get(name, name): call_arguments[name] for name in call_arguments}


def drop_untraced(call_arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Drop from the arguments of a call what no trace may show."""
    return {
        name: call_arguments[name]
        for name in call_arguments
        if name not in _NEVER_TRACED
    }


def split_call_arguments(
    call_arguments: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Separate what changes a setting from what goes into the body.

    Raises:
        ValueError: If one may not be given to a call, or not with this value.
    """
    parameters.refuse(call_arguments)
    changes: dict[str, Any] = {}
    arguments: dict[str, Any] = dict(call_arguments.get("model_kwargs") or {})
    for name, value in resolve_call_aliases(call_arguments).items():
        if name in _NOT_PER_CALL:
            raise ValueError(
                f"`{name}` cannot be given to a single call, because the arguments of "
                "a call are traced. Give it to ChatClarifai, or make it a "
                "configurable field."
            )
        if name in _PER_CALL_SETTINGS:
            if value is not None or _PER_CALL_SETTINGS[name]:
                _check_number(name, value)
                changes[name] = value
        elif name not in _NEVER_IN_BODY and not name.startswith(_LEFTOVER_PREFIXES):
            arguments[name] = value
    arguments.pop("model_kwargs", None)
    return changes, arguments


def _check_number(name: str, value: Any) -> None:
    if name in _NUMBERS and not _NUMBERS[name](value):
        raise ValueError(f"`{name}` is {value!r}. Allowed: {ALLOWED[name]}.")


def change_settings(
    settings: Settings, changes: dict[str, Any], arguments: dict[str, Any]
) -> Settings:
    """Lay what a call says about headers, query and settings over the model's own.

    Raises:
        ValueError: If headers or query are no dict.
    """
    if extra_headers := _pop_dict(arguments, "extra_headers"):
        changes["headers"] = merge_headers(settings.headers, extra_headers)
    if extra_query := _pop_dict(arguments, "extra_query"):
        changes["query"] = {**settings.query, **extra_query}
    return replace(settings, **changes) if changes else settings


def _pop_dict(arguments: dict[str, Any], name: str) -> Mapping[str, Any] | None:
    value = arguments.pop(name, None)
    if value is None or isinstance(value, Mapping):
        return value
    # The value is not shown: it may be a secret.
    raise ValueError(f"`{name}` is a {type(value).__name__}. Allowed: a dict by name.")
