"""CONTRIBUTING.md shows what is there, all of it, and where its tests are."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "langchain_clarifai"
TESTS: Final = ROOT / "tests"
TEXT: Final = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
DRAWING: Final = re.findall(
    r"^(\w+)  ", TEXT.partition("```text\n")[2].partition("```")[0], re.MULTILINE
)
NAMED: Final = sorted(set(re.findall(r"`(_\w+/\w+)(?:\.py)?`", TEXT)))


@pytest.mark.parametrize("name", NAMED)
def test_module_named_in_the_walks_exists(name: str) -> None:
    """A newcomer finds it where the text says."""
    assert (PACKAGE / f"{name}.py").is_file()


def test_drawing_shows_every_wing() -> None:
    """A folder of the package that is not drawn would be missed."""
    wings = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert wings - {"data"}
    assert wings <= set(DRAWING)
    for name in DRAWING:
        assert (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def test_drawing_is_in_the_order_of_imports() -> None:
    """From top to bottom as import-linter's layers are."""
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = configuration["tool"]["importlinter"]["contracts"][0]["layers"]
    floors = {
        name: floor
        for floor, layer in enumerate(layers)
        for name in layer.replace(":", "|").split(" | ")
    }
    drawn = [floors[name] for name in DRAWING]
    assert drawn == sorted(drawn)
    assert set(drawn) == set(range(len(layers)))


# --- Where tests are ------------------------------------------------------------------

# Modules that only show in what another does, or over a socket → where they do.
SHOWN_IN: Final = {
    "_answer/attachments": "unit/answer/test_backends.py",
    "_answer/call_deltas": "unit/answer/test_tool_calls.py",
    "_answer/call_slots": "unit/answer/test_tool_calls.py",
    "_answer/fragments": "unit/answer/test_backends.py",
    "_answer/fuller_message": "unit/answer/test_backends.py",
    "_answer/llm_outputs": "unit/test_chat_models.py",
    "_answer/media_blocks": "unit/answer/test_backends.py",
    "_answer/other_fields": "unit/answer/test_choice.py",
    "_answer/payloads": "unit/answer/test_stream.py",
    "_answer/texts": "unit/answer/test_choice.py",
    "_check/lines": "unit/check/test_command.py",
    "_check/verdicts": "unit/check/test_chat_probes.py",
    "_embeddings/body": "wire/test_embeddings.py",
    "_embeddings/job": "wire/test_embeddings.py",
    "_embeddings/sending": "wire/test_embeddings.py",
    "_errors/causes": "unit/errors/test_conversion.py",
    "_errors/filters": "wire/test_content_filters.py",
    "_errors/hiding": "unit/errors/test_redaction.py",
    "_errors/overflow": "unit/errors/test_bodies.py",
    "_request/counting": "unit/test_around.py",
    "_request/media": "unit/request/test_content.py",
    "_request/origins": "unit/request/test_assistant.py",
    "_request/sources": "unit/request/test_content.py",
    "_request/tool_names": "wire/test_tool_names.py",
    "_request/wire_messages": "unit/request/test_transcript.py",
    "_settings/hosts": "wire/test_found_tokens.py",
    "_settings/validation_errors": "unit/settings/test_arguments.py",
    "_structured/safe_names": "unit/structured/test_schemas.py",
    "_connections/addresses": "unit/connections/test_http_messages.py",
    "_connections/async_client": "unit/connections/test_pools.py",
    "_transport/announcing": "unit/test_chat_models.py",
    "_transport/calls": "wire/test_stream.py",
    "_connections/http_library": "unit/connections/test_clients.py",
    "_transport/loading": "unit/test_chat_models.py",
    "_transport/loans": "unit/connections/test_closing.py",
    "_connections/loop_pools": "unit/connections/test_pools.py",
    "_connections/network": "unit/connections/test_patience.py",
    "_transport/posting": "unit/connections/test_patience.py",
    "_transport/request_headers": "wire/test_requests.py",
    "_connections/silence": "wire/test_slow_readers.py",
    "_connections/socks": "unit/connections/test_proxies.py",
    "_transport/stream_attempts": "wire/test_stream.py",
    "_connections/sync_client": "unit/connections/test_clients.py",
    "_connections/tables": "unit/connections/test_tenants.py",
    "_connections/warm_up": "unit/connections/test_pools.py",
}


def _has_tests_of_its_name(module: str) -> bool:
    wing, _, name = module.partition("/")
    return (TESTS / "unit" / wing.removeprefix("_") / f"test_{name}.py").is_file()


def _list_modules() -> list[str]:
    """List what is in the wings; `data` has tables alone, which others read."""
    paths = [path for path in PACKAGE.glob("_*/*.py") if path.stem != "__init__"]
    return sorted(f"{path.parent.name}/{path.stem}" for path in paths)


def test_each_module_has_tests_of_its_name_or_says_where_they_are() -> None:
    """Whoever changes it finds what holds it."""
    without = {name for name in _list_modules() if not _has_tests_of_its_name(name)}
    assert without == SHOWN_IN.keys()


@pytest.mark.parametrize("path", sorted(set(SHOWN_IN.values())))
def test_file_where_a_module_shows_is_there(path: str) -> None:
    """A file that was moved is looked for in vain."""
    assert (TESTS / path).is_file()


# --- How large things are -------------------------------------------------------------

# Their lines are fields with a sentence each, and a table of models.
LONG_MODULES: Final = {"chat_models.py", "data/_profiles.py"}
# The description of its arguments is half of it.
LONG_FUNCTIONS: Final = {"build_structured_output"}
MODULES: Final = sorted(
    path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")
)


@pytest.mark.parametrize("module", MODULES)
def test_module_can_be_read_in_one_go(module: str) -> None:
    """It has at most 300 lines, a function 40, and what a wing says of itself 10."""
    text = (PACKAGE / module).read_text("utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 300 or module in LONG_MODULES
    if module.endswith("__init__.py"):
        assert len((ast.get_docstring(tree) or "").splitlines()) <= 10
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 40 or node.name in LONG_FUNCTIONS, node.name
