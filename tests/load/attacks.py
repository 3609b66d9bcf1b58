"""The name of an attack → what the server sends, and what it may cost at most.

A server that is broken, taken over or simply not what it seems can send anything. Each
attack here is small enough for a test, and grows: what it costs would show if the cost
were a square, or had no bound.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, overload

from typing_extensions import override

from tests.servers.openai_wire import (
    choice,
    chunk,
    completion,
    openai_error,
    platform_error,
    sse,
    text_chunks,
    tool_call,
    tool_call_delta,
)
from tests.servers.wire import Framing, Piece, Reply

if TYPE_CHECKING:
    from tests.load.measuring import Cost
    from tests.servers.openai_wire import JSON
    from tests.servers.wire import WireServer

PLAIN: Final = ("invoke", "ainvoke")
STREAMED: Final = ("stream", "astream")
EVERY_WAY: Final = (*PLAIN, *STREAMED)
SYNC: Final = ("invoke", "stream")
"""Where the difference between sync and async lies before the attack."""

_LIMIT_OF_BODIES: Final = "langchain_clarifai._answer.bodies.MAX_BODY_BYTES"


class Endless(Sequence[Piece]):
    """The pieces of a body, again and again; it has no length to speak of."""

    def __init__(self, *pieces: Piece) -> None:
        self._pieces = pieces

    @override
    def __iter__(self) -> Iterator[Piece]:
        return itertools.cycle(self._pieces)

    @overload
    def __getitem__(self, index: int) -> Piece: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Piece]: ...
    @override
    def __getitem__(self, index: int | slice) -> Piece | Sequence[Piece]:
        return self._pieces[0] if isinstance(index, int) else self._pieces

    @override
    def __len__(self) -> int:
        return sys.maxsize


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What a server does to a client."""

    reply: Callable[[], Reply]
    """What it sends; not built before it is asked for."""

    ends: str
    """How the call ends: `answer`, or the class of its error."""

    ways: Sequence[str] = EVERY_WAY
    """The ways of calling that it is tried on."""

    cpu: float = 4.0
    """Seconds of CPU at most."""

    memory: float = 64.0
    """Megabytes at most, beside what the process had before."""

    seconds: float = 20.0
    """Seconds at most."""

    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings of the model, of which a test does not await the defaults."""

    limits: Mapping[str, int] = field(default_factory=dict[str, int])
    """Limits of the package that would take too long to reach, lowered."""

    ends_of: Mapping[str, str] = field(default_factory=dict[str, str])
    """How the call ends by its way, where that is not the same for all."""

    def choose_end(self, way: str) -> str:
        """Return how the call ends."""
        return self.ends_of.get(way, self.ends)


def _stream(*pieces: bytes) -> Reply:
    return Reply(body=pieces, headers=_EVENT_STREAM)


def _flood(piece: bytes) -> Callable[[], Reply]:
    """Send the same without an end, as fast as it is read."""
    filled = piece * max(1, 65_536 // len(piece))
    return lambda: Reply(body=Endless(filled), headers=_EVENT_STREAM)


def _flood_after(start: bytes, piece: bytes) -> Callable[[], Reply]:
    """Send a chunked body that begins well, and then the same without an end."""
    filled = piece * max(1, 65_536 // len(piece))
    return lambda: Reply(body=_After(start, filled), headers=_EVENT_STREAM)


class _After(Endless):
    """One piece, and then another again and again."""

    @override
    def __iter__(self) -> Iterator[Piece]:
        first, *rest = self._pieces
        return itertools.chain((first,), itertools.cycle(rest))


def _raw_flood(start: bytes, piece: bytes) -> Callable[[], Reply]:
    """Send raw bytes, headers included, and go on without an end."""
    filled = piece * max(1, 65_536 // len(piece))
    return lambda: Reply(body=_After(start, filled), framing=Framing.RAW)


def _endless_head(start: bytes, piece: bytes, *, async_ends: bool = True) -> Attack:
    """Build an attack with bytes of HTTP that go on without an end.

    Args:
        start: How the answer begins.
        piece: What goes on.
        async_ends: Whether aiohttp has a limit for it, too.
    """
    timeouts = {"ainvoke": "ClarifaiTimeoutError", "astream": _SILENT}
    return Attack(
        reply=_raw_flood(start, piece),
        ends="ClarifaiConnectionError",
        ends_of={} if async_ends else timeouts,
        settings={"timeout": 1, "stream_idle_timeout": 1},
    )


_EVENT_STREAM: Final = {"content-type": "text/event-stream"}


def _deltas(count: int, build: Callable[[int], JSON]) -> Callable[[], Reply]:
    """Send a stream of deltas, each in a piece of its own as far as TCP lets it."""

    def write() -> Reply:
        events = [sse(chunk(build(n)), done=False) for n in range(count)]
        size = max(1, count // 500)
        pieces = [
            b"".join(events[start : start + size]) for start in range(0, count, size)
        ]
        return _stream(*pieces, sse(*text_chunks("end")))

    return write


def _plain(body: Any, *, status: int = 200) -> Callable[[], Reply]:
    def write() -> Reply:
        content = body() if callable(body) else body
        content = (
            content if isinstance(content, bytes) else json.dumps(content).encode()
        )
        headers = {"content-type": "application/json"}
        return Reply(
            body=[content], status=status, headers=headers, framing=Framing.LENGTH
        )

    return write


def _call_delta(arguments: str | None = None, **fields: Any) -> JSON:
    return {"tool_calls": [tool_call_delta(arguments, **fields)]}


def _open_call(n: int, arguments: str = "") -> JSON:
    return _call_delta(arguments, index=n, call_id=f"call_{n}", name="f")


def _nest(depth: int) -> str:
    return "[" * depth + "]" * depth


def _beside(text: str, field_text: str) -> bytes:
    """Write a completion with JSON that no encoder would write."""
    return (
        json.dumps(completion(choice(text, x="?"))).replace('"?"', field_text).encode()
    )


def _write_beside(text: str) -> JSON:
    """Write a chunk whose delta is empty, and a message beside it is not."""
    one = {"index": 0, "delta": {}, "message": {"content": text}}
    return {"choices": [one]}


def _describe_model(number: int) -> JSON:
    methods = [
        {"name": "openai_transport", "method_type": 1},
        {"name": "openai_stream_transport", "method_type": 2},
    ]
    return {
        "id": f"model-{number}",
        "user_id": "user",
        "app_id": "app",
        "model_type_id": "text-to-text",
        "model_version": {"id": "v", "method_signatures": methods},
    }


_CHUNKED: Final = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
_DIGITS: Final = "9" * 10_000
_WORDS: Final = "exceed" * 16_667
_SILENT: Final = "ClarifaiStreamIdleTimeoutError"
_MALFORMED: Final = "ClarifaiMalformedResponseError"
_SHORT_SILENCE: Final = {"stream_idle_timeout": 0.5}

ATTACKS: Final[dict[str, Attack]] = {
    # --- A stream that does not get on ---------------------------------------------
    "comments without end": Attack(
        reply=_flood(b":\n"), ends=_SILENT, ways=STREAMED, settings=_SHORT_SILENCE
    ),
    "one comment without end": Attack(
        reply=_flood(b":" + b"x" * 65_000),
        ends=_SILENT,
        ways=STREAMED,
        settings=_SHORT_SILENCE,
    ),
    "ids without end": Attack(
        reply=_flood(b"id: 1\n"), ends=_SILENT, ways=STREAMED, settings=_SHORT_SILENCE
    ),
    "blank lines without end": Attack(
        reply=_flood(b"\n"), ends=_SILENT, ways=STREAMED, settings=_SHORT_SILENCE
    ),
    "blank events without end": Attack(
        reply=_flood(b"data:\n\n"),
        ends=_SILENT,
        ways=STREAMED,
        settings=_SHORT_SILENCE,
    ),
    "events that say nothing, without end": Attack(
        reply=_flood(sse(chunk({}), done=False)),
        ends=_MALFORMED,
        ways=STREAMED,
        limits={_LIMIT_OF_BODIES: 4 * 1024 * 1024},
    ),
    "a line without end": Attack(
        reply=_flood_after(b"data: ", b"x" * 65_536),
        ends=_MALFORMED,
        ways=STREAMED,
        memory=80,
    ),
    "an event of lines without end": Attack(
        reply=_flood(b"data:\n"), ends=_MALFORMED, ways=STREAMED, cpu=8, memory=256
    ),
    "a flood after [DONE]": Attack(
        reply=_flood_after(sse(*text_chunks("Hi")), b": more\n\n"),
        ends="answer",
        ways=STREAMED,
    ),
    # --- What HTTP allows ----------------------------------------------------------
    "headers without end": _endless_head(
        b"HTTP/1.1 200 OK\r\n", b"x-header: " + b"x" * 80 + b"\r\n"
    ),
    "one header without end": _endless_head(b"HTTP/1.1 200 OK\r\nx: ", b"x" * 65_536),
    "ten thousand cookies": Attack(
        reply=lambda: Reply(
            body=[
                b"HTTP/1.1 200 OK\r\n"
                + b"".join(b"set-cookie: a%d=b\r\n" % n for n in range(10_000))
                + b"content-length: 2\r\n\r\n{}"
            ],
            framing=Framing.RAW,
        ),
        ends="ClarifaiConnectionError",
    ),
    "a chunk size without end": _endless_head(
        _CHUNKED, b"0" * 65_536, async_ends=False
    ),
    "a chunk extension without end": _endless_head(
        _CHUNKED + b"5;", b"x" * 65_536, async_ends=False
    ),
    "trailers without end": _endless_head(
        _CHUNKED + b"1\r\n{\r\n0\r\n", b"x-trailer: x\r\n"
    ),
    "a megabyte in chunks of a byte": Attack(
        reply=lambda: Reply(
            body=[
                _CHUNKED,
                b"".join(
                    b"1\r\n%c\r\n" % byte
                    for byte in json.dumps(completion(choice("x" * 1_000_000))).encode()
                )
                + b"0\r\n\r\n",
            ],
            framing=Framing.RAW,
        ),
        ends="answer",
    ),
    # --- Errors --------------------------------------------------------------------
    "an error of 20 MB": Attack(
        reply=_plain(lambda: openai_error(_WORDS * 200), status=500),
        ends="ClarifaiInternalServerError",
        ways=SYNC,
    ),
    "an error that repeats one word": Attack(
        reply=_plain(openai_error(_WORDS), status=400),
        ends="ClarifaiBadRequestError",
        ways=SYNC,
    ),
    "an error of 20 MB in a success": Attack(
        reply=_plain(lambda: platform_error(21313, "No", _WORDS * 200)),
        ends="ClarifaiPredictionError",
        ways=SYNC,
        memory=100,
    ),
    "an error of 15 MB in an event": Attack(
        reply=lambda: _stream(sse(openai_error(_WORDS * 150))),
        ends="ClarifaiInternalServerError",
        ways=("stream",),
        memory=120,
    ),
    "an error with 100,000 fields": Attack(
        reply=_plain(
            lambda: {"error": {"message": "no", **{f"k{n}": n for n in range(10**5)}}}
        ),
        ends="ClarifaiInternalServerError",
        ways=SYNC,
        memory=80,
    ),
    # --- JSON ----------------------------------------------------------------------
    "a body nested 100,000 deep": Attack(
        reply=_plain(lambda: _beside("Hi", _nest(100_000))), ends=_MALFORMED, ways=SYNC
    ),
    "arguments nested 100,000 deep": Attack(
        reply=_plain(
            lambda: completion(
                choice(None, tool_calls=[tool_call("f", f'{{"a": {_nest(100_000)}}}')])
            )
        ),
        ends="answer",
        ways=SYNC,
    ),
    "content nested 100,000 deep": Attack(
        reply=lambda: _stream(sse(chunk("?")).replace(b'"?"', _nest(100_000).encode())),
        ends=_MALFORMED,
        ways=("stream",),
    ),
    "integers of 10,000 digits": Attack(
        reply=_plain(
            lambda: _beside("Hi", f"[{','.join([_DIGITS] * 100)}]").replace(
                b'"prompt_tokens": 7', f'"prompt_tokens": {_DIGITS}'.encode()
            )
        ),
        ends="answer",
        ways=SYNC,
    ),
    "arguments of 10,000 digits": Attack(
        reply=_plain(
            lambda: completion(
                choice(None, tool_calls=[tool_call("f", f'{{"a": {_DIGITS}}}')])
            )
        ),
        ends="answer",
        ways=SYNC,
    ),
    "thirty megabytes of empty lists": Attack(
        reply=_plain(lambda: _beside("Hi", f"[{'[],' * 10_000_000}[]]")),
        ends=_MALFORMED,
        ways=("invoke",),
        memory=200,
    ),
    # --- Deltas that add up --------------------------------------------------------
    "3,000 calls": Attack(
        reply=_deltas(3_000, lambda n: _open_call(n, "{}")),
        ends="answer",
        ways=("stream",),
        cpu=6,
        memory=160,
    ),
    "more calls than an answer has": Attack(
        reply=_deltas(1_200, _open_call),
        limits={"langchain_clarifai._answer.tool_calls._MOST_CALLS": 1_000},
        ends=_MALFORMED,
        ways=("stream",),
        cpu=6,
        memory=160,
    ),
    "3,000 calls behind one without a name": Attack(
        reply=_deltas(3_000, lambda n: _open_call(n, "{}") if n else _call_delta()),
        ends="answer",
        ways=("stream",),
        cpu=8,
        memory=160,
    ),
    "one call in 40,000 pieces": Attack(
        reply=_deltas(
            40_000, lambda n: _call_delta("x") if n else _open_call(0, '{"a": "')
        ),
        ends="answer",
        ways=("stream",),
        cpu=6,
        memory=100,
    ),
    "pieces that look whole": Attack(
        reply=_deltas(
            10_000,
            lambda n: _call_delta("{}" * 20) if n else _open_call(0, '{"a": "'),
        ),
        ends="answer",
        ways=("stream",),
        cpu=6,
        memory=100,
    ),
    "a whole call that is repeated": Attack(
        reply=_deltas(
            20_000,
            lambda n: (
                _call_delta("{}")
                if n
                else _open_call(0, json.dumps({"a": "x" * 500_000}))
            ),
        ),
        ends="answer",
        ways=("stream",),
    ),
    "calls that are renamed": Attack(
        reply=_deltas(
            6_000,
            lambda n: (
                _open_call(n, '{"a": ')
                if n < 2_000
                else _call_delta(
                    "x" if n % 2 else None, index=0, call_id=f"other_{n}", name="f"
                )
            ),
        ),
        ends="answer",
        ways=("stream",),
        cpu=8,
        memory=160,
    ),
    "placeholders beside messages": Attack(
        reply=lambda: _stream(
            *(
                sse(
                    _write_beside("") if n % 2 else chunk(_call_delta(index=n)),
                    done=False,
                )
                for n in range(6_000)
            ),
            sse(*text_chunks("end")),
        ),
        ends="answer",
        ways=("stream",),
    ),
    "5,000 pieces of sound": Attack(
        reply=_deltas(5_000, lambda _: {"audio": {"data": "x" * 1_000}}),
        ends="answer",
        ways=("stream",),
    ),
    "40,000 blank thoughts": Attack(
        reply=_deltas(40_000, lambda n: {"content": "\n" if n else "<think>"}),
        ends="answer",
        ways=("stream",),
        memory=100,
    ),
    "thoughts in a field and in tags": Attack(
        reply=_deltas(
            10_000,
            lambda n: {"reasoning_content": "x" * 20, "content": "<thin" if n else ""},
        ),
        ends="answer",
        ways=("stream",),
        cpu=8,
        memory=200,
    ),
    "20,000 unknown fields": Attack(
        reply=_deltas(20_000, lambda n: {f"field{n}": "x" * 100}),
        ends="answer",
        ways=("stream",),
        cpu=6,
        memory=100,
    ),
    "an unknown field that grows": Attack(
        reply=_deltas(20_000, lambda n: {"field": {f"k{n}": "x" * 10}, "list": [n]}),
        ends="answer",
        ways=("stream",),
        cpu=6,
        memory=100,
    ),
    "extra content that grows": Attack(
        reply=_deltas(
            20_000,
            lambda n: {
                "extra_content": {f"k{n}": n},
                **_call_delta(index=0, name="f", extra_content={f"k{n}": n}),
            },
        ),
        ends="answer",
        ways=("stream",),
        cpu=6,
        memory=100,
    ),
    "a signature in 50,000 pieces": Attack(
        reply=_deltas(
            50_000,
            lambda _: {
                "reasoning_details": [
                    {"type": "reasoning.text", "index": 0, "signature": "x" * 20}
                ]
            },
        ),
        ends="answer",
        ways=("stream",),
        cpu=6,
        memory=100,
    ),
    "usage that grows": Attack(
        reply=lambda: _stream(
            *(
                sse(chunk({}, usage={"prompt_tokens": n, f"k{n}": n}), done=False)
                for n in range(5_000)
            ),
            sse(*text_chunks("end")),
        ),
        ends="answer",
        ways=("stream",),
    ),
    "one delta 20,000 times": Attack(
        reply=_deltas(20_000, lambda _: {"content": "again "}),
        ends="answer",
        ways=STREAMED,
        cpu=12,
        memory=512,
    ),
    "halves of characters": Attack(
        reply=lambda: _stream(
            *(
                sse(
                    b'{"choices": [{"delta": {"f%d": "\\ud83d"}, "index": 0}]}' % n,
                    done=False,
                )
                for n in range(10_000)
            ),
            sse(*text_chunks("end")),
        ),
        ends="answer",
        ways=("stream",),
    ),
    "a message that grows beside deltas": Attack(
        reply=lambda: _stream(
            *(sse(_write_beside("x" * n), done=False) for n in range(5_000)),
            sse(*text_chunks("end")),
        ),
        ends="answer",
        ways=("stream",),
    ),
    # --- The catalogue ---------------------------------------------------------------
    "a page of 20,000 models": Attack(
        reply=_plain(
            lambda: {
                "status": {"code": 10_000},
                "models": [_describe_model(n) for n in range(20_000)],
            }
        ),
        ends="answer",
        ways=("list_models",),
        settings={"limit": 20_000},
        cpu=8,
        memory=200,
    ),
}


def list_attacks() -> list[tuple[str, str]]:
    """List every attack with each way that it is tried on."""
    return [(name, way) for name, attack in ATTACKS.items() for way in attack.ways]


def serve_attack(
    server: WireServer, attack: Attack, way: str, measure: Callable[..., Cost]
) -> Cost:
    """Attack one call, and return what it cost."""
    server.reply(attack.reply())
    return measure(way, server.url, attack.settings, attack.limits)
