"""Calls to be traced, made in a process of its own.

    python traced_calls.py URL GROUP...

What is traced, and where to, the environment says. Each call bears the name that its
run shall have. At the end a report is printed, as JSON: which addresses were contacted,
when the first chunks came, which errors were raised and what was logged.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable, RunnableConfig

    from langchain_clarifai import ChatClarifai

CONTACTED: Final[set[str]] = set()


def _note_contact(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        CONTACTED.add("{}:{}".format(*arguments[1]))
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        CONTACTED.add(str(arguments[0]))


# Before anything is imported that might connect.
sys.addaudithook(_note_contact)

from tests.integration.observability import planted  # noqa: E402 - see above

MODEL: Final = "https://clarifai.com/openai/chat-completion/models/gpt-oss-120b"
OTHER_MODEL: Final = "anthropic/completion/models/claude-sonnet-4"
URL: Final = sys.argv[1]

FIRST_CHUNKS: Final[dict[str, tuple[str, str]]] = {}
"""For each stream, when it was asked for and when its first chunk was there."""
ERRORS: Final[dict[str, str]] = {}
LOG: Final = io.StringIO()

Call = Callable[["Runnable[Any, Any]", Any, "RunnableConfig"], None]


def build(**arguments: Any) -> ChatClarifai:
    """Build a model on the server of the tests, with secrets where they may be."""
    from langchain_clarifai import ChatClarifai

    defaults: dict[str, Any] = {
        "model": MODEL,
        "base_url": URL,
        "api_key": planted.ARGUMENT_TOKEN,
        "default_headers": {"X-Planted": planted.HEADER},
        "default_query": {"planted": planted.QUERY},
    }
    return ChatClarifai(**{**defaults, **arguments})


# --- The four calls -------------------------------------------------------------------


def invoke(model: Runnable[Any, Any], prompt: Any, config: RunnableConfig) -> None:
    """Ask for a whole answer."""
    model.invoke(prompt, config)


def ainvoke(model: Runnable[Any, Any], prompt: Any, config: RunnableConfig) -> None:
    """Ask for a whole answer, asynchronously."""
    asyncio.run(model.ainvoke(prompt, config))


def stream(model: Runnable[Any, Any], prompt: Any, config: RunnableConfig) -> None:
    """Read a stream."""
    asked_at = _now()
    for number, _ in enumerate(model.stream(prompt, config)):
        if number == 0:
            _note_first_chunk(config, asked_at)
            time.sleep(0.02)


def astream(model: Runnable[Any, Any], prompt: Any, config: RunnableConfig) -> None:
    """Read a stream, asynchronously."""

    async def read(chunks: AsyncIterator[Any]) -> None:
        asked_at = _now()
        number = 0
        async for _ in chunks:
            if number == 0:
                _note_first_chunk(config, asked_at)
                await asyncio.sleep(0.02)
            number += 1

    asyncio.run(read(model.astream(prompt, config)))


CALLS: Final[tuple[Call, ...]] = (invoke, ainvoke, stream, astream)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _note_first_chunk(config: RunnableConfig, asked_at: str) -> None:
    FIRST_CHUNKS[str(config["run_name"])] = (asked_at, _now())


def attempt(
    call: Call,
    model: Runnable[Any, Any],
    prompt: Any,
    name: str,
    configurable: dict[str, Any] | None = None,
) -> None:
    """Call a model under a name, and keep the error if there is one."""
    try:
        call(model, prompt, {"run_name": name, "configurable": configurable or {}})
    except Exception as error:  # noqa: BLE001 - the tests say which it must be
        ERRORS[name] = f"{type(error).__name__}: {error}"


# --- What is called -------------------------------------------------------------------


def call_plainly() -> None:
    """Call a model with parameters, in both versions of LangChain's output."""
    for version in ("v0", "v1"):
        model = build(
            temperature=0.5, max_tokens=100, stop=["END"], output_version=version
        )
        for call in CALLS:
            attempt(call, model, "hello", f"{call.__name__}-{version}")
    attempt(
        invoke,
        build(model=OTHER_MODEL).bind(temperature=0.1, max_tokens=9, stop=["X"]),
        "hello",
        "bound",
    )


def call_agent() -> None:
    """Run an agent with a tool, plain and streamed, sync and async."""
    from langchain.agents import create_agent
    from langchain_core.tools import tool

    @tool
    def get_weather(city: str) -> str:
        """Get the current weather for a city."""
        return f"It is sunny in {city}."

    question = {"messages": [("user", "weather in Paris?")]}
    for call in CALLS:
        agent: Any = create_agent(build(temperature=0), tools=[get_weather])
        attempt(call, agent, question, f"agent-{call.__name__}")


def call_in_vain() -> None:
    """Meet errors: a token that is refused, streams that break, throttling."""
    model = build(max_retries=1)
    for call in CALLS:
        attempt(call, model, "unauthorised", f"unauthorised-{call.__name__}")
        prompt = f"throttled {call.__name__}"
        attempt(call, model, prompt, f"throttled-{call.__name__}")
    for call in (stream, astream):
        attempt(call, model, "break", f"break-{call.__name__}")
    streaming = model.model_copy(update={"streaming": True})
    attempt(invoke, streaming, "break", "break-invoke")


def call_with_secrets() -> None:
    """Hold tokens in every way there is, and meet a server that repeats them."""
    from openai import DefaultAsyncHttpxClient, DefaultHttpxClient

    def read_token() -> str:
        return planted.CALLABLE_TOKEN

    async def aread_token() -> str:
        return planted.ASYNC_CALLABLE_TOKEN

    from pydantic import SecretStr

    os.environ["CLARIFAI_PAT"] = planted.ENVIRONMENT_TOKEN
    tokens = {
        "argument": planted.ARGUMENT_TOKEN,
        "secretstr": SecretStr(planted.SECRET_STR_TOKEN),
        "callable": read_token,
        "asynccallable": aread_token,
        "environment": None,
    }
    with DefaultHttpxClient(headers={"X-Client": planted.CLIENT_HEADER}) as client:
        clients = {
            "http_client": client,
            "http_async_client": DefaultAsyncHttpxClient(),
        }
        for kind, token in tokens.items():
            for call in CALLS:
                model = build(
                    api_key=token,
                    **(clients if call in {invoke, stream} else {}),
                )
                for prompt in ("hello", "repeat"):
                    attempt(call, model, prompt, f"{prompt}-{kind}-{call.__name__}")
    call_configured("configured", "api_key", planted.CONFIGURED_TOKEN)
    secret = SecretStr(planted.CONFIGURED_SECRET_STR)
    call_configured("configuredsecretstr", "clarifai_token", secret)


def call_configured(kind: str, name: str, token: Any) -> None:
    """Give the token with the configuration of a call."""
    from langchain_core.runnables import ConfigurableField

    model = build().configurable_fields(api_key=ConfigurableField(id=name))
    for call in CALLS:
        run_name = f"repeat-{kind}-{call.__name__}"
        attempt(call, model, "repeat", run_name, configurable={name: token})


def call_with_secrets_of_the_call() -> None:
    """Give a single call headers, a query and, though it is refused, a token."""
    arguments: dict[str, Any] = {
        "extra_headers": {"X-Call": planted.CALL_HEADER},
        "extra_query": {"call": planted.CALL_QUERY},
    }
    refused: tuple[dict[str, Any], ...] = (
        {"api_key": planted.CALL_TOKEN},
        {"default_headers": {"X-Call": planted.CALL_DEFAULT_HEADER}},
    )
    for call in CALLS:
        attempt(call, build().bind(**arguments), "hello", f"extra-{call.__name__}")
        for given in refused:
            name = f"refused-{next(iter(given))}-{call.__name__}"
            attempt(call, build().bind(**given), "hello", name)


def call_a_mirror() -> None:
    """Meet a server that repeats all headers in its error."""
    for call in CALLS:
        attempt(call, build(), "mirror", f"mirror-{call.__name__}")


GROUPS: Final = {
    "plain": call_plainly,
    "agent": call_agent,
    "errors": call_in_vain,
    "secrets": call_with_secrets,
    "call-secrets": call_with_secrets_of_the_call,
    "mirror": call_a_mirror,
}


# --- The process ----------------------------------------------------------------------


def set_up_own_provider() -> None:
    """Set up OpenTelemetry as a program with spans of its own does."""
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource({"service.name": "a-service"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def flush() -> None:
    """Send what is still waiting, as a program does before it ends."""
    from langchain_core.tracers.langchain import wait_for_all_tracers

    wait_for_all_tracers()
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.force_flush()
        provider.shutdown()


def _run_groups(groups: list[str]) -> None:
    if "own-provider" in groups:
        from opentelemetry import trace

        groups.remove("own-provider")
        set_up_own_provider()
        with trace.get_tracer("a-program").start_as_current_span("a-request"):
            _run_groups(groups)
        return
    for group in groups:
        GROUPS[group]()


def main() -> None:
    """Make the calls of the groups and print the report."""
    logging.basicConfig(level=logging.DEBUG, stream=LOG)
    _run_groups(sys.argv[2:])
    flush()
    report = {
        "contacted": sorted(CONTACTED),
        "first_chunks": FIRST_CHUNKS,
        "errors": ERRORS,
        "log": LOG.getvalue(),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
