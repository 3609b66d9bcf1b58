"""A model → its price: the user's own, else the published one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from langchain_clarifai import prices
from langchain_clarifai._answer.cost import describe_cost
from langchain_clarifai._settings.credentials import DEFAULT_BASE_URL
from langchain_clarifai.data._prices import PRICES
from langchain_clarifai.data._profiles import PROFILES
from tests.unit.answer.test_cost import COUNTS, OSS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _prices_of_the_package() -> Iterator[None]:
    yield
    prices.forget_prices()


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
