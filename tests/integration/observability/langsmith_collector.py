"""What the LangSmith client posts → runs, on loopback.

It speaks the three ways that runs come in: multipart bodies, as they are or compressed
with zstd, and batches of JSON. Which one the client takes is up to what `/info` says.
"""

from __future__ import annotations

import email
import email.policy
import json
from typing import TYPE_CHECKING, Any, Final, cast

import zstandard

from tests.servers.wire import Reply, Request, WireServer, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from email.message import EmailMessage

    from tests.servers.openai_wire import JSON

API_KEY: Final = "langsmith-key"
_MULTIPART: Final = "/runs/multipart"
_BATCH: Final = "/runs/batch"


class LangSmithCollector(WireServer):
    """A server that keeps runs, each put together from what was posted and patched."""

    def __init__(self, *, multipart: bool = True, zstd: bool = True) -> None:
        """Start the server; it offers what the arguments say, and takes nothing else.

        Args:
            multipart: Whether runs shall come in multipart bodies, else in batches.
            zstd: Whether multipart bodies shall be compressed.
        """
        self.runs: dict[str, JSON] = {}
        """Runs by id."""
        self.received: list[bytes] = []
        """Each request as text: line, headers and the body, decompressed."""
        self._multipart = multipart
        self._zstd = zstd
        super().__init__(handler=self._handle)

    def find_runs(self, name: str) -> list[JSON]:
        """Find the runs of a name, in the order in which they started."""
        runs = [run for run in self.runs.values() if run["name"] == name]
        return sorted(runs, key=lambda run: str(run["start_time"]))

    def find_run(self, name: str) -> JSON:
        """Find the one run of a name."""
        [run] = self.find_runs(name)
        return run

    def find_children(self, run: JSON) -> list[JSON]:
        """Find the runs inside another, however deep, in the order of their start."""
        order = f"{run['dotted_order']}."
        runs = [r for r in self.runs.values() if r["dotted_order"].startswith(order)]
        return sorted(runs, key=lambda child: str(child["dotted_order"]))

    def _handle(self, request: Request) -> Reply:
        body = _decompress(request)
        self.received.append(_write_request(request, body))
        if request.headers.get("x-api-key") != API_KEY:
            return json_reply({"detail": "Forbidden"}, status=403)
        match request.method, request.path:
            case "GET", "/info":
                return json_reply(self._describe())
            case "POST", path if path == _MULTIPART and self._multipart:
                self._check_encoding(request)
                self._keep(_read_multipart(request.headers["content-type"], body))
            case "POST", path if path == _BATCH and not self._multipart:
                self._keep(_read_batch(json.loads(body)))
            case _:
                raise NotImplementedError(f"{request.method} {request.path}")
        return json_reply({"message": "accepted"}, status=202)

    def _describe(self) -> JSON:
        return {
            "version": "0.13.0",
            "instance_flags": {"zstd_compression_enabled": self._zstd},
            "batch_ingest_config": {
                "use_multipart_endpoint": self._multipart,
                "scale_up_qsize_trigger": 1000,
                "scale_up_nthreads_limit": 16,
                "scale_down_nempty_trigger": 4,
                "size_limit": 100,
                "size_limit_bytes": 20_971_520,
            },
        }

    def _check_encoding(self, request: Request) -> None:
        encoding = request.headers.get("content-encoding")
        # What the client has queued before it has read `/info`, it does not compress.
        if encoding not in ({None, "zstd"} if self._zstd else {None}):
            raise ValueError(f"This body was not expected as {encoding}.")

    def _keep(self, parts: Iterable[tuple[str, str, Any]]) -> None:
        for run_id, field, value in parts:
            run = self.runs.setdefault(run_id, {})
            given = {field: value} if field else value
            # A run that begins says of its end that it is empty, and may come later.
            run.update({k: v for k, v in given.items() if v or k not in run})


def _decompress(request: Request) -> bytes:
    if request.headers.get("content-encoding") != "zstd":
        return request.body
    # A frame that is written piece by piece does not say how long it is.
    return zstandard.ZstdDecompressor().decompressobj().decompress(request.body)


def _write_request(request: Request, body: bytes) -> bytes:
    head = [f"{request.method} {request.path}"]
    head += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\n".join([*head, "", ""]).encode() + body


def _read_multipart(content_type: str, body: bytes) -> Iterator[tuple[str, str, Any]]:
    """Read parts named `post.<id>`, `patch.<id>.outputs` and the like.

    Raises:
        ValueError: If a part is not what it says it is.
    """
    head = f"content-type: {content_type}\r\n\r\n".encode()
    document = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    for part in cast("Iterator[EmailMessage]", document.iter_parts()):
        content = cast("bytes", part.get_payload(decode=True))
        if len(content) != int(part["content-length"]):
            raise ValueError(f"{part.items()} is not as long as it says.")
        name = str(part.get_param("name", header="content-disposition"))
        operation, run_id, field = [*name.split("."), ""][:3]
        if operation not in {"post", "patch"}:
            raise ValueError(f"{name} is no part of a run.")
        yield run_id, field, json.loads(content)


def _read_batch(batch: JSON) -> Iterator[tuple[str, str, Any]]:
    for run in [*batch.get("post", ()), *batch.get("patch", ())]:
        yield run["id"], "", run
