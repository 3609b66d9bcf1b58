"""The frame around a request lets pass what is no fault of the network."""

from __future__ import annotations

import pytest

from langchain_clarifai._answer.faults import ErrorBody
from langchain_clarifai._errors.catching import ConvertedErrors
from langchain_clarifai._errors.classes import (
    ClarifaiInternalServerError,
)
from langchain_clarifai._errors.conversion import convert_to_error
from tests.unit.errors.exchanges import build_exchange


@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError("x"), KeyError("x")])
def test_error_of_others_passes(error: Exception) -> None:
    """A mistake in the code is not dressed up as one of the network."""
    with pytest.raises(type(error)) as caught, ConvertedErrors(build_exchange()):
        raise error
    assert caught.value is error


def test_error_of_ours_passes() -> None:
    """It is not converted twice."""
    error = convert_to_error(ErrorBody({"error": "x"}), build_exchange())
    assert isinstance(error, ClarifaiInternalServerError)
    with (
        pytest.raises(ClarifaiInternalServerError) as caught,
        ConvertedErrors(build_exchange()),
    ):
        raise error
    assert caught.value is error
