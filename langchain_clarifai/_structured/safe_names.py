"""A name of any letters → one that OpenAI and most other backends accept."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_SAFE: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_UNSAFE_LETTERS: Final = re.compile(r"[^a-zA-Z0-9_-]+")
_KEPT_LENGTH: Final = 55
_HASH_LENGTH: Final = 8


def is_safe_name(name: str) -> bool:
    """Tell whether a name is 1 to 64 letters, digits, `_` and `-`, all ASCII."""
    return _SAFE.fullmatch(name) is not None


def build_safe_name(name: str, attempt: int = 0) -> str:
    """Return a name if it is safe, else its safe letters and the start of its hash.

    Args:
        name: The name.
        attempt: Over 0 for another safe name, where the first is taken.
    """
    if not attempt and is_safe_name(name):
        return name
    salted = f"{name}\0{attempt}" if attempt else name
    digest = hashlib.sha256(salted.encode("utf-8", "surrogatepass")).hexdigest()
    readable = _UNSAFE_LETTERS.sub("_", name).strip("_")[:_KEPT_LENGTH] or "tool"
    return f"{readable}_{digest[:_HASH_LENGTH]}"
