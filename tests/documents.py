"""A page of Markdown → its Python blocks, run as a reader would run them."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from tests.servers.scripted import ScriptedServer

_BLOCK: Final = re.compile(
    r"^(?P<skipped><!-- not run: [^\n]+ -->\n)?"
    r"```python(?: title=\"(?P<file>[\w.]+)\")?\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
_LINK: Final = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of Python: to be run, or to be saved under the name of a file."""

    code: str
    file: str | None = None


def read_blocks(path: Path) -> list[Block]:
    """Read the blocks of a page that are to be run or saved, in their order."""
    return [
        Block(match["code"], match["file"])
        for match in _BLOCK.finditer(path.read_text("utf-8"))
        if not match["skipped"]
    ]


def read_links(path: Path) -> list[str]:
    """Read the links of a page to files."""
    return _LINK.findall(path.read_text("utf-8"))


def use_server(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a model that is built without a word about where to go ask the server."""
    host = server.url.removesuffix("/v2/ext/openai/v1")
    monkeypatch.setenv("CLARIFAI_PAT", "a-token")
    monkeypatch.setenv("CLARIFAI_API_BASE", host)


def run_blocks(
    path: Path, folder: Path, namespace: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Run a page's blocks in order, each after those above it.

    A block may use `await` as in a notebook.

    Args:
        path: The page.
        folder: Where blocks with the name of a file are saved.
        namespace: Names that the page takes for granted.

    Returns:
        What the blocks have defined.
    """
    names: dict[str, Any] = dict(namespace or {})
    with asyncio.Runner() as runner:
        for block in read_blocks(path):
            if block.file:
                (folder / block.file).write_text(block.code, "utf-8")
                continue
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            code = compile(block.code, str(path), "exec", flags, dont_inherit=True)
            if code.co_flags & inspect.CO_COROUTINE:
                runner.run(_await(eval(code, names)))  # noqa: S307 - our own text
            else:
                exec(code, names)  # noqa: S102 - our own text
    return names


async def _await(awaitable: Any) -> None:
    await awaitable
