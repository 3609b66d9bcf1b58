"""What is known of one request and its answer, should something go wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_core.messages import AIMessage

_MASK: Final = "**********"
_DEEPEST: Final = 50
# A header's value that is shorter is a word that errors may well have of their own.
_SHORTEST_SECRET: Final = 8


@dataclass(slots=True)
class Exchange:
    """What is known of the request and the response when something goes wrong.

    `request` and `response` are the HTTP library's own objects, None before they
    exist; they are typed Any because openai 2 and 3 use different libraries. `body` is
    that of the response, once it was read as a whole. `headers` are those that the user
    set: like the token, their values may be secrets. `silence` is the name of the
    setting that ends a silent stream, and its seconds; None for plain answers.
    """

    token: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    model: str = ""
    request: Any = None
    response: Any = None
    body: bytes | None = None
    partial_message: AIMessage | None = None
    chunks_received: int = 0
    silence: tuple[str, float] | None = None

    def redact(self, value: Any) -> Any:
        """Blot out what is secret, which some servers repeat in their errors."""
        long = [text for text in self.headers.values() if len(text) >= _SHORTEST_SECRET]
        for secret in filter(None, (self.token, *long)):
            value = _redact(value, secret)
        return value


def _redact(value: Any, secret: str, depth: int = 0) -> Any:
    if isinstance(value, str):
        return value.replace(secret, _MASK)
    if isinstance(value, dict | list) and depth > _DEEPEST:
        return "…"
    if isinstance(value, dict):
        return {
            _redact(key, secret): _redact(item, secret, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_redact(item, secret, depth + 1) for item in value]
    return value
