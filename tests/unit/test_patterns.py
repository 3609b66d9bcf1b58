"""No regular expression of the package takes long, whatever it is given.

Every expression is found by its use: the calls of `re` and of compiled patterns in the
source, each with the method that it is asked with. The texts are made of what the
expression itself repeats.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import time
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import langchain_clarifai
from langchain_clarifai._settings import model_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

_SIZE = 100_000
_LIMIT = 1.0
"""CPU seconds: a quadratic expression takes far more, each of ours milliseconds."""

_FILLINGS = ("a", "0", " ", "\n", "@", "/", ".", "-", '"', "\\", "{", "`", "exceed ")

_METHODS: dict[str, Callable[[re.Pattern[Any], Any], object]] = {
    "findall": lambda pattern, text: pattern.findall(text),
    "finditer": lambda pattern, text: deque(pattern.finditer(text), maxlen=0),
    "fullmatch": lambda pattern, text: pattern.fullmatch(text),
    "match": lambda pattern, text: pattern.match(text),
    "search": lambda pattern, text: pattern.search(text),
    "split": lambda pattern, text: pattern.split(text),
    "sub": lambda pattern, text: pattern.sub(text[:0], text),
    "sub once": lambda pattern, text: pattern.sub(text[:0], text, count=1),
}

_KNOWN_BY_HAND = {
    # The rows of a table, in a loop.
    "langchain_clarifai._settings.model_ids": [
        [pattern for pattern, _ in model_ids._FAULTS]
    ],
    # Around the start of a token, and around a name, of the user's.
    "langchain_clarifai._check.report": [
        [r"aaaaaaaa[^\s\"'<>,;]*"],
        [r"(?<![A-Za-z0-9])aaaa(?![A-Za-z0-9])"],
    ],
}
"""Expressions that are no constants, by module: those of each call, in its order."""


class _Use(NamedTuple):
    """An expression, and what it is asked with."""

    place: str
    method: str
    pattern: re.Pattern[Any]


def _find_uses() -> list[_Use]:
    uses: list[_Use] = []
    for found in pkgutil.walk_packages(
        langchain_clarifai.__path__, "langchain_clarifai."
    ):
        if not found.name.endswith("__main__"):
            uses += _find_uses_in(importlib.import_module(found.name))
    return uses


def _find_uses_in(module: ModuleType) -> Iterator[_Use]:
    by_hand = iter(_KNOWN_BY_HAND.get(module.__name__, []))
    calls = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    for node in sorted(calls, key=lambda node: node.lineno):
        function: Any = node.func
        owner, method = ast.unparse(function.value), function.attr
        place = f"{module.__name__}.{owner}"
        value = _evaluate(owner, module) if re.fullmatch(r"[\w.]+", owner) else None
        if method in _METHODS and isinstance(value, re.Pattern):
            is_once = any(keyword.arg == "count" for keyword in node.keywords)
            yield _Use(place, f"{method} once" if is_once else method, value)
        elif value is re and method not in {"compile", "escape"}:
            inline = _evaluate(ast.unparse(node.args[0]), module)
            patterns = [inline] if isinstance(inline, str) else next(by_hand)
            for pattern in patterns:
                yield _Use(f"{place}: {pattern}", method, re.compile(pattern))
    assert list(by_hand) == [], module


def _evaluate(source: str, module: ModuleType) -> Any:
    """Return what an expression of a module stands for; None for a local name."""
    try:
        return eval(source, vars(module))  # noqa: S307 - our own source
    except (NameError, AttributeError):
        return None


def _find_globals() -> dict[int, str]:
    """Find the compiled patterns that modules and their classes hold."""
    found: dict[int, str] = {}
    for name in [name for name in _loaded_modules() if not name.endswith("__main__")]:
        module = importlib.import_module(name)
        classes = [value for value in vars(module).values() if isinstance(value, type)]
        for holder in (module, *classes):
            if holder is not module and holder.__module__ != name:
                continue
            for key, value in vars(holder).items():
                for pattern in _list_patterns(value):
                    found.setdefault(id(pattern), f"{name}.{key}")
    return found


def _loaded_modules() -> list[str]:
    return [
        module.name
        for module in pkgutil.walk_packages(
            langchain_clarifai.__path__, "langchain_clarifai."
        )
    ]


def _list_patterns(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for item in (*value, *value.values()):
            yield from _list_patterns(item)
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from _list_patterns(item)


_PARSER: Any = importlib.import_module("re._parser")
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
_CATEGORIES = {
    "CATEGORY_DIGIT": "0",
    "CATEGORY_SPACE": " ",
    "CATEGORY_WORD": "a",
    "CATEGORY_NOT_DIGIT": "a",
    "CATEGORY_NOT_SPACE": "a",
    "CATEGORY_NOT_WORD": "-",
}
_MANY = 4
_MOST_ATTACKS = 40


def _sample(node: Any) -> list[str]:
    """Return texts that a part of an expression matches; a few of its alternatives."""
    texts = [""]
    for kind, value in node:
        pieces = _sample_one(str(kind), value)
        texts = [text + piece for text in texts for piece in pieces][:_MANY]
    return texts


def _sample_one(kind: str, value: Any) -> list[str]:  # noqa: PLR0911 - one a kind
    if kind == "LITERAL":
        return [chr(value)]
    if kind in {"NOT_LITERAL", "ANY"}:
        return ["a" if value != ord("a") else "b"]
    if kind == "IN":
        return _sample_class(value)
    if kind == "BRANCH":
        return [text for branch in value[1] for text in _sample(branch)][: 4 * _MANY]
    if kind in _REPEATS:
        least, _, body = value
        return [text * max(1, least) for text in _sample(body)]
    if kind == "SUBPATTERN":
        return _sample(value[-1])
    if kind == "ATOMIC_GROUP":
        return _sample(value)
    return [""]  # a place, or a look around


def _sample_class(members: Any) -> list[str]:
    kinds = [(str(kind), value) for kind, value in members]
    if kinds[0][0] == "NEGATE":
        refused = {chr(value) for kind, value in kinds if kind == "LITERAL"}
        return [letter for letter in "a 0.\n" if letter not in refused][:_MANY]
    texts: list[str] = []
    for kind, value in kinds:
        if kind == "RANGE":
            texts.append(chr(value[0]))
        elif kind == "CATEGORY":
            texts.append(_CATEGORIES[str(value)])
        else:
            texts.append(chr(value))
    return texts[:_MANY]


def _find_repeats(
    node: Any, before: list[str]
) -> Iterator[tuple[list[str], list[str]]]:
    """Find what each repetition repeats, and what leads to it."""
    for kind, value in node:
        if str(kind) in _REPEATS:
            yield before, _sample(value[2])
            yield from _find_repeats(value[2], before)
        elif str(kind) == "BRANCH":
            for branch in value[1]:
                yield from _find_repeats(branch, before)
        elif str(kind) in {"SUBPATTERN", "ATOMIC_GROUP", "ASSERT", "ASSERT_NOT"}:
            inner = value if str(kind) == "ATOMIC_GROUP" else value[-1]
            yield from _find_repeats(inner, before)
        pieces = _sample_one(str(kind), value)
        before = [text + piece for text in before for piece in pieces][:_MANY]


def _build_attacks(pattern: re.Pattern[Any]) -> list[str]:
    """Build long texts: each part repeated, after a good start, with a bad end."""
    source = pattern.pattern
    source = source.decode("latin-1") if isinstance(source, bytes) else source
    parsed = _PARSER.parse(source, pattern.flags & ~re.UNICODE)
    words = list(dict.fromkeys(re.findall(r"[A-Za-z_]{2,30}", source)))
    units = [*words, *(f"{a} {b}x" for a, b in pairwise(words)), *_FILLINGS]
    attacks = [_fill(unit) for unit in (*units, *_sample(parsed)) if unit]
    for starts, repeated in _find_repeats(parsed, [""]):
        for unit in filter(None, repeated):
            for start in starts:
                attacks += [
                    f"{start}{_fill(unit)}\x00",
                    _fill(start + unit),
                    _fill(f"{start}{unit}\x00"),
                    f"{_fill(unit)}{start}",
                ]
    attacks = list(dict.fromkeys(attacks))
    return attacks[:: len(attacks) // _MOST_ATTACKS + 1]


def _fill(unit: str) -> str:
    return unit * (_SIZE // len(unit))


_USES = _find_uses()


def test_every_pattern_of_the_package_is_found() -> None:
    """A test of none would say nothing, and one that is used unseen would escape."""
    assert len(_USES) > 50
    assert {use.place.partition(":")[0] for use in _USES} > {
        "langchain_clarifai._errors.overflow._OVERFLOW",
        "langchain_clarifai._settings.model_parts.re",
    }
    used = {id(use.pattern) for use in _USES}
    unused = [place for key, place in _find_globals().items() if key not in used]
    assert unused == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "use", _USES, ids=lambda use: use.place.removeprefix("langchain_clarifai.")
)
def test_hundred_kilobytes_of_anything_take_no_time(use: _Use) -> None:
    """A server's or a model's text may be made for the expression."""
    ask = _METHODS[use.method]
    for attack in _build_attacks(use.pattern):
        is_bytes = isinstance(use.pattern.pattern, bytes)
        given: Any = attack.encode("latin-1", "replace") if is_bytes else attack
        start = time.process_time()
        ask(use.pattern, given)
        assert time.process_time() - start < _LIMIT, (attack[:60], attack[-20:])
