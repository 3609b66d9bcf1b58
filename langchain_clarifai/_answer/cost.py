"""The usage of an answer → what it cost, in USD."""

from __future__ import annotations

import math
from typing import Any, Final

from langchain_clarifai._answer.usage import convert_to_usage_metadata
from langchain_clarifai._settings.price_list import find_price

# Under which keys an object of costs, such as Perplexity's, has its sum.
_TOTALS: Final = ("total_cost", "total")
_LONGEST_NUMBER: Final = 40


def describe_cost(
    usage: dict[str, Any], model_name: str, base_url: str
) -> dict[str, Any]:
    """Describe what an answer cost; nothing where neither server nor table knows.

    Args:
        usage: The usage, as the wire has it.
        model_name: The model as the user wrote it.
        base_url: The server of the model; empty where it is not known.
    """
    told = _read_cost(usage.get("cost"))
    if told is not None:
        return {"cost": told}
    found = find_price(model_name, base_url)
    if found is None:
        return {}
    price, whose = found
    counts = convert_to_usage_metadata(usage)
    details = counts.get("input_token_details") or {}
    cost = price.compute_cost(
        counts["input_tokens"], counts["output_tokens"], details.get("cache_read", 0)
    )
    return {"cost": cost, "cost_estimated_with": whose}


def _read_cost(cost: Any) -> float | None:
    """Read the cost that a server reports: a number, digits, or an object of costs."""
    if isinstance(cost, dict):
        cost = next((cost[name] for name in _TOTALS if name in cost), None)
    if isinstance(cost, bool) or not isinstance(cost, int | float | str):
        return None
    if isinstance(cost, str) and len(cost) > _LONGEST_NUMBER:
        return None
    try:
        number = float(cost)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None
