"""A page to chat with a model at Clarifai: `make app`, or in this folder.

    pip install langchain-clarifai chainlit
    export CLARIFAI_PAT=…
    chainlit run app.py

`MODEL` names another model than gpt-oss-120b. Without a token, `make app` talks to the
demo's small model on this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import chainlit as cl
from chainlit.server import app as web
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolMessage,
)
from langchain_core.messages.ai import UsageMetadata, add_usage
from langchain_core.tools import tool
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai, ClarifaiError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from langchain_core.messages import InvalidToolCall, ToolCall
    from langchain_core.tools import BaseTool
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_ROUNDS = 10
"""How often the model may call tools for one question."""


@tool
async def get_weather(city: str) -> str:
    """Get the current weather for a city."""
    await asyncio.sleep(1)  # as long as a real service would take
    return f"It is 21 degrees and sunny in {city}."


@tool
def get_time() -> str:
    """Get the current date and time."""
    return f"It is {datetime.now(UTC):%A, %d %B %Y, %H:%M} UTC."


TOOLS = {tool.name: tool for tool in (get_weather, get_time)}


def build_model() -> ChatClarifai:
    """Build a model at Clarifai where a token is set, else one on this machine."""
    if os.environ.get("CLARIFAI_PAT") or os.environ.get("CLARIFAI_API_KEY"):
        return ChatClarifai(model=os.environ.get("MODEL") or "gpt-oss-120b")
    from local_model import local_model_server

    server = running.enter_context(local_model_server())
    return ChatClarifai(
        model=server.model,
        base_url=server.base_url,
        api_key=SecretStr("not-needed"),
        temperature=0,
        max_tokens=300,
    )


running = contextlib.ExitStack()
try:
    model = build_model().bind_tools([*TOOLS.values()])
except (ValueError, RuntimeError) as failure:
    sys.exit(str(failure))


@cl.on_app_startup
async def close_what_is_left() -> None:
    """Have streams closed that are left in mid-answer, as event loops usually do.

    Chainlit runs on a loop patched by nest_asyncio, which forgets to.
    """
    loop = asyncio.get_running_loop()

    def close(stream: AsyncGenerator[Any]) -> None:
        loop.call_soon_threadsafe(loop.create_task, stream.aclose())

    sys.set_asyncgen_hooks(finalizer=close)


@cl.on_chat_start
def start() -> None:
    """Begin a conversation."""
    cl.user_session.set("history", [])


@cl.on_message
async def answer(question: cl.Message) -> None:
    """Answer a question, with as many tool calls as it takes.

    The stop button cancels this task, and with it the request.
    """
    history: list[BaseMessage] = cl.user_session.get("history")
    turn: list[BaseMessage] = [HumanMessage(question.content)]
    usage: UsageMetadata | None = None
    try:
        for _ in range(MOST_ROUNDS):
            reply = cl.Message("")
            # Closed by hand: a stop may come while a word is written to the page, and
            # on Chainlit's loop a stream that is only left stays open for seconds.
            stream = cast("AsyncGenerator[AIMessage]", model.astream(history + turn))
            async with contextlib.aclosing(stream):
                message = await show(stream, reply)
            usage = add_usage(usage, message.usage_metadata)
            calls: list[Any] = [*message.tool_calls, *message.invalid_tool_calls]
            turn += [message, *[await run(call) for call in calls]]
            if not calls:
                await show_usage(usage, reply)
                return
        text = f"The model called tools {MOST_ROUNDS} times and did not answer."
        await cl.ErrorMessage(text).send()
    except ClarifaiError as error:
        again = " Asking again may help." if error.is_retryable else ""
        await cl.ErrorMessage(f"{error}{again}").send()
    finally:
        if not isinstance(turn[-1], AIMessage) and reply.content:
            turn.append(AIMessage(reply.content))  # what came before a stop or an error
        if isinstance(turn[-1], AIMessage):
            history += turn


async def show(chunks: AsyncIterator[AIMessage], reply: cl.Message) -> AIMessage:
    """Show an answer while it comes, with its reasoning in a folded step; return it."""
    message: Any = None
    reasoning = cl.Step("reasoning", parent_id=cl.context.current_step.id)
    try:
        async for chunk in chunks:
            # Begun with the first chunk, the sum takes no cut-off call for a whole one.
            message = chunk if message is None else message + chunk
            for block in chunk.content_blocks:
                if block["type"] == "reasoning":
                    await reasoning.stream_token(block.get("reasoning", ""))
                elif block["type"] == "text":
                    await reply.stream_token(block["text"])
    finally:
        for part in (reasoning, reply):
            if part.streaming:
                await part.update()
    return cast("AIMessage", message)


async def show_usage(usage: UsageMetadata | None, reply: cl.Message) -> None:
    """Write under an answer what it cost, all calls of the model together."""
    if usage:
        counts = f"{usage['input_tokens']:,} tokens in, {usage['output_tokens']:,} out"
        await reply.stream_token(f"\n\n*{counts}*")
        await reply.update()


async def run(call: ToolCall | InvalidToolCall) -> ToolMessage:
    """Run a tool and show its call; what goes wrong is told to the model as well."""
    result: ToolMessage
    async with cl.Step(call["name"], type="tool", default_open=True) as step:
        step.input = call["args"]
        await step.update()
        try:
            result = await find_tool(call).ainvoke(cast("ToolCall", call))
        except Exception as error:  # noqa: BLE001 - a tool may fail in any way
            step.is_error = True
            result = ToolMessage(f"It failed: {error}", tool_call_id=call["id"])
        step.output = result.text
    return result


def find_tool(call: ToolCall | InvalidToolCall) -> BaseTool:
    """Find the tool of a call that can be run.

    Raises:
        ValueError: If the arguments are broken, or there is no such tool.
    """
    if call["type"] == "invalid_tool_call" or call["name"] not in TOOLS:
        raise ValueError(call.get("error") or f"There is no tool {call['name']!r}.")
    return TOOLS[call["name"]]


@cl.on_chat_end
def leave() -> None:
    """Stop as the stop button does: nobody reads what comes for a closed page."""
    if task := cl.context.session.current_task:
        task.cancel()


class KeepToThisHost:
    """Let the page load nothing from elsewhere: no fonts, and no images of answers."""

    POLICY = b"default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'"

    def __init__(self, page: ASGIApp) -> None:
        self.page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request as the page does, with the policy among the headers."""

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", self.POLICY)
                message["headers"] = [*message["headers"], policy]
            await send(message)

        await self.page(scope, receive, send_with_policy)


web.add_middleware(KeepToThisHost)
