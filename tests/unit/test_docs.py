"""The pages of the site do what they say, and leave nothing out."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

import langchain_clarifai
from langchain_clarifai import ChatClarifai, ClarifaiEmbeddings
from langchain_clarifai._settings.arguments import _ALIASES
from scripts.docs_tables import (
    build_api,
    build_embedding_parameters,
    build_error_tree,
    build_errors,
    build_examples,
    build_parameters,
    list_errors,
)
from tests.documents import read_blocks, read_links, run_blocks, use_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.scripted import ScriptedServer

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
# `migration.md` and `observability.md` have tests of their own, as they need other
# packages; the pages for LangChain are not of the site.
ELSEWHERE: Final = {"migration.md", "observability.md"}
PAGES: Final = [
    path.relative_to(DOCS).as_posix()
    for path in sorted(DOCS.rglob("*.md"))
    if path.name not in ELSEWHERE and "langchain-page" not in path.parts
]
RUNNABLE: Final = [name for name in PAGES if read_blocks(DOCS / name)]
LANGCHAIN_PAGE: Final = DOCS / "langchain-page"
# What a page needs that not every environment of the tests has.
NEEDS: Final = {
    "guides/embeddings.md": ("langchain", "numpy"),
    "guides/agents.md": ("deepagents", "langchain_mcp_adapters"),
}
# What a page takes for granted.
GIVEN: Final[dict[str, dict[str, Any]]] = {
    "many-machines.md": {"ChatClarifai": ChatClarifai, "prompts": ["Hello!", "Hi!"]},
}


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep what `register()` writes away from other tests."""
    base = pytest.importorskip("langchain.chat_models.base", reason="pages use it")
    for module in (base, import_module("langchain.embeddings.base")):
        entries = dict(module._BUILTIN_PROVIDERS)
        monkeypatch.setattr(module, "_BUILTIN_PROVIDERS", entries)
    base._get_chat_model_creator.cache_clear()
    yield
    base._get_chat_model_creator.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNNABLE)
def test_python_blocks_of_a_page_run_in_order(
    name: str,
    scripted: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Every block runs as written, each after those above it."""
    for module in NEEDS.get(name, ()):
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    use_server(scripted, monkeypatch)
    monkeypatch.chdir(tmp_path)
    run_blocks(DOCS / name, tmp_path, GIVEN.get(name))


def test_langchains_page_runs_too(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is handed in to LangChain's documentation is not only prose."""
    use_server(scripted, monkeypatch)
    page = LANGCHAIN_PAGE / "chat" / "clarifai.mdx"
    # Their blocks have titles and icons of another kind.
    title = re.compile(r"^```python .*$", re.MULTILINE)
    text = title.sub("```python", page.read_text("utf-8"))
    copy = tmp_path / "page.md"
    copy.write_text(text, "utf-8")
    names = run_blocks(copy, tmp_path)
    assert names["answer"].text


@pytest.mark.parametrize("name", PAGES)
def test_links_of_a_page_lead_somewhere(name: str) -> None:
    """A relative link has its file, also where nobody has built the site."""
    page = DOCS / name
    missing = [link for link in read_links(page) if not (page.parent / link).exists()]
    assert missing == []


def test_every_parameter_is_on_its_page_with_its_spellings() -> None:
    """Each field has one row, with a meaning, and each other spelling is named."""
    row = re.compile(r'^\| <a id="(\w+)"></a>.* \| ([^|]*) \|$', re.MULTILINE)
    rows = row.findall(build_parameters())
    assert sorted(name for name, _ in rows) == sorted(ChatClarifai.model_fields)
    assert all(meaning.strip() for _, meaning in rows)
    assert all(f"`{alias}`" in build_parameters() for alias in _ALIASES)
    assert "<!-- generated: parameters -->" in (DOCS / "parameters.md").read_text(
        "utf-8"
    )


def test_parameters_of_embeddings_are_on_their_page() -> None:
    """Those that the chat model lacks have a row each; the others are told there."""
    rows = re.findall(r'^\| <a id="(\w+)">', build_embedding_parameters(), re.MULTILINE)
    own = ClarifaiEmbeddings.model_fields.keys() - ChatClarifai.model_fields.keys()
    assert set(rows) == own
    assert "<!-- generated: embedding-parameters -->" in (
        DOCS / "guides" / "embeddings.md"
    ).read_text("utf-8")


def test_defaults_are_those_of_the_class() -> None:
    """A limit that is not None is told."""
    rows = build_parameters().splitlines()
    [idle] = [row for row in rows if 'id="stream_idle_timeout"' in row]
    [form] = [row for row in rows if 'id="reasoning_format"' in row]
    assert "<code>120.0</code>" in idle
    assert "&#x27;tags&#x27; &#124; &#x27;off&#x27;" in form


def test_every_error_is_on_its_page_and_in_the_tree() -> None:
    """Each exception that is exported has its section, and its place in the tree."""
    exported = {n for n in langchain_clarifai.__all__ if n.endswith("Error")}
    assert {error.__name__ for error in list_errors()} == exported
    sections = set(re.findall(r"^### (\w+)$", build_errors(), re.MULTILINE))
    assert sections == exported
    tree = set(re.findall(r"\b(Clarifai\w*Error)\b", build_error_tree()))
    assert tree == exported - {"ModelRefusalError"}
    text = (DOCS / "errors.md").read_text("utf-8")
    assert "<!-- generated: errors -->" in text
    assert "<!-- generated: error-tree -->" in text


def test_reference_names_everything_but_errors() -> None:
    """What is exported is told: in the reference, or on the page of errors."""
    exported = {n for n in langchain_clarifai.__all__ if not n.startswith("_")}
    named = set(
        re.findall(r"^::: langchain_clarifai\.(\w+)$", build_api(), re.MULTILINE)
    )
    assert exported - named == {
        n for n in exported if re.fullmatch("Clarifai.+Error", n)
    }
    assert named <= exported


def test_every_example_is_listed_with_what_it_shows() -> None:
    """A script under `examples` has a row, and the row has words."""
    rows = re.findall(r"^\| \[`(.+?)`\].* \| (.*) \|$", build_examples(), re.MULTILINE)
    scripts = {f"examples/{path.name}" for path in ROOT.glob("examples/*.py")}
    assert scripts <= dict(rows).keys()
    assert all(shows for _, shows in rows)


def test_row_for_langchains_table_has_the_fields_it_asks_for() -> None:
    """The row is one that their script reads."""
    text = (LANGCHAIN_PAGE / "integration_external_docs.yaml").read_text("utf-8")
    [row] = yaml.safe_load(text)
    assert row.keys() == {
        *("name", "pypi", "docs_url"),
        *("stream", "tool_calling", "structured_output", "multimodal"),
    }
    assert row["name"] == ChatClarifai.__name__
