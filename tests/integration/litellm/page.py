"""The examples of LiteLLM's Clarifai page, as they stand there, in LiteLLM's Python.

    python page.py MODEL...

prints their answers as one line of JSON. Two things differ from the page: the token,
which is empty in its first example, and a surplus brace after the tool, which Python
refuses. Each further model is asked one question, for what LiteLLM makes of its name.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any, Final

TOOLS: Final[list[dict[str, Any]]] = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Get current temperature for a given location.",
            "parameters": {
                "type": "object",
                "properties": {
                    "location": {
                        "type": "string",
                        "description": "City and country e.g. Tokyo, Japan",
                    }
                },
                "required": ["location"],
                "additionalProperties": False,
            },
        },
    }
]


def complete_with(**arguments: Any) -> Any:
    """Call `litellm.completion`; imported late: tests read `TOOLS` without it."""
    return importlib.import_module("litellm").completion(**arguments)


def complete() -> Any:
    """Run the section "Usage"."""
    os.environ["CLARIFAI_API_KEY"] = "CLARIFAI_API_KEY"
    response = complete_with(
        model="clarifai/openai.chat-completion.gpt-oss-20b",
        messages=[{"content": "Tell me a joke about physics?", "role": "user"}],
    )
    del os.environ["CLARIFAI_API_KEY"]
    return response.model_dump()


def stream() -> Any:
    """Run the section "Streaming Support"."""
    chunks = complete_with(
        model="clarifai/openai.chat-completion.gpt-oss-20b",
        api_key="CLARIFAI_API_KEY",
        messages=[{"role": "user", "content": "Tell me a fun fact about space."}],
        stream=True,
    )
    return [chunk.choices[0].delta.model_dump() for chunk in chunks]


def call_a_tool() -> Any:
    """Run the section "Tool Calling"."""
    response = complete_with(
        model="clarifai/openai.chat-completion.gpt-oss-20b",
        api_key="CLARIFAI_API_KEY",
        messages=[{"role": "user", "content": "What is the weather in Paris today?"}],
        tools=TOOLS,
    )
    return [call.model_dump() for call in response.choices[0].message.tool_calls]


def complete_with_the_pages_variable() -> str:
    """Set the variable that the page's section on variables names, and no other."""
    os.environ["CLARIFAI_PAT"] = "CLARIFAI_API_KEY"
    return ask("clarifai/openai.chat-completion.gpt-oss-20b", api_key=None)


def ask(model: str, *, api_key: str | None = "CLARIFAI_API_KEY") -> str:
    """Ask one question, and return the answer or the name of the error."""
    messages = [{"role": "user", "content": "what llm are you"}]
    try:
        response = complete_with(
            model=model, api_key=api_key, messages=messages, num_retries=0
        )
    except Exception as error:  # noqa: BLE001 - LiteLLM's errors share no base
        return type(error).__name__
    return str(response.choices[0].message.content)


if __name__ == "__main__":
    answers = {
        "complete": complete(),
        "stream": stream(),
        "call_a_tool": call_a_tool(),
        "complete_with_the_pages_variable": complete_with_the_pages_variable(),
        "ask": {model: ask(model) for model in sys.argv[1:]},
    }
    print(json.dumps(answers))
