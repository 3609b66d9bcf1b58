"""The files of the repository → the pages of the site, while MkDocs builds it.

- `<!-- generated: NAME -->` becomes a table that `docs_tables` makes from the code, and
  `<!-- readme: NAME -->` a section of the README.
- `CHANGELOG.md`, `CONTRIBUTING.md` and `SECURITY.md` are pages too.
- A link to another file of the repository leads to a page that shows it. So the same
  link works where the repository is read, and on the site, wherever either is.
- A page that would load anything from another host is an error.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

from scripts.docs_tables import TABLES, build_readme_section

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = ROOT / "docs"
# Files of the root that are pages, or whose text a page shows.
ROOT_PAGES: Final = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
_STAND_INS: Final = {**ROOT_PAGES, "README.md": "index.md", "LICENSE": "license.md"}
_FENCE: Final = re.compile(r"^(```+|~~~+).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"(!?\[[^\]]*\]\()([^)\s#]+)((?:#[^)\s]*)?\))")
_MARKER: Final = re.compile(r"<!-- (generated|readme): ([\w-]+) -->")
_FOREIGN: Final = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^>]*>"""
    r"""|<link\b[^>]*\brel=["']?(?:stylesheet|preload|icon)[^>]*//[^>]*>"""
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the root, and one for each file that something links to."""
    for source, target in _STAND_INS.items():
        if target != "index.md":
            files.append(_generate(config, target, ROOT / source))
    waiting = [*DOCS.rglob("*.md"), *(ROOT / name for name in _STAND_INS)]
    seen: set[Path] = set()
    while waiting:
        page = waiting.pop()
        text = page.read_text("utf-8")
        if page.is_relative_to(DOCS):
            text = _MARKER.sub(_expand, text)
        for linked in _find_outside(text, page.parent):
            if linked not in seen:
                seen.add(linked)
                files.append(_generate(config, _name_page(linked), linked))
                if linked.suffix == ".md":
                    waiting.append(linked)
    return files


def _generate(config: MkDocsConfig, target: str, source: Path) -> File:
    if target.endswith(".md") and source.suffix != ".md":
        return File.generated(config, target, content=_show_source(source))
    return File.generated(config, target, abs_src_path=str(source))


def _show_source(path: Path) -> str:
    """Show a file, or what is in a folder."""
    name = path.relative_to(ROOT).as_posix()
    if path.is_dir():
        names = sorted(
            child.name for child in path.iterdir() if child.name[0] not in "._"
        )
        return f"# {name}\n\n" + "\n".join(f"- `{child}`" for child in names)
    language = {".py": "python", ".sh": "bash", ".toml": "toml"}.get(
        path.suffix, "text"
    )
    return f"# {name}\n\n``````{language}\n{path.read_text('utf-8')}\n``````\n"


def _find_outside(text: str, folder: Path) -> list[Path]:
    """Find the files outside of `docs` that a text links to."""
    found = []
    for part in _split_code(text)[::2]:
        for match in _LINK.finditer(part):
            path = _locate(match[2], folder)
            if path and not path.is_relative_to(DOCS) and _name(path) not in _STAND_INS:
                found.append(path)
    return found


def _split_code(text: str) -> list[str]:
    """Split into prose and blocks of code, by turns."""
    parts, end = [], 0
    for match in _FENCE.finditer(text):
        parts += [text[end : match.start()], match[0]]
        end = match.end()
    return [*parts, text[end:]]


def _locate(target: str, folder: Path) -> Path | None:
    """Find the file of a relative link; None if there is none in the repository."""
    if re.match(r"[a-z]+:|/", target):
        return None
    path = Path(posixpath.normpath((folder / target).as_posix()))
    return path if path.exists() and path.is_relative_to(ROOT) else None


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _name_page(path: Path) -> str:
    """Name the page, or the image, that stands for a file on the site."""
    name = _name(path)
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    if name in _STAND_INS:
        return _STAND_INS[name]
    shown = path.suffix in {".md", ".png", ".svg", ".jpg"}
    return f"source/{name}" if shown else f"source/{name}.md"


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    """Put tables in their places, and turn links to where the files are on the site."""
    del config, files
    source = page.file.abs_src_path
    folder = Path(source).parent if source else ROOT
    here = posixpath.dirname(page.file.src_uri)
    parts = _split_code(markdown)
    for index in range(0, len(parts), 2):
        text = _turn_links(parts[index], folder, here)
        parts[index] = _MARKER.sub(lambda match: _fill(match, here), text)
    return "".join(parts)


def _expand(match: re.Match[str]) -> str:
    """Fill a marker in, with links as they are in `docs`."""
    if match[1] == "readme":
        return build_readme_section(match[2]).replace("](", "](../")
    table: str = TABLES[match[2]]()
    return table


def _fill(match: re.Match[str], here: str) -> str:
    parts = _split_code(_expand(match))
    return "".join(
        part if index % 2 else _turn_links(part, DOCS, here)
        for index, part in enumerate(parts)
    )


def _turn_links(text: str, folder: Path, here: str) -> str:
    def turn(match: re.Match[str]) -> str:
        path = _locate(match[2], folder)
        if path is None:
            return match[0]
        target = posixpath.relpath(_name_page(path), here or ".")
        return f"{match[1]}{target}{match[3]}"

    return _LINK.sub(turn, text)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Refuse what a reader's browser would fetch from somewhere else."""
    del config
    if foreign := _FOREIGN.search(output):
        raise PluginError(f"{page.file.src_uri} loads from another host: {foreign[0]}")
    return output
