"""A JSON schema and the words of a prompt → a value that fits both.

What a model that behaves would write: names and numbers that the prompt mentions come
first, in their order; what it does not mention is made up from the schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

_QUOTED: Final = re.compile(r"""(?<!\w)['"]([^'"]+)['"](?!\w)""")
_CAPITALISED: Final = re.compile(
    r"(?<![.!?:]\s)(?<!^)\b[A-Z]\w*(?:,? [A-Z]\w*)*", re.MULTILINE
)
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")

_FORMATS: Final = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "7d9f3c1e-5a34-4c3b-9b57-1f7c2a1d9e10",
}

_DEEPEST: Final = 3
"""From here on only what a schema requires is filled in: schemas may be recursive."""


def find_names(text: str) -> list[str]:
    """Find what a prompt names: first what it quotes, then what it capitalises."""
    quoted = _QUOTED.findall(text)
    rest = _QUOTED.sub("", text)
    return [*quoted, *(match.group() for match in _CAPITALISED.finditer(rest))]


def find_quoted(text: str) -> list[str]:
    """Find what a prompt quotes."""
    return _QUOTED.findall(text)


def find_numbers(text: str) -> list[float]:
    """Find the numbers in a prompt."""
    return [float(number) for number in _NUMBER.findall(text)]


def invent(schema: Schema, text: str) -> Any:
    """Make up a value that fits the schema, from the words of a prompt."""
    return _Inventor(schema, text, find_names(text), find_numbers(text)).fill(
        schema, "value", 0
    )


@dataclass(slots=True)
class _Inventor:
    root: Schema
    text: str
    names: list[str]
    numbers: list[float]

    def fill(self, schema: Schema, name: str, depth: int) -> Any:
        schema = self._resolve(schema)
        if "const" in schema:
            return schema["const"]
        if options := schema.get("enum"):
            return self._choose(options)
        if options := schema.get("anyOf") or schema.get("oneOf"):
            return self.fill(self._choose_branch(options), name, depth)
        writers: dict[str, Callable[[Schema, str, int], Any]] = {
            "object": self._write_object,
            "array": self._write_array,
            "string": self._write_string,
            "integer": self._write_integer,
            "number": self._write_number,
            "boolean": _write_true,
            "null": _write_null,
        }
        return writers[_find_type(schema)](schema, name, depth)

    def _resolve(self, schema: Schema) -> Schema:
        while reference := schema.get("$ref"):
            found: Any = self.root
            for key in reference.removeprefix("#/").split("/"):
                found = found[key]
            schema = {**found, **{k: v for k, v in schema.items() if k != "$ref"}}
        merged: dict[str, Any] = {}
        for part in schema.get("allOf", ()):
            merged |= self._resolve(part)
        return {**merged, **{k: v for k, v in schema.items() if k != "allOf"}}

    def _choose(self, options: list[Any]) -> Any:
        words = self.text.lower()
        return next((o for o in options if str(o).lower() in words), options[0])

    def _choose_branch(self, options: list[Schema]) -> Schema:
        return next((o for o in options if o.get("type") != "null"), options[0])

    def _write_object(self, schema: Schema, _name: str, depth: int) -> dict[str, Any]:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        required = schema.get("required", ())
        return {
            key: self.fill(value, key, depth + 1)
            for key, value in properties.items()
            if depth < _DEEPEST or key in required
        }

    def _write_array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        if depth > _DEEPEST:
            return []
        items = schema.get("items", {"type": "string"})
        count = max(1, schema.get("minItems", 1))
        return [self.fill(items, name, depth + 1) for _ in range(count)]

    def _write_string(self, schema: Schema, name: str, _depth: int) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        if self.names:
            return self.names.pop(0)
        return f"{name.replace('_', ' ').capitalize()} for: {self.text}"

    def _write_integer(self, schema: Schema, name: str, depth: int) -> int:
        return int(self._write_number(schema, name, depth))

    def _write_number(self, schema: Schema, _name: str, _depth: int) -> float:
        number = self.numbers.pop(0) if self.numbers else 1.0
        lowest: float = schema.get(
            "minimum", schema.get("exclusiveMinimum", number - 1) + 1
        )
        highest: float = schema.get(
            "maximum", schema.get("exclusiveMaximum", number + 1) - 1
        )
        return min(max(number, lowest), highest)


def _write_true(_schema: Schema, _name: str, _depth: int) -> bool:
    return True


def _write_null(_schema: Schema, _name: str, _depth: int) -> None:
    return None


def _find_type(schema: Schema) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, str):
        return kind
    return next((one for one in kind if one != "null"), "null")
