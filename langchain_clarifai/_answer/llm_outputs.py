"""What is known of several answers → one `llm_output`, as LangChain wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def combine_llm_outputs(
    llm_outputs: Iterable[Mapping[str, Any] | None],
) -> dict[str, Any]:
    """Add up the token counts of several answers, of which cached ones have none."""
    combined: dict[str, Any] = {}
    for llm_output in filter(None, llm_outputs):
        counts = combined.pop("token_usage", {})
        combined |= llm_output
        for name, count in (llm_output.get("token_usage") or {}).items():
            if isinstance(count, int):
                counts[name] = counts.get(name, 0) + count
        combined["token_usage"] = counts
    return combined
