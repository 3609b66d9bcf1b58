"""Tokens and JSON of a request, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import HumanMessage
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai

if TYPE_CHECKING:
    from langchain_clarifai._request.request import Request

MODEL = "openai/chat-completion/models/gpt-oss-120b"


def build_request(api_key: Any) -> Request:
    model = ChatClarifai(model=MODEL, api_key=api_key)
    return model._build_request([HumanMessage("hi")], None, {}, stream=False)


async def give_token() -> str:
    return "a-token"


async def give_secret() -> SecretStr:
    return SecretStr("a-token")


TOKENS: list[Any] = [
    pytest.param("a-token", id="string"),
    pytest.param(SecretStr(" a-token\n"), id="secret"),
    pytest.param(lambda: "a-token", id="function"),
    pytest.param(lambda: SecretStr("a-token"), id="function-of-a-secret"),
    pytest.param(give_token, id="async-function"),
    pytest.param(give_secret, id="async-function-of-a-secret"),
]


@pytest.mark.parametrize("api_key", TOKENS)
async def test_token_of_any_kind_is_read_for_each_request(api_key: Any) -> None:
    """A sync call awaits an async function too, although a loop is running here."""
    request = build_request(api_key)
    assert request.read_token() == await request.aread_token() == "a-token"


async def test_model_without_a_token_looks_for_one_at_each_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A model that was pickled without its token finds the new environment's."""
    request = build_request("a-token")
    request.api_key = None
    monkeypatch.setenv("CLARIFAI_PAT", "found")
    assert request.read_token() == await request.aread_token() == "found"
