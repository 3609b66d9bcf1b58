"""Texts and bodies that may hold secrets → the same without them, bounded in size."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK: Final = "**********"

LARGEST_ERROR: Final = 1024 * 1024
"""How many bytes of an error's body are read, and kept of all its texts together."""

_DEEPEST: Final = 50
_MOST_ITEMS: Final = 20_000

# A shorter token is a placeholder, or a word that errors may contain in any case.
_SHORTEST_SECRET: Final = 8
# What users give as a token to servers that want none.
_PLACEHOLDERS: Final = frozenset(
    {
        "anything",
        "api-key",
        "dummy-key",
        "lm-studio",
        "no-key-required",
        "not-needed",
        "not-used",
        "placeholder",
        "sk-no-key-required",
        "undefined",
    }
)
# Where a text was cut within a secret, this many letters of it are blotted out as well.
_SHORTEST_START: Final = 4


class Redaction:
    """Blots out secrets, in texts and in whole bodies.

    Args:
        secrets: Tokens and values of headers; placeholders among them are ignored.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        secrets = {secret for secret in secrets if _is_secret(secret)}
        spellings = {text for secret in secrets for text in _list_spellings(secret)}
        self._spellings = sorted(spellings, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """Blot out secrets in a text that is whole."""
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        return text

    def redact_start(self, text: str) -> str:
        """Blot out secrets in a text that was cut, and the start of one at its end."""
        text = self.redact(text)
        for spelling in self._spellings:
            longest = min(len(spelling) - 1, len(text))
            for length in range(longest, _SHORTEST_START - 1, -1):
                if text.endswith(spelling[:length]):
                    return f"{text[:-length]}{MASK}"
        return text

    def redact_body(self, body: Any) -> Any:
        """Copy a JSON value without its secrets, nor more of it than anybody reads."""
        return _BodyCopy(self).copy(body, 0)


class _BodyCopy:
    """One copy of a body while it is made, and how much more it may hold."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._room = LARGEST_ERROR
        self._items = _MOST_ITEMS

    def copy(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._copy_text(value)
        if not isinstance(value, dict | list):
            return value
        if depth > _DEEPEST:
            return "…"
        if isinstance(value, dict):
            return {
                self._copy_text(str(name)): self.copy(item, depth + 1)
                for name, item in value.items()
                if self._takes_another()
            }
        return [self.copy(item, depth + 1) for item in value if self._takes_another()]

    def _takes_another(self) -> bool:
        self._items -= 1
        return self._items >= 0

    def _copy_text(self, text: str) -> str:
        if len(text) <= self._room:
            self._room -= len(text)
            return self._redaction.redact(text)
        start, self._room = text[: self._room], 0
        return f"{self._redaction.redact_start(start)}…"


WITHOUT_SECRETS: Final = Redaction(())
"""Blots out nothing; its copies of bodies are bounded in size all the same."""


def _is_secret(text: str) -> bool:
    return len(text) >= _SHORTEST_SECRET and text.lower() not in _PLACEHOLDERS


def _list_spellings(secret: str) -> Iterator[str]:
    """List how a secret may stand in JSON, in a URL or in a repr."""
    yield secret
    escaped = json.dumps(secret)[1:-1]
    yield escaped
    yield escaped.replace("/", "\\/")
    yield repr(secret)[1:-1]
    yield quote(secret, safe="")
    yield quote(secret)
