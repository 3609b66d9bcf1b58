"""Settings, fields and the texts of a batch → its request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._request.body import dump_body, nest_unknown
from langchain_clarifai._request.request import address_request
from langchain_clarifai._settings.model_ids import is_clarifai_base_url, resolve_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from langchain_clarifai._request.request import Request
    from langchain_clarifai._settings.settings import Settings

_PATH: Final = "/embeddings"
# Parameters of the SDK's `embeddings.create()`, to which Clarifai's runner passes the
# body: https://github.com/Clarifai/clarifai-python, `runners/models/openai_class.py`.
_KNOWN_TO_RUNNER: Final = frozenset(
    {"dimensions", "encoding_format", "extra_body", "input", "model", "user"}
)


def build_request(
    settings: Settings,
    fields: Mapping[str, Any],
    texts: Sequence[str],
    encoding_format: str | None,
) -> tuple[Request, bool]:
    """Build the request of one batch.

    Args:
        settings: Where it goes, and how.
        fields: What goes into every body, `model` and `extra_body` among it.
        texts: The texts of the batch.
        encoding_format: How the vectors shall travel; None leaves it to the server.

    Returns:
        The request, and whether it asks for base64.
    """
    body: dict[str, Any] = {**fields, "input": texts}
    body["model"] = resolve_model(fields["model"], settings.base_url)
    if encoding_format is not None:
        body["encoding_format"] = encoding_format
    body.update(body.pop("extra_body", {}))
    is_base64 = body.get("encoding_format") == "base64"
    if is_clarifai_base_url(settings.base_url):
        nest_unknown(body, _KNOWN_TO_RUNNER)
    request = address_request(settings, _PATH, dump_body(body), fields["model"])
    return request, is_base64
