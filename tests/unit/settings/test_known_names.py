"""Bare names: what is known, what is mistyped, and what the server shall decide."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai, ClarifaiNotFoundError
from langchain_clarifai._settings import known_names
from langchain_clarifai._settings.credentials import DEFAULT_BASE_URL
from langchain_clarifai._settings.model_ids import (
    find_path,
    forget_resolved,
    learn_path,
    resolve_model,
)
from tests.servers.openai_wire import platform_error
from tests.servers.wire import json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.wire import WireServer

# What is written → the known model that it must have meant.
MISTYPED = {
    "GPT-OSS-120B": "gpt-oss-120b",
    "gpt_oss_120b": "gpt-oss-120b",
    "gpt-oss120b": "gpt-oss-120b",
    "gpt-oss-120": "gpt-oss-120b",
    "gpt-oss-12b": "gpt-oss-120b",
    "gpt-oss-102b": "gpt-oss-120b",
    "gtp-oss-120b": "gpt-oss-120b",
    "gpt-os-120b": "gpt-oss-120b",
    "clarifai/gtp-oss-120b": "gpt-oss-120b",
    "gpt-4.1": "gpt-4_1",
    "gpt-41": "gpt-4_1",
    "claude-sonet-4": "claude-sonnet-4",
    "claude-sonnet-4-5": "claude-sonnet-4_5",
    "QWQ-32b-awq": "QwQ-32B-AWQ",
    "Kimi-K2.6": "Kimi-K2_6",
}

UNKNOWN = [
    "unheard-of",
    "my-finetune",
    "gpt-6",
    "gpt-5_2",
    "grok-4",
    "o5-mini",
    "Qwen3-32B",
    "Qwen3-4B",
    "claude-opus-5",
    "llama-4-maverick",
    "gemini-3_0-pro",
    "x",
]


@pytest.fixture(autouse=True)
def _nothing_stays_listed() -> Iterator[None]:
    yield
    known_names.forget()
    forget_resolved()


@pytest.mark.parametrize(("name", "meant"), MISTYPED.items(), ids=MISTYPED)
def test_near_miss_of_a_known_name_is_refused_with_its_neighbours(
    name: str, meant: str
) -> None:
    """It would be answered with a 404; the error names what was meant."""
    with pytest.raises(ValueError, match=f"Closest known models: .*/models/{meant}"):
        resolve_model(name, DEFAULT_BASE_URL)


@pytest.mark.parametrize("name", UNKNOWN)
def test_another_bare_name_goes_out_as_it_is(name: str) -> None:
    """Clarifai's handler resolves featured models by their ids; it has no profile."""
    for spelling in (name, f" {name} ", f"clarifai/{name}"):
        assert resolve_model(spelling, DEFAULT_BASE_URL) == name
        assert find_path(spelling, DEFAULT_BASE_URL) is None


@pytest.mark.parametrize(
    "name", ["clarifai.com", "openai..gpt", "a.b.c.d", "-x", "x.", "a:b", "x" * 129]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    """Hosts, dotted forms with a part too many, and characters that no id has."""
    with pytest.raises(ValueError, match="Cannot read the model"):
        resolve_model(name, DEFAULT_BASE_URL)


def test_near_miss_of_a_listed_name_is_refused() -> None:
    """What the catalogue has listed is known as well as what has a profile."""
    assert resolve_model("walrus-9b", DEFAULT_BASE_URL) == "walrus-9b"
    learn_path("zoo/app/models/walrus-9B")
    with pytest.raises(ValueError, match="zoo/app/models/walrus-9B"):
        resolve_model("walrus-9b", DEFAULT_BASE_URL)


def test_ambiguous_name_lists_all_candidates() -> None:
    """The user chooses, not the package."""
    learn_path("a/b/models/mm")
    assert known_names.find_listed("mm") == "a/b/models/mm"
    learn_path("c/d/models/mm")
    with pytest.raises(ValueError, match=r"a/b/models/mm, c/d/models/mm\.$"):
        known_names.find_listed("mm")
    assert known_names.find_listed("nn") is None


def test_near_miss_among_many_listed_names_is_bounded() -> None:
    """A catalogue of 26,000 names costs a wrong name a small part of a second."""
    choices = random.Random(1)  # noqa: S311 - names
    for number in range(26_000):
        word = "".join(choices.choices("abcdefghijklmnop", k=18))
        known_names.learn(f"owner/app/models/gpt-{word}-{number}b")
    for name in ("gpt-oss-12b", "gpt-" + "abcdefgh" * 15):
        started = time.process_time()
        known_names.is_near_miss(name)
        text = known_names.suggest(name)
        assert time.process_time() - started < 0.6
    assert "gpt" in text or not text


def test_unknown_name_goes_over_the_wire_and_its_404_explains(wire: WireServer) -> None:
    """The error says why it may be unknown, and how to write it."""
    model = ChatClarifai(
        model="brand-new-9b", base_url=wire.url, api_key=SecretStr("a-token")
    )
    assert model.profile is None
    body = platform_error(21200, "Model does not exist")
    wire.reply(json_reply(body, status=404), json_reply(body, status=404))
    with pytest.raises(ClarifaiNotFoundError, match="sent as it is") as caught:
        model.invoke("hi")
    assert wire.last_request.json["model"] == "brand-new-9b"
    assert "user/app/models/model" in str(caught.value)
    with pytest.raises(ClarifaiNotFoundError) as caught:
        model.invoke("hi", model="gpt-oss-20b")
    assert "sent as it is" not in str(caught.value)
