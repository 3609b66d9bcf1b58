"""The usage of an answer → `response_metadata["cost"]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai, prices
from langchain_clarifai._answer.cost import describe_cost
from langchain_clarifai._settings.credentials import DEFAULT_BASE_URL
from langchain_clarifai.data._prices import PRICES
from langchain_clarifai.data._profiles import PROFILES
from tests.servers.openai_wire import chunk, completion, sse
from tests.servers.wire import WireServer, event_stream_reply, json_reply, split_every

if TYPE_CHECKING:
    from collections.abc import Iterator

OSS = "openai/chat-completion/models/gpt-oss-20b"
COUNTS: dict[str, Any] = {
    "prompt_tokens": 1_000_000,
    "completion_tokens": 2_000_000,
    "total_tokens": 3_000_000,
}


@pytest.fixture(autouse=True)
def _prices_of_the_package() -> Iterator[None]:
    yield
    prices.forget_prices()


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        (0.0125, 0.0125),
        (0, 0.0),
        ("0.0045", 0.0045),
        ({"total_cost": 0.006, "input_tokens_cost": 0.001}, 0.006),
        ({"total": 2}, 2.0),
        (-1, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ("a lot", None),
        ("9" * 5_000, None),
        (10**400, None),
        ([1], None),
        ({}, None),
        ({"total_cost": {"total_cost": 1}}, None),
        (None, None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_cost_that_the_server_tells_is_taken(cost: Any, expected: float | None) -> None:
    """In the shapes that gateways have; what is no sum of money is left."""
    described = describe_cost({**COUNTS, "cost": cost}, "m", "http://localhost/v1")
    assert described == ({} if expected is None else {"cost": expected})


def test_cost_that_is_not_told_is_an_estimate_with_its_date() -> None:
    """Only for models that someone publishes a price of, and on Clarifai."""
    for spelling in (OSS, "gpt-oss-20b", f"https://clarifai.com/{OSS}/versions/1"):
        assert describe_cost(COUNTS, spelling, DEFAULT_BASE_URL) == {
            "cost": pytest.approx(0.405),
            "cost_estimated_with": "prices of 2026-07-02",
        }
    assert describe_cost({**COUNTS, "cost": 7}, OSS, DEFAULT_BASE_URL) == {"cost": 7.0}
    assert describe_cost(COUNTS, "gpt-5", DEFAULT_BASE_URL) == {}
    assert describe_cost(COUNTS, "brand-new", DEFAULT_BASE_URL) == {}
    assert describe_cost(COUNTS, OSS, "http://localhost:8000/v1") == {}


def test_own_price_goes_before_the_published_one() -> None:
    """For each spelling of the model; cached tokens have a price of their own."""
    prices.set_price("gpt-oss-20b", input=1, output=2, cached_input=0.5)
    usage = {**COUNTS, "prompt_tokens_details": {"cached_tokens": 400_000}}
    described = describe_cost(usage, f"https://clarifai.com/{OSS}", DEFAULT_BASE_URL)
    assert described["cost"] == pytest.approx(0.6 + 0.2 + 4)
    assert described["cost_estimated_with"] == "your own prices"
    assert prices.get_price(OSS) == prices.Price(1, 2, 0.5)
    prices.forget_prices()
    assert prices.get_price(OSS) == PRICES[OSS]
    assert prices.get_price("gpt-5") is None


def test_own_price_of_another_servers_model_is_used_there() -> None:
    """Under the name that the server has for it."""
    prices.set_price("llama3:8b", input=1, output=0)
    described = describe_cost(COUNTS, "llama3:8b", "http://localhost:8000/v1")
    assert described == {"cost": 1.0, "cost_estimated_with": "your own prices"}


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
def test_what_is_no_price_is_refused(price: float) -> None:
    """The error says which unit is meant."""
    with pytest.raises(ValueError, match="USD for a million tokens"):
        prices.set_price("m", input=price, output=1)
    with pytest.raises(ValueError, match="USD for a million tokens"):
        prices.set_price("m", input=1, output=1, cached_input=price)


def test_every_price_is_of_a_known_model() -> None:
    """The table names models as the profiles do, and no price is negative."""
    assert PRICES.keys() <= PROFILES.keys()
    assert all(min(price.input, price.output) >= 0 for price in PRICES.values())


async def test_cost_is_in_every_kind_of_answer_once(wire: WireServer) -> None:
    """The sum of chunks holds what the plain answer does, and holds it once."""
    model = ChatClarifai(model=OSS, base_url=wire.url, api_key=SecretStr("a-token"))
    counts = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
    told = {**counts, "cost": 0.5}
    for usage, expected in ((counts, 0.000135), (told, 0.5)):
        plain = json_reply(completion(usage=usage))
        events = sse(
            chunk("Hel", usage=usage),
            chunk("lo", usage=usage),
            chunk(finish_reason="stop", usage=usage),
            chunk(choices=[], usage=usage),
        )
        streamed = event_stream_reply(*split_every(events, 100))
        wire.reply(plain, plain, streamed, streamed)
        answers = [model.invoke("hi"), await model.ainvoke("hi")]
        for chunks in (
            list(model.stream("hi")),
            [piece async for piece in model.astream("hi")],
        ):
            total = chunks[0]
            for piece in chunks[1:]:
                total += piece
            answers.append(total)
        told_of = [answer.response_metadata for answer in answers]
        costs = [metadata["cost"] for metadata in told_of]
        assert costs == pytest.approx([expected] * 4)
        is_estimate = {"cost_estimated_with" in metadata for metadata in told_of}
        assert is_estimate == {usage is counts}
