"""What is known of an answer besides its content → `response_metadata`.

Plain and streamed answers share this module, so that both hold the same keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._answer.cost import describe_cost
from langchain_clarifai._answer.extra_fields import ExtraFields
from langchain_clarifai._answer.finish_reasons import normalize_finish_reason
from langchain_clarifai._answer.usage import (
    bound_usage,
    convert_to_usage_metadata,
    find_usage,
    merge_usage,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_core.messages.ai import UsageMetadata

PROVIDER: Final = "clarifai"
"""`ls_provider` of traces and `model_provider` of messages: LangChain compares them."""

PROVIDER_METADATA: Final = {"model_provider": PROVIDER}

_COPIED_FIELDS: Final = ("id", "system_fingerprint", "service_tier")

KNOWN_FIELDS: Final = frozenset(
    {
        *_COPIED_FIELDS,
        "choices",
        "created",
        "model",
        "object",
        "obfuscation",
        "status",
        "usage",
    }
)
"""Fields that are read elsewhere, or say nothing of the answer: `created` is the time
of the request, `object` the kind of body, and `obfuscation` hides a chunk's length."""

EXTRA_FIELDS_KEY: Final = "extra_fields"
"""The key in `response_metadata` of fields that no API defines: see `extra_fields`."""


ATTACHED_AT_THE_TOP: Final = frozenset({"citations", "search_results"})
"""Fields that belong to the message although they stand beside the choices."""


@dataclass(slots=True)
class AnswerMetadata:
    """Collects the metadata of one response: the first id, the last of all else."""

    model_name: str
    """The model as the user wrote it."""

    base_url: str = ""
    """The server of the model, on which its price depends."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    include_headers: bool = False
    usage: dict[str, Any] | None = None
    backend_model: str = ""
    request_id: str = ""
    """The id by which support finds the request: the header's, else the body's."""

    extra_fields: ExtraFields = field(default_factory=ExtraFields)
    """Fields at the top of the answer that no API defines."""

    waits: dict[str, Any] = field(default_factory=dict[str, Any])
    """How many attempts there were and how long was waited, if there was a wait."""

    _fields: dict[str, Any] = field(default_factory=dict[str, Any])

    def read(self, payload: dict[str, Any]) -> None:
        """Take what a completion or a chunk of one says about the answer."""
        self.read_usage(payload)
        if isinstance(status := payload.get("status"), dict):
            # Clarifai's report of a success may come along with the answer.
            self.request_id = self.request_id or str(status.get("req_id") or "")
        if isinstance(model := payload.get("model"), str) and model:
            self.backend_model = model
        for name in _COPIED_FIELDS:
            value = payload.get(name)
            # Some servers give every chunk an id of its own: the first one counts.
            if value and not (name == "id" and name in self._fields):
                self._fields[name] = value

    def read_extra_fields(self, payload: dict[str, Any]) -> None:
        """Take the fields of a completion, or a chunk of one, that no API defines."""
        for name, value in payload.items():
            if name not in KNOWN_FIELDS and name not in ATTACHED_AT_THE_TOP:
                self.extra_fields.keep("completion", name, value)
        if "usage" not in payload:
            self.read_usage(payload)

    def read_usage(self, payload: dict[str, Any]) -> None:
        """Take the usage of a completion, a chunk or a choice, if it has one."""
        if (usage := find_usage(payload)) is not None:
            self.usage = (
                bound_usage(usage)
                if self.usage is None
                else merge_usage(self.usage, usage)
            )

    def build_usage_metadata(self) -> UsageMetadata | None:
        """Build LangChain's form of the usage, if there was any."""
        return None if self.usage is None else convert_to_usage_metadata(self.usage)

    def build(
        self,
        finish_reason: str | None,
        extra_fields: ExtraFields | None = None,
        *,
        has_calls: bool = False,
        has_refusal: bool = False,
    ) -> dict[str, Any]:
        """Build the `response_metadata` of a finished message.

        Args:
            finish_reason: As the server gave it; None where it gave none.
            extra_fields: Fields of the choice and its message that no API defines.
            has_calls: Whether the message holds tool calls that are not broken.
            has_refusal: Whether it holds a refusal.
        """
        response_metadata: dict[str, Any] = {
            **PROVIDER_METADATA,
            "model_name": self.model_name,
            "finish_reason": finish_reason,
            **self._fields,
            **normalize_finish_reason(
                finish_reason, has_calls=has_calls, has_refusal=has_refusal
            ),
            **self.waits,
        }
        if self.backend_model:
            response_metadata["backend_model"] = self.backend_model
        if self.request_id:
            response_metadata["request_id"] = self.request_id
        if self.usage is not None:
            response_metadata["token_usage"] = self.usage
            response_metadata |= describe_cost(
                self.usage, self.model_name, self.base_url
            )
        if extra := self.extra_fields.build(extra_fields or ExtraFields()):
            response_metadata[EXTRA_FIELDS_KEY] = extra
        if self.include_headers:
            response_metadata["headers"] = dict(self.headers)
        return response_metadata
