"""What is known of one request and its answer, should something go wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langchain_clarifai._errors.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_core.messages import AIMessage


@dataclass(slots=True)
class Exchange:
    """What is known of the request and the response when something goes wrong.

    `request` and `response` are the transport's objects, or the HTTP library's own
    where the client is the user's; None before they exist. They are typed Any because
    openai 2 and 3 use different libraries; what an error holds is always the library's.
    `body` is that of the response, once it was read as a whole. `headers` are those
    that the user set: like the token, their values may be secrets. `silence` is the
    name of the setting that ends a silent stream, and its seconds; None for plain
    answers.
    """

    token: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    model: str = ""
    base_url: str = ""
    request: Any = None
    response: Any = None
    body: bytes | None = None
    partial_message: AIMessage | None = None
    chunks_received: int = 0
    silence: tuple[str, float] | None = None

    @property
    def redaction(self) -> Redaction:
        """What blots out the secrets that some servers repeat in their errors."""
        return Redaction((self.token, *self.headers.values()))
