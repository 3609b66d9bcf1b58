"""Errors survive the way between processes, and copying."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import AIMessage
from pydantic import SecretStr

import langchain_clarifai
from langchain_clarifai import ChatClarifai
from langchain_clarifai._answer import faults
from langchain_clarifai._errors import classes
from langchain_clarifai._errors.base import ClarifaiError
from langchain_clarifai._errors.conversion import convert_to_error
from langchain_clarifai._errors.exchange import Exchange
from tests.servers.openai_wire import platform_error
from tests.servers.wire import json_reply
from tests.unit.errors.exchanges import HTTP

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.wire import WireServer

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
        request=HTTP.Request(
            "POST", "https://host/x", headers={"authorization": f"Bearer {_TOKEN}"}
        ),
        partial_message=AIMessage("half"),
        body=b'{"error": {"message": "no"}}',
    )
    exchange.response = HTTP.Response(
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


def test_every_public_error_is_among_those_that_travel() -> None:
    """None is left out above."""
    public = [getattr(langchain_clarifai, name) for name in langchain_clarifai.__all__]
    errors = {one for one in public if _is_error(one)} - {ClarifaiError}
    assert errors == set(_list_classes())


def _is_error(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, ClarifaiError)


def _ask(url: str) -> None:
    ChatClarifai(model="m", base_url=url, api_key=SecretStr(_TOKEN)).invoke("Hi")


@pytest.mark.slow
def test_error_in_a_worker_process_is_raised_where_it_was_waited_for(
    wire: WireServer,
) -> None:
    """A 401 that a server gave the worker; and the pool of processes goes on."""
    wire.handler = lambda _: json_reply(
        platform_error(11001, f"Bad {_TOKEN}", "and why", req_id="r-1"), status=401
    )
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for _ in range(2):
            future = pool.submit(_ask, wire.url)
            with pytest.raises(classes.ClarifaiAuthenticationError) as caught:
                future.result(timeout=60)
            error = caught.value
            assert (error.code, error.request_id) == (11001, "r-1")
            assert "Bad **********" in str(error)
            assert _TOKEN not in f"{error.__cause__}{error.body}"
