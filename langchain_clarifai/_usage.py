"""Usage as the wire reports it → LangChain's `UsageMetadata`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, cast

from langchain_core.messages.ai import UsageMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails

    Path = tuple[str, ...]

# Where servers report what LangChain calls the same: the first number found counts.
# A path of one key is looked up in the usage itself.
_INPUT_TOKENS: Final = (("prompt_tokens",), ("input_tokens",))
_OUTPUT_TOKENS: Final = (("completion_tokens",), ("output_tokens",))
_INPUT_DETAILS: Final = {
    "cache_read": (
        ("prompt_tokens_details", "cached_tokens"),
        ("input_tokens_details", "cached_tokens"),
        ("prompt_tokens_details", "cache_read_tokens"),
        ("prompt_tokens_details", "cache_read_input_tokens"),
        ("cache_read_input_tokens",),  # Anthropic
        ("prompt_cache_hit_tokens",),  # DeepSeek
        ("cached_tokens",),  # Moonshot
    ),
    "cache_creation": (
        ("prompt_tokens_details", "cache_write_tokens"),  # OpenRouter
        ("input_tokens_details", "cache_write_tokens"),
        ("prompt_tokens_details", "cache_creation_tokens"),  # LiteLLM
        ("prompt_tokens_details", "cache_creation_input_tokens"),
        ("cache_creation_input_tokens",),  # Anthropic
        ("cache_write_tokens",),
    ),
    "audio": (
        ("prompt_tokens_details", "audio_tokens"),
        ("input_tokens_details", "audio_tokens"),
    ),
}
_OUTPUT_DETAILS: Final = {
    "reasoning": (
        ("completion_tokens_details", "reasoning_tokens"),
        ("output_tokens_details", "reasoning_tokens"),
        ("reasoning_tokens",),
    ),
    "audio": (
        ("completion_tokens_details", "audio_tokens"),
        ("output_tokens_details", "audio_tokens"),
    ),
}


def convert_to_usage_metadata(usage: dict[str, Any]) -> UsageMetadata:
    """Convert the usage of an answer; a count that is missing or null is 0.

    A detail that was not reported is left out, which tells it from a reported 0.
    """
    input_tokens = _find(usage, _INPUT_TOKENS) or 0
    output_tokens = _find(usage, _OUTPUT_TOKENS) or 0
    total_tokens = _read_count(usage, ("total_tokens",))
    usage_metadata = UsageMetadata(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        total_tokens=input_tokens + output_tokens
        if total_tokens is None
        else total_tokens,
    )
    if input_details := _find_all(usage, _INPUT_DETAILS):
        usage_metadata["input_token_details"] = cast("InputTokenDetails", input_details)
    if output_details := _find_all(usage, _OUTPUT_DETAILS):
        usage_metadata["output_token_details"] = cast(
            "OutputTokenDetails", output_details
        )
    return usage_metadata


def _find_all(
    usage: dict[str, Any], paths_by_name: Mapping[str, Iterable[Path]]
) -> dict[str, int]:
    found = ((name, _find(usage, paths)) for name, paths in paths_by_name.items())
    return {name: count for name, count in found if count is not None}


def _find(usage: dict[str, Any], paths: Iterable[Path]) -> int | None:
    counts = (_read_count(usage, path) for path in paths)
    return next((count for count in counts if count is not None), None)


def _read_count(usage: dict[str, Any], path: Path) -> int | None:
    value: Any = usage
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    # Some gateways count in floats; a bool is no count.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if math.isfinite(value) else None
