"""Ids of models, models, a token and a status for the tests of the catalogue."""

from __future__ import annotations

from typing import Any, Final

from tests.servers.catalogue import build_model

TOKEN: Final = "pat-that-nobody-may-see"
GPT: Final = "openai/chat-completion/models/gpt-oss-120b"
POLY: Final = "clarifai/main/models/mm-poly-8b"
OK: Final = {"code": 10000, "description": "Ok"}


def build_models(count: int) -> list[dict[str, Any]]:
    """Build models that can chat, each with a name of its own."""
    return [build_model(f"some/app/models/m{number}") for number in range(count)]
