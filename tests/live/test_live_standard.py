"""LangChain's standard integration tests on Clarifai itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from langchain_tests.integration_tests import ChatModelIntegrationTests
from typing_extensions import override

from langchain_clarifai import ChatClarifai

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

MODEL = os.environ.get("CLARIFAI_MODEL") or "openai/chat-completion/models/gpt-oss-120b"


class TestLiveModel(ChatModelIntegrationTests):
    """What the profile says of the model decides what is asked of it."""

    @property
    @override
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatClarifai

    @property
    @override
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": MODEL, "max_tokens": 1_000}

    @property
    @override
    def supports_image_inputs(self) -> bool:
        return self._knows("image_inputs")

    @property
    @override
    def supports_image_tool_message(self) -> bool:
        return self._knows("image_tool_message")

    @property
    @override
    def has_tool_calling(self) -> bool:
        return self._knows("tool_calling")

    @property
    @override
    def has_tool_choice(self) -> bool:
        return self._knows("tool_choice")

    @property
    @override
    def supports_json_mode(self) -> bool:
        return False

    def _knows(self, key: str) -> bool:
        profile = ChatClarifai(model=MODEL).profile or {}
        return bool(profile.get(key))
