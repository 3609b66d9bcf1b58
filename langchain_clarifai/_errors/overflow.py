"""The words of an error → whether they say that the prompt does not fit."""

from __future__ import annotations

import re
from typing import Final

# Only this much of a text's start and of its end is looked at: a server that repeats
# the prompt says before it or after it what is wrong. In characters.
_LONGEST_PART: Final = 4_000

# How OpenAI, vLLM, SGLang, llama.cpp, LM Studio, Ollama, Anthropic, Gemini, xAI,
# Bedrock, Groq, Cohere, Moonshot, Qwen and TGI say that the prompt does not fit. The
# text may come from anybody: so that matching takes linear time, each repetition has a
# bound, and none can match what the next one matches too.
_CONTEXT: Final = r"context[_ ]?(?:length|window|size|limit)"
_EXCEEDS: Final = r"(?:exceed|(?:long|larg|great)er than|beyond)"
_COUNT: Final = r"(?: \(\d{1,12} tokens\))?"
_PHRASES: Final = (
    r"maximum (?:context|model|sequence|prompt|input) length",
    rf"{_CONTEXT}[^.\n]{{0,20}}exceed",
    rf"{_EXCEEDS}[^.\n]{{0,64}}(?:{_CONTEXT}|model length|max_model_len)",
    r"exceed_context",
    r"context (?:the )?overflow",
    rf"(?:prompt|input|messages|request){_COUNT} (?:is|are) too (?:long|large)",
    r"(?:prompt|input|request)[^.\n]{0,40}(?:length|tokens?\b)[^.\n]{0,40}exceeds?\b",
    r"(?:prompt|input)(?: text)? exceeds? (?:the )?max(?:imum)? (?:allowed )?length",
    r"exceed(?:s|ed|ing)? (?:the )?model'?s? token limit",
    r"max_prompt_tokens_exceeded",
    r"too many (?:input |prompt )?tokens(?!,? (?:per|please wait))",
    r"reduce the (?:length of the (?:messages|prompt|input)|input token)",
    r"inputs`? tokens \+ `?max_new_tokens`? must be",
    r"inputs`? must have (?:less|fewer) than",
    r"range of input length should be",
)
_OVERFLOW: Final = re.compile("|".join(_PHRASES), re.IGNORECASE)


def is_context_overflow(text: str) -> bool:
    """Tell whether the words of an error say that the prompt does not fit."""
    return _OVERFLOW.search(cut_middle(text)) is not None


def cut_middle(text: str) -> str:
    """Keep the start and the end of a long text, which say what it is about."""
    if len(text) <= 2 * _LONGEST_PART:
        return text
    return f"{text[:_LONGEST_PART]}\n{text[-_LONGEST_PART:]}"
