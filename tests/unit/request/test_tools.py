"""Tools and tool choices in any form become the wire's form."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from langchain_core.tools import BaseTool, tool
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from langchain_clarifai._request.tools import (
    convert_to_wire_tool_choice,
    convert_to_wire_tools,
)

EPHEMERAL = {"type": "ephemeral"}
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
FUNCTION = {
    "name": "weather",
    "description": "Tell the weather.",
    "parameters": PARAMETERS,
}
WIRE_TOOL: dict[str, Any] = {"type": "function", "function": FUNCTION}
WEB_SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}


def weather(city: str) -> str:
    """Tell the weather."""
    return city


class Weather(BaseModel):
    """Tell the weather."""

    city: str = Field()


class WeatherDict(TypedDict):
    """Tell the weather."""

    city: str


@tool("weather", extras={"cache_control": EPHEMERAL, "other": 1})
def cached_weather(city: str) -> str:
    """Tell the weather."""
    return city


def renamed(wire_tool: dict[str, Any], name: str) -> dict[str, Any]:
    return {**wire_tool, "function": {**wire_tool["function"], "name": name}}


FORMS: list[tuple[str, Any, dict[str, Any]]] = [
    ("function", weather, WIRE_TOOL),
    ("tool", tool(weather), WIRE_TOOL),
    (
        "tool with cache_control",
        cached_weather,
        {**WIRE_TOOL, "cache_control": EPHEMERAL},
    ),
    ("pydantic model", Weather, renamed(WIRE_TOOL, "Weather")),
    ("TypedDict", WeatherDict, renamed(WIRE_TOOL, "WeatherDict")),
    (
        "JSON schema",
        {"title": "weather", "description": "Tell the weather.", **PARAMETERS},
        WIRE_TOOL,
    ),
    ("OpenAI tool", WIRE_TOOL, WIRE_TOOL),
    (
        "OpenAI tool with cache_control",
        {**WIRE_TOOL, "cache_control": EPHEMERAL},
        {**WIRE_TOOL, "cache_control": EPHEMERAL},
    ),
    ("OpenAI function", FUNCTION, WIRE_TOOL),
    ("Responses function", {"type": "function", **FUNCTION}, WIRE_TOOL),
    (
        "Anthropic tool",
        {
            "name": "weather",
            "description": "Tell the weather.",
            "input_schema": PARAMETERS,
            "cache_control": EPHEMERAL,
        },
        {**WIRE_TOOL, "cache_control": EPHEMERAL},
    ),
    (
        "Anthropic custom tool",
        {
            "type": "custom",
            "name": "weather",
            "description": "Tell the weather.",
            "input_schema": PARAMETERS,
        },
        WIRE_TOOL,
    ),
    ("provider's own", WEB_SEARCH, WEB_SEARCH),
    (
        "provider's own by type",
        {"type": "web_search"},
        {"type": "web_search"},
    ),
    (
        "OpenAI custom tool",
        {"type": "custom", "custom": {"name": "free"}},
        {"type": "custom", "custom": {"name": "free"}},
    ),
]


@pytest.mark.parametrize(
    ("tool_like", "wire_tool"),
    [row[1:] for row in FORMS],
    ids=[row[0] for row in FORMS],
)
def test_tool_in_any_form_becomes_a_wire_tool(
    tool_like: Any, wire_tool: dict[str, Any]
) -> None:
    """Whatever LangChain takes for a tool has the same form on the wire."""
    given_tool = (
        tool_like if isinstance(tool_like, BaseTool) else copy.deepcopy(tool_like)
    )

    assert convert_to_wire_tools([tool_like]) == [wire_tool]
    assert tool_like == given_tool


def test_no_tools_become_no_tools() -> None:
    """An empty list stays one, for the request to leave out."""
    assert convert_to_wire_tools([]) == []


@pytest.mark.parametrize("strict", [True, False])
def test_strict_is_sent_where_it_was_set(strict: bool) -> None:  # noqa: FBT001
    """The flag is in the function, where OpenAI reads it."""
    (wire_tool,) = convert_to_wire_tools([weather], strict=strict)

    assert wire_tool["function"]["strict"] is strict


@pytest.mark.parametrize(
    "tool",
    [
        {"name": "ping", "description": ""},
        {"type": "function", "function": {"name": "ping"}},
        {"type": "function", "function": {"name": "ping", "parameters": {}}},
        {
            "type": "function",
            "function": {"name": "ping", "parameters": {"type": "object"}},
        },
    ],
)
def test_tool_without_arguments_takes_an_empty_object(tool: Any) -> None:
    """Backends refuse a function without parameters."""
    (wire_tool,) = convert_to_wire_tools([tool])

    assert wire_tool["function"]["parameters"] == {"type": "object", "properties": {}}


def test_dict_that_is_no_tool_is_refused() -> None:
    """A dict in no known form is an error, not a tool without a name."""
    with pytest.raises(ValueError, match="Unsupported function"):
        convert_to_wire_tools([{"description": "Tell the weather."}])


WEATHER_CHOICE = {"type": "function", "function": {"name": "weather"}}

CHOICES: list[tuple[Any, Any]] = [
    (None, None),
    (False, None),
    ("", None),
    ({}, None),
    ("auto", "auto"),
    ("none", "none"),
    ("any", "required"),
    ("required", "required"),
    (True, "required"),
    ({"type": "auto"}, "auto"),
    ({"type": "any", "disable_parallel_tool_use": True}, "required"),
    ("weather", WEATHER_CHOICE),
    (WEATHER_CHOICE, WEATHER_CHOICE),
    ({"type": "tool", "name": "weather"}, WEATHER_CHOICE),
    ({"type": "function", "name": "weather"}, WEATHER_CHOICE),
    ({"name": "weather"}, WEATHER_CHOICE),
    ({"function": {"name": "weather"}}, WEATHER_CHOICE),
    (
        {"type": "tool", "name": "any"},
        {"type": "function", "function": {"name": "any"}},
    ),
    ("free", {"type": "custom", "custom": {"name": "free"}}),
    ("web_search", {"type": "web_search_20250305"}),
    ({"type": "file_search"}, {"type": "file_search"}),
    (
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}},
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}},
    ),
]


@pytest.mark.parametrize(("tool_choice", "wire_choice"), CHOICES)
def test_tool_choice_in_any_form_becomes_the_wires(
    tool_choice: Any, wire_choice: Any
) -> None:
    """Modes, names and dicts of any provider have OpenAI's form on the wire."""
    wire_tools = [
        WIRE_TOOL,
        renamed(WIRE_TOOL, "any"),
        {"type": "custom", "custom": {"name": "free"}},
        WEB_SEARCH,
        {"type": "file_search"},
    ]

    assert convert_to_wire_tool_choice(tool_choice, wire_tools) == wire_choice


@pytest.mark.parametrize(
    "tool_choice",
    [
        "wether",
        {"type": "tool", "name": "wether"},
        {"type": "function", "function": {"name": "wether"}},
        {"type": "wether"},
    ],
)
def test_choice_of_an_unknown_tool_is_refused_with_the_names_there_are(
    tool_choice: Any,
) -> None:
    """A typo in a name does not become a 400 of the server's."""
    with pytest.raises(ValueError, match=r"'wether'.*'weather', 'rain', or 'auto'"):
        convert_to_wire_tool_choice(
            tool_choice, [WIRE_TOOL, renamed(WIRE_TOOL, "rain")]
        )


@pytest.mark.parametrize("tool_choice", [3, {"mode": "x"}, {"type": 3}, weather])
def test_choice_that_is_none_is_refused_with_what_is_allowed(tool_choice: Any) -> None:
    """What cannot be read as a choice is an error that says what can."""
    with pytest.raises(ValueError, match=r"cannot be read\. Use 'auto'"):
        convert_to_wire_tool_choice(tool_choice, [WIRE_TOOL])


@pytest.mark.parametrize("tool_choice", ["any", "required", True, "weather"])
def test_choice_without_tools_is_refused(tool_choice: Any) -> None:
    """A model cannot be made to call one of no tools."""
    with pytest.raises(ValueError, match="needs tools to choose from"):
        convert_to_wire_tool_choice(tool_choice, [])


@pytest.mark.parametrize("tool_choice", [None, False, "auto", "none"])
def test_choice_that_asks_for_no_tool_is_left_out_without_tools(
    tool_choice: Any,
) -> None:
    """Backends refuse any tool choice without tools."""
    assert convert_to_wire_tool_choice(tool_choice, []) is None
