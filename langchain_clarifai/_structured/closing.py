"""A parser of streams → one that stops the model when its reader stops."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, cast

from langchain_core.output_parsers import BaseTransformOutputParser

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.runnables import RunnableConfig


class ClosingParser(BaseTransformOutputParser[Any]):
    """Stop the model when the reader stops.

    langchain-core's parsers read a stream to its end for the trace, also after the
    reader has left, and leave closing it to the garbage collector.
    """

    def transform(
        self,
        input: Iterator[str | BaseMessage],  # noqa: A002  # LangChain's hook
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Iterator[Any]:
        """Parse an answer while it grows."""
        relayed = _relay(input)
        outputs = cast("Any", super().transform(relayed, config, **kwargs))
        with closing(outputs), closing(relayed):
            for output in outputs:  # noqa: UP028  # see `_relay`
                yield output

    async def atransform(
        self,
        input: AsyncIterator[str | BaseMessage],  # noqa: A002  # LangChain's hook
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        """Parse an answer while it grows."""
        relayed = _arelay(input)
        outputs = cast("Any", super().atransform(relayed, config, **kwargs))
        async with aclosing(outputs), aclosing(relayed):
            async for output in outputs:
                yield output


def _relay(items: Iterator[Any]) -> Generator[Any]:
    """Make a generator of any iterator, whose closing closes the iterator.

    It has to be closed before core's parser is: that reads what is left of it then. A
    `yield from` the parser would close that first.
    """
    yield from items


async def _arelay(items: AsyncIterator[Any]) -> AsyncGenerator[Any]:
    """Make an asynchronous generator of any iterator, likewise."""
    try:
        async for item in items:
            yield item
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()
