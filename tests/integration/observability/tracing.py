"""Groups of calls → what their process traced, with the collectors that got it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.integration.observability import langsmith_collector
from tests.integration.observability.answers import AnsweringServer
from tests.integration.observability.langsmith_collector import LangSmithCollector
from tests.integration.observability.otlp_collector import OtlpCollector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.wire import WireServer

CALLS: Final = ("invoke", "ainvoke", "stream", "astream")
STREAMS: Final = ("stream", "astream")

_REPOSITORY: Final = Path(__file__).parents[3]
_SCRIPT: Final = Path(__file__).with_name("traced_calls.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """What is known once the process has ended."""

    model_server: AnsweringServer
    langsmith: LangSmithCollector
    otlp: OtlpCollector
    contacted: list[str]
    first_chunks: dict[str, list[str]]
    errors: dict[str, str]
    log: str

    @property
    def received(self) -> list[bytes]:
        """All that came to either collector."""
        return [*self.langsmith.received, *self.otlp.received]

    def list_addresses(self, *servers: WireServer) -> list[str]:
        """List the addresses of servers as they are noted when contacted."""
        return sorted(server.origin.removeprefix("http://") for server in servers)


@contextmanager
def traced_calls(
    *groups: str,
    multipart: bool = True,
    zstd: bool = True,
    **variables: str,
) -> Iterator[Traced]:
    """Make calls in a process of its own, with tracing to collectors on loopback.

    Args:
        *groups: Which calls to make: see `traced_calls.py`.
        multipart: Whether the collector wants multipart bodies.
        zstd: Whether it wants them compressed.
        **variables: Further variables of the environment.
    """
    with (
        AnsweringServer() as model_server,
        LangSmithCollector(multipart=multipart, zstd=zstd) as langsmith,
        OtlpCollector() as otlp,
        tempfile.TemporaryDirectory() as home,
    ):
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": home,
            "PYTHONPATH": str(_REPOSITORY),
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_ENDPOINT": langsmith.origin,
            "LANGSMITH_API_KEY": langsmith_collector.API_KEY,
            "LANGSMITH_PROJECT": "a-project",
            "OTEL_EXPORTER_OTLP_ENDPOINT": otlp.origin,
            **variables,
        }
        report = _run([model_server.url, *groups], environment, home)
        yield Traced(
            model_server=model_server, langsmith=langsmith, otlp=otlp, **report
        )
        failures = [*model_server.failures, *langsmith.failures, *otlp.failures]
        assert failures == [], failures


def _run(
    arguments: list[str], environment: dict[str, str], directory: str
) -> dict[str, Any]:
    process = subprocess.run(  # noqa: S603 - the script is our own
        [sys.executable, "-X", "dev", "-W", "error", str(_SCRIPT), *arguments],
        env=environment,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert process.stderr == "", process.stderr
    assert process.returncode == 0
    report: dict[str, Any] = json.loads(process.stdout)
    return report
