"""What a choice holds besides text, thoughts and calls → kept for the message.

Refusals, log probabilities and attachments, such as images or citations, have places of
their own. Fields that no API defines are kept as they came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._answer.attachments import (
    ATTACHED_FIELDS,
    THINKING_PARTS,
    Attachments,
)
from langchain_clarifai._answer.extra_fields import ExtraFields
from langchain_clarifai._answer.plain_text import BARE_CHOICE, TEXT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_clarifai._answer.reasoning import Parts

CALL_FIELDS: Final = TEXT_FIELDS | {"tool_calls"}
"""The keys of a delta that brings tool calls and nothing else."""

_KNOWN_IN_DELTA: Final = CALL_FIELDS.union(
    ATTACHED_FIELDS, ("function_call", "reasoning", "reasoning_content", "refusal")
)
_KNOWN_IN_CHOICE: Final = BARE_CHOICE | {"error", "message", "usage"}


class OtherFields:
    """Collects what one choice holds besides text, thoughts and calls.

    Attributes:
        refusal: Why the model refuses, in pieces.
        logprobs: Log probabilities of the whole answer, by kind.
        extra: Fields that no API defines.
        is_whole: Whether a whole message is read, and no fragments of one.
    """

    def __init__(self) -> None:
        self.refusal: list[str] = []
        self.logprobs: dict[str, list[Any]] = {}
        self.extra = ExtraFields()
        self.is_whole = False
        self._attachments = Attachments()

    def read_choice(self, choice: dict[str, Any]) -> None:
        """Take the fields of a choice that no API defines."""
        self._keep("choice", choice, _KNOWN_IN_CHOICE)

    def read_delta(self, delta: dict[str, Any]) -> None:
        """Take the fields of a delta or message."""
        if (refusal := delta.get("refusal")) and isinstance(refusal, str):
            self.refusal.append(refusal)
        self.attach(delta, ATTACHED_FIELDS)
        self._keep("message", delta, _KNOWN_IN_DELTA)

    def read_missing(self, message: dict[str, Any]) -> None:
        """Take from a message that came beside deltas what those did not bring."""
        for name in ATTACHED_FIELDS:
            if name not in self._attachments and (value := message.get(name)):
                self._attachments.attach(name, value, is_whole=True)
        self._keep("message", message, _KNOWN_IN_DELTA)

    def read_parts(self, parts: Parts) -> None:
        """Take what a list of content parts holds besides text."""
        for name, values in (
            (THINKING_PARTS, parts.thoughts),
            ("images", parts.images),
        ):
            if values:
                self._attachments.attach(name, [*values], is_whole=self.is_whole)
        if parts.refusal:
            self.refusal.append(parts.refusal)
        if parts.others:
            self.extra.keep("message", "content", [*parts.others])

    def read_logprobs(self, logprobs: Any) -> dict[str, Any]:
        """Take the log probabilities of a delta; return them as its metadata."""
        if not isinstance(logprobs, dict):
            # Together's is a number at times, of which nobody knows the token.
            self.extra.keep("choice", "logprobs", logprobs)
            return {}
        found = {
            name: tokens
            for name, tokens in logprobs.items()
            if isinstance(tokens, list) and tokens
        }
        for name, tokens in found.items():
            self.logprobs.setdefault(name, []).extend(tokens)
        return {"logprobs": found} if found else {}

    def attach(self, fields: dict[str, Any], names: Iterable[str]) -> None:
        """Take attachments, by their names, from any part of an answer."""
        for name in names:
            if value := fields.get(name):
                self._attachments.attach(name, value, is_whole=self.is_whole)

    def build_additional_kwargs(self) -> dict[str, Any]:
        """Build what stands on the last chunk, and on the message."""
        additional_kwargs = self._attachments.build()
        if self.refusal:
            additional_kwargs["refusal"] = "".join(self.refusal)
        return additional_kwargs

    def _keep(self, part: str, fields: dict[str, Any], known: frozenset[str]) -> None:
        for name, value in fields.items():
            if name not in known:
                self.extra.keep(part, name, value)
