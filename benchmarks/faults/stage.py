"""A check → bytes played to a model, and what came out of it, sync and async alike."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, TypeAlias

from columns import Options
from langchain_core.messages import AIMessage, message_chunk_to_message
from payloads import JSON, completion
from servers.wire import Reply, WireServer, event_stream_reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from columns import Column
    from servers.wire import Exchange

PLAIN = ("invoke", "ainvoke")
STREAMED = ("stream", "astream")

Bytes: TypeAlias = bytes | JSON | Reply
"""An event stream, a JSON document, or an answer in every detail."""


class CheckFailedError(Exception):
    """The integration does something else than the check says."""


@dataclass(frozen=True)
class Check:
    """A claim about what happens with some bytes, and its judge."""

    name: str
    section: int
    claim: str
    judge: Callable[[Stage], None]
    seconds: float = 20.0
    """How long it may take; a check that takes longer is failed."""
    alone: bool = False
    """Whether it needs a process of its own."""


CHECKS: dict[str, Check] = {}


def check(
    section: int, *, seconds: float = 20.0, alone: bool = False
) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Register a judge; its docstring is the claim, its name the id."""

    def register(judge: Callable[[Stage], None]) -> Callable[[Stage], None]:
        name = judge.__name__
        if name in CHECKS:
            raise ValueError(f"There are two checks named {name}.")
        claim = " ".join((judge.__doc__ or "").split())
        CHECKS[name] = Check(name, section, claim, judge, seconds, alone)
        return judge

    return register


def expect(condition: object, reason: str) -> None:
    """Fail the check unless the condition holds."""
    if not condition:
        raise CheckFailedError(reason)


def expect_equal(found: object, expected: object, what: str = "it") -> None:
    """Fail the check unless both are equal."""
    if found != expected:
        raise CheckFailedError(
            f"{what} is {shorten(found)}, and should be {shorten(expected)}"
        )


def shorten(value: object) -> str:
    """Write a value so that it fits into a table's cell."""
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:160]}…"


@dataclass
class Played:
    """What came out of one call."""

    how: str
    exchanges: list[Exchange] = field(default_factory=list, repr=False)
    chunks: list[Any] = field(default_factory=list)
    result: Any = None
    error: BaseException | None = None
    seconds: float = 0.0

    @property
    def total(self) -> Any:
        """The sum of the chunks."""
        expect(self.chunks, "no chunk came out")
        return reduce(add, self.chunks)

    @property
    def message(self) -> AIMessage:
        """The answer, the chunks of a stream added up."""
        if self.how in PLAIN:
            return self.result
        message = message_chunk_to_message(self.total)
        expect(isinstance(message, AIMessage), f"the sum is {type(message).__name__}")
        return message  # type: ignore[return-value]  # just looked at

    @property
    def text(self) -> str:
        """The text of the answer."""
        return str(self.message.text)

    @property
    def calls(self) -> list[tuple[str, Any]]:
        """Names and arguments of the valid tool calls."""
        return [(one["name"], one["args"]) for one in self.message.tool_calls]

    @property
    def ids(self) -> list[str | None]:
        """Ids of the valid tool calls."""
        return [one["id"] for one in self.message.tool_calls]

    @property
    def reasoning(self) -> str:
        """The reasoning, wherever LangChain's readers find it."""
        return read_reasoning(self.message)

    @property
    def body(self) -> JSON:
        """The body of the request that came last."""
        expect(self.exchanges, f"nothing was sent: {self.error!r}")
        return self.exchanges[-1].request.json


def read_reasoning(message: Any) -> str:
    """Read the reasoning of a message: its blocks, else `additional_kwargs`."""
    blocks = message.content_blocks
    texts = [one.get("reasoning", "") for one in blocks if one["type"] == "reasoning"]
    others = message.additional_kwargs
    return (
        "".join(texts)
        or others.get("reasoning_content")
        or others.get("reasoning")
        or ""
    )


@dataclass
class Stage:
    """Where the bytes of one check are played to one integration."""

    column: Column

    def build_model(self, **options: Any) -> Any:
        """Build a model with options in common words."""
        return self.column.build(Options(**options))

    def answer(self, *replies: Bytes, **call: Any) -> Iterator[Played]:
        """Play replies to `invoke` and to `ainvoke`; both must answer."""
        return self._succeed(PLAIN, replies, call)

    def stream(self, *replies: Bytes, **call: Any) -> Iterator[Played]:
        """Play replies to `stream` and to `astream`; both must answer."""
        return self._succeed(STREAMED, replies, call)

    def fail(self, *replies: Bytes, **call: Any) -> Iterator[Played]:
        """Play replies to `invoke` and to `ainvoke`; both must raise."""
        return self._fail(PLAIN, replies, call)

    def fail_stream(self, *replies: Bytes, **call: Any) -> Iterator[Played]:
        """Play replies to `stream` and to `astream`; both must raise."""
        return self._fail(STREAMED, replies, call)

    def send(self, messages: Any, **call: Any) -> JSON:
        """Send messages; return the body that reached the server."""
        played = self.play("invoke", completion(), messages=messages, **call)
        if not played.exchanges:
            raise CheckFailedError(f"nothing was sent: {shorten(str(played.error))}")
        return played.body

    def _succeed(
        self, ways: Sequence[str], replies: Sequence[Bytes], call: Any
    ) -> Iterator[Played]:
        for how in ways:
            played = self.play(how, *replies, **call)
            if played.error is not None:
                raise CheckFailedError(f"raised {describe(played.error)}")
            yield played

    def _fail(
        self, ways: Sequence[str], replies: Sequence[Bytes], call: Any
    ) -> Iterator[Played]:
        for how in ways:
            played = self.play(how, *replies, **call)
            if played.error is None:
                found = played.message if played.chunks or played.result else "nothing"
                raise CheckFailedError(f"raised nothing: {shorten(found)}")
            yield played

    def play(
        self,
        how: str,
        *replies: Bytes,
        messages: Any = "Guten Tag",
        prepare: Callable[[Any], Any] | None = None,
        arguments: JSON | None = None,
        **options: Any,
    ) -> Played:
        """Play replies to one of the four calls of a new model, on a new server."""
        played = Played(how)
        with WireServer() as server:
            server.reply(*map(convert_to_reply, replies))
            start = time.monotonic()
            try:
                model = self.build_model(origin=server.origin, **options)
                runnable = model if prepare is None else prepare(model)
                call(runnable, how, messages, arguments or {}, played)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is judged
                played.error = error
            played.seconds = time.monotonic() - start
            played.exchanges = list(server.exchanges)
        return played


def describe(error: BaseException) -> str:
    """Name an error's class and the start of its text."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:140]}"


def convert_to_reply(reply: Bytes) -> Reply:
    """Make a full answer of bytes or JSON."""
    if isinstance(reply, Reply):
        return reply
    if isinstance(reply, bytes):
        return event_stream_reply(reply)
    return json_reply(reply)


def call(
    runnable: Any, how: str, messages: Any, arguments: JSON, played: Played
) -> None:
    """Call a runnable in one of four ways, and keep what comes out."""
    if how == "invoke":
        played.result = runnable.invoke(messages, **arguments)
    elif how == "ainvoke":
        played.result = asyncio.run(runnable.ainvoke(messages, **arguments))
    elif how == "stream":
        for one in runnable.stream(messages, **arguments):
            played.chunks.append(one)
    else:
        asyncio.run(read_async(runnable, messages, arguments, played))


async def read_async(
    runnable: Any, messages: Any, arguments: JSON, played: Played
) -> None:
    """Read an asynchronous stream."""
    async for one in runnable.astream(messages, **arguments):
        played.chunks.append(one)
