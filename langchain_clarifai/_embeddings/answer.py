"""The body of an answer → its vectors, in the order of the texts, and its usage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from langchain_clarifai._answer.bodies import parse_body
from langchain_clarifai._answer.faults import MalformedAnswer
from langchain_clarifai._answer.usage import convert_to_usage_metadata
from langchain_clarifai._embeddings.vectors import convert_to_vector

if TYPE_CHECKING:
    from langchain_core.messages.ai import UsageMetadata


@dataclass(slots=True, frozen=True)
class Answer:
    """What came for one batch of texts."""

    vectors: list[list[float]]
    """One for each text, in their order; all are of one length."""

    usage: UsageMetadata


def convert_to_answer(body: bytes, count: int, *, is_base64: bool) -> Answer:
    """Convert the body of a success.

    Args:
        body: What the server sent.
        count: How many texts it was sent.
        is_base64: Whether it was asked for base64.

    Raises:
        ErrorBody: If it reports an error.
        MalformedAnswer: If it is anything but one vector for each text.
    """
    payload = _parse(body)
    try:
        embeddings = _put_in_order(_list_entries(payload), count)
        vectors = [convert_to_vector(one, is_base64=is_base64) for one in embeddings]
    except ValueError as error:
        raise MalformedAnswer(f"A vector {error}.", body) from None
    if len(lengths := set(map(len, vectors))) > 1:
        raise MalformedAnswer(
            f"The vectors differ in length: {_join(sorted(lengths))} numbers.", body
        )
    usage = payload.get("usage")
    return Answer(
        vectors, convert_to_usage_metadata(usage if isinstance(usage, dict) else {})
    )


def _parse(body: bytes) -> dict[str, Any]:
    # Vectors are floats all the same, and most of the body.
    payload = parse_body(body, exact=False)
    if not isinstance(payload, dict) or not isinstance(payload.get("data"), list):
        raise MalformedAnswer("The response holds no list of vectors.", body)
    return cast("dict[str, Any]", payload)


def _list_entries(payload: dict[str, Any]) -> list[dict[str, Any]]:
    entries = payload["data"]
    if not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("is not in an object of its own")
    return cast("list[dict[str, Any]]", entries)


def _put_in_order(entries: list[dict[str, Any]], count: int) -> list[Any]:
    """Put the vectors where their indices say; without any, they came in order.

    Raises:
        ValueError: If one is missing, comes twice or belongs to no text.
    """
    indices = [entry.get("index") for entry in entries]
    if all(index is None for index in indices):
        indices = list(range(len(entries)))
    embeddings: list[Any] = [None] * count
    taken = bytearray(count)
    for index, entry in zip(indices, entries, strict=True):
        if type(index) is not int or not 0 <= index < count:
            raise ValueError(f"has the index {str(index)[:20]}, for {count} texts")
        if taken[index]:
            raise ValueError(f"came twice, for the text at {index}")
        taken[index] = True
        embeddings[index] = entry.get("embedding")
    if (missing := taken.find(0)) >= 0:
        raise ValueError(
            f"is missing, for the text at {missing}: {len(entries)} came for {count}"
        )
    return embeddings


def _join(lengths: list[int]) -> str:
    shown = [str(length) for length in lengths[:3]]
    return ", ".join([*shown, "…"] if len(lengths) > len(shown) else shown)
