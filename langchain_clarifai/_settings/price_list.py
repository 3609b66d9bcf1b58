"""A model → its price: the user's own, else the one that comes with this package."""

from __future__ import annotations

import math
from typing import Final

from langchain_clarifai._settings.model_ids import find_path, parse_model
from langchain_clarifai.data._prices import PRICES, PRICES_AS_OF, Price

OWN: Final = "your own prices"
PUBLISHED: Final = f"prices of {PRICES_AS_OF}"

# By a model's path, or by the name that another server has for it. Cleared and written
# to in single steps, so that threads need no lock.
_own_prices: dict[str, Price] = {}


def set_price(
    model: str,
    *,
    input: float,  # noqa: A002 - as every price list says
    output: float,
    cached_input: float | None = None,
) -> None:
    """Set what a model costs in this process, in USD for a million tokens.

    Args:
        model: The model, in any spelling that `ChatClarifai` takes, or the name that
            another server has for it.
        input: Price of tokens of the prompt.
        output: Price of tokens of the answer, thoughts among them.
        cached_input: Price of tokens that were read from a cache; default: `input`.

    Raises:
        ValueError: If a price is negative or no number.
    """
    for name, value in (("input", input), ("output", output), ("cached", cached_input)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise ValueError(
                f"{name}={value!r} is no price. Give USD for a million tokens, from 0 "
                "up."
            )
    _own_prices[_find_key(model)] = Price(input, output, cached_input)


def forget_prices() -> None:
    """Forget the prices that were set; those of the package are left."""
    _own_prices.clear()


def get_price(model: str) -> Price | None:
    """Return the price of a model on Clarifai, or the one that was set, if any."""
    key = _find_key(model)
    return _own_prices.get(key, PRICES.get(key))


def find_price(model: str, base_url: str) -> tuple[Price, str] | None:
    """Find the price of a model on a server, and say where it is from.

    The prices that come with this package are Clarifai's, and true of no other server.
    """
    path = find_path(model, base_url) if base_url else None
    own = _own_prices.get(path or model) or _own_prices.get(model)
    if own is not None:
        return own, OWN
    published = PRICES.get(path or "")
    return published and (published, PUBLISHED)


def _find_key(model: str) -> str:
    try:
        return parse_model(model).path
    except ValueError:
        return model
