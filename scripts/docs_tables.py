"""The code → the tables of the site: parameters, errors, examples.

Nothing of them is kept by hand, so nothing of them can be out of date. The site's build
puts them where a page says `<!-- generated: NAME -->`.
"""

from __future__ import annotations

import ast
import functools
import html
import inspect
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args, get_origin

import langchain_clarifai
from langchain_clarifai import ChatClarifai, ClarifaiEmbeddings
from langchain_clarifai._errors import classes
from langchain_clarifai._settings.arguments import _ALIASES, _MODEL_PARTS
from langchain_clarifai._settings.validation_errors import ALLOWED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic.fields import FieldInfo

ROOT: Final = Path(__file__).parents[1]
_REPEATED: Final = {
    "never": "No.",
    "soon": "Yes, `max_retries` times, before the first chunk.",
    "throttled": "Yes, `max_retries` times, as `Retry-After` says, else after 15 s.",
    "cold_start": "Yes, until `cold_start_timeout` is over, before the first chunk.",
}
_HEAD: Final = "| Parameter | Value | Default | Meaning |\n|---|---|---|---|"
# What takes a page of its own to say.
_LONG: Final = {"model": "[an id in any spelling](guides/models.md#ids)"}
# As `[text][name]`, a reference that only LangChain's own site can resolve.
_REFERENCE: Final = re.compile(r"\[([^\]]+)\]\[[^\]]*\]")


def build_parameters() -> str:
    """Build the table of what is Clarifai's, and that of what all chat models take."""
    own: list[str] = []
    inherited: list[str] = []
    for name, field in ChatClarifai.model_fields.items():
        rows = own if _is_ours(_find_writer(name)) else inherited
        rows.append(_build_parameter(name, field))
    parts = ", ".join(f"`{part}`" for part in _MODEL_PARTS)
    return "\n".join(
        [
            "## Parameters of `ChatClarifai`\n",
            "\n".join([_HEAD, *own]),
            f"\n{parts}, the parts of a model's id, are taken in place of `model`.\n",
            "## Parameters of every LangChain chat model\n",
            "\n".join([_HEAD, *inherited]),
        ]
    )


def build_embedding_parameters() -> str:
    """Build the table of what `ClarifaiEmbeddings` has besides what all models have."""
    rows = [
        _build_parameter(name, field)
        for name, field in ClarifaiEmbeddings.model_fields.items()
        if _find_writer(name) is ClarifaiEmbeddings
    ]
    return "\n".join([_HEAD, *rows])


def _build_parameter(name: str, field: FieldInfo) -> str:
    spellings = [name, *sorted(a for a, field in _ALIASES.items() if field == name)]
    names = "<br>".join(f"`{spelling}`" for spelling in spellings)
    annotation, meaning = _read_field(name)
    allowed = _LONG.get(name) or ALLOWED.get(name)
    value = _inline(allowed) if allowed else _code(annotation)
    cells = (f'<a id="{name}"></a>{names}', value, _show_default(name, field), meaning)
    return f"| {' | '.join(cells)} |"


def _show_default(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if name in {"api_key", "base_url"}:
        return "found"
    # None of the factories wants the values of other fields.
    factory = cast("Callable[[], Any] | None", field.default_factory)
    default = field.default if factory is None else factory()
    return (
        _code(repr(default))
        if isinstance(default, dict | str | int | float)
        else "None"
    )


def _read_field(name: str) -> tuple[str, str]:
    """Read a field's type and docstring, where its class has written them."""
    owner = _find_writer(name)
    annotation, docstring = _read_fields(owner)[name]
    text = docstring if _is_ours(owner) else docstring.partition("\n\n")[0]
    return _unparse(annotation, owner), _inline(text)


def _find_writer(name: str) -> type:
    for owner in (*ChatClarifai.__mro__, *ClarifaiEmbeddings.__mro__):
        if name in _read_fields(owner):
            return owner
    raise LookupError(f"No class has written the field {name!r}.")


def _is_ours(owner: type) -> bool:
    return _find_root(owner) == "langchain_clarifai"


@functools.cache
def _read_fields(owner: type) -> dict[str, tuple[ast.expr, str]]:
    """Read the annotated names of a class, each with the docstring that follows it."""
    # A generic class with its arguments filled in has no source of its own.
    ours_or_core = _find_root(owner) in {"langchain_clarifai", "langchain_core"}
    if not ours_or_core or "[" in owner.__name__:
        return {}
    [tree] = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    body: list[ast.stmt] = tree.body  # type: ignore[attr-defined]  # it is a class
    fields: dict[str, tuple[ast.expr, str]] = {}
    for field, following in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            fields[field.target.id] = (field.annotation, _read_docstring(following))
    return fields


def _read_docstring(statement: ast.stmt) -> str:
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return inspect.cleandoc(text)
        case _:
            return ""


class _Plain(ast.NodeTransformer):
    """Leaves of an annotation what a reader wants: no validators, no aliases."""

    def __init__(self, module: str) -> None:
        self.names = vars(sys.modules[module])

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "Annotated":
            assert isinstance(node.slice, ast.Tuple)  # noqa: S101 - Python's grammar
            return node.slice.elts[0]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        value = self.names.get(node.id)
        if get_origin(value) is Literal:
            choices = " | ".join(map(repr, get_args(value)))
            return ast.parse(choices, mode="eval").body
        return node


def _unparse(annotation: ast.expr, owner: type) -> str:
    plain = _Plain(owner.__module__).visit(annotation)
    # An annotation may be written as a string.
    text = plain.value if isinstance(plain, ast.Constant) else ast.unparse(plain)
    return str(text)


def _inline(docstring: str) -> str:
    """Put a docstring on one line of a table."""
    text = _REFERENCE.sub(r"\1", docstring).replace("``", "`")
    return re.sub(r"\s+", " ", text).replace("|", "&#124;").strip()


def _code(text: str) -> str:
    return f"<code>{html.escape(text).replace('|', '&#124;')}</code>"


def list_errors() -> list[type[Exception]]:
    """List the exceptions of the package, in the order of its tree."""
    names = [name for name in langchain_clarifai.__all__ if name.endswith("Error")]
    errors: list[type[Exception]] = [getattr(langchain_clarifai, n) for n in names]
    # As they stand in the module: parents before children.
    order = list(vars(classes))
    return sorted(
        errors,
        key=lambda c: order.index(c.__name__) if c.__name__ in order else len(order),
    )


def build_error_tree() -> str:
    """Take the tree out of the module's docstring."""
    docstring = inspect.cleandoc(classes.__doc__ or "")
    lines = [line[4:] for line in docstring.splitlines() if line.startswith("    ")]
    return "```text\n" + "\n".join(lines) + "\n```"


def build_errors() -> str:
    """Build a section for each exception."""
    return "\n\n".join(map(_build_error, list_errors()))


def _build_error(error: type[Exception]) -> str:
    text, _, attributes = inspect.cleandoc(error.__doc__ or "").partition(
        "\n\nAttributes:\n"
    )
    text = text.partition("\n\nArgs:")[0]
    rows = list(_list_facts(error))
    facts = "\n".join(f"- **{fact}:** {value}" for fact, value in rows)
    if attributes:
        facts += "\n" + _build_attributes(attributes)
    return f"### {error.__name__}\n\n{text}\n\n{facts}"


def _list_facts(error: type[Exception]) -> Iterator[tuple[str, str]]:
    # The nearest class of each: the SDK's and LangChain's.
    bases = {_find_root(base): base for base in reversed(error.__mro__[1:])}
    foreign = [bases[root] for root in ("openai", "langchain_core") if root in bases]
    yield "Caught as well by", ", ".join(_show_class(base) for base in foreign)
    yield "Tried again by itself", _REPEATED[getattr(error, "retry_kind", "never")]
    if advice := getattr(error, "advice", ""):
        yield "What to do", advice


def _find_root(base: type) -> str:
    return base.__module__.partition(".")[0]


def _show_class(base: type) -> str:
    module = "openai" if _find_root(base) == "openai" else "langchain_core.exceptions"
    return f"`{module}.{base.__name__}`"


def _build_attributes(section: str) -> str:
    """Turn Google style's attributes into a list."""
    text = inspect.cleandoc(section)
    entries = re.findall(r"^(\w+): (.*(?:\n +.*)*)", text, re.MULTILINE)
    return "\n".join(f"- `{name}`: {_inline(meaning)}" for name, meaning in entries)


def build_examples() -> str:
    """List the examples, each with what its docstring says first."""
    rows = ["| Example | What it shows |", "|---|---|"]
    for path in _list_examples():
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        name = path.relative_to(ROOT).as_posix()
        shows = _inline(docstring.partition("\n\n")[0]).partition(": `make")[0]
        rows.append(f"| [`{name}`](../{name}) | {shows.rstrip('.')} |")
    return "\n".join(rows)


def _list_examples() -> list[Path]:
    """List the scripts, and of each folder the file that is run."""
    examples = ROOT / "examples"
    paths = [*examples.glob("*.py")]
    for folder in examples.iterdir():
        mains = [folder / name for name in ("run.py", "app.py", "main.py", "graph.py")]
        paths += [path for path in mains if path.is_file()][:1]
    return sorted(paths)


def build_api() -> str:
    """Name what the package exports, for mkdocstrings: the class first."""
    names = [name for name in langchain_clarifai.__all__ if not name.startswith("_")]
    # The parents of errors are told in full, the others on their own page.
    told = {"ClarifaiError", "ModelRefusalError"}
    named = [n for n in names if not n.endswith("Error") or n in told]
    return "\n\n".join(f"::: langchain_clarifai.{name}" for name in named)


def build_readme_section(name: str) -> str:
    """Take what stands between `<!-- name -->` and `<!-- /name -->` in the README."""
    text = (ROOT / "README.md").read_text("utf-8")
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if start not in text or end not in text:
        raise ValueError(f"The README has no section {name!r}.")
    return text.partition(start)[2].partition(end)[0].strip()


TABLES: Final[dict[str, Any]] = {
    "api": build_api,
    "embedding-parameters": build_embedding_parameters,
    "parameters": build_parameters,
    "error-tree": build_error_tree,
    "errors": build_errors,
    "examples": build_examples,
}
