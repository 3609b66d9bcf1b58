"""A token that was found goes to Clarifai and to this machine, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.runnables import ConfigurableField
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai, ClarifaiAuthenticationError
from langchain_clarifai._settings import hosts
from langchain_clarifai._settings.hosts import may_have_found_token
from langchain_clarifai._settings.tokens import read_token
from tests.servers.openai_wire import completion
from tests.servers.wire import WireServer, json_reply

_FOUND = "pat-that-was-found"
_ELSEWHERE = "https://gateway.example/v2/ext/openai/v1"

_HOSTS = {
    "https://api.clarifai.com/v2/ext/openai/v1": True,
    "https://API.Clarifai.COM:8443/x": True,
    "https://api.clarifai.com.": True,
    "http://127.0.0.1:8000/v1": True,
    "http://[::1]/v1": True,
    "http://localhost:1/v1": True,
    "https://named.example/other/path": True,
    "https://api.clarifai.com.evil.example/v1": False,
    "https://evilclarifai.com/v1": False,
    "https://api.clarifai.com@evil.example/v1": False,
    "https://evil.example/v2/ext/openai/v1": False,
    "https://evil.example/api.clarifai.com": False,
    "https://evil.example\\.clarifai.com": False,
    "https://127.0.0.1.evil.example/v1": False,
    "https://named.example.evil.example/v1": False,
    "https://cl\u0430rifai.com": False,
    "https://[::1": False,
    "": False,
}


@pytest.mark.parametrize(("url", "expected"), _HOSTS.items(), ids=map(ascii, _HOSTS))
def test_host_decides_and_cannot_be_fooled(
    url: str, monkeypatch: pytest.MonkeyPatch, *, expected: bool
) -> None:
    """Not a path, a prefix, a port, user info or a letter that looks alike."""
    monkeypatch.setenv("CLARIFAI_API_BASE", "https://named.example")
    assert may_have_found_token(url) is expected


def _read(model: ChatClarifai) -> str:
    return read_token(model.api_key, model.base_url)


def test_found_token_stays_at_home_however_the_server_was_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Given, changed by `model_copy`, or configured for one call."""
    monkeypatch.setenv("CLARIFAI_PAT", _FOUND)
    model = ChatClarifai(model="gpt-oss-120b")
    assert _read(model) == _FOUND
    given = ChatClarifai(model="gpt-oss-120b", base_url=_ELSEWHERE)
    copied = model.model_copy(update={"base_url": _ELSEWHERE})
    # The type that LangChain declares has no `prepare`.
    configurable: Any = model.configurable_fields(base_url=ConfigurableField(id="url"))
    configured, _ = configurable.prepare({"configurable": {"url": _ELSEWHERE}})
    assert [_read(one) for one in (given, copied, configured)] == ["", "", ""]
    passed = ChatClarifai(
        model="gpt-oss-120b", base_url=_ELSEWHERE, api_key=SecretStr("pat-passed")
    )
    assert _read(passed) == "pat-passed"


def test_refusal_of_a_request_without_a_token_says_why(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token that was found did not go there, and what to do about it."""
    monkeypatch.setenv("CLARIFAI_PAT", _FOUND)
    monkeypatch.setattr(hosts, "is_loopback", lambda _: False)
    wire.reply(json_reply({"error": {"message": "Who are you?"}}, status=401))
    model = ChatClarifai(model="qwen", base_url=f"{wire.origin}/v1")
    with pytest.raises(ClarifaiAuthenticationError, match="No token was sent") as error:
        model.invoke("hi")
    assert "pass `api_key`" in str(error.value)
    assert "authorization" not in wire.last_request.headers


def test_server_of_ones_own_needs_no_token(wire: WireServer) -> None:
    """No error, and no header."""
    wire.reply(json_reply(completion()))
    ChatClarifai(model="qwen", base_url=f"{wire.origin}/v1").invoke("hi")
    assert "authorization" not in wire.last_request.headers
