"""Names of parameters → sent, warned of with a suggestion, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.settings.models import build


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("logit_bias", {5: 1}),
        ("mcp_servers", ["https://a.b"]),
        ("parallel_tool_calls", False),
        ("prompt_cache_key", "k"),
        ("response_format", {"type": "json_object"}),
        ("safety_identifier", "s"),
        ("service_tier", "flex"),
        ("store", False),
        ("stream_options", {"include_usage": True}),
        ("tool_choice", "none"),
        ("top_k", 4),
        ("user", "u-1"),
        ("verbosity", "low"),
    ],
)
def test_parameter_of_the_endpoint_does_not_warn(name: str, value: Any) -> None:
    """It is sent in each body, whether this class has a field for it or not."""
    model = build(**{name: value})
    assert {**model.model_kwargs, **model._read_body_fields()}[name] == value


ALMOST = {
    "temprature": "temperature",
    "max_token": "max_tokens",
    "maxTokens": "max_tokens",
    "topk": "top_k",
    "stop_sequence": "stop_sequences",
    "retries": "max_retries",
    "min_p": "",
    "reasoning_efort": "reasoning_effort",
    "stream": "streaming",
}


@pytest.mark.parametrize(("name", "meant"), ALMOST.items())
def test_misspelt_argument_is_told_its_neighbour(name: str, meant: str) -> None:
    """What is like none is sent with the warning alone."""
    with pytest.warns(UserWarning, match=f"`{name}` is not an argument") as caught:
        assert build(**{name: 1}).model_kwargs == {name: 1}
    hint = f"did you mean `{meant}`?" if meant else "did you mean"
    assert (hint in str(caught[0].message)) is bool(meant)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("deployment_id", "pin a version in the model's URL"),
        ("deployment_user_id", "no parameter that chooses a deployment"),
        ("nodepool_id", "no parameter that chooses a deployment"),
        ("compute_cluster_id", "no parameter that chooses a deployment"),
        ("use_responses_api", "always speaks `/chat/completions`"),
        ("user_id", "pass `user`"),
    ],
)
def test_argument_that_cannot_work_is_refused_with_what_to_do(
    name: str, words: str
) -> None:
    """One sentence, before any request, wherever it stands."""
    with pytest.raises(ValidationError, match=words) as caught:
        build(**{name: "x"})
    message = caught.value.errors()[0]["msg"]
    assert f"`{name}`" in message
    assert message.count(". ") == 0
    with pytest.raises(ValidationError, match=f"`{name}`"):
        build(model_kwargs={name: "x"})
    if name != "user_id":
        with pytest.raises(ValueError, match=words):
            build().bind(**{name: "x"}).invoke("hi")
