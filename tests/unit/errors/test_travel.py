"""Errors survive the way between processes, and copying."""

from __future__ import annotations

import copy
import importlib
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import openai
import pytest
from langchain_core.messages import AIMessage

from langchain_clarifai._answer import faults
from langchain_clarifai._errors import classes
from langchain_clarifai._errors.base import ClarifaiError
from langchain_clarifai._errors.conversion import convert_to_error
from langchain_clarifai._errors.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable

_http: Any = importlib.import_module(
    openai.DefaultHttpxClient.__mro__[-3].__module__.partition(".")[0]
)
_TOKEN = "sk-a-token-that-stays"
_WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),  # noqa: S301 - our own
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def _list_classes(base: type[ClarifaiError] = ClarifaiError) -> list[type[Any]]:
    below = [one for child in base.__subclasses__() for one in _list_classes(child)]
    own = [base] if base.__module__ == classes.__name__ else []
    return list(dict.fromkeys([*own, *below]))


def _build(error_class: type[Any]) -> Any:
    """Build an error of a class as `conversion` does, from a request with a token."""
    exchange = Exchange(
        token=_TOKEN,
        model="m",
        request=_http.Request(
            "POST", "https://host/x", headers={"authorization": f"Bearer {_TOKEN}"}
        ),
        partial_message=AIMessage("half"),
        body=b'{"error": {"message": "no"}}',
    )
    exchange.response = _http.Response(
        404, request=exchange.request, headers={"x-request-id": "r-1"}
    )
    body = {"error": {"message": f"no {_TOKEN}", "code": 11101}}
    error: Any = convert_to_error(faults.ErrorBody(body), exchange)
    other = error_class.__new__(error_class, *error.args)
    other.__dict__.update(error.__dict__)
    return other


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("error_class", _list_classes(), ids=lambda one: one.__name__)
def test_error_that_travels_keeps_what_it_tells(
    error_class: type[Any], way: str
) -> None:
    """Text, code, status, request id, body and partial message; and no token."""
    error = _build(error_class)
    arrived = _WAYS[way](error)
    assert type(arrived) is error_class
    assert str(arrived) == str(error)
    assert arrived.args == error.args
    assert (arrived.message, arrived.code, arrived.request_id, arrived.body) == (
        error.message,
        11101,
        "r-1",
        {"message": "no **********", "code": 11101},
    )
    assert arrived.status_code == arrived.response.status_code == 404
    assert arrived.response.json() == {"error": {"message": "no"}}
    assert arrived.partial_message == AIMessage("half")
    assert _TOKEN.encode() not in pickle.dumps(arrived)


def _fail() -> None:
    raise _build(classes.ClarifaiAuthenticationError)


def test_error_in_a_worker_process_is_raised_where_it_was_waited_for() -> None:
    """The pool of processes goes on."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for _ in range(2):
            with pytest.raises(classes.ClarifaiAuthenticationError, match="no \\*"):
                pool.submit(_fail).result(timeout=60)
