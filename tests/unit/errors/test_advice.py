"""The words of an error → advice."""

from __future__ import annotations

from langchain_clarifai._errors.bodies import describe


def test_advice_is_about_the_words() -> None:
    """Where they tell something."""
    text = "create() got an unexpected keyword argument 'top_a'"
    assert "`top_a`" in describe(text).advice
    assert describe("oops").advice == ""
