"""Ids of models, a token and a status for the tests of the catalogue."""

from __future__ import annotations

from typing import Final

TOKEN: Final = "pat-that-nobody-may-see"
GPT: Final = "openai/chat-completion/models/gpt-oss-120b"
POLY: Final = "clarifai/main/models/mm-poly-8b"
OK: Final = {"code": 10000, "description": "Ok"}
