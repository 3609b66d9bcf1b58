"""The examples do what they say, run as they stand, with every warning an error."""

from __future__ import annotations

import ast
import base64
import re
from typing import TYPE_CHECKING, Any

from tests.integration.running_examples import (
    EXAMPLES,
    GPT_OSS,
    read_output,
)
from tests.servers.embedding import answer_embeddings
from tests.servers.openai_wire import choice, completion
from tests.servers.wire import Reply, Request, json_reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.scripted import ScriptedServer
    from tests.servers.wire import WireServer

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather for a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
STREAMED = {"stream": True, "stream_options": {"include_usage": True}}


def read_bodies(server: WireServer) -> list[Any]:
    """Read what was asked, in its order."""
    return [request.json for request in server.requests]


def user(content: object) -> dict[str, Any]:
    """Build a user's message."""
    return {"role": "user", "content": content}


def test_invoke_prints_answer_usage_and_finish_reason(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    """The text, what it cost and why it ended are printed; two messages are sent."""
    lines = read_output("invoke.py", tmp_path, scripted.origin).splitlines()

    assert lines[0] == "Hello, thank you for writing: Why is the sky blue?"
    assert lines[1].startswith("Tokens: {'input_tokens': 26, 'output_tokens': 14, ")
    assert lines[2:] == ["Finish reason: stop"]
    system = {"role": "system", "content": "You answer in one short sentence."}
    messages = [system, user("Why is the sky blue?")]
    assert read_bodies(scripted) == [
        {"model": GPT_OSS, "temperature": 0.0, "messages": messages}
    ]
    assert scripted.last_request.headers["authorization"] == "Bearer a-token"


def test_stream_prints_answer_once_and_then_usage(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    """The pieces make up the answer, and the sum of them knows the usage."""
    question = "Tell me a short joke about physics."
    lines = read_output("stream.py", tmp_path, scripted.origin).splitlines()

    assert lines[0] == f"Hello, thank you for writing: {question}"
    assert lines[1].startswith("Tokens: {'input_tokens': 16, 'output_tokens': 17, ")
    assert read_bodies(scripted) == [
        {
            "model": GPT_OSS,
            "temperature": 0.0,
            "messages": [user(question)],
            **STREAMED,
        }
    ]


def test_tools_sends_the_function_and_what_it_returned(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    """The function is called with the model's argument, and its result goes back."""
    output = read_output("tools.py", tmp_path, scripted.origin)

    assert output.splitlines() == [
        "get_weather({'city': 'Paris'}) returned: It is 21 degrees and sunny in Paris.",
        "The tool says: It is 21 degrees and sunny in Paris.",
    ]
    first, second = read_bodies(scripted)
    assert first["tools"] == second["tools"] == [WEATHER]
    assert first["messages"] == [user("What is the weather in Paris?")]
    _check_tool_result(second["messages"])


def test_agent_calls_the_fitting_one_of_its_tools(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    """Of two tools the weather is asked for, and the last message is the answer."""
    output = read_output("agent.py", tmp_path, scripted.origin)

    assert output.endswith("\n\nThe tool says: It is 21 degrees and sunny in Paris.\n")
    assert "get_weather (call_" in output
    first, second = read_bodies(scripted)
    names = [tool["function"]["name"] for tool in first["tools"]]
    assert names == ["get_weather", "add"]
    assert second["tools"] == first["tools"]
    _check_tool_result(second["messages"])


def _check_tool_result(messages: list[dict[str, Any]]) -> None:
    _, asked, result = messages
    [call] = asked["tool_calls"]
    assert call["function"] == {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    assert result == {
        "role": "tool",
        "tool_call_id": call["id"],
        "name": "get_weather",
        "content": "It is 21 degrees and sunny in Paris.",
    }


def test_structured_output_prints_the_object(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    """The schema of the class is sent, and an object of the class comes out."""
    output = read_output("structured_output.py", tmp_path, scripted.origin)

    assert output == "Person(name='Marie', age=36)\n"
    [body] = read_bodies(scripted)
    assert body["response_format"]["type"] == "json_schema"
    json_schema = body["response_format"]["json_schema"]
    assert json_schema["name"] == "Person"
    assert json_schema["schema"]["properties"] == {
        "name": {"type": "string", "description": "The name of the person"},
        "age": {"type": "integer", "description": "The age in years"},
    }
    assert "tools" not in body


def test_rag_sends_what_it_found_and_names_what_was_cited(
    wire: WireServer, tmp_path: Path
) -> None:
    """Passages that fit go along; of these, the ones in the answer are its source."""
    answers = iter(["You have 30 days [1].", "The help desk does."])

    def handle(request: Request) -> Reply:
        if request.path.endswith("/embeddings"):
            return json_reply(answer_embeddings(request.json))
        return json_reply(completion(choice(next(answers))))

    wire.handler = handle

    output = read_output("rag.py", tmp_path, wire.origin)

    assert output.splitlines() == [
        "How many days of holiday do I have?",
        "  You have 30 days [1].",
        "  Cited: holidays.md, of holidays.md and remote.md",
        "Who orders a new laptop?",
        "  The help desk does.",
        "  Cited: none, of equipment.md and remote.md",
    ]
    bodies = read_bodies(wire)
    embedded = [body["input"] for body in bodies if "input" in body]
    assert [len(texts) for texts in embedded] == [4, 1, 1]
    assert {body["model"] for body in bodies if "input" in body} == {
        "https://clarifai.com/openai/embed/models/text-embedding-3-large"
    }
    first, second = (body["messages"] for body in bodies if "messages" in body)
    assert first[0]["content"].splitlines() == [
        "Answer from these passages and cite them, like [1]:",
        "[1] Everyone has 30 days of paid holiday a year.",
        "[2] Working from home is possible on up to 3 days a week.",
    ]
    assert first[1] == user("How many days of holiday do I have?")
    assert "[1] A new laptop is ordered from the help desk" in second[0]["content"]


def test_vision_sends_the_picture_as_a_data_url(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    """Text and picture are parts of one message, the picture with its detail."""
    read_output("vision.py", tmp_path, scripted.origin)

    picture = (EXAMPLES / "images" / "circle.png").read_bytes()
    url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    text = "Which shape is in this picture, and in what colour?"
    content = [
        {"type": "text", "text": text},
        {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
    ]
    assert read_bodies(scripted) == [
        {
            "model": "https://clarifai.com/clarifai/main/models/mm-poly-8b",
            "temperature": 0.0,
            "messages": [user(content)],
        }
    ]


def test_reasoning_prints_thoughts_before_the_answer(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    """The effort is passed on; the thoughts are apart, and are counted."""
    question = "How many times does the letter r occur in strawberry?"
    output = read_output("reasoning.py", tmp_path, scripted.origin)

    assert output.splitlines() == [
        f"The user wrote: {question}",
        "So I answer.",
        "--- The answer:",
        f"Hello, thank you for writing: {question}",
        "Tokens of thought: 20",
    ]
    assert read_bodies(scripted) == [
        {
            "model": GPT_OSS,
            "reasoning_effort": "low",
            "messages": [user(question)],
            **STREAMED,
        }
    ]


def test_every_example_is_listed_and_says_how_to_run_it() -> None:
    """The list names each file and no other; a file's docstring has its command."""
    listed = re.findall(r"^\| \[`(.+?)`\]\((.+?)\)", _read_list(), re.MULTILINE)
    assert all(name == link for name, link in listed)
    assert all((EXAMPLES / name).is_file() for name, _ in listed)
    files = sorted(EXAMPLES.glob("*.py"))
    assert {path.name for path in files} <= {name for name, _ in listed}
    for path in files:
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        command = "make demo" if path.stem == "demo" else f"python examples/{path.name}"
        assert command in docstring


def _read_list() -> str:
    return (EXAMPLES / "README.md").read_text("utf-8")
