"""A request and its answer, as far as errors are made of them."""

from __future__ import annotations

import importlib
from typing import Any

import openai

from langchain_clarifai._errors.exchange import Exchange

# httpx with openai 2, httpx2 with openai 3.
HTTP: Any = importlib.import_module(
    openai.DefaultHttpxClient.__mro__[-3].__module__.partition(".")[0]
)


TOKEN = "sk-token"


def build_exchange(status: int | None = 200, **fields: Any) -> Exchange:
    request = HTTP.Request(
        "POST", "https://u:p@host:8443/x", headers={"authorization": f"Bearer {TOKEN}"}
    )
    response = status and HTTP.Response(status, request=request)
    return Exchange(
        token=TOKEN, model="m", request=request, response=response, **fields
    )
