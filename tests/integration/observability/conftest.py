"""What was traced: each process is run once, and examined by many tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.observability.tracing import Traced, traced_calls

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def by_langsmith() -> Iterator[Traced]:
    """Trace with LangSmith alone, in its default way: compressed multipart bodies."""
    with traced_calls("plain", "agent", "errors", "secrets") as traced:
        yield traced


@pytest.fixture(scope="session")
def by_otel() -> Iterator[Traced]:
    """Trace with LangSmith's OpenTelemetry mode alone."""
    groups = ("plain", "agent", "errors", "secrets")
    with traced_calls(*groups, LANGSMITH_TRACING_MODE="otel") as traced:
        yield traced


@pytest.fixture(scope="session")
def by_both() -> Iterator[Traced]:
    """Trace with both, in a program that has an OpenTelemetry provider of its own."""
    groups = ("own-provider", "plain", "call-secrets")
    # In this mode the client does not compress, whatever it is offered.
    with traced_calls(*groups, zstd=False, LANGSMITH_OTEL_ENABLED="true") as traced:
        yield traced


@pytest.fixture(scope="session")
def by_batches() -> Iterator[Traced]:
    """Trace with a LangSmith that wants batches of JSON, as older ones do."""
    with traced_calls("plain", "mirror", multipart=False) as traced:
        yield traced
