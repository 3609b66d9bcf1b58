"""The arguments of one call → changed settings, and what goes into the body."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_clarifai import ChatClarifai
from langchain_clarifai._request.call_arguments import (
    change_settings,
    drop_untraced,
    split_call_arguments,
)


@pytest.mark.parametrize(
    ("given", "changes", "arguments"),
    [
        ({"max_retries": 0, "seed": 1}, {"max_retries": 0}, {"seed": 1}),
        ({"max_retries": None}, {}, {}),
        ({"timeout": None}, {"timeout": None}, {}),
        ({"request_timeout": 3}, {"timeout": 3}, {}),
        ({"stop_sequences": ["x"]}, {}, {"stop": ["x"]}),
        (
            {"model_kwargs": {"top_k": 4, "seed": 1}, "seed": 2},
            {},
            {"top_k": 4, "seed": 2},
        ),
        (
            {"ls_provider": "x", "lc_a": 1, "__b": 2, "strict": True, "stream": 1},
            {},
            {},
        ),
    ],
    ids=[
        "setting and parameter",
        "none leaves a setting as it is",
        "none is a value of a timeout",
        "another name of a setting",
        "another name of a parameter",
        "an argument beats model_kwargs",
        "what LangChain keeps for itself",
    ],
)
def test_argument_is_a_setting_a_parameter_or_neither(
    given: dict[str, Any], changes: dict[str, Any], arguments: dict[str, Any]
) -> None:
    """Nothing is both, and what is given stays as it was."""
    before = dict(given)
    assert split_call_arguments(given) == (changes, arguments)
    assert given == before


def test_call_adds_to_headers_and_query_and_changes_no_model() -> None:
    """The next call has the model's own again."""
    model = ChatClarifai(
        model="gpt-oss-120b",
        api_key="a-token",
        default_headers={"X-A": "1", "X-B": "2"},
        default_query={"a": "1"},
    )
    settings = model._build_settings()
    arguments = {"extra_headers": {"x-b": "3"}, "extra_query": {"b": "2"}, "seed": 1}
    changed = change_settings(settings, {"max_retries": 5}, arguments)
    assert {name.lower(): value for name, value in changed.headers.items()} == {
        "x-a": "1",
        "x-b": "3",
    }
    assert changed.query == {"a": "1", "b": "2"}
    assert changed.max_retries == 5
    assert arguments == {"seed": 1}
    assert settings == model._build_settings()


def test_headers_and_query_of_a_call_are_not_traced() -> None:
    """They may hold secrets."""
    given = {"extra_headers": {"x": "s"}, "extra_query": {"q": "s"}, "seed": 1}
    assert drop_untraced(given) == {"seed": 1}
