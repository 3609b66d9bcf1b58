"""One call of the user's → texts that are checked, and how to embed them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from langchain_clarifai._embeddings.encodings import EncodingFormat, Encodings
    from langchain_clarifai._embeddings.usage import UsageCounter
    from langchain_clarifai._settings.settings import Settings


@dataclass(slots=True, kw_only=True, repr=False)
class Job:
    """Texts to embed, and how."""

    texts: list[str]
    settings: Settings
    fields: Mapping[str, Any]
    """What goes into every body, `model` among it."""

    chunk_size: int
    max_concurrency: int
    encoding_format: EncodingFormat
    show_progress: bool
    encodings: Encodings
    usage: UsageCounter


def check_texts(texts: Iterable[Any]) -> list[str]:
    """Return the texts as a list.

    Raises:
        ValueError: If one of them is no text, or a single text was given for all.
    """
    if isinstance(texts, str | bytes):
        raise ValueError(
            f"`texts` is one {type(texts).__name__}. Give a list of texts, or call "
            "`embed_query` for one."
        )
    checked = list(texts)
    for place, text in enumerate(checked):
        if not isinstance(text, str):
            raise ValueError(
                f"texts[{place}] is a {type(text).__name__}. Texts are strings: pass "
                "`document.page_content` of documents."
            )
    return checked
