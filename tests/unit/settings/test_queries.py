"""Query parameters as users give them → parameters that may be sent."""

from __future__ import annotations

import pytest

from langchain_clarifai import ChatClarifai
from langchain_clarifai._settings.queries import check_query

MODEL = "openai/chat-completion/models/gpt-oss-120b"


@pytest.mark.parametrize("query", [{}, {"a": 1}, {"ä": "😀", "b": None, "c": [1, "x"]}])
def test_any_text_is_sent(query: dict[str, object]) -> None:
    """Numbers and lists are the HTTP library's to write."""
    assert check_query(query) == query


@pytest.mark.parametrize("query", [{"a": "secret\ud83d"}, {"\ud83d": "secret"}])
def test_half_a_character_is_refused_unseen(query: dict[str, object]) -> None:
    """At construction, and for a single call before anything is sent."""
    with pytest.raises(ValueError, match="half of a surrogate pair") as caught:
        check_query(query)
    assert "secret" not in str(caught.value)
    with pytest.raises(ValueError, match="half of a surrogate pair"):
        ChatClarifai(model=MODEL, api_key="token", default_query=query)
    with pytest.raises(ValueError, match="half of a surrogate pair"):
        ChatClarifai(model=MODEL, api_key="token").invoke("Hi", extra_query=query)
