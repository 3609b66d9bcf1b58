"""LangChain and Deep Agents find our classes by name, once they were told."""

from __future__ import annotations

import builtins
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from langchain_clarifai import ChatClarifai, ClarifaiEmbeddings
from langchain_clarifai._registration import register, register_with_deepagents
from tests.servers.embedding import build_embeddings
from tests.servers.openai_wire import choice, completion
from tests.servers.wire import json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers.wire import WireServer

needs_langchain = pytest.mark.skipif(
    find_spec("langchain") is None, reason="langchain is not installed"
)
needs_deepagents = pytest.mark.skipif(
    find_spec("deepagents") is None, reason="deepagents is not installed"
)

URL = "https://clarifai.com/openai/chat-completion/models/gpt-oss-120b"
PINNED_URL = f"{URL}/versions/0123456789abcdef0123456789abcdef"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Give LangChain a registry of the test's own, and a token to construct with."""
    monkeypatch.setenv("CLARIFAI_PAT", "token")
    embeddings = import_module("langchain.embeddings.base")
    # What other tests of this process have registered is not there.
    providers = {**embeddings._BUILTIN_PROVIDERS}
    providers.pop("clarifai", None)
    monkeypatch.setattr(embeddings, "_BUILTIN_PROVIDERS", providers)
    embeddings._get_embeddings_class_creator.cache_clear()
    base = import_module("langchain.chat_models.base")
    entries = {**base._BUILTIN_PROVIDERS}
    entries.pop("clarifai", None)
    monkeypatch.setattr(base, "_BUILTIN_PROVIDERS", entries)
    base._get_chat_model_creator.cache_clear()
    yield entries
    base._get_chat_model_creator.cache_clear()
    embeddings._get_embeddings_class_creator.cache_clear()


def init_chat_model(*arguments: Any, **keywords: Any) -> Any:
    """Call LangChain's function of that name."""
    return import_module("langchain.chat_models").init_chat_model(
        *arguments, **keywords
    )


def init_embeddings(*arguments: Any, **keywords: Any) -> Any:
    """Call LangChain's function of that name."""
    return import_module("langchain.embeddings").init_embeddings(*arguments, **keywords)


@needs_langchain
@pytest.mark.parametrize(
    ("arguments", "model"),
    [
        ({"model": "clarifai:gpt-oss-120b"}, "gpt-oss-120b"),
        (
            {"model": "clarifai:openai/chat-completion/models/gpt-oss-120b"},
            "openai/chat-completion/models/gpt-oss-120b",
        ),
        (
            {"model": "clarifai:openai.chat-completion.gpt-oss-120b"},
            "openai.chat-completion.gpt-oss-120b",
        ),
        ({"model": f"clarifai:{URL}"}, URL),
        ({"model": f"clarifai:{PINNED_URL}"}, PINNED_URL),
        ({"model": URL, "model_provider": "clarifai"}, URL),
        ({"model": "gpt-oss-120b", "model_provider": "clarifai"}, "gpt-oss-120b"),
    ],
    ids=["name", "path", "dotted", "url", "version", "provider-url", "provider-name"],
)
@pytest.mark.usefixtures("registry")
def test_registered_name_makes_a_model(
    arguments: Mapping[str, str], model: str
) -> None:
    """Each spelling arrives whole, colons and slashes included."""
    register()
    made = init_chat_model(**arguments, temperature=0.5, max_retries=1)
    assert type(made) is ChatClarifai
    assert (made.model, made.temperature, made.max_retries) == (model, 0.5, 1)


@needs_langchain
@pytest.mark.parametrize(
    "model",
    [
        "text-embedding-3-large",
        "openai/embed/models/text-embedding-3-large",
        "openai.embed.text-embedding-3-large",
        "https://clarifai.com/openai/embed/models/text-embedding-3-large",
    ],
)
@pytest.mark.usefixtures("registry")
def test_registered_name_makes_embeddings(model: str, wire: WireServer) -> None:
    """Each spelling arrives whole, and the model embeds."""
    register()
    made = init_embeddings(f"clarifai:{model}", dimensions=1, base_url=wire.url)
    assert type(made) is ClarifaiEmbeddings
    assert (made.model, made.dimensions) == (model, 1)
    wire.reply(json_reply(build_embeddings([[1.0]])))
    assert made.embed_query("a") == [1.0]
    assert wire.last_request.json["model"] == (
        "https://clarifai.com/openai/embed/models/text-embedding-3-large"
    )


@needs_langchain
@pytest.mark.usefixtures("registry")
def test_embeddings_that_langchain_keeps_otherwise_are_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither registry is written into unless both are known."""
    base = import_module("langchain.embeddings.base")
    monkeypatch.setattr(base, "_BUILTIN_PROVIDERS", {"openai": "langchain_openai"})
    with pytest.raises(RuntimeError, match="import ClarifaiEmbeddings"):
        register()
    chat = import_module("langchain.chat_models.base")
    assert "clarifai" not in chat._BUILTIN_PROVIDERS


@needs_langchain
def test_unregistered_name_is_unknown(registry: dict[str, Any]) -> None:
    """Importing the package registers nothing."""
    assert "clarifai" not in registry
    with pytest.raises(ValueError, match="'clarifai' is not supported"):
        init_embeddings("clarifai:text-embedding-3-large")
    with pytest.raises(ValueError, match="Unable to infer model provider"):
        init_chat_model("clarifai:qwen")


@needs_langchain
def test_registered_twice_changes_nothing(registry: dict[str, Any]) -> None:
    """Neither our own entry nor those of others are touched again."""
    before = dict(registry)
    register()
    entry = registry["clarifai"]
    register()
    assert registry["clarifai"] is entry
    assert registry == {**before, "clarifai": entry}


@needs_langchain
def test_entry_of_langchains_own_for_us_is_kept(registry: dict[str, Any]) -> None:
    """Should LangChain list us one day, its entry serves."""
    entry = ("langchain_clarifai.chat_models", "ChatClarifai", registry["openai"][2])
    registry["clarifai"] = entry
    register()
    assert registry["clarifai"] is entry
    assert type(init_chat_model("clarifai:gpt-oss-120b")) is ChatClarifai


@needs_langchain
def test_entry_for_another_class_is_an_error(registry: dict[str, Any]) -> None:
    """Who asks for us must not get somebody else's class without a word."""
    registry["clarifai"] = entry = ("other_package", "ChatOther", dict)
    with pytest.raises(RuntimeError, match="'clarifai' already, from 'other_package'"):
        register()
    assert registry["clarifai"] is entry


@needs_langchain
@pytest.mark.usefixtures("registry")
def test_configurable_model_is_made_per_call(wire: WireServer) -> None:
    """The model may be chosen when it is called, tools bound before."""
    register()
    model = init_chat_model(
        model_provider="clarifai",
        configurable_fields=("model", "temperature"),
        base_url=wire.url,
    )
    parameters = {"type": "object", "properties": {}}
    tool = {"type": "function", "function": {"name": "look", "parameters": parameters}}
    wire.reply(json_reply(completion(choice("Hello."))))
    answer = model.bind_tools([tool]).invoke(
        "Hi.", {"configurable": {"model": PINNED_URL, "temperature": 0.25}}
    )
    assert answer.text == "Hello."
    assert wire.last_request.json == {
        "model": PINNED_URL,
        "messages": [{"role": "user", "content": "Hi."}],
        "temperature": 0.25,
        "tools": [tool],
    }


@needs_langchain
@pytest.mark.usefixtures("registry")
def test_configurable_default_with_a_prefix_is_used() -> None:
    """A default in the form "clarifai:…" serves where nothing was configured."""
    register()
    model = init_chat_model(
        "clarifai:gpt-oss-120b", configurable_fields="any", config_prefix="first"
    )
    assert model.profile["tool_calling"] is True
    chosen = model.with_config(configurable={"first_model": f"clarifai:{URL}"})
    assert chosen.model == URL


@needs_langchain
@pytest.mark.usefixtures("registry")
async def test_agent_runs_on_a_name(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`create_agent` takes the string, and its agent answers."""
    monkeypatch.setenv("CLARIFAI_API_BASE", wire.origin)
    register()
    agent = import_module("langchain.agents").create_agent(f"clarifai:{URL}", tools=[])
    wire.reply(json_reply(completion(choice("Hello."))))
    state = await agent.ainvoke({"messages": [("user", "Hi.")]})
    assert state["messages"][-1].text == "Hello."
    assert wire.last_request.json["model"] == URL


@needs_langchain
@pytest.mark.parametrize(
    "entries",
    [
        None,
        {},
        {"openai", "anthropic"},
        {"openai": "langchain_openai"},
        {"openai": ("langchain_openai", "ChatOpenAI")},
        {"openai": ("langchain_openai", dict, dict)},
        {"openai": (dict, "ChatOpenAI", dict)},
        {"openai": ("langchain_openai", "ChatOpenAI", "creator")},
    ],
    ids=["gone", "empty", "set", "text", "pair", "class", "module", "no-callable"],
)
def test_changed_registry_is_an_error(
    entries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A registry of another shape is left alone, and the text says what to do."""
    base = import_module("langchain.chat_models.base")
    version = import_module("langchain").__version__
    monkeypatch.setattr(base, "_BUILTIN_PROVIDERS", entries)
    before = repr(entries)
    with pytest.raises(RuntimeError) as caught:
        register()
    assert str(caught.value) == (
        f"langchain {version} keeps its providers in another way than the versions "
        "known here (1.2.15 to 1.5.2), so 'clarifai' cannot be added. Use the class "
        "itself, which needs no registration: `from langchain_clarifai import "
        "ChatClarifai`."
    )
    assert repr(entries) == before


def _fail_to_import(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Make one module, and what is inside it, one that is not there."""
    for name in list(sys.modules):
        if f"{name}.".startswith(f"{module}."):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Missing(module), *sys.meta_path])


class _Missing:
    """An importer that knows that something is missing."""

    def __init__(self, module: str) -> None:
        self.module = module

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        if f"{name}.".startswith(f"{self.module}."):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_missing_langchain_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the package is not installed, the text says so, and what works."""
    _fail_to_import(monkeypatch, "langchain")
    with pytest.raises(ImportError) as caught:
        register()
    assert str(caught.value) == (
        "`init_chat_model` is part of the package langchain, which is not installed: "
        "`pip install langchain`. Use the class itself, which needs no registration: "
        "`from langchain_clarifai import ChatClarifai`."
    )
    assert caught.value.name == "langchain"


@needs_langchain
def test_moved_registry_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is gone is told as a changed langchain, not as a missing one."""
    _fail_to_import(monkeypatch, "langchain.chat_models")
    with pytest.raises(RuntimeError, match="in another way"):
        register()


@needs_langchain
def test_broken_langchain_tells_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What langchain itself cannot import is not passed off as something else."""
    import_module("langchain.chat_models")
    monkeypatch.delitem(sys.modules, "langchain.chat_models.base")
    importing = builtins.__import__

    def fail(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name == "langchain_core.language_models":
            raise ModuleNotFoundError("No module named 'certifi'", name="certifi")
        return importing(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", fail)
    with pytest.raises(ModuleNotFoundError, match="'certifi'"):
        register()


def test_plugin_registers_when_a_model_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Deep Agents gets a profile for our name, whose hook writes the registry."""
    pytest.importorskip("langchain")
    registry = request.getfixturevalue("registry")
    profiles: dict[str, Any] = {}
    monkeypatch.setitem(sys.modules, "deepagents", _StandInForDeepAgents(profiles))
    register_with_deepagents()
    assert "clarifai" not in registry
    profiles["clarifai"]["pre_init"](f"clarifai:{URL}")
    assert type(init_chat_model(f"clarifai:{URL}")) is ChatClarifai


class _StandInForDeepAgents:
    """The two names of Deep Agents that the plugin uses, for where it is missing."""

    ProviderProfile = dict

    def __init__(self, profiles: dict[str, Any]) -> None:
        self.register_provider_profile = profiles.__setitem__


@pytest.mark.slow
@needs_deepagents
def test_deep_agents_run_on_names(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`create_deep_agent(model="clarifai:…")` works with nothing of ours imported."""
    monkeypatch.setenv("CLARIFAI_PAT", "token")
    monkeypatch.setenv("CLARIFAI_API_BASE", wire.origin)
    wire.reply(*[json_reply(completion(choice("Hello.")))] * 2)
    names = ["clarifai:gpt-oss-120b", f"clarifai:{PINNED_URL}"]
    code = (
        "import sys; from deepagents import create_deep_agent\n"
        "assert 'langchain_clarifai' not in sys.modules\n"
        f"for name in {names}:\n"
        "    agent = create_deep_agent(model=name)\n"
        "    state = agent.invoke({'messages': [('user', 'Hi.')]})\n"
        "    print(state['messages'][-1].text)\n"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.stdout == "Hello.\nHello.\n", run.stderr
    assert [request.json["model"] for request in wire.requests] == [URL, PINNED_URL]
