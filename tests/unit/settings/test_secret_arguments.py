"""Arguments that may be secrets are hidden from tracebacks, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai
from langchain_clarifai._settings.secret_arguments import hide_secrets


@pytest.mark.parametrize(
    "arguments",
    [
        {"api_key": "hidden"},
        {"api_key": b"hidden"},
        {"api_key": SecretStr("hidden")},
        {"pat": "hidden"},
        {"api_key": ["hidden"]},
        {"base_url": "https://a:hidden@b.example"},
        {"openai_api_key": "hidden"},
        {"default_headers": {"x-key": "hidden"}},
        {"extra_query": {"key": "hidden"}},
    ],
    ids=str,
)
def test_secret_has_no_repr_and_stays_what_it_is(arguments: dict[str, Any]) -> None:
    """Whatever handles it on the way to the model."""
    hidden = hide_secrets(arguments)
    assert "hidden" not in repr(hidden)
    assert arguments == hidden or isinstance(arguments["api_key"], bytes)


def test_what_is_no_secret_is_shown() -> None:
    """Tracebacks stay of use, and nothing is copied that need not be."""
    arguments = {"model": "m", "api_key": None, "stop": ["a"], "base_url": "https://a"}
    assert repr(hide_secrets(arguments)) == repr(arguments)


@pytest.mark.parametrize(
    "name",
    ["token", "clarifai_api_key", "apikey", "access_token", "clarifai_pat", "password"],
)
def test_secret_under_another_name_is_refused_everywhere(name: str) -> None:
    """As an unknown argument, and among the parameters of the model."""
    for arguments in ({name: "hidden"}, {"model_kwargs": {name: "hidden"}}):
        with pytest.raises(ValueError, match="looks like a secret") as caught:
            ChatClarifai(model="gpt-oss-120b", api_key="a-token", **arguments)
        assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("name", ["prompt_cache_key", "max_token", "eos_token"])
def test_parameter_that_is_no_secret_is_let_through(name: str) -> None:
    """Though its name has a word in common with those."""
    model = ChatClarifai(
        model="gpt-oss-120b", api_key="a-token", model_kwargs={name: 1}
    )
    assert model.model_kwargs == {name: 1}
