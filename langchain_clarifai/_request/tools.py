"""Convert tools and tool choices, in any form LangChain knows, to the wire's form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from langchain_clarifai._structured.json_schemas import (
    complete_function,
    convert_to_function_tool,
)

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from langchain_clarifai._request.tool_names import ToolNames

ToolLike: TypeAlias = "Mapping[str, Any] | type | Callable[..., Any] | BaseTool"
"""A tool, a function, a pydantic model, a TypedDict, a JSON schema or a tool dict."""

ToolChoice: TypeAlias = str | bool | Mapping[str, Any]
"""A mode, a tool's name, `True` for any tool, or a dict in some provider's form."""

# What langchain-core converts to a function: its own forms, JSON schemas (of type
# "object"), and Anthropic's client tools. A dict of another type is a tool that the
# provider runs.
_FUNCTION_TYPES = (None, "function", "object", "custom")
_MODES = {"auto": "auto", "none": "none", "any": "required", "required": "required"}


def convert_to_wire_tools(
    tools: Sequence[ToolLike], *, strict: bool | None = None
) -> list[dict[str, Any]]:
    """Convert tools to the wire's form.

    Tools of the provider itself (`{"type": "web_search", ...}`) are passed on as they
    are. `cache_control`, in a tool dict of another form or in a tool's `extras`, is
    kept beside the function.

    Args:
        tools: The tools; the list may be empty.
        strict: Whether the model's arguments must match the schema exactly. Not sent
            when it is None.

    Raises:
        ValueError: If a tool is in no known form.
    """
    return [_convert_to_wire_tool(tool, strict=strict) for tool in tools]


def _convert_to_wire_tool(tool: ToolLike, *, strict: bool | None) -> dict[str, Any]:
    extras: Any
    if isinstance(tool, Mapping):
        tool = extras = dict(tool)
        if _is_wire_tool(tool):
            return _complete_wire_tool(tool, strict=strict)
        if tool.get("type") == "function":  # the Responses API's form, which is flat
            tool = {key: value for key, value in tool.items() if key != "type"}
    else:
        extras = getattr(tool, "extras", None)
    try:
        wire_tool = convert_to_function_tool(tool, strict=strict)
    except KeyError:
        raise ValueError(
            f"The tool {tool!r} lacks what its form needs, a name or a schema."
        ) from None
    if isinstance(extras, Mapping) and extras.get("cache_control"):
        wire_tool["cache_control"] = extras["cache_control"]
    return wire_tool


def _complete_wire_tool(tool: dict[str, Any], *, strict: bool | None) -> dict[str, Any]:
    """Complete a tool in OpenAI's form; what it says itself of `strict` counts."""
    function = tool.get("function")
    if tool.get("type") != "function" or not isinstance(function, Mapping):
        return tool
    given = strict if function.get("strict") is None else None
    return {**tool, "function": complete_function(function, strict=given)}


def read_tool_name(wire_tool: Mapping[str, Any]) -> str | None:
    """Read the name of a function or custom tool; the provider's own have none."""
    if wire_tool.get("type") not in {"function", "custom"}:
        return None
    return _read_name(wire_tool)


def rename_tools(
    wire_tools: Sequence[Mapping[str, Any]], names: ToolNames
) -> list[dict[str, Any]]:
    """Give tools the names that the wire knows them by."""
    return [_rename(wire_tool, names) for wire_tool in wire_tools]


def rename_tool_choice(
    tool_choice: str | dict[str, Any], names: ToolNames
) -> str | dict[str, Any]:
    """Name the chosen tool, or the allowed ones, as the wire does."""
    if isinstance(tool_choice, str):
        return tool_choice
    allowed = tool_choice.get("allowed_tools")
    if isinstance(allowed, Mapping):
        renamed = rename_tools(allowed.get("tools") or (), names)
        return {**tool_choice, "allowed_tools": {**allowed, "tools": renamed}}
    return _rename(tool_choice, names)


def _rename(named: Mapping[str, Any], names: ToolNames) -> dict[str, Any]:
    """Rename what has the form `{"type": kind, kind: {"name": …}}`."""
    kind: Any = named.get("type")
    holder = named.get(kind) if kind in {"function", "custom"} else None
    name = holder.get("name") if isinstance(holder, Mapping) else None
    if not isinstance(holder, Mapping) or not isinstance(name, str):
        return dict(named)
    return {**named, kind: {**holder, "name": names.convert_to_wire(name)}}


def read_function_names(body: Mapping[str, Any]) -> list[str | None]:
    """Read the names in `functions`, which were OpenAI's form before `tools`."""
    functions = body.get("functions") or ()
    return [_read_name(one) for one in functions if isinstance(one, Mapping)]


def rename_functions(body: dict[str, Any], names: ToolNames) -> None:
    """Name `functions`, and the chosen one, as the wire does."""

    def rename(function: Any) -> Any:
        name = function.get("name") if isinstance(function, Mapping) else None
        if not isinstance(name, str):
            return function
        return {**function, "name": names.convert_to_wire(name)}

    if body.get("functions"):
        body["functions"] = [rename(function) for function in body["functions"]]
        body["function_call"] = rename(body.get("function_call"))
        if body["function_call"] is None:
            del body["function_call"]


def _is_wire_tool(tool: Mapping[str, Any]) -> bool:
    tool_type = tool.get("type")
    return (
        tool_type not in _FUNCTION_TYPES
        or (tool_type == "function" and "function" in tool)
        or (tool_type == "custom" and "input_schema" not in tool)
    )


def convert_to_wire_tool_choice(
    tool_choice: ToolChoice | None, wire_tools: Sequence[Mapping[str, Any]]
) -> str | dict[str, Any] | None:
    """Convert a tool choice to the wire's form; None means to send nothing.

    The words `auto`, `none`, `any` and `required` are modes, even where a tool has such
    a name: choose that tool with a dict. Without tools only `auto` and `none` make
    sense, and are not sent, because backends refuse them then.

    Args:
        tool_choice: `auto`, `none`, `any`, `required`, a tool's name, `True` for any
            tool, `False` or None for no choice, or a dict in the form of OpenAI
            (`{"type": "function", "function": {"name": ...}}`) or Anthropic
            (`{"type": "tool", "name": ...}`).
        wire_tools: The tools to choose from, in the wire's form.

    Raises:
        ValueError: If the choice is in no known form, or there is no such tool.
    """
    if not tool_choice:
        return None
    mode, name = _read_choice(tool_choice)
    if not wire_tools:
        if mode in {"auto", "none"}:
            return None
        raise ValueError(
            f"tool_choice={tool_choice!r} needs tools to choose from. "
            "Bind tools with it, or leave it out."
        )
    if mode is not None:
        return mode
    if isinstance(tool_choice, Mapping) and name == "allowed_tools":
        return dict(tool_choice)
    choices = dict(map(_build_named_choice, wire_tools))
    if name not in choices:
        raise ValueError(
            f"tool_choice={tool_choice!r} is none of the tools. Choose one of "
            f"{', '.join(map(repr, choices))}, or 'auto', 'none', 'any' or 'required'."
        )
    return choices[name]


def _read_choice(tool_choice: ToolChoice) -> tuple[str | None, str | None]:
    """Read a choice as a mode, or else as the name of a tool."""
    if tool_choice is True:
        return "required", None
    word: Any = tool_choice
    if isinstance(tool_choice, Mapping):
        name = _read_name(tool_choice)
        if name is not None:
            return None, name
        word = tool_choice.get("type")
    if isinstance(word, str):
        return _MODES.get(word), word
    raise ValueError(
        f"tool_choice={tool_choice!r} cannot be read. Use 'auto', 'none', 'any', "
        "'required', the name of a tool, or "
        "{'type': 'function', 'function': {'name': ...}}."
    )


def _read_name(named: Mapping[str, Any]) -> str | None:
    """Read the name of a tool or choice, which some forms keep one level down."""
    holders = (named, named.get("function"), named.get("custom"))
    names = (holder.get("name") for holder in holders if isinstance(holder, Mapping))
    return next((name for name in names if isinstance(name, str)), None)


def _build_named_choice(
    wire_tool: Mapping[str, Any],
) -> tuple[str | None, dict[str, Any]]:
    tool_type = wire_tool.get("type")
    name = _read_name(wire_tool)
    if tool_type in {"function", "custom"}:
        return name, {"type": tool_type, tool_type: {"name": name}}
    return name or tool_type, {"type": tool_type}
