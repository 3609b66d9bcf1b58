"""No regular expression of the package takes long, whatever it is given."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

import langchain_clarifai

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIZE = 100_000
_LIMIT = 1.0
"""CPU seconds: a quadratic expression takes far more, each of ours milliseconds."""

_FILLINGS = ("a", "0", " ", "\n", "@", "/", ".", "-", '"', "\\", "{", "`", "exceed ")

_ONLY_WHOLE = {
    "langchain_clarifai._catalogue.listing._ID",
    "langchain_clarifai._settings.credentials._HOST",
    "langchain_clarifai._settings.model_ids._PATH",
    "langchain_clarifai._settings.model_ids._WITH_SCHEME",
    "langchain_clarifai._settings.model_ids._WITHOUT_SCHEME",
    "langchain_clarifai._settings.model_ids._DOTTED",
    "langchain_clarifai._settings.model_ids._NAME",
}
"""Those that the package asks with `fullmatch` only."""

_ONLY_AT_START = {"langchain_clarifai._transport.framing._LAST_CHUNK"}
"""Those that it asks with `match` only; all others are searched for."""


def _find_patterns() -> dict[str, re.Pattern[Any]]:
    found: dict[str, re.Pattern[Any]] = {}
    for module in pkgutil.walk_packages(
        langchain_clarifai.__path__, "langchain_clarifai."
    ):
        if module.name.endswith("__main__"):
            continue
        imported = importlib.import_module(module.name)
        for name, value in vars(imported).items():
            for number, pattern in enumerate(_list_patterns(value)):
                place = f"{module.name}.{name}"
                found[f"{place}[{number}]" if number else place] = pattern
    return found


def _list_patterns(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for item in (*value, *value.values()):
            yield from _list_patterns(item)
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from _list_patterns(item)


def _build_attacks(source: str) -> Iterator[str]:
    """Repeat what the expression itself speaks of, alone and in pairs."""
    words = list(dict.fromkeys(re.findall(r"[A-Za-z_]{2,30}", source)))
    pairs = [f"{a} {b}x" for a, b in pairwise(words)]
    for word in dict.fromkeys([*words, *pairs, *_FILLINGS]):
        yield word * (_SIZE // len(word))


_PATTERNS = _find_patterns()


def test_patterns_of_the_package_are_found() -> None:
    """A test of none would say nothing, and a name that is gone would hide another."""
    assert "langchain_clarifai._errors.overflow._OVERFLOW" in _PATTERNS
    assert len(_PATTERNS) > 30
    assert set(_PATTERNS) >= _ONLY_WHOLE | _ONLY_AT_START


@pytest.mark.parametrize("name", _PATTERNS)
def test_hundred_kilobytes_of_anything_take_no_time(name: str) -> None:
    """A server's or a model's text may be made for the expression."""
    pattern = _PATTERNS[name]
    source = pattern.pattern
    text = source.decode("latin-1") if isinstance(source, bytes) else source
    ask = pattern.search
    if name in _ONLY_WHOLE:
        ask = pattern.fullmatch
    elif name in _ONLY_AT_START:
        ask = pattern.match
    for attack in _build_attacks(text):
        given: Any = attack.encode() if isinstance(source, bytes) else attack
        start = time.process_time()
        ask(given)
        assert time.process_time() - start < _LIMIT, attack[:40]
