"""Usage as the wire reports it → LangChain's `UsageMetadata`."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final, cast

from langchain_core.messages.ai import UsageMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails

    Path = tuple[str, ...]
    Places = Mapping[Path, tuple[str, int]]

_INPUT_TOKENS: Final = (("prompt_tokens",), ("input_tokens",))
_OUTPUT_TOKENS: Final = (("completion_tokens",), ("output_tokens",))
_TOTAL_TOKENS: Final = (("total_tokens",),)
_TOTALS: Final = (*_INPUT_TOKENS, *_OUTPUT_TOKENS, *_TOTAL_TOKENS)


def _build_paths(
    objects: Iterable[str], nested: Iterable[str], top: Iterable[str] = ()
) -> tuple[Path, ...]:
    return (*itertools.product(objects, nested), *((name,) for name in top))


def _rank_places(paths_by_name: Mapping[str, tuple[Path, ...]]) -> Places:
    """Turn the table around: a place → which count stands there, and its rank."""
    return {
        path: (name, rank)
        for name, paths in paths_by_name.items()
        for rank, path in enumerate(paths)
    }


# LangChain's name of a count → the places where servers report it. OpenAI's two APIs
# and Google's translation of them name the objects differently; OpenRouter says "write"
# where LiteLLM says "creation"; Anthropic, DeepSeek and Moonshot have no such objects.
_INPUT_OBJECTS: Final = (
    "prompt_tokens_details",
    "input_tokens_details",
    "input_token_details",
)
_INPUT_DETAILS: Final = _rank_places(
    {
        "cache_read": _build_paths(
            _INPUT_OBJECTS,
            (
                "cached_tokens",
                "num_cached_tokens",
                "cache_read_tokens",
                "cache_read_input_tokens",
                "cache_read",
            ),
            (
                "num_cached_tokens",
                "cache_read_input_tokens",
                "prompt_cache_hit_tokens",
                "cached_tokens",
                "cache_read_tokens",
            ),
        ),
        "cache_creation": _build_paths(
            _INPUT_OBJECTS,
            (
                "cache_write_tokens",
                "cache_creation_tokens",
                "cache_creation_input_tokens",
                "cache_creation",
            ),
            (
                "cache_creation_input_tokens",
                "cache_write_tokens",
                "cache_creation_tokens",
            ),
        ),
        "audio": _build_paths(_INPUT_OBJECTS, ("audio_tokens", "audio")),
    }
)
_OUTPUT_OBJECTS: Final = (
    "completion_tokens_details",
    "output_tokens_details",
    "output_token_details",
)
_OUTPUT_DETAILS: Final = _rank_places(
    {
        "reasoning": _build_paths(
            _OUTPUT_OBJECTS, ("reasoning_tokens", "reasoning"), ("reasoning_tokens",)
        ),
        "audio": _build_paths(_OUTPUT_OBJECTS, ("audio_tokens", "audio")),
    }
)
# Python refuses to convert thousands of digits.
_MOST_DIGITS: Final = 20

# A usage of more keys is none, and each report of it is merged with all before it. An
# object within it may have half as many.
_MOST_KEYS: Final = 64

_ANTHROPIC_CACHE: Final = (
    ("cache_read_input_tokens",),
    ("cache_creation_input_tokens",),
)


def has_counts(usage: dict[str, Any]) -> bool:
    """Tell whether a usage counts anything: some servers send one full of nulls."""
    return any(_convert_to_count(usage.get(name)) is not None for (name,) in _TOTALS)


def find_usage(payload: Mapping[str, Any]) -> dict[str, Any] | None:
    """Find the usage of an answer, which some put into an object of their own.

    Groq's `x_groq` is one.
    """
    usage = payload.get("usage")
    if isinstance(usage, dict) and has_counts(usage):
        return usage
    for value in payload.values():
        nested = value.get("usage") if isinstance(value, dict) else None
        if isinstance(nested, dict) and has_counts(nested):
            return nested
    return None


def bound_usage(usage: dict[str, Any]) -> dict[str, Any]:
    """Return a first report of usage, with no more keys than one may have."""
    return _merge_counts({}, usage)


def merge_usage(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Merge a later report of usage into an earlier one; the later counts.

    Anthropic reports in two halves, the input first and the output last: what is zero,
    null or absent later does not overwrite what came before.
    """
    merged = _merge_counts(old, new)
    # A total is out of date where the later half has none, or one of itself alone.
    counts = _flatten(merged)
    parts = (_find(counts, _INPUT_TOKENS) or 0) + (_find(counts, _OUTPUT_TOKENS) or 0)
    is_mixed = merged not in (old, new)
    if is_mixed and 0 < (_find(counts, _TOTAL_TOKENS) or 0) < parts:
        merged.pop(_TOTAL_TOKENS[0][0])
    return merged


def _merge_counts(
    old: dict[str, Any], new: dict[str, Any], room: int = _MOST_KEYS
) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        if key not in merged and len(merged) >= room:
            continue
        known = merged.get(key)
        if isinstance(value, dict) and (value or known is None):
            known = known if isinstance(known, dict) else {}
            merged[key] = _merge_counts(known, value, room // 2)
        elif value or known is None:
            merged[key] = value
    return merged


def convert_to_usage_metadata(usage: dict[str, Any]) -> UsageMetadata:
    """Convert the usage of an answer; a count that is missing or null is 0.

    A detail that was not reported is left out, which tells it from a reported 0.
    """
    counts = _flatten(usage)
    input_tokens = (_find(counts, _INPUT_TOKENS) or 0) + _count_uncounted(counts)
    output_tokens = _find(counts, _OUTPUT_TOKENS) or 0
    total_tokens = _find(counts, _TOTAL_TOKENS)
    output_details = _find_all(counts, _OUTPUT_DETAILS)
    reasoning_tokens = output_details.get("reasoning", 0)
    if input_tokens + output_tokens + reasoning_tokens == total_tokens:
        # xAI counts what the model thought apart from what it said.
        output_tokens += reasoning_tokens
    usage_metadata = UsageMetadata(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        total_tokens=input_tokens + output_tokens
        if total_tokens is None
        else total_tokens,
    )
    if input_details := _find_all(counts, _INPUT_DETAILS):
        usage_metadata["input_token_details"] = cast("InputTokenDetails", input_details)
    if output_details:
        usage_metadata["output_token_details"] = cast(
            "OutputTokenDetails", output_details
        )
    return usage_metadata


def _flatten(usage: dict[str, Any]) -> dict[Path, int]:
    """Return every count by its path."""
    counts: dict[Path, int] = {}
    for key, value in usage.items():
        if isinstance(value, dict):
            for name, nested in value.items():
                if (count := _convert_to_count(nested)) is not None:
                    counts[key, name] = count
        elif (count := _convert_to_count(value)) is not None:
            counts[key,] = count
    return counts


def _count_uncounted(counts: Mapping[Path, int]) -> int:
    """Return how many cached tokens the input lacks.

    Anthropic counts them apart from `input_tokens`, where OpenAI and the gateways that
    speak its words include them. Anthropic reports no total.
    """
    if not counts.keys().isdisjoint((("prompt_tokens",), *_TOTAL_TOKENS)):
        return 0
    return sum(counts.get(path, 0) for path in _ANTHROPIC_CACHE)


def _find_all(counts: Mapping[Path, int], places: Places) -> dict[str, int]:
    """Find details: of each the first count that is more than 0, else a reported 0.

    The counts are looked at, for a usage has far fewer of them than there are places.
    """
    found: dict[str, int] = {}
    ranks: dict[str, int] = {}
    for path, count in counts.items():
        if path not in places:
            continue
        name, rank = places[path]
        if name not in found or (count and not (found[name] and ranks[name] < rank)):
            found[name], ranks[name] = count, rank
    return found


def _find(counts: Mapping[Path, int], paths: Iterable[Path]) -> int | None:
    """Return the first count that is more than 0, else a 0 that was reported.

    Gateways that report a count in two places leave one of them at 0.
    """
    reported = None
    for path in paths:
        if count := counts.get(path):
            return count
        reported = count if reported is None else reported
    return reported


def _convert_to_count(value: Any) -> int | None:
    if type(value) is int:  # as nearly all are
        return value if value >= 0 else None
    if isinstance(value, str):
        value = int(value) if value.isdecimal() and len(value) < _MOST_DIGITS else None
    # Some gateways count in floats; neither a bool nor a negative number is a count.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if math.isfinite(value) and value >= 0 else None
