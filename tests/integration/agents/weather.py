"""The question that most tests of agents ask: about the weather.

Here is the tool as a user writes it, what it looks like on the wire, and its call.
"""

from __future__ import annotations

from typing import Any, Final

from langchain_core.tools import tool

from tests.servers.openai_wire import JSON, tool_call

MODEL_URL: Final = "https://clarifai.com/user/app/models/model"
"""What the model that `build_model` builds is called on the wire."""

QUESTION: Final = "What is the weather in Paris?"
WEATHER: Final = "It is 21 degrees and sunny in Paris."


@tool
def get_weather(city: str) -> str:
    """Get the current weather for a city."""
    return f"It is 21 degrees and sunny in {city}."


WIRE_TOOL: Final[JSON] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather for a city.",
        "parameters": {
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "type": "object",
        },
    },
}


def weather_call(city: str = "Paris", call_id: str = "call_1", **fields: Any) -> JSON:
    """Build a call of the tool, as it comes and as it goes back."""
    return tool_call("get_weather", {"city": city}, call_id=call_id, **fields)
