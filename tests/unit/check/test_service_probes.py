"""What the service around the model is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_clarifai._check.command import main
from tests.servers.gateway import KNOWN, VERSION, Gateway, Outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[..., dict[str, Any]]


URL = f"https://clarifai.com/{KNOWN}"


def test_version_that_is_pinned_is_the_catalogues() -> None:
    """The URL and the path that are tried name the version that the server told."""
    with Gateway(Outcomes()) as gateway:
        assert main(["check", "--yes", "--base-url", gateway.url]) == 0
        models = [r.json["model"] for r in gateway.requests if r.body[-1:] == b"}"]
    assert f"{URL}/versions/{VERSION}" in models
    assert f"{KNOWN}/versions/{VERSION}" in models
    assert "gpt-oss-120b" in models
