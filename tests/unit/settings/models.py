"""Models for tests of settings, built from arguments as users write them."""

from __future__ import annotations

from typing import Any

from langchain_clarifai import ChatClarifai

MODEL = "openai/chat-completion/models/gpt-oss-120b"


TOKEN = "a-secret-token"


def build(**arguments: Any) -> ChatClarifai:
    given = {"model": MODEL, "api_key": TOKEN, **arguments}
    return ChatClarifai(**given)
