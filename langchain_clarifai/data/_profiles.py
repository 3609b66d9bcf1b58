"""A model's path → what it can do, as far as someone documents it.

What no source tells is left out: to LangChain a missing key means unknown, not no.

`structured_output` is left out on purpose. With it, LangChain's `create_agent` sends
`response_format` and `tools` in one request, and vLLM, which runs most of the
open models here, then writes the JSON at once and never calls a tool
(https://github.com/vllm-project/vllm/issues/39929). Without the key the agent asks
for its answer by a tool call, which works with every model that calls tools.
(Documented to take a JSON schema: gpt-oss-120b, Kimi-K2_6, and the two
Qwen3-30B-A3B-…-2507.) The context window, `max_input_tokens`, is what summarization
counts against, so none is guessed: too large a number overflows the real window. A
link inside an entry is the maker's page on the model; what follows it is from there.
Where a maker documents a window, and a longer one with YaRN, the shorter one is given.
Where the window holds the answer too, the longest answer is subtracted (GPT-5).
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
        # https://huggingface.co/meta-llama/Llama-3.2-3B-Instruct
        "max_input_tokens": 131_072,
    },
    "anthropic/completion/models/claude-sonnet-4": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://docs.claude.com/en/docs/about-claude/models/overview
        "max_input_tokens": 200_000,
        "max_output_tokens": 64_000,
        "image_inputs": True,
        "tool_choice": True,
    },
    "qwen/qwenLM/models/Qwen3-14B": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://huggingface.co/Qwen/Qwen3-14B
        "max_input_tokens": 32_768,
    },
    "mistralai/completion/models/Devstral-Small-2505_gguf-4bit": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://huggingface.co/mistralai/Devstral-Small-2505
        "max_input_tokens": 131_072,
    },
    "xai/chat-completion/models/grok-3": {
        "text_inputs": True,
        "image_inputs": False,
        "text_outputs": True,
        "tool_calling": True,
        # https://docs.x.ai/docs/models
        "max_input_tokens": 131_072,
    },
    "openai/chat-completion/models/gpt-4o": {
        "text_inputs": True,
        "image_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://platform.openai.com/docs/models/gpt-4o
        "max_input_tokens": 128_000,
        "max_output_tokens": 16_384,
        "image_url_inputs": True,
        "tool_choice": True,
        "tool_call_streaming": True,
    },
    "openai/chat-completion/models/gpt-4_1": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://platform.openai.com/docs/models/gpt-4.1
        "max_input_tokens": 1_047_576,
        "max_output_tokens": 32_768,
        "image_inputs": True,
        "image_url_inputs": True,
        "tool_choice": True,
        "tool_call_streaming": True,
    },
    "gcp/generate/models/gemini-2_5-flash": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://ai.google.dev/gemini-api/docs/models
        "max_input_tokens": 1_048_576,
        "max_output_tokens": 65_536,
        "image_inputs": True,
        "tool_choice": True,
    },
    "anthropic/completion/models/claude-3_5-haiku": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://docs.claude.com/en/docs/about-claude/models/overview
        "max_input_tokens": 200_000,
        "max_output_tokens": 8_192,
        "image_inputs": True,
        "tool_choice": True,
    },
    "qwen/qwenLM/models/Qwen3-30B-A3B-GGUF": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://huggingface.co/Qwen/Qwen3-30B-A3B-GGUF
        "max_input_tokens": 32_768,
    },
    "gcp/generate/models/gemini-2_0-flash": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://ai.google.dev/gemini-api/docs/models
        "max_input_tokens": 1_048_576,
        "max_output_tokens": 8_192,
        "image_inputs": True,
        "tool_choice": True,
    },
    "gcp/generate/models/gemma-3-12b-it": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://ai.google.dev/gemma/docs/core/model_card_3
        "max_input_tokens": 131_072,
        "max_output_tokens": 8_192,
        "image_inputs": True,
    },
    "microsoft/text-generation/models/Phi-4-reasoning-plus": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://huggingface.co/microsoft/Phi-4-reasoning-plus
        "max_input_tokens": 32_768,
    },
    "microsoft/text-generation/models/phi-4-mini-instruct": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://huggingface.co/microsoft/Phi-4-mini-instruct
        "max_input_tokens": 131_072,
    },
    "qwen/qwen-VL/models/Qwen2_5-VL-7B-Instruct": {
        "text_inputs": True,
        "image_inputs": True,
        "text_outputs": True,
        "tool_calling": False,
        # https://huggingface.co/Qwen/Qwen2.5-VL-7B-Instruct
        "max_input_tokens": 32_768,
    },
    "microsoft/text-generation/models/phi-4": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://huggingface.co/microsoft/phi-4
        "max_input_tokens": 16_384,
    },
    "xai/chat-completion/models/grok-2-vision-1212": {
        "text_inputs": True,
        "image_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://docs.x.ai/docs/models
        "max_input_tokens": 32_768,
    },
    "xai/chat-completion/models/grok-2-1212": {
        "text_inputs": True,
        "image_inputs": False,
        "text_outputs": True,
        "tool_calling": True,
        # https://docs.x.ai/docs/models
        "max_input_tokens": 131_072,
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
        # https://ai.google.dev/gemini-api/docs/models
        "max_input_tokens": 1_048_576,
        "max_output_tokens": 8_192,
        "image_inputs": True,
        "tool_choice": True,
    },
    "anthropic/completion/models/claude-opus-4": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://docs.claude.com/en/docs/about-claude/models/overview
        "max_input_tokens": 200_000,
        "max_output_tokens": 32_000,
        "image_inputs": True,
        "tool_choice": True,
    },
    "openai/chat-completion/models/o4-mini": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://platform.openai.com/docs/models/o4-mini
        "max_input_tokens": 200_000,
        "max_output_tokens": 100_000,
        "image_inputs": True,
        "image_url_inputs": True,
        "tool_choice": True,
        "tool_call_streaming": True,
    },
    "openai/chat-completion/models/o3": {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        # https://platform.openai.com/docs/models/o3
        "max_input_tokens": 200_000,
        "max_output_tokens": 100_000,
        "image_inputs": True,
        "image_url_inputs": True,
        "tool_choice": True,
        "tool_call_streaming": True,
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
        # https://huggingface.co/Qwen/Qwen2.5-Coder-7B-Instruct
        "max_input_tokens": 32_768,
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
        # https://platform.openai.com/docs/models/gpt-oss-120b
        "max_input_tokens": 131_072,
        "max_output_tokens": 131_072,
        "image_inputs": False,
        "audio_inputs": False,
        "video_inputs": False,
    },
    "gcp/generate/models/gemma-3-4b-it": {
        "text_inputs": True,
        "image_inputs": True,
        "text_outputs": True,
        # https://ai.google.dev/gemma/docs/core/model_card_3
        "max_input_tokens": 131_072,
        "max_output_tokens": 8_192,
    },
    "openai/chat-completion/models/gpt-4o-mini": {
        "text_inputs": True,
        "text_outputs": True,
        # https://platform.openai.com/docs/models/gpt-4o-mini
        "max_input_tokens": 128_000,
        "max_output_tokens": 16_384,
        "image_inputs": True,
        "image_url_inputs": True,
        "tool_calling": True,
        "tool_choice": True,
        "tool_call_streaming": True,
    },
    "anthropic/completion/models/claude-sonnet-4_5": {
        "text_inputs": True,
        "text_outputs": True,
        # https://docs.claude.com/en/docs/about-claude/models/overview
        "max_input_tokens": 200_000,
        "max_output_tokens": 64_000,
        "image_inputs": True,
        "tool_calling": True,
        "tool_choice": True,
    },
    "moonshotai/kimi/models/Kimi-K2-Instruct": {
        "text_inputs": True,
        "text_outputs": True,
        # https://huggingface.co/moonshotai/Kimi-K2-Instruct
        "max_input_tokens": 131_072,
    },
    # LiteLLM's list, which tells nothing but names:
    # https://docs.litellm.ai/docs/providers/clarifai
    "openai/chat-completion/models/gpt-5": {
        "text_inputs": True,
        "text_outputs": True,
        # https://platform.openai.com/docs/models/gpt-5
        "max_input_tokens": 272_000,
        "max_output_tokens": 128_000,
        "image_inputs": True,
        "image_url_inputs": True,
        "tool_calling": True,
        "tool_choice": True,
        "tool_call_streaming": True,
    },
    "openai/chat-completion/models/gpt-5-mini": {
        "text_inputs": True,
        "text_outputs": True,
        # https://platform.openai.com/docs/models/gpt-5-mini
        "max_input_tokens": 272_000,
        "max_output_tokens": 128_000,
        "image_inputs": True,
        "image_url_inputs": True,
        "tool_calling": True,
        "tool_choice": True,
        "tool_call_streaming": True,
    },
    "openai/chat-completion/models/gpt-5-nano": {
        "text_inputs": True,
        "text_outputs": True,
        # https://platform.openai.com/docs/models/gpt-5-nano
        "max_input_tokens": 272_000,
        "max_output_tokens": 128_000,
        "image_inputs": True,
        "image_url_inputs": True,
        "tool_calling": True,
        "tool_choice": True,
        "tool_call_streaming": True,
    },
    "anthropic/completion/models/claude-3_7-sonnet": {
        "text_inputs": True,
        "text_outputs": True,
        # https://docs.claude.com/en/docs/about-claude/models/overview
        "max_input_tokens": 200_000,
        "max_output_tokens": 64_000,
        "image_inputs": True,
        "tool_calling": True,
        "tool_choice": True,
    },
    "gcp/generate/models/gemini-2_5-pro": {
        "text_inputs": True,
        "text_outputs": True,
        # https://ai.google.dev/gemini-api/docs/models
        "max_input_tokens": 1_048_576,
        "max_output_tokens": 65_536,
        "image_inputs": True,
        "tool_calling": True,
        "tool_choice": True,
    },
    "gcp/generate/models/gemini-2_5-flash-lite": {
        "text_inputs": True,
        "text_outputs": True,
        # https://ai.google.dev/gemini-api/docs/models
        "max_input_tokens": 1_048_576,
        "max_output_tokens": 65_536,
        "image_inputs": True,
        "tool_calling": True,
        "tool_choice": True,
    },
    "xai/chat-completion/models/grok-code-fast-1": {
        "text_inputs": True,
        "text_outputs": True,
        # https://docs.x.ai/docs/models
        "max_input_tokens": 256_000,
    },
    "qwen/qwen3/models/qwen3-next-80B-A3B-Thinking": {
        "text_inputs": True,
        "text_outputs": True,
        # https://huggingface.co/Qwen/Qwen3-Next-80B-A3B-Thinking
        "max_input_tokens": 262_144,
    },
    "openbmb/miniCPM/models/MiniCPM3-4B": {
        "text_inputs": True,
        "text_outputs": True,
        # https://huggingface.co/openbmb/MiniCPM3-4B
        "max_input_tokens": 32_768,
    },
    "openbmb/miniCPM/models/MiniCPM4-8B": {
        "text_inputs": True,
        "text_outputs": True,
        # https://huggingface.co/openbmb/MiniCPM4-8B
        "max_input_tokens": 32_768,
    },
    # Clarifai's release notes of 2025-10 (GLM) and 12.4 of 2026-05-07:
    # https://docs.clarifai.com/product-updates/changelog/release124
    "zai/completion/models/GLM_4_6": {
        "name": "GLM 4.6",
        "text_inputs": True,
        "text_outputs": True,
        "reasoning_output": True,
        # https://docs.z.ai/guides/llm/glm-4.6: "200K", taken at its least.
        "max_input_tokens": 200_000,
        "max_output_tokens": 128_000,
        "image_inputs": False,
        "tool_calling": True,
    },
    "nvidia/chat-completion/models/nemotron-nano-v3-omni": {
        "name": "Nemotron Nano V3 Omni",
        "open_weights": True,
        "text_inputs": True,
        "text_outputs": True,
        "reasoning_output": True,
        # https://huggingface.co/nvidia/Nemotron-3-Nano-Omni-30B-A3B-Reasoning-BF16:
        # "256k", taken at its least.
        "max_input_tokens": 256_000,
        "image_inputs": True,
        "audio_inputs": True,
        "video_inputs": True,
    },
    "qwen/qwen-VL/models/Qwen3_6-35B-A3B-FP8": {
        "name": "Qwen3.6 35B A3B FP8",
        "open_weights": True,
        "text_inputs": True,
        "text_outputs": True,
        "reasoning_output": True,
        # https://huggingface.co/Qwen/Qwen3.6-35B-A3B-FP8
        "max_input_tokens": 262_144,
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
