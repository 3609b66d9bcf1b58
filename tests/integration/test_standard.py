"""LangChain's standard integration tests: a scripted model, and a small real one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_tests.integration_tests import ChatModelIntegrationTests

from langchain_clarifai import ChatClarifai

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from tests.servers.scripted import ScriptedServer

Detail: TypeAlias = Literal[
    "audio_input",
    "audio_output",
    "cache_creation_input",
    "cache_read_input",
    "reasoning_output",
]

MODEL = "openai/chat-completion/models/gpt-oss-120b"
OTHER_MODEL = "openai/chat-completion/models/gpt-oss-20b"

DOWNLOADS = {".pdf": b"%PDF-1.4", ".png": b"\x89PNG\r\n\x1a\n", ".wav": b"RIFF"}


@pytest.fixture(autouse=True)
def _no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the suite's pictures, sounds and documents come from here."""

    def get(url: str, **_settings: object) -> SimpleNamespace:
        return SimpleNamespace(content=DOWNLOADS[url[-4:]])

    downloader = "langchain_tests.integration_tests.chat_models.httpx.get"
    monkeypatch.setattr(downloader, get)
    monkeypatch.setenv("LANGCHAIN_TESTS_USER_AGENT", "nothing is downloaded")


def _answer(model: ChatClarifai, prompt: Any, *, stream: bool) -> AIMessage:
    if not stream:
        return model.invoke(prompt)
    total: AIMessageChunk | None = None
    for chunk in model.stream(prompt):
        assert isinstance(chunk, AIMessageChunk)
        total = chunk if total is None else total + chunk
    assert total is not None
    return total


class TestScriptedModel(ChatModelIntegrationTests):
    """The suite in full, on a model that does all that the suite can ask for."""

    @pytest.fixture(autouse=True)
    def _serve(self, scripted: ScriptedServer) -> None:
        self.url = scripted.url

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatClarifai

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": MODEL, "api_key": "test", "base_url": self.url}

    @property
    def model_override_value(self) -> str:
        return OTHER_MODEL

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return True

    @property
    def supports_pdf_tool_message(self) -> bool:
        return True

    @property
    def supports_audio_inputs(self) -> bool:
        return True

    @property
    def supports_video_inputs(self) -> bool:
        return True

    @property
    def supported_usage_metadata_details(
        self,
    ) -> dict[Literal["invoke", "stream"], list[Detail]]:
        details: list[Detail] = [
            "audio_input",
            "cache_creation_input",
            "cache_read_input",
            "reasoning_output",
        ]
        return {"invoke": details, "stream": details}

    def invoke_with_audio_input(self, *, stream: bool = False) -> AIMessage:
        sound = {"type": "audio", "base64": "UklGRg==", "mime_type": "audio/wav"}
        prompt = HumanMessage([{"type": "text", "text": "What is this?"}, sound])
        return _answer(self._build_model(), [prompt], stream=stream)

    def invoke_with_reasoning_output(self, *, stream: bool = False) -> AIMessage:
        model = self._build_model(reasoning_effort="low")
        return _answer(model, "Think hard.", stream=stream)

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        model = self._build_model()
        _answer(model, "A long prompt.", stream=stream)
        return _answer(model, "A long prompt.", stream=stream)

    def invoke_with_cache_creation_input(self, *, stream: bool = False) -> AIMessage:
        mark = {"type": "ephemeral"}
        text = {"type": "text", "text": "A long prompt.", "cache_control": mark}
        return _answer(self._build_model(), [HumanMessage([text])], stream=stream)

    def _build_model(self, **settings: Any) -> ChatClarifai:
        return ChatClarifai(**self.chat_model_params, **settings)


@pytest.mark.local_model
class TestLocalModel(ChatModelIntegrationTests):
    """What a real model of 135 million parameters can do of it.

    It is too small to call tools on request: `test_local_model.py` has its tool calls.
    """

    @pytest.fixture(autouse=True)
    def _serve(self, local_model_url: str) -> None:
        self.url = local_model_url

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatClarifai

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "model": MODEL,
            "api_key": "test",
            "base_url": self.url,
            "temperature": 0,
            # Without it, so small a model says the same for ever.
            "frequency_penalty": 2,
            "max_tokens": 200,
        }

    @property
    def model_override_value(self) -> str:
        return OTHER_MODEL

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return True

    @property
    def structured_output_kwargs(self) -> dict[str, Any]:
        return {"method": "json_schema"}
