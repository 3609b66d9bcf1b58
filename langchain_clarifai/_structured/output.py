"""Schema → what asks the model for it, and the parser of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from langchain_core.utils.pydantic import is_basemodel_subclass

from langchain_clarifai._structured.parsers import AnswerParser, RawAnswerParser
from langchain_clarifai._structured.schemas import (
    StructuredOutputMethod,
    build_response_format,
    build_schema_tool,
    unwrap_response_format,
)

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.runnables import Runnable


# It has more than 40 lines because so many of them describe its arguments.
def build_structured_output(  # noqa: PLR0913  # those of `with_structured_output`
    model: BaseChatModel,
    schema: Any,
    *,
    method: StructuredOutputMethod,
    include_raw: bool = False,
    strict: bool | None = None,
    tools: Sequence[Any] | None = None,
    **kwargs: Any,
) -> Runnable[LanguageModelInput, Any]:
    """Build the chain that asks a model for a schema and parses its answer.

    Args:
        model: Any chat model that takes OpenAI's `tools` and `response_format`.
        schema: A pydantic class (v1 or v2), a `TypedDict`, a JSON schema with a title,
            an OpenAI `response_format`, a tool, a callable; `None` with `json_mode`.
        method: A forced tool call, a schema in `response_format`, or any JSON object
            (the prompt then has to tell what it should look like).
        include_raw: Give a dict of `raw`, `parsed` and `parsing_error`, and raise
            nothing that has to do with parsing.
        strict: Ask the provider to enforce the schema; sent only when given.
        tools: Tools the model may call instead of answering, with `json_schema`.
            The parsed value of such an answer is `None`.
        **kwargs: Bound to the model, such as `temperature`; a `tool_choice` replaces
            the forced one, for models that refuse to be forced.

    Raises:
        ValueError: If the arguments do not go together.
    """
    _check_arguments(schema, method, strict=strict, tools=tools)
    schema, strict = unwrap_response_format(schema, strict=strict)
    asked = {"method": method} | ({} if strict is None else {"strict": strict})
    options: dict[str, Any] = {
        **kwargs,
        "ls_structured_output_format": {"kwargs": asked, "schema": schema},
    }
    parser = AnswerParser(
        answer_class=schema if is_basemodel_subclass(schema) else None,
        container=list if _is_array_schema(schema) else dict,
    )
    bound: Runnable[LanguageModelInput, Any]
    if method == "function_calling":
        tool = build_schema_tool(schema, strict=strict)
        parser = _build_tool_call_parser(parser, tool)
        options.setdefault("tool_choice", parser.tool_name)
        bound = model.bind_tools([tool], **options)
    elif method == "json_mode":
        bound = model.bind(response_format={"type": "json_object"}, **options)
    else:
        options["response_format"] = build_response_format(schema, strict=strict)
        bound = _bind_with_tools(model, tools, strict=strict, options=options)
        parser = parser.model_copy(update={"may_call_tools": bool(tools)})
    return bound | (RawAnswerParser(answer_parser=parser) if include_raw else parser)


def _check_arguments(
    schema: Any,
    method: str,
    *,
    strict: bool | None,
    tools: Sequence[Any] | None,
) -> None:
    """Refuse arguments that do not go together."""
    methods = get_args(StructuredOutputMethod)
    if method not in methods:
        allowed = ", ".join(repr(name) for name in methods)
        raise ValueError(f"Unknown method {method!r}. Use one of {allowed}.")
    if schema is None and method != "json_mode":
        raise ValueError(
            f"method={method!r} needs a schema. Pass one, or use method='json_mode'."
        )
    if strict is not None and method == "json_mode":
        raise ValueError(
            "strict does not go with method='json_mode', which sends no schema. Leave "
            "it out, or use method='json_schema' or 'function_calling'."
        )
    if tools and method != "json_schema":
        raise ValueError(
            f"tools do not go with method={method!r}. Use method='json_schema'."
        )


def _is_array_schema(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "array"


def _build_tool_call_parser(
    parser: AnswerParser, tool: Mapping[str, Any]
) -> AnswerParser:
    required = tool["function"]["parameters"].get("required", ())
    name = tool["function"]["name"]
    return parser.model_copy(update={"tool_name": name, "required": tuple(required)})


def _bind_with_tools(
    model: BaseChatModel,
    tools: Sequence[Any] | None,
    *,
    strict: bool | None,
    options: dict[str, Any],
) -> Runnable[LanguageModelInput, Any]:
    if not tools:
        return model.bind(**options)
    if strict is not None:
        options = options | {"strict": strict}
    return model.bind_tools(tools, **options)
