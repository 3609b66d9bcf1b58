"""Spans as OTLP/HTTP carries them → plain values, on loopback."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.servers.wire import Framing, Reply, Request, WireServer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

_PATH: Final = "/v1/traces"
_PROTOBUF: Final = "application/x-protobuf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span; times are nanoseconds since 1970."""

    name: str
    span_id: bytes
    parent_id: bytes
    trace_id: bytes
    started_at: int
    ended_at: int
    is_error: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]
    exceptions: list[str]
    """The text of each exception that was recorded."""


class OtlpCollector(WireServer):
    """A server that keeps the spans that were exported to it."""

    def __init__(self) -> None:
        """Start the server."""
        self.spans: list[Span] = []
        self.received: list[bytes] = []
        """Each request: line, headers and the body, decompressed."""
        super().__init__(handler=self._handle)

    def find_spans(self, name: str) -> list[Span]:
        """Find the spans of a name, in the order in which they started."""
        spans = [span for span in self.spans if span.name == name]
        return sorted(spans, key=lambda span: span.started_at)

    def find_span(self, name: str) -> Span:
        """Find the one span of a name."""
        [span] = self.find_spans(name)
        return span

    def _handle(self, request: Request) -> Reply:
        if (request.method, request.path) != ("POST", _PATH):
            raise NotImplementedError(f"{request.method} {request.path}")
        if request.headers["content-type"] != _PROTOBUF:
            raise NotImplementedError(request.headers["content-type"])
        body = request.body
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        head = "".join(f"{name}: {text}\n" for name, text in request.headers.items())
        self.received.append(head.encode() + body)
        self.spans += _read_spans(ExportTraceServiceRequest.FromString(body))
        return Reply(
            body=[ExportTraceServiceResponse().SerializeToString()],
            headers={"content-type": _PROTOBUF},
            framing=Framing.LENGTH,
        )


def _read_spans(exported: ExportTraceServiceRequest) -> list[Span]:
    return [
        _read_span(span, _read_attributes(resource_spans.resource.attributes))
        for resource_spans in exported.resource_spans
        for scope_spans in resource_spans.scope_spans
        for span in scope_spans.spans
    ]


def _read_span(span: WireSpan, resource: dict[str, Any]) -> Span:
    events = [(event.name, _read_attributes(event.attributes)) for event in span.events]
    return Span(
        name=span.name,
        span_id=span.span_id,
        parent_id=span.parent_span_id,
        trace_id=span.trace_id,
        started_at=span.start_time_unix_nano,
        ended_at=span.end_time_unix_nano,
        is_error=span.status.code == Status.STATUS_CODE_ERROR,
        attributes=_read_attributes(span.attributes),
        resource=resource,
        exceptions=[
            str(attributes["exception.message"])
            for name, attributes in events
            if name == "exception"
        ],
    )


def _read_attributes(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    return {attribute.key: _read_value(attribute.value) for attribute in attributes}


def _read_value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_read_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _read_attributes(value.kvlist_value.values)
    return kind and getattr(value, kind)
