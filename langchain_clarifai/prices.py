"""What models cost → `response_metadata["cost"]`, in USD.

    from langchain_clarifai import prices

    prices.set_price("gpt-oss-120b", input=0.10, output=0.50)

What a server itself says in `usage.cost` wins. Else the cost is an estimate, and
`response_metadata["cost_estimated_with"]` says with which prices.
"""

from __future__ import annotations

from langchain_clarifai._settings.price_list import (
    forget_prices,
    get_price,
    set_price,
)
from langchain_clarifai.data._prices import PRICES_AS_OF, Price

__all__ = ["PRICES_AS_OF", "Price", "forget_prices", "get_price", "set_price"]
