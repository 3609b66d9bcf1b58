"""Bare names of known models → their paths, and what a misspelt one may have meant.

Known are the models that come with this package, and those that the catalogue has
listed in this process.
"""

from __future__ import annotations

import difflib
import heapq
import re
from typing import TYPE_CHECKING, Final

from langchain_clarifai.data._embedding_models import EMBEDDING_MODELS
from langchain_clarifai.data._profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Where a chat model and another have the same name, the chat model is meant.
_PACKAGED: Final = {**dict.fromkeys(EMBEDDING_MODELS), **dict.fromkeys(PROFILES)}
_MAX_SUGGESTIONS: Final = 3
# A catalogue has tens of thousands of names, and comparing two takes some 20 µs: only
# these many, which share most letters with what was written, are compared in full.
_MOST_COMPARED: Final = 100
_LONGEST_COMPARED: Final = 128
# A name with more edits than these is another name, not a typo. In a short name, even
# two letters make another one.
_LONG_NAME: Final = 8
_EDITS_OF_LONG: Final = 2
_EDITS_OF_SHORT: Final = 1

_FOLDING: Final = str.maketrans({".": "_", "/": "_"})
_SEPARATORS: Final = re.compile(r"[._/\s-]+")
_DIGITS: Final = re.compile(r"[0-9]+")

# Listed models by path and by bare name. Dicts keep their order. Readers copy first, in
# one step: a listing in another thread may add meanwhile.
_listed_paths: dict[str, None] = {}
_listed_by_name: dict[str, list[str]] = {}
_listed_by_folded: dict[str, str] = {}


def learn(path: str) -> bool:
    """Know the bare name of a listed model from now on; tell if it is new.

    A name that comes with this package keeps its meaning: a listing of one owner's
    models shall not turn `gpt-oss-120b` into that owner's.
    """
    if path in _PACKAGED or path in _listed_paths:
        return False
    _listed_paths[path] = None
    _listed_by_name.setdefault(_take_name(path), []).append(path)
    for folded in _fold_both(path):
        _listed_by_folded[folded] = path
    return True


def forget() -> None:
    """Forget what was listed."""
    for known in (_listed_paths, _listed_by_name, _listed_by_folded):
        known.clear()


def is_listed(path: str | None) -> bool:
    """Tell whether the catalogue has listed the model of a path, and nothing else."""
    return path in _listed_paths


def find_listed(name: str) -> str | None:
    """Find the path of a known model by its bare name.

    Raises:
        ValueError: If several models have it.
    """
    packaged = _PACKAGED_BY_NAME.get(name)
    return packaged or _choose_path(name, tuple(_listed_by_name.get(name, ())))


def _choose_path(name: str, paths: Sequence[str]) -> str | None:
    """Choose the path that a bare name means.

    Raises:
        ValueError: If there are several.
    """
    if len(paths) > 1:
        raise ValueError(
            f"The model {name!r} is ambiguous. Write which one is meant: "
            f"{', '.join(paths)}."
        )
    return paths[0] if paths else None


def suggest(text: str) -> str:
    """Name the known models that a spelling is closest to, as one sentence."""
    known = {**_listed_by_folded, **_PACKAGED_BY_FOLDED}
    tail = _fold(text.rsplit("/", 1)[-1])
    # Twice as many, since each model is listed under two names.
    closest = difflib.get_close_matches(
        tail, _choose_similar(tail, known), n=2 * _MAX_SUGGESTIONS
    )
    paths = list(dict.fromkeys(known[name] for name in closest))[:_MAX_SUGGESTIONS]
    return f"Closest known models: {', '.join(paths)}. " if paths else ""


def is_near_miss(name: str) -> bool:
    """Tell whether a bare name looks like a known one that was mistyped.

    A mistyped name has another case or separator, or one or two wrong letters. With
    another number it is the name of another model: `gpt-6` is no `gpt-5`.
    """
    known = (*_listed_by_name, *_PACKAGED_BY_NAME)
    return any(_is_typo(name, other) for other in _choose_similar(name, known))


def _take_name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _fold(name: str) -> str:
    """Fold a name's case, and its dots, which Clarifai writes `_`."""
    return name[:_LONGEST_COMPARED].translate(_FOLDING).casefold()


def _fold_both(path: str) -> tuple[str, str]:
    """Fold the bare and the dotted name of a model."""
    return _fold(_take_name(path)), _fold(path.replace("/models/", "/"))


def _choose_similar(name: str, known: Iterable[str]) -> list[str]:
    """Choose the names that share most letters with one; this costs 1 µs for each."""
    letters = frozenset(name[:_LONGEST_COMPARED].casefold())
    length = len(name)

    def measure(other: str) -> int:
        return 2 * len(letters ^ set(other.casefold())) + abs(length - len(other))

    return heapq.nsmallest(_MOST_COMPARED, known, key=measure)


def _is_typo(name: str, other: str) -> bool:
    name_numbers, other_numbers = _DIGITS.findall(name), _DIGITS.findall(other)
    edits = 0
    if "".join(name_numbers) != "".join(other_numbers):
        if len(name_numbers) != len(other_numbers):
            return False
        pairs = zip(name_numbers, other_numbers, strict=True)
        if not all(_is_same_number(one, two) for one, two in pairs):
            return False
        edits = 1
    most = _EDITS_OF_LONG if len(other) >= _LONG_NAME else _EDITS_OF_SHORT
    letters, other_letters = _drop_numbers(name), _drop_numbers(other)
    return edits + _count_edits(letters, other_letters, most) <= most


def _is_same_number(one: str, two: str) -> bool:
    """Tell whether two numbers may be one: digits lost at the end, or swapped."""
    return one.startswith(two) or two.startswith(one) or sorted(one) == sorted(two)


def _drop_numbers(name: str) -> str:
    return _SEPARATORS.sub("", _DIGITS.sub("#", name)).casefold().replace("##", "#")


def _count_edits(one: str, two: str, most: int) -> int:
    """Count the letters to add, drop, change or swap; stop counting above `most`."""
    if abs(len(one) - len(two)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, letter in enumerate(one, 1):
        previous, row = row, [i]
        for j, other in enumerate(two, 1):
            changed = previous[j - 1] + (letter != other)
            count = min(previous[j] + 1, row[j - 1] + 1, changed)
            if i > 1 < j and letter == two[j - 2] and one[i - 2] == other:
                count = min(count, before[j - 2] + 1)
            row.append(count)
        if min(row) > most:
            return most + 1
        before = previous
    return row[-1]


_PACKAGED_BY_NAME: Final = {_take_name(path): path for path in _PACKAGED}
_PACKAGED_BY_FOLDED: Final = {
    folded: path for path in _PACKAGED for folded in _fold_both(path)
}
