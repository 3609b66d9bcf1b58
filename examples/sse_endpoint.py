"""An HTTP endpoint that streams a model's answer to a browser, event by event.

pip install fastapi uvicorn
python examples/sse_endpoint.py
curl -N http://127.0.0.1:8000/chat -H 'content-type: application/json' \
     -d '{"prompt": "Tell me a fun fact about space."}'

Events are `token` with a piece of text, then `done` with the usage, or `error`.
"""

import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from langchain_clarifai import ChatClarifai, ClarifaiError

logger = logging.getLogger(__name__)
model = ChatClarifai(model="openai/chat-completion/models/gpt-oss-120b")


class Question(BaseModel):
    """What the browser sends."""

    prompt: str


@asynccontextmanager
async def close_connections(_app: FastAPI) -> AsyncIterator[None]:
    """Close the connections to Clarifai when the server ends."""
    async with model:
        yield


app = FastAPI(lifespan=close_connections)


def encode(event: str, data: object) -> str:
    """Write one event as the browser's `EventSource` reads it."""
    return f"event: {event}\ndata: {json.dumps(data)}\n\n"


async def answer(question: Question) -> AsyncIterator[str]:
    """Turn the model's chunks into events."""
    usage = None
    try:
        async for chunk in model.astream(question.prompt):
            usage = chunk.usage_metadata or usage
            if chunk.text:
                yield encode("token", {"text": chunk.text})
        yield encode("done", {"usage": usage})
    except ClarifaiError as error:
        # The status is long sent, so the error comes as an event. Its details are for
        # the log, not for the browser.
        logger.warning("The answer broke off: %s", error)
        yield encode("error", {"retryable": error.is_retryable})


@app.post("/chat")
async def chat(question: Question) -> StreamingResponse:
    """Stream the answer. When the browser leaves, the model's stream is closed too."""
    return StreamingResponse(answer(question), media_type="text/event-stream")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
