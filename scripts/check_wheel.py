"""Build what PyPI gets, and show that it is whole and installs everywhere.

Run by `make wheel`. The wheel is built from the sdist. Every Python that the package
claims is looked for on this machine; one that is not there is named as not tried, and
with `--all` it is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
DIST: Final = ROOT / "dist"
ENVIRONMENTS: Final = ROOT / ".cache" / "wheel"
BIN: Final = Path(sys.executable).parent
PACKAGE: Final = "langchain_clarifai"
SMOKE: Final = ROOT / "scripts" / "wheel_smoke.py"
WARNINGS: Final = (
    *("-W", "error"),
    # langsmith, which langchain-core imports, asks asyncio what inspect should be asked
    # under Python 3.14.
    *("-W", "ignore::DeprecationWarning:langsmith._internal._beta_decorator"),
)
# Port 9 is for what is thrown away, and nobody serves it.
DEAD_CHECK: Final = (
    *("check", "--yes", "--timeout", "5", "--model", "m"),
    *("--base-url", "http://127.0.0.1:9/v1"),
)
# Both read the code as it is installed; they come with `make lint`.
USER_TYPES: Final = ROOT / "scripts" / "check_user_types.py"


def run(*command: str | Path, code: int = 0) -> str:
    """Run a command; show what it printed and end if its exit code is another."""
    done = subprocess.run(  # noqa: S603 - commands of this file
        [str(part) for part in command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != code:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)  # noqa: T201 - for a person
        sys.exit(f"Failed: {' '.join(str(part) for part in command)}")
    return done.stdout


def say(text: str) -> None:
    """Tell the person who waits."""
    print(text, flush=True)  # noqa: T201 - for a person


def read_project() -> dict[str, Any]:
    """Read the `[project]` table."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project: dict[str, Any] = tomllib.load(file)["project"]
    return project


def list_claimed_pythons() -> list[str]:
    """List the versions that the classifiers name, oldest first."""
    pattern = re.compile(r"Programming Language :: Python :: (3\.\d+)$")
    matches = map(pattern.match, read_project()["classifiers"])
    return [match[1] for match in matches if match]


def build() -> Path:
    """Build the sdist and from it the wheel; return the wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST)
    built = sorted(DIST.iterdir())
    run(BIN / "twine", "check", "--strict", *built)
    [wheel] = DIST.glob("*.whl")
    run(BIN / "check-wheel-contents", wheel)
    say("Built and checked by twine and check-wheel-contents:")
    for path in built:
        say(f"  {path.name}, {path.stat().st_size:,} bytes")
    return wheel


def check_contents(wheel: Path) -> None:
    """Check that the wheel has the package, all of it, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        [record] = [name for name in names if name.endswith(".dist-info/RECORD")]
        metadata = PurePosixPath(record).parent
        entry_points = archive.read(f"{metadata}/entry_points.txt").decode()
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / PACKAGE).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    expected = package | {
        f"{metadata}/{name}"
        for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")
    }
    expected.add(f"{metadata}/licenses/LICENSE")
    if names != expected:
        sys.exit(f"The wheel differs from the package: {sorted(names ^ expected)}")
    for name in (f"{PACKAGE}/py.typed", f"{PACKAGE}/data/_profiles.py"):
        if name not in names:
            sys.exit(f"The wheel lacks {name}.")
    if "[deepagents.provider_profiles]\nclarifai = " not in entry_points:
        sys.exit(f"The entry point for Deep Agents is missing: {entry_points}")
    say(f"  {len(package)} files of the package, its licence, its entry point, no more")


def check_requirements(version: str) -> None:
    """Check that every requirement has a wheel for a version of Python."""
    options = ("--python-version", version, "--only-binary", ":all:", "--quiet")
    resolved = run(BIN / "uv", "pip", "compile", *options, "pyproject.toml")
    count = len(re.findall(r"^[\w.-]+==", resolved, re.MULTILINE))
    say(f"Python {version}: {count} requirements resolve, each to a wheel")


def find_python(version: str) -> str | None:
    """Find an interpreter on the path, or among those of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    known = pyenv.glob(f"versions/{version}.*/bin/python")
    for candidate in (shutil.which(f"python{version}"), *map(str, known)):
        # A shim of pyenv may be there for a version that is not.
        if candidate and _read_version(candidate) == version:
            return candidate
    return None


def _read_version(python: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run(  # noqa: S603 - an interpreter that was looked up
        [python, "-c", code], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def install(wheel: Path, version: str, python: str) -> Path:
    """Install the wheel in an environment of its own, and use it."""
    environment = ENVIRONMENTS / version
    uv = BIN / "uv"
    run(uv, "venv", "--quiet", "--clear", "--python", python, environment)
    run(uv, "pip", "install", "--quiet", "--python", environment, wheel)
    installed = environment / "bin" / "python"
    # Isolated, so that the source tree is not what is imported.
    said = run(installed, "-I", "-X", "dev", *WARNINGS, SMOKE)
    say(f"Python {version}: installed, imported and asked: {said.strip()}")
    check_command(installed)
    return installed


def check_command(python: Path) -> None:
    """Check that the command is installed, under its name and as a module.

    Its check is run against a port that nobody listens on, and must say so.
    """
    for command in (
        (python.parent / "langchain-clarifai",),
        (python, "-I", *WARNINGS, "-m", PACKAGE),
    ):
        if read_version() not in run(*command, "--version"):
            sys.exit(f"{command[0]} does not tell the version.")
        said = run(*command, *DEAD_CHECK, code=1)
        if "ConnectionRefusedError" not in said:
            sys.exit(f"{command[0]} does not tell what is wrong: {said}")
    say("  its command works, under its name and as a module")


def read_version() -> str:
    """Read the version that the package says it has."""
    text = (ROOT / PACKAGE / "_version.py").read_text(encoding="utf-8")
    match = re.search(r'__version__ = "([^"]+)"', text)
    if match is None:
        sys.exit("The package does not say which version it is.")
    return match[1]


def main() -> None:
    """Build, check, install, import."""
    wheel = build()
    check_contents(wheel)
    installed: list[Path] = []
    missing: list[str] = []
    for version in list_claimed_pythons():
        check_requirements(version)
        if python := find_python(version):
            installed.append(install(wheel, version, python))
        else:
            missing.append(version)
            say(f"Python {version}: NOT TRIED, there is none on this machine")
    if not installed:
        sys.exit("No Python was found to install the wheel on.")
    say(run(sys.executable, USER_TYPES, installed[0]).strip())
    if missing and "--all" in sys.argv[1:]:
        sys.exit(f"Not found: Python {', '.join(missing)}")


if __name__ == "__main__":
    main()
