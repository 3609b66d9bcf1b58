"""Makes the environments that the clients run in: requirements → a Python each.

LiteLLM has one of its own, since it asks for other versions of the rest. Its version
is pinned because 1.107.0 was a compromised release.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache"
PROJECT = f"--editable={ROOT}"
REQUIREMENTS = {
    "langchain": [
        "langchain-core==1.7.2",
        "langchain-openai==1.7.3",
        "matplotlib>=3.10,<4",
        "openai[aiohttp]==3.54.0",
        "pydantic==2.14.3",
        PROJECT,
    ],
    "litellm": [
        "langchain-core==1.7.2",
        "langchain-litellm==0.11.2",
        "litellm==1.106.2",
    ],
}
COMPARED = ("langchain-core", "langchain-openai", "openai", "pydantic", "litellm")


def build_python(name: str) -> str:
    """Build an environment unless it is there already, and get its Python."""
    requirements = REQUIREMENTS[name]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    recipe = sha256("\n".join([sys.version, project, *requirements]).encode())
    folder = CACHE / f"bench-{name}"
    python, stamp = folder / "bin" / "python", folder / "recipe"
    if not stamp.exists() or stamp.read_text(encoding="ascii") != recipe.hexdigest():
        print(f"Making {folder.relative_to(ROOT)} …", flush=True)
        install(folder, python, requirements)
        stamp.write_text(recipe.hexdigest(), encoding="ascii")
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


def read_versions(python: str) -> dict[str, str]:
    """Read which versions of the compared packages an environment holds."""
    code = (
        "import sys; from importlib.metadata import distributions\n"
        "names = {d.name: d.version for d in distributions()}\n"
        "print(*(f'{n}=={names[n]}' for n in sys.argv[1:] if n in names))"
    )
    command = [python, "-c", code, *COMPARED]
    output = subprocess.check_output(command, text=True)  # noqa: S603  (our own command)
    return dict(package.split("==") for package in output.split())


def build_variables() -> dict[str, str]:
    """Build the environment of a measured process: small, and always the same."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONHASHSEED": "0",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # or importing it asks the network
    }
