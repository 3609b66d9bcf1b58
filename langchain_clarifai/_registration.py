"""The name "clarifai" → `ChatClarifai`, where LangChain and Deep Agents look names up.

LangChain has no hook for models of other packages: its registry is a private dict, and
its maintainers take no entries from outside their organization
(https://github.com/langchain-ai/langchain/pull/34287). So nothing is written into it
unless somebody calls `register()`. Deep Agents has a hook, which is an entry point.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, cast

from langchain_clarifai._answer.metadata import PROVIDER

_PACKAGE: Final = "langchain_clarifai"
_CLASS: Final = "ChatClarifai"

_REGISTRY_MODULE: Final = "langchain.chat_models.base"
_REGISTRY: Final = "_BUILTIN_PROVIDERS"
_TESTED: Final = "1.2.15 to 1.5.2"
_INSTEAD: Final = (
    f"Use the class itself, which needs no registration: `from {_PACKAGE} import "
    f"{_CLASS}`."
)


def _build_model(cls: type[Any], **arguments: Any) -> Any:
    """Build a model as LangChain asks for it, which names the class `cls`."""
    return cls(**arguments)


# Where the class is, and what builds a model of it.
_ENTRY: Final = (_PACKAGE, _CLASS, _build_model)


def register() -> None:
    """Make `init_chat_model("clarifai:…")` and `create_agent("clarifai:…")` work.

    Call it once, before the first of them; calling it again changes nothing. It writes
    into a dict that is private to `langchain`; tested with langchain 1.2.15 to 1.5.2.

    Raises:
        ImportError: If `langchain` is not installed.
        RuntimeError: If `langchain` keeps its providers in another way, or has another
            one named "clarifai".
    """
    module: str = _find_registry().setdefault(PROVIDER, _ENTRY)[0]
    if module.partition(".")[0] != _PACKAGE:
        raise RuntimeError(
            f"langchain knows a provider {PROVIDER!r} already, from {module!r}; it was "
            f"left as it is. {_INSTEAD}"
        )


def register_with_deepagents() -> None:
    """Make `create_deep_agent(model="clarifai:…")` work.

    Deep Agents calls it, from 0.6.0 on (tested to 0.7.32), through the entry point
    group `deepagents.provider_profiles`. LangChain's registry is written when a model
    of that name is asked for, not before.
    """
    deepagents: Any = import_module("deepagents")
    profile = deepagents.ProviderProfile(pre_init=_register_for)
    deepagents.register_provider_profile(PROVIDER, profile)


def _register_for(_spec: str) -> None:
    register()


def _find_registry() -> dict[str, Any]:
    """Find LangChain's registry, and make sure that it is what we know."""
    try:
        registry = getattr(import_module(_REGISTRY_MODULE), _REGISTRY, None)
    except ModuleNotFoundError as error:
        if error.name == "langchain":
            raise ImportError(
                "`init_chat_model` is part of the package langchain, which is not "
                f"installed: `pip install langchain`. {_INSTEAD}",
                name=error.name,
            ) from None
        if error.name not in {_REGISTRY_MODULE, _REGISTRY_MODULE.rpartition(".")[0]}:
            raise  # something that langchain itself needs
        registry = None
    if not _is_known(registry):
        raise RuntimeError(
            f"langchain {_read_version()} keeps its providers in another way than the "
            f"versions known here ({_TESTED}), so {PROVIDER!r} cannot be added. "
            f"{_INSTEAD}"
        )
    return cast("dict[str, Any]", registry)


def _is_known(registry: object) -> bool:
    """Tell whether the registry holds entries like ours."""
    if not isinstance(registry, dict) or not registry:
        return False
    entries = cast("dict[str, Any]", registry).values()
    return all(
        isinstance(entry, tuple)
        and len(entry) == len(_ENTRY)
        and isinstance(entry[0], str)
        and isinstance(entry[1], str)
        and callable(entry[2])
        for entry in entries
    )


def _read_version() -> str:
    return str(getattr(import_module("langchain"), "__version__", "(unknown version)"))
