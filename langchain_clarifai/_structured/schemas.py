"""A schema of any kind → the `response_format`, or the tool, that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from langchain_clarifai._structured.json_schemas import convert_to_function_tool
from langchain_clarifai._structured.safe_names import build_safe_name

StructuredOutputMethod = Literal["function_calling", "json_schema", "json_mode"]

# `create_agent` gives an untitled schema this name too, but with random letters behind
# it, which make each request differ and so spoil caches.
_DEFAULT_NAME = "response_format"


def build_response_format(schema: Any, *, strict: bool | None) -> dict[str, Any]:
    """Build the `response_format` that asks for a schema.

    Raises:
        ValueError: If the schema is of no known kind.
    """
    schema, strict = unwrap_response_format(schema, strict=strict)
    function = build_schema_tool(schema, strict=strict)["function"]
    wanted: dict[str, Any] = {"name": build_safe_name(function["name"])}
    if function.get("description"):
        wanted["description"] = function["description"]
    wanted["schema"] = function["parameters"]
    if function.get("strict") is not None:
        wanted["strict"] = function["strict"]
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
    """Build the tool for a schema, under the name that its user gave it."""
    tool = convert_to_function_tool(_name_parameters(schema), strict=strict)
    if "function" not in tool:
        raise ValueError(
            f"A tool of type {tool.get('type')!r} runs at the provider and has no "
            "schema. Pass a pydantic class, a TypedDict, a JSON schema with a title, "
            "a function tool or a callable."
        )
    return {"type": "function", "function": tool["function"]}


def _name_parameters(schema: Any) -> Any:
    """Bring a dict without properties into a form that langchain-core keeps whole.

    It would drop such a schema, and a function without parameters needs empty ones.
    """
    if not isinstance(schema, Mapping):
        return schema
    if isinstance(schema.get("function"), Mapping):
        schema = schema["function"]
    if _is_untitled(schema):
        schema = {"title": _DEFAULT_NAME, **schema}
    if "title" in schema and not {"name", "properties"} & schema.keys():
        about = {"title": "name", "description": "description"}
        named = {about[key]: schema[key] for key in about if key in schema}
        rest = {key: value for key, value in schema.items() if key not in about}
        return {**named, "parameters": rest}
    if "name" in schema and not {"parameters", "input_schema"} & schema.keys():
        return {**schema, "parameters": {"type": "object", "properties": {}}}
    return dict(schema)


def _is_untitled(schema: Mapping[str, Any]) -> bool:
    """Tell whether a dict is a JSON schema of an object or array without a name."""
    return not {"title", "name"} & schema.keys() and (
        schema.get("type") in {"object", "array"}
        or bool({"properties", "$ref", "anyOf", "oneOf", "items"} & schema.keys())
    )
