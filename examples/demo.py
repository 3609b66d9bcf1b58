"""What `ChatClarifai` does, to watch: `make demo`.

With `CLARIFAI_PAT` set it talks to Clarifai, without it to a small local model.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool
from local_model import LocalModelError, local_model_server
from pydantic import BaseModel, Field, SecretStr

from langchain_clarifai import ChatClarifai

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.messages.ai import UsageMetadata

CLARIFAI_MODEL = "openai/chat-completion/models/gpt-oss-120b"
QUESTION = "What is the weather in Paris?"


class Person(BaseModel):
    """A person."""

    name: str = Field(description="The name of the person")
    age: int = Field(description="The age in years")


@tool
def get_weather(city: str) -> str:
    """Get the current weather for a city."""
    return f"It is 21 degrees and sunny in {city}."


@contextlib.contextmanager
def provide_model() -> Iterator[ChatClarifai]:
    """Yield a model at Clarifai where a key is set, else one on this machine."""
    if os.environ.get("CLARIFAI_PAT") or os.environ.get("CLARIFAI_API_KEY"):
        print(f"Using {CLARIFAI_MODEL} at Clarifai.")
        yield ChatClarifai(model=CLARIFAI_MODEL, temperature=0)
        return
    with local_model_server() as server:
        print(
            f"CLARIFAI_PAT is not set: using SmolLM2-135M at {server.base_url}.\n"
            "It is a real model, and a tiny one: expect weak jokes."
        )
        yield ChatClarifai(
            model=server.model,
            base_url=server.base_url,
            api_key=SecretStr("not-needed"),
            temperature=0,
            max_tokens=200,
        )


def stream_joke(model: ChatClarifai) -> UsageMetadata | None:
    """Print a joke token by token; return what it cost."""
    total: AIMessageChunk | None = None
    for chunk in model.stream("Tell me a short joke about physics."):
        print(chunk.text, end="", flush=True)
        if isinstance(chunk, AIMessageChunk):
            total = chunk if total is None else total + chunk
    print()
    return total.usage_metadata if total else None


def run_agent(model: ChatClarifai) -> None:
    """Let an agent answer a question with a tool, and print each of its steps."""
    agent = create_agent(model, tools=[get_weather])
    print(f"Question: {QUESTION}")
    messages = agent.invoke({"messages": [HumanMessage(QUESTION)]})["messages"]
    for message in messages:
        if isinstance(message, ToolMessage):
            print(f"Result:   {message.text}")
        elif isinstance(message, AIMessage):
            for call in message.tool_calls:
                print(f"Call:     {call['name']}({call['args']})")
            if message.text:
                print(f"Answer:   {message.text}")
    if not any(isinstance(message, ToolMessage) for message in messages):
        print("The model answered by itself and did not call the tool.")


def extract_person(model: ChatClarifai) -> None:
    """Print a pydantic object made from a sentence."""
    sentence = "Marie is a physicist. She is 36 years old."
    print(f"Text:     {sentence}")
    extractor = model.with_structured_output(Person, method="json_schema")
    print(f"Object:   {extractor.invoke(f'Extract the person: {sentence}')!r}")


def print_usage(usage: UsageMetadata | None) -> None:
    """Print the token usage of the joke."""
    if usage is None:
        print("The server reported no usage.")
        return
    print(f"Prompt:   {usage['input_tokens']} tokens")
    print(f"Answer:   {usage['output_tokens']} tokens")
    print(f"Total:    {usage['total_tokens']} tokens")


def print_heading(text: str) -> None:
    """Print a heading."""
    print(f"\n── {text} " + "─" * (60 - len(text)), flush=True)


def main() -> None:
    """Show the four parts, one after the other."""
    with provide_model() as model:
        print_heading("A joke, streamed")
        usage = stream_joke(model)
        print_heading("An agent with a tool")
        run_agent(model)
        print_heading("A structured answer")
        extract_person(model)
        print_heading("Token usage of the joke")
        print_usage(usage)


if __name__ == "__main__":
    try:
        main()
    except LocalModelError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
