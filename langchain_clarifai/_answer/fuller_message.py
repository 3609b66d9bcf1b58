"""A message and a delta side by side → the one that says more."""

from __future__ import annotations

from typing import Any


def choose_fuller(message: Any, delta: Any) -> dict[str, Any]:
    """Return the fuller of two messages, with what it lacks from the other one.

    Perplexity sends a `delta` beside the `message` of a plain answer.
    """
    candidates = [value for value in (message, delta) if isinstance(value, dict)]
    if len(candidates) == 1:
        return {**candidates[0]}
    said: list[dict[str, Any]] = [
        {name: v for name, v in value.items() if v} for value in candidates
    ]
    said.sort(key=lambda fields: len(str({**fields, "role": ""})))
    merged: dict[str, Any] = {}
    for fields in said:
        merged |= fields
    # An empty value still shows which fields the server knows.
    return {**(candidates[0] if candidates else {}), **merged}
