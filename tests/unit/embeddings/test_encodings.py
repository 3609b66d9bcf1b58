"""What a server has refused → what it is asked for next."""

from __future__ import annotations

import pickle

import pytest

from langchain_clarifai._embeddings.encodings import Encodings, is_about_encoding

SERVER = ("https://example.com/v1", "model")
OTHER = ("https://example.com/v1", "other")


def test_refused_encodings_are_gone_through_once() -> None:
    """Base64, floats, nothing; then there is nothing left to try."""
    encodings = Encodings()
    assert encodings.choose(SERVER, "base64") == "base64"
    assert encodings.refuse(SERVER, "base64")
    assert encodings.choose(SERVER, "base64") == "float"
    assert encodings.refuse(SERVER, "float")
    assert encodings.choose(SERVER, "base64") is None
    assert not encodings.refuse(SERVER, None)


def test_servers_and_models_are_told_apart() -> None:
    """One that refuses says nothing about another, also after a pickle."""
    encodings = Encodings()
    encodings.refuse(SERVER, "base64")
    copied = pickle.loads(pickle.dumps(encodings))  # noqa: S301 - our own
    assert copied.choose(SERVER, "base64") == "float"
    assert copied.choose(OTHER, "base64") == "base64"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Unknown parameter: 'encoding_format'", True),
        ("Encoding format not supported", True),
        ("BASE64 is not supported", True),
        ("embed() does not take encoding-format", True),
        ("This model's maximum context length is 512 tokens.", False),
        ("Invalid input", False),
    ],
)
def test_texts_that_name_the_encoding_are_known(text: str, *, expected: bool) -> None:
    """Other refusals are for other reasons."""
    assert is_about_encoding(text) is expected
