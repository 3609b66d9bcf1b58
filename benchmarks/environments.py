"""Makes the environments that the clients run in: requirements → a Python each.

LiteLLM has one of its own, since it asks for other versions of the rest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LITELLM = "litellm==1.106.2"  # 1.107.0 was a compromised release
ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache"
PROJECT = f"--editable={ROOT}"


def build_python(name: str, requirements: list[str]) -> str:
    """Build an environment unless it is there already, and get its Python.

    Args:
        name: Its folder in `.cache/`.
        requirements: What is installed, as pip takes it.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = project["project"]["dependencies"]
    recipe = "\n".join([sys.version, *needed, *requirements])
    digest = sha256(recipe.encode()).hexdigest()
    folder = CACHE / name
    python, stamp = folder / "bin" / "python", folder / "recipe"
    if not stamp.exists() or stamp.read_text(encoding="ascii") != digest:
        print(f"Making {folder.relative_to(ROOT)} …", file=sys.stderr, flush=True)
        install(folder, python, requirements)
        stamp.write_text(digest, encoding="ascii")
    return str(python)


def install(folder: Path, python: Path, requirements: list[str]) -> None:
    """Install requirements in a new environment, with uv where there is one."""
    shutil.rmtree(folder, ignore_errors=True)
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv:
        make = [uv, "venv", "--quiet", "--python", sys.executable, str(folder)]
        fill = [uv, "pip", "install", "--quiet", "--python", str(python)]
    else:
        make = [sys.executable, "-m", "venv", str(folder)]
        fill = [str(python), "-m", "pip", "install", "--quiet"]
    subprocess.run(make, check=True)  # noqa: S603  (our own command)
    subprocess.run([*fill, *requirements], check=True)  # noqa: S603  (likewise)


def read_versions(python: str, packages: Iterable[str]) -> dict[str, str]:
    """Read which versions of packages an environment holds."""
    code = (
        "import sys; from importlib.metadata import distributions\n"
        "names = {d.name: d.version for d in distributions()}\n"
        "print(*(f'{n}=={names[n]}' for n in sys.argv[1:] if n in names))"
    )
    command = [python, "-c", code, *packages]
    output = subprocess.check_output(command, text=True)  # noqa: S603  (our own command)
    return dict(package.split("==") for package in output.split())
