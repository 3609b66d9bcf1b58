"""What a check sends and gets → files, within the number announced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from langchain_clarifai._check.recorder import Recorder, TooManyRequestsError
from tests.servers.gateway import KNOWN, Outcomes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Check = Callable[..., dict[str, Any]]


def test_recordings_are_the_bytes_with_their_provenance(
    way: list[str], tmp_path: Path, check: Check
) -> None:
    """Each file can be played by the tests; a table tells where it is from."""
    folder = tmp_path / "new" / "bytes"
    check(Outcomes(), "--record", str(folder), *way)
    stream = (folder / "stream.sse").read_bytes()
    assert stream.startswith(b"data: {")
    assert stream.rstrip().endswith(b"data: [DONE]")
    assert json.loads((folder / "plain.json").read_bytes())["choices"]
    readme = (folder / "README.md").read_text("utf-8")
    assert "**Recorded**" in readme
    assert KNOWN in readme
    assert "| `tool_2.json` | 200 |" in readme


def test_more_requests_than_announced_are_never_sent() -> None:
    """Whatever a probe does, the recorder counts."""

    class _Request:
        method, url, content = "GET", "https://a.b", b""

    recorder = Recorder(2)
    recorder.begin(_Request())
    recorder.begin(_Request())
    with pytest.raises(TooManyRequestsError):
        recorder.begin(_Request())
