"""The name "clarifai" → our classes, where LangChain and Deep Agents look names up.

LangChain has no hook for models of other packages: its registries are private dicts,
and its maintainers take no entries from outside their organization
(https://github.com/langchain-ai/langchain/pull/34287). So nothing is written into
them unless somebody calls `register()`. Deep Agents has a hook, an entry point.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, cast

from langchain_clarifai._answer.metadata import PROVIDER

_PACKAGE: Final = "langchain_clarifai"

# LangChain's modules that keep a registry → our class that is written into it.
_CLASSES: Final = {
    "langchain.chat_models.base": "ChatClarifai",
    "langchain.embeddings.base": "ClarifaiEmbeddings",
}
_REGISTRY: Final = "_BUILTIN_PROVIDERS"
_TESTED: Final = "1.2.15 to 1.5.2"
_INSTEAD: Final = (
    f"Use the class itself, which needs no registration: `from {_PACKAGE} import {{}}`."
)


def _build_model(cls: type[Any], **arguments: Any) -> Any:
    """Build a model of a class, which LangChain passes under the name `cls`."""
    return cls(**arguments)


def register() -> None:
    """Make "clarifai:…" known to LangChain, for chat models and embeddings.

    `init_chat_model("clarifai:…")`, `create_agent("clarifai:…")` and
    `init_embeddings("clarifai:…")` work then. Call it once, before the first of them;
    calling it again changes nothing. It writes into dicts that are private to
    `langchain`; tested with langchain 1.2.15 to 1.5.2.

    Raises:
        ImportError: If `langchain` is not installed.
        RuntimeError: If `langchain` keeps its providers in another way, or has another
            one named "clarifai".
    """
    registries = [(_find_registry(module), module) for module in _CLASSES]
    for registry, module in registries:
        class_name = _CLASSES[module]
        entry = registry.setdefault(PROVIDER, (_PACKAGE, class_name, _build_model))
        if entry[0].partition(".")[0] != _PACKAGE:
            raise RuntimeError(
                f"langchain knows a provider {PROVIDER!r} already, from {entry[0]!r}; "
                f"it was left as it is. {_INSTEAD.format(class_name)}"
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


def _find_registry(module: str) -> dict[str, Any]:
    """Find a registry of LangChain's, and make sure that it has the form we know."""
    instead = _INSTEAD.format(_CLASSES[module])
    try:
        registry = getattr(import_module(module), _REGISTRY, None)
    except ModuleNotFoundError as error:
        if error.name == "langchain":
            raise ImportError(
                "`init_chat_model` is part of the package langchain, which is not "
                f"installed: `pip install langchain`. {instead}",
                name=error.name,
            ) from None
        if error.name not in {module, module.rpartition(".")[0]}:
            raise  # langchain is there, but not something that it needs itself
        registry = None
    if not _is_known(registry):
        raise RuntimeError(
            f"langchain {_read_version()} keeps its providers in another way than the "
            f"versions known here ({_TESTED}), so {PROVIDER!r} cannot be added. "
            f"{instead}"
        )
    return cast("dict[str, Any]", registry)


# An entry holds the module of a class, its name, and a function that builds a model.
_ENTRY_LENGTH: Final = 3


def _is_known(registry: object) -> bool:
    """Tell whether the registry holds entries like ours."""
    if not isinstance(registry, dict) or not registry:
        return False
    entries = cast("dict[str, Any]", registry).values()
    return all(
        isinstance(entry, tuple)
        and len(entry) == _ENTRY_LENGTH
        and isinstance(entry[0], str)
        and isinstance(entry[1], str)
        and callable(entry[2])
        for entry in entries
    )


def _read_version() -> str:
    return str(getattr(import_module("langchain"), "__version__", "(unknown version)"))
