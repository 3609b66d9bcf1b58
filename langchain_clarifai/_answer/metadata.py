"""What is known of an answer besides its content → `response_metadata`.

Plain and streamed answers share this module, so that both hold the same keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._answer.cost import describe_cost
from langchain_clarifai._answer.usage import has_counts

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER: Final = "clarifai"
"""`ls_provider` of traces and `model_provider` of messages: LangChain compares them."""

PROVIDER_METADATA: Final = {"model_provider": PROVIDER}

_COPIED_FIELDS: Final = ("id", "system_fingerprint", "service_tier")


@dataclass(slots=True)
class AnswerMetadata:
    """Collects the metadata of one response; the first id and the last values win."""

    model_name: str
    """The model as the user wrote it."""

    base_url: str = ""
    """Whose model it is, for its price."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    include_headers: bool = False
    usage: dict[str, Any] | None = None
    backend_model: str = ""
    request_id: str = ""
    """What support can look the request up by: the header's, else the body's."""

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

    def read_usage(self, payload: dict[str, Any]) -> None:
        """Take the usage of a completion, a chunk or a choice, if it has one."""
        if isinstance(usage := payload.get("usage"), dict) and has_counts(usage):
            self.usage = usage

    def build(self, finish_reason: str | None) -> dict[str, Any]:
        """Build the `response_metadata` of a finished message."""
        response_metadata: dict[str, Any] = {
            **PROVIDER_METADATA,
            "model_name": self.model_name,
            "finish_reason": finish_reason,
            **self._fields,
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
        if self.include_headers:
            response_metadata["headers"] = dict(self.headers)
        return response_metadata
