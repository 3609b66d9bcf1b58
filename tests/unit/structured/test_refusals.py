"""An answer that was refused is an error of its own."""

from __future__ import annotations

import pickle

import pytest
from langchain_core import exceptions
from langchain_core.exceptions import ModelError
from langchain_core.messages import AIMessage

from langchain_clarifai._structured import refusals
from langchain_clarifai._structured.refusals import ModelRefusalError, find_refusal
from tests.unit.structured.jokes import (
    JOKE,
    JOKE_TEXT,
    METHODS,
    REFUSALS,
    Joke,
    Method,
    parse_as_joke,
)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("message", REFUSALS.values(), ids=REFUSALS)
def test_refusal_is_raised(message: AIMessage, method: Method) -> None:
    """A refusal is an error of its own, which holds the answer."""
    with pytest.raises(ModelRefusalError, match=r"I can't\.") as caught:
        parse_as_joke(message, method)
    assert caught.value.raw_message == message
    assert isinstance(caught.value, ModelError)
    assert not caught.value.is_retryable


def test_refusal_error_is_the_one_of_langchain_core_where_there_is_one() -> None:
    """`except langchain_core.exceptions.ModelRefusalError` works as soon as it can."""
    core_class = getattr(exceptions, "ModelRefusalError", ModelRefusalError)
    assert core_class is ModelRefusalError
    assert refusals.ModelRefusalError is core_class


def test_refusal_error_survives_pickle() -> None:
    """Errors cross process borders with text and answer."""
    error = ModelRefusalError("no", raw_message=AIMessage("x"))
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert str(copied) == "no"
    assert copied.raw_message == AIMessage("x")


@pytest.mark.parametrize("refusal", [None, ""])
def test_empty_refusal_is_none(refusal: str | None) -> None:
    """Servers send the field with every answer."""
    message = AIMessage(JOKE_TEXT, additional_kwargs={"refusal": refusal})
    assert find_refusal(message) is None
    assert parse_as_joke(message) == Joke(**JOKE)
