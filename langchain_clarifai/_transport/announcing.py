"""A stream's chunks → the same chunks, reported to the callbacks of their run.

LangChain passes a run manager to a hook where it leaves these callbacks to the hook.
"""

from __future__ import annotations

from contextlib import aclosing, closing
from typing import TYPE_CHECKING

from langchain_clarifai._transport.loading import import_calls

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from langchain_core.callbacks import (
        AsyncCallbackManagerForLLMRun,
        CallbackManagerForLLMRun,
    )
    from langchain_core.outputs import ChatGenerationChunk

    from langchain_clarifai._request.request import Request


def announce(
    generation_chunks: Generator[ChatGenerationChunk],
    run_manager: CallbackManagerForLLMRun,
) -> Generator[ChatGenerationChunk]:
    """Call the callbacks for each chunk, and close the stream with the reader."""
    with closing(generation_chunks):
        for generation_chunk in generation_chunks:
            run_manager.on_llm_new_token(generation_chunk.text, chunk=generation_chunk)
            yield generation_chunk


async def import_and_stream(
    request: Request, run_manager: AsyncCallbackManagerForLLMRun | None
) -> AsyncGenerator[ChatGenerationChunk]:
    """Stream after importing what sends; call the callbacks, if there are any."""
    await import_calls()
    from langchain_clarifai._transport import calls

    async with aclosing(calls.astream(request, run_manager)) as generation_chunks:
        async for generation_chunk in generation_chunks:
            if run_manager is not None:
                await run_manager.on_llm_new_token(
                    generation_chunk.text, chunk=generation_chunk
                )
            yield generation_chunk
