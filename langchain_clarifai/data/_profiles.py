"""A model's path → what it can do, as far as someone documents it.

What no source tells stays absent: LangChain takes absent for unknown, not for no.

`structured_output` stays absent on purpose. LangChain's `create_agent` answers it
with `response_format` and `tools` in one request, and vLLM, which runs most of the
open models here, then writes the JSON at once and never calls a tool
(https://github.com/vllm-project/vllm/issues/39929). Without the key the agent asks
for its answer by a tool call, which works with every model that calls tools.
(Documented to take a JSON schema: gpt-oss-120b, Kimi-K2_6, and the two
Qwen3-30B-A3B-…-2507.) The context window, `max_input_tokens`, is what summarization
counts against, so none is guessed: too large a number overflows the real window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from langchain_core.language_models import ModelProfile

PROFILES: dict[str, ModelProfile] = {
    # models.dev, as of 2026-07-02:
    # https://github.com/anomalyco/models.dev/tree/dev/providers/clarifai
    # Its effort levels for gpt-oss are contested: Clarifai documents them for its own
    # SDK, and the OpenAI-compatible endpoint forwards the parameter. Kimi-K2_6 takes
    # its limits there from the model itself.
    "arcee_ai/AFM/models/trinity-mini": {
        "name": "Trinity Mini",
        "release_date": "2025-12",
        "open_weights": True,
        "max_input_tokens": 131_072,
        "max_output_tokens": 131_072,
        "text_inputs": True,
        "image_inputs": False,
        "video_inputs": False,
        "audio_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": True,
        "reasoning_output": True,
        "attachment": False,
        "temperature": True,
    },
    "clarifai/main/models/mm-poly-8b": {
        "name": "MM Poly 8B",
        "release_date": "2025-06",
        "open_weights": False,
        "max_input_tokens": 32_768,
        "max_output_tokens": 4_096,
        "text_inputs": True,
        "image_inputs": True,
        "video_inputs": True,
        "audio_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": False,
        "reasoning_output": False,
        "attachment": True,
        "temperature": True,
    },
    "deepseek-ai/deepseek-ocr/models/DeepSeek-OCR": {
        "name": "DeepSeek OCR",
        "release_date": "2025-10-20",
        "open_weights": True,
        "max_input_tokens": 8_192,
        "max_output_tokens": 8_192,
        "text_inputs": True,
        "image_inputs": True,
        "video_inputs": False,
        "audio_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": False,
        "reasoning_output": False,
        "attachment": True,
        "temperature": True,
    },
    "minimaxai/chat-completion/models/MiniMax-M2_5-high-throughput": {
        "name": "MiniMax-M2.5 High Throughput",
        "release_date": "2026-02-12",
        "open_weights": True,
        "max_input_tokens": 204_800,
        "max_output_tokens": 131_072,
        "text_inputs": True,
        "image_inputs": False,
        "video_inputs": False,
        "audio_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": True,
        "reasoning_output": True,
        "attachment": False,
        "temperature": True,
    },
    "mistralai/completion/models/Ministral-3-14B-Reasoning-2512": {
        "name": "Ministral 3 14B Reasoning 2512",
        "release_date": "2025-12-01",
        "open_weights": True,
        "max_input_tokens": 262_144,
        "max_output_tokens": 262_144,
        "text_inputs": True,
        "image_inputs": True,
        "video_inputs": False,
        "audio_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": True,
        "reasoning_output": True,
        "attachment": True,
        "temperature": True,
    },
    "mistralai/completion/models/Ministral-3-3B-Reasoning-2512": {
        "name": "Ministral 3 3B Reasoning 2512",
        "release_date": "2025-12",
        "open_weights": True,
        "max_input_tokens": 262_144,
        "max_output_tokens": 262_144,
        "text_inputs": True,
        "image_inputs": True,
        "video_inputs": False,
        "audio_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": True,
        "reasoning_output": True,
        "attachment": True,
        "temperature": True,
    },
    "moonshotai/chat-completion/models/Kimi-K2_6": {
        "name": "Kimi K2.6",
        "release_date": "2026-04-21",
        "open_weights": True,
        "max_input_tokens": 262_144,
        "max_output_tokens": 262_144,
        "text_inputs": True,
        "image_inputs": True,
        "video_inputs": False,
        "audio_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": True,
        "reasoning_output": True,
        "attachment": True,
        "temperature": True,
    },
    "openai/chat-completion/models/gpt-oss-120b-high-throughput": {
        "name": "GPT OSS 120B High Throughput",
        "release_date": "2025-08-05",
        "open_weights": True,
        "max_input_tokens": 131_072,
        "max_output_tokens": 16_384,
        "text_inputs": True,
        "image_inputs": False,
        "video_inputs": False,
        "audio_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": True,
        "reasoning_output": True,
        "reasoning_effort_levels": ["low", "medium", "high"],
        "attachment": False,
        "temperature": True,
    },
    "openai/chat-completion/models/gpt-oss-20b": {
        "name": "GPT OSS 20B",
        "release_date": "2025-08-05",
        "open_weights": True,
        "max_input_tokens": 131_072,
        "max_output_tokens": 16_384,
        "text_inputs": True,
        "image_inputs": False,
        "video_inputs": False,
        "audio_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": True,
        "reasoning_output": True,
        "reasoning_effort_levels": ["low", "medium", "high"],
        "attachment": False,
        "temperature": True,
    },
    "qwen/qwenCoder/models/Qwen3-Coder-30B-A3B-Instruct": {
        "name": "Qwen3 Coder 30B A3B Instruct",
        "release_date": "2025-07-31",
        "open_weights": True,
        "max_input_tokens": 262_144,
        "max_output_tokens": 65_536,
        "text_inputs": True,
        "image_inputs": False,
        "video_inputs": False,
        "audio_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": True,
        "reasoning_output": False,
        "attachment": False,
        "temperature": True,
    },
    "qwen/qwenLM/models/Qwen3-30B-A3B-Instruct-2507": {
        "name": "Qwen3 30B A3B Instruct 2507",
        "release_date": "2025-07-30",
        "open_weights": True,
        "max_input_tokens": 262_144,
        "max_output_tokens": 262_144,
        "text_inputs": True,
        "image_inputs": False,
        "video_inputs": False,
        "audio_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": True,
        "reasoning_output": False,
        "attachment": False,
        "temperature": True,
    },
    "qwen/qwenLM/models/Qwen3-30B-A3B-Thinking-2507": {
        "name": "Qwen3 30B A3B Thinking 2507",
        "release_date": "2025-07-31",
        "open_weights": True,
        "max_input_tokens": 262_144,
        "max_output_tokens": 131_072,
        "text_inputs": True,
        "image_inputs": False,
        "video_inputs": False,
        "audio_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": True,
        "reasoning_output": True,
        "attachment": False,
        "temperature": True,
    },
    # Clarifai's table for Vercel's AI SDK:
    # https://docs.clarifai.com/compute/inference/vercel
    # Tools are taken from it, and where it denies images. It grants images to models
    # that only read text, so a yes needs a second witness: an example of Clarifai's
    # (gpt-4o, MiniCPM-o), or the model's name. QwQ's thoughts are in the output of
    # https://github.com/Clarifai/examples (models/model_predict).
    "deepseek-ai/deepseek-chat/models/DeepSeek-R1-0528-Qwen3-8B": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "meta/Llama-3/models/Llama-3_2-3B-Instruct": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "anthropic/completion/models/claude-sonnet-4": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "qwen/qwenLM/models/Qwen3-14B": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "mistralai/completion/models/Devstral-Small-2505_gguf-4bit": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "xai/chat-completion/models/grok-3": {
        "text_inputs": True,
        "image_inputs": False,
        "text_outputs": True,
        "tool_calling": True,
    },
    "openai/chat-completion/models/gpt-4o": {
        "text_inputs": True,
        "image_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "openai/chat-completion/models/gpt-4_1": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "gcp/generate/models/gemini-2_5-flash": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "anthropic/completion/models/claude-3_5-haiku": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "qwen/qwenLM/models/Qwen3-30B-A3B-GGUF": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "gcp/generate/models/gemini-2_0-flash": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "gcp/generate/models/gemma-3-12b-it": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "microsoft/text-generation/models/Phi-4-reasoning-plus": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "microsoft/text-generation/models/phi-4-mini-instruct": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "qwen/qwen-VL/models/Qwen2_5-VL-7B-Instruct": {
        "text_inputs": True,
        "image_inputs": True,
        "text_outputs": True,
        "tool_calling": False,
    },
    "microsoft/text-generation/models/phi-4": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "xai/chat-completion/models/grok-2-vision-1212": {
        "text_inputs": True,
        "image_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "xai/chat-completion/models/grok-2-1212": {
        "text_inputs": True,
        "image_inputs": False,
        "text_outputs": True,
        "tool_calling": True,
    },
    "qwen/qwenLM/models/QwQ-32B-AWQ": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        "reasoning_output": True,
    },
    "gcp/generate/models/gemini-2_0-flash-lite": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "anthropic/completion/models/claude-opus-4": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "openai/chat-completion/models/o4-mini": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "openai/chat-completion/models/o3": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    "openbmb/miniCPM/models/MiniCPM-o-2_6-language": {
        "text_inputs": True,
        "image_inputs": True,
        "text_outputs": True,
        "tool_calling": False,
    },
    "deepseek-ai/deepseek-chat/models/DeepSeek-R1-Distill-Qwen-7B": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": False,
    },
    "qwen/qwenCoder/models/Qwen2_5-Coder-7B-Instruct": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
    },
    # Examples in Clarifai's documentation, skills and example repositories:
    # https://docs.clarifai.com/compute/inference/open-ai
    # https://github.com/Clarifai/skills, https://github.com/Clarifai/examples
    "openai/chat-completion/models/gpt-oss-120b": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        "reasoning_output": True,
        "reasoning_effort_levels": ["low", "medium", "high"],
    },
    "gcp/generate/models/gemma-3-4b-it": {
        "text_inputs": True,
        "image_inputs": True,
        "text_outputs": True,
    },
    "openai/chat-completion/models/gpt-4o-mini": {
        "text_inputs": True,
        "text_outputs": True,
    },
    "anthropic/completion/models/claude-sonnet-4_5": {
        "text_inputs": True,
        "text_outputs": True,
    },
    "moonshotai/kimi/models/Kimi-K2-Instruct": {
        "text_inputs": True,
        "text_outputs": True,
    },
    # LiteLLM's list, which tells nothing but names:
    # https://docs.litellm.ai/docs/providers/clarifai
    "openai/chat-completion/models/gpt-5": {
        "text_inputs": True,
        "text_outputs": True,
    },
    "openai/chat-completion/models/gpt-5-mini": {
        "text_inputs": True,
        "text_outputs": True,
    },
    "openai/chat-completion/models/gpt-5-nano": {
        "text_inputs": True,
        "text_outputs": True,
    },
    "anthropic/completion/models/claude-3_7-sonnet": {
        "text_inputs": True,
        "text_outputs": True,
    },
    "gcp/generate/models/gemini-2_5-pro": {
        "text_inputs": True,
        "text_outputs": True,
    },
    "gcp/generate/models/gemini-2_5-flash-lite": {
        "text_inputs": True,
        "text_outputs": True,
    },
    "xai/chat-completion/models/grok-code-fast-1": {
        "text_inputs": True,
        "text_outputs": True,
    },
    "qwen/qwen3/models/qwen3-next-80B-A3B-Thinking": {
        "text_inputs": True,
        "text_outputs": True,
    },
    "openbmb/miniCPM/models/MiniCPM3-4B": {
        "text_inputs": True,
        "text_outputs": True,
    },
    "openbmb/miniCPM/models/MiniCPM4-8B": {
        "text_inputs": True,
        "text_outputs": True,
    },
}


class KnownProfile(dict[str, Any]):
    """A profile that was looked up, not given by the user.

    It belongs to one model, and does not go along where a copy gets another.
    """


def find_profile(path: str) -> ModelProfile | None:
    """Find what a model can do by its path, `user/app/models/model`.

    Returns:
        A copy that the caller may change, or `None` for an unknown model.
    """
    profile = PROFILES.get(path)
    if profile is None:
        return None
    known = KnownProfile(profile)
    if "reasoning_effort_levels" in known:
        known["reasoning_effort_levels"] = known["reasoning_effort_levels"].copy()
    return cast("ModelProfile", known)
