"""A tool or schema of any kind → a function with a JSON schema that backends accept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass

from langchain_clarifai._structured.typed_dicts import (
    convert_typed_dict,
    is_typed_dict,
)

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

_NAMED_SCHEMAS: Final = frozenset(
    {"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"}
)
# Keys of an object's schema that say what is in it.
_SAYS_WHAT: Final = frozenset(
    {"$ref", "additionalProperties", "allOf", "anyOf", "oneOf", "properties"}
)
_SUBSCHEMAS: Final = frozenset(
    {
        "additionalItems",
        "additionalProperties",
        "allOf",
        "anyOf",
        "contains",
        "else",
        "if",
        "items",
        "not",
        "oneOf",
        "prefixItems",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)


def convert_to_function_tool(
    tool: Mapping[str, Any] | type | Callable[..., Any] | BaseTool,
    *,
    strict: bool | None = None,
) -> dict[str, Any]:
    """Convert a tool or schema to a function tool, or to a tool of the provider.

    langchain-core inlines every `$ref`, and empties what refers to itself; such schemas
    keep their `$defs`. A function without parameters takes an empty object.

    Args:
        tool: Whatever langchain-core makes a tool of, OpenAI's form included.
        strict: Whether arguments must fit the schema exactly. With `None`, what the
            tool says itself counts.

    Raises:
        KeyError: If a dict lacks what its form needs.
        ValueError: If a description in a TypedDict is no text.
    """
    if is_typed_dict(tool):
        tool = convert_typed_dict(tool)
    wire_tool = convert_to_openai_tool(tool)
    if not isinstance(wire_tool.get("function"), dict):
        return wire_tool
    function = dict(wire_tool["function"])
    if recursive_schema := _read_recursive_schema(tool):
        function["parameters"] = recursive_schema
    return {**wire_tool, "function": complete_function(function, strict=strict)}


def complete_function(
    function: Mapping[str, Any], *, strict: bool | None = None
) -> dict[str, Any]:
    """Complete a function in OpenAI's form: its parameters, and what strict asks for.

    Args:
        function: The function. It is not changed.
        strict: Wins over what the function says itself, unless it is `None`.
    """
    function = dict(function)
    parameters = function.get("parameters")
    if not isinstance(parameters, dict) or not parameters:
        parameters = {"type": "object", "properties": {}}
    elif parameters.get("type") == "object" and _SAYS_WHAT.isdisjoint(parameters):
        parameters = {**parameters, "properties": {}}
    function["parameters"] = drop_lost_pointers(parameters)
    if strict is not None:
        function["strict"] = strict
    if function.get("strict"):
        function["parameters"] = close_objects(function["parameters"])
    return function


def _read_recursive_schema(tool: Any) -> dict[str, Any] | None:
    """Read the schema of a class, or of a tool's arguments, if it refers to itself."""
    if isinstance(tool, Mapping):
        return None
    described = getattr(tool, "tool_call_schema", tool)
    read_schema = getattr(described, "model_json_schema", None)
    if read_schema is None and is_basemodel_subclass(described):
        read_schema = described.schema  # pydantic v1
    schema = (
        described if isinstance(described, Mapping) else read_schema and read_schema()
    )
    if not isinstance(schema, Mapping) or not is_recursive(schema):
        return None
    inlined = _inline_root(schema)
    return {key: inlined[key] for key in inlined if key not in {"title", "description"}}


def _inline_root(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Replace a pointer at the root by the class: a root has to be an object."""
    pointer = schema.get("$ref")
    if not isinstance(pointer, str):
        return dict(schema)
    holder, name = pointer.removeprefix("#/").split("/", 1)
    rest = {key: schema[key] for key in schema if key != "$ref"}
    return {**schema[holder][name], **rest}


def is_recursive(schema: Mapping[str, Any]) -> bool:
    """Tell whether a definition refers to itself, in any number of steps."""
    targets: dict[str, set[str]] = {}
    for holder in ("$defs", "definitions"):
        for name, definition in (schema.get(holder) or {}).items():
            targets[f"#/{holder}/{name}"] = set(_find_pointers(definition))
    targets["#"] = {pointer for pointer in _find_pointers(schema) if pointer == "#"}
    # Each round takes away the definitions that refer only to those taken away before.
    # Whatever is left in the end refers to itself.
    while ended := {name for name in targets if not targets[name] & targets.keys()}:
        for name in ended:
            del targets[name]
    return bool(targets)


def _find_pointers(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(pointer := node.get("$ref"), str):
            yield pointer
        for value in node.values():
            yield from _find_pointers(value)
    elif isinstance(node, list):
        for element in node:
            yield from _find_pointers(element)


def drop_lost_pointers(schema: dict[str, Any]) -> dict[str, Any]:
    """Drop the `mapping` of discriminators where the definitions have been inlined."""
    if "$defs" in schema or "definitions" in schema:
        return schema
    kept: dict[str, Any] = _map_schemas(schema, _drop_mapping)
    return kept


def _drop_mapping(node: dict[str, Any]) -> dict[str, Any]:
    discriminator = node.get("discriminator")
    if not isinstance(discriminator, Mapping):
        return node
    kept = {key: discriminator[key] for key in discriminator if key != "mapping"}
    return {**node, "discriminator": kept}


def close_objects(schema: dict[str, Any]) -> dict[str, Any]:
    """Rewrite a schema as strict decoding wants it, at every depth.

    An object with properties takes no others, and all of them are required. Other than
    `openai`'s own rewriting this covers tuples and values of open dicts; `oneOf` with a
    discriminator becomes `anyOf`, and `default` goes, because both are refused. An
    open dict keeps the schema of its values, as in `openai`.

    Sources: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
    """
    closed: dict[str, Any] = _map_schemas(schema, _close_object)
    return closed


def _close_object(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node and "$defs" not in node:
        return {"$ref": node["$ref"]}  # nothing may stand beside a pointer
    closed = {key: node[key] for key in node if key not in {"default", "discriminator"}}
    if "oneOf" in closed and "anyOf" not in closed:
        closed["anyOf"] = closed.pop("oneOf")
    all_of = closed.get("allOf")
    if isinstance(all_of, list) and len(all_of) == 1 and isinstance(all_of[0], dict):
        del closed["allOf"]
        closed = {**all_of[0], **closed}
    kind = closed.get("type")
    is_object = kind == "object" or (isinstance(kind, list) and "object" in kind)
    if is_object or "properties" in closed:
        if not closed.get("additionalProperties"):
            closed.setdefault("properties", {})
            closed["additionalProperties"] = False
        if closed.get("properties"):
            closed["required"] = list(closed["properties"])
    return closed


def _map_schemas(node: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Change a schema and all schemas in it, from the inside out."""
    if isinstance(node, list):
        return [_map_schemas(element, change) for element in node]
    if not isinstance(node, Mapping):
        return node
    changed: dict[str, Any] = {}
    for key, value in node.items():
        if key in _NAMED_SCHEMAS and isinstance(value, Mapping):
            changed[key] = {
                name: _map_schemas(schema, change) for name, schema in value.items()
            }
        elif key in _SUBSCHEMAS:
            changed[key] = _map_schemas(value, change)
        else:
            changed[key] = value
    return change(changed)
