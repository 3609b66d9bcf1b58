"""A TypedDict → a pydantic class with the same schema.

langchain-core makes classes of pydantic v1 of TypedDicts. Those know neither
`NotRequired`, `Required` and `ReadOnly`, nor null (`int | None` becomes an integer),
nor type parameters, nor TypedDicts that refer to themselves. Core's own form is read
here as well: `Annotated[type, default, description]`, where `...` is no default.
"""

from __future__ import annotations

from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    ForwardRef,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, Field, create_model
from pydantic.fields import FieldInfo
from typing_extensions import ReadOnly, TypedDict, get_type_hints, is_typeddict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MARKS: Final = frozenset({NotRequired, ReadOnly, Required})


def is_typed_dict(schema: Any) -> bool:
    """Tell whether a schema is a TypedDict, or a generic one with its arguments."""
    return is_typeddict(get_origin(schema) or schema)


def convert_typed_dict(typed_dict: Any) -> type[BaseModel]:
    """Convert a TypedDict, and those within it.

    Raises:
        ValueError: If a description is no text.
    """
    converter = _Converter()
    model: type[BaseModel] = converter.convert(typed_dict)
    converter.tie()
    return model


class _Converter:
    """Converts each TypedDict of one schema once."""

    def __init__(self) -> None:
        self._models: dict[Any, Any] = {}
        self._names: dict[Any, str] = {}

    def convert(self, hint: Any) -> Any:
        """Convert the TypedDicts in a type."""
        if is_typed_dict(hint):
            return self._convert_typed_dict(hint)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in _MARKS:
            return self.convert(arguments[0])
        if origin is Annotated:
            return _annotate(self.convert(arguments[0]), hint.__metadata__)
        converted = tuple(map(self.convert, arguments))
        if converted == arguments:
            return hint
        return (Union if origin is UnionType else origin)[converted]

    def tie(self) -> None:
        """Resolve references to classes that did not exist yet when they were named."""
        names = {name: self._models[key] for key, name in self._names.items()}
        for model in self._models.values():
            model.model_rebuild(_types_namespace=names)

    def _convert_typed_dict(self, typed_dict: Any) -> Any:
        if typed_dict in self._models:
            return self._models[typed_dict]
        if typed_dict in self._names:
            return ForwardRef(self._names[typed_dict])
        self._names[typed_dict] = f"TypedDict{len(self._names)}"
        self._models[typed_dict] = self._build(typed_dict)
        return self._models[typed_dict]

    def _build(self, typed_dict: Any) -> Any:
        original = get_origin(typed_dict) or typed_dict
        parameters = getattr(original, "__parameters__", ())
        given = dict(zip(parameters, get_args(typed_dict), strict=False))
        hints = get_type_hints(original, include_extras=True)
        description, descriptions = _read_docstring(original, hints)
        required = original.__required_keys__
        fields: dict[str, Any] = {}
        for position, (key, hint) in enumerate(hints.items()):
            # A key may be a name that pydantic does not take for a field.
            fields[f"key_{position}"] = _build_field(
                key,
                self.convert(_fill_in(hint, given)),
                descriptions.get(key),
                is_required=_is_required(hint, otherwise=key in required),
            )
        return create_model(
            original.__name__,
            __doc__=description,
            __module__=original.__module__,
            **fields,
        )


def _read_docstring(
    typed_dict: Any, keys: Iterable[str]
) -> tuple[str | None, dict[str, str]]:
    """Read the description in a docstring, and those of the keys, as core does."""
    if not typed_dict.__doc__:
        return None, {}  # `dict` has a docstring, which langchain-core would take
    build_typed_dict: Any = TypedDict
    # Core makes a pydantic class of it, which takes no other names for its fields.
    names = {key: str for key in keys if key.isidentifier() and key[0] != "_"}
    described = build_typed_dict("Described", names)
    described.__doc__ = typed_dict.__doc__
    function = convert_to_openai_tool(described)["function"]
    properties = function["parameters"].get("properties", {})
    return function.get("description"), {
        key: about["description"]
        for key, about in properties.items()
        if "description" in about
    }


def _build_field(
    key: str, hint: Any, description: Any, *, is_required: bool
) -> tuple[Any, Any]:
    default: Any = ...
    if get_origin(hint) is Annotated and not _is_pydantics(hint):
        default, *others = hint.__metadata__
        description = description or next(iter(others), None)
        hint = get_args(hint)[0]
    if description is not None and not isinstance(description, str):
        raise ValueError(
            f"The description of {key!r} is no text: {description!r}. "
            "Write Annotated[type, default, description], with ... for no default."
        )
    about: dict[str, Any] = {"alias": key}
    if description is not None:
        about["description"] = description
    if default is not ...:
        about["default"] = default
    elif not is_required:
        about["default_factory"] = _no_default  # no schema shows it, unlike a default
    return hint, Field(**about)


def _is_pydantics(annotated: Any) -> bool:
    """Tell whether a type is annotated with pydantic's `Field`, not in core's form."""
    return any(isinstance(about, FieldInfo) for about in annotated.__metadata__)


def _no_default() -> None:
    """Stand for a key that is missing."""


def _fill_in(hint: Any, given: Mapping[Any, Any]) -> Any:
    """Replace type parameters by what was given for them."""
    if not given:
        return hint
    if isinstance(hint, TypeVar):
        return given.get(hint, hint)
    parameters = getattr(hint, "__parameters__", ())
    if not parameters:
        return hint
    return hint[tuple(given.get(parameter, parameter) for parameter in parameters)]


def _is_required(hint: Any, *, otherwise: bool) -> bool:
    """Read the marks of a key; `__required_keys__` misses those in text annotations."""
    while (origin := get_origin(hint)) in _MARKS or origin is Annotated:
        if origin in {NotRequired, Required}:
            return origin is Required
        hint = get_args(hint)[0]
    return otherwise


def _annotate(hint: Any, metadata: tuple[Any, ...]) -> Any:
    return Annotated[(hint, *metadata)]
