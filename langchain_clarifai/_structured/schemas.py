"""A schema of any kind → the `response_format`, or the tool, that asks for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from langchain_core.utils.function_calling import convert_to_openai_tool

_UNSAFE_IN_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_NAME_LENGTH = 64


def build_response_format(schema: Any, *, strict: bool | None) -> dict[str, Any]:
    """Build the `response_format` that asks for a schema.

    Raises:
        ValueError: If the schema is of no known kind, or a JSON schema has no title.
    """
    schema, strict = unwrap_response_format(schema, strict=strict)
    function = build_schema_tool(schema, strict=strict)["function"]
    wanted: dict[str, Any] = {"name": function["name"]}
    if function.get("description"):
        wanted["description"] = function["description"]
    wanted["schema"] = function["parameters"]
    if strict is not None:
        wanted["strict"] = strict
    return {"type": "json_schema", "json_schema": wanted}


def unwrap_response_format(
    schema: Any, *, strict: bool | None
) -> tuple[Any, bool | None]:
    """Turn a `response_format`, whole or its inner part, into a titled JSON schema."""
    if not isinstance(schema, Mapping):
        return schema, strict
    wrapped: Any = schema.get("json_schema", schema)
    if not isinstance(wrapped, Mapping) or not {"name", "schema"} <= wrapped.keys():
        return cast("Any", schema), strict
    described = {key: wrapped[key] for key in ("description",) if key in wrapped}
    titled = {**wrapped["schema"], **described, "title": wrapped["name"]}
    return titled, wrapped.get("strict") if strict is None else strict


def build_schema_tool(schema: Any, *, strict: bool | None) -> dict[str, Any]:
    """Build the tool for a schema, with parameters and a name that providers accept."""
    tool = convert_to_openai_tool(_name_parameters(schema), strict=strict)
    if "function" not in tool:
        raise ValueError(
            f"A tool of type {tool.get('type')!r} runs at the provider and has no "
            "schema. Pass a pydantic class, a TypedDict, a JSON schema with a title, "
            "a function tool or a callable."
        )
    function = tool["function"]
    name = _UNSAFE_IN_NAME.sub("_", function["name"])[:_MAX_NAME_LENGTH]
    return {"type": "function", "function": function | {"name": name}}


def _name_parameters(schema: Any) -> Any:
    """Spell out what langchain-core drops or trips over in dicts without properties."""
    if not isinstance(schema, Mapping):
        return schema
    if isinstance(schema.get("function"), Mapping):
        schema = schema["function"]
    if "title" in schema and not {"name", "properties"} & schema.keys():
        about = {"title": "name", "description": "description"}
        named = {about[key]: schema[key] for key in about if key in schema}
        rest = {key: value for key, value in schema.items() if key not in about}
        return {**named, "parameters": rest}
    if "name" in schema and not {"parameters", "input_schema"} & schema.keys():
        return {**schema, "parameters": {"type": "object", "properties": {}}}
    return dict(schema)
