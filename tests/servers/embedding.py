"""An embeddings request → what a good model answers: each text's words, counted."""

from __future__ import annotations

import array
import base64
import re
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from tests.servers.checking import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.servers.openai_wire import JSON

LENGTH: Final = 256
"""How many numbers a vector has, unless the request says otherwise."""

_WORD: Final = re.compile(r"\w{4,}")


def embed(text: str, length: int = LENGTH) -> list[float]:
    """Count the longer words of a text; texts that share some are close."""
    counts = [0.0] * length
    for word in _WORD.findall(text.lower()):
        counts[crc32(word.rstrip("s").encode()) % length] += 1
    # No vector has the length 0: cosines divide by it.
    return counts if any(counts) else [1.0, *counts[1:]]


def write_base64(vector: Iterable[float]) -> str:
    """Write a vector as OpenAI's API does."""
    return base64.b64encode(array.array("f", vector).tobytes()).decode()


def build_embeddings(vectors: Sequence[Any], **fields: Any) -> JSON:
    """Build an answer of these vectors, in whichever form they are."""
    entries = [
        {"object": "embedding", "index": index, "embedding": vector}
        for index, vector in enumerate(vectors)
    ]
    return {
        "object": "list",
        "data": entries,
        "model": "backend-model",
        "usage": {"prompt_tokens": len(entries), "total_tokens": len(entries)},
        **fields,
    }


def answer_embeddings(body: JSON) -> JSON:
    """Answer a request as a good model would.

    Raises:
        RefusedError: The request is one that backends refuse.
    """
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    if not texts:
        raise RefusedError("'input' must not be empty.")
    if unknown := body.keys() - {*_KNOWN, "model", "input"}:
        raise RefusedError(f"Unknown parameter: {', '.join(sorted(unknown))}.")
    length = body.get("dimensions") or LENGTH
    vectors: list[Any] = [embed(text, length) for text in texts]
    if body.get("encoding_format") == "base64":
        vectors = [write_base64(vector) for vector in vectors]
    return build_embeddings(vectors)


_KNOWN: Final = {"dimensions", "encoding_format", "extra_body", "input_type", "user"}
