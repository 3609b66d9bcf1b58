"""Each example of LiteLLM's Clarifai page, beside its counterpart in LangChain."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import openai
import pytest
from langchain_core.messages import AIMessage
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai
from tests.integration.litellm.page import TOOLS
from tests.integration.litellm.process import TOKEN, run_page
from tests.unit.settings.test_model_ids import LITELLM_PATHS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.litellm.network import Network
    from tests.servers.scripted import ScriptedServer

# LiteLLM's environment is made once, by pip or uv, and may have to be downloaded.
pytestmark = pytest.mark.timeout(900)

MODEL: Final = "clarifai/openai.chat-completion.gpt-oss-20b"
URL: Final = "https://clarifai.com/openai/chat-completion/models/gpt-oss-20b"


def _write_dotted(path: str) -> str:
    return "clarifai/" + path.replace("/models/", "/").replace("/", ".")


# The page shows each model as a link: a short name that leads to a URL.
MODELS: Final = {path: _write_dotted(path) for path in LITELLM_PATHS}
BY_URL: Final = f"clarifai/{URL}"


@pytest.fixture(scope="session")
def page(
    litellm_python: Path, network: Network, clarifai: ScriptedServer
) -> dict[str, Any]:
    """Run the page's examples, and keep what they printed and what they sent."""
    already = len(clarifai.exchanges)
    printed = run_page(litellm_python, network, [*MODELS.values(), BY_URL])
    sent = clarifai.requests[already:]
    return {**printed, "sent": sent}


@pytest.fixture
def model(clarifai: ScriptedServer) -> ChatClarifai:
    """Build the counterpart, with the model as the page writes it."""
    return ChatClarifai(model=MODEL, api_key=SecretStr(TOKEN), base_url=clarifai.url)


def test_completion_gives_the_same_answer(
    page: dict[str, Any], model: ChatClarifai, clarifai: ScriptedServer
) -> None:
    """Section "Usage": the same text, reason and model, for the same request."""
    theirs = page["complete"]

    answer = model.invoke("Tell me a joke about physics?")

    [choice] = theirs["choices"]
    assert answer.text == choice["message"]["content"]
    assert answer.response_metadata["finish_reason"] == choice["finish_reason"]
    assert isinstance(answer, AIMessage)
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] == theirs["usage"]["total_tokens"]
    ours, their_request = clarifai.last_request, page["sent"][0]
    assert ours.json == their_request.json
    assert ours.json["model"] == URL
    assert ours.headers["authorization"] == their_request.headers["authorization"]


def test_streaming_gives_the_same_pieces(
    page: dict[str, Any], model: ChatClarifai
) -> None:
    """Section "Streaming Support": the same texts in the same order."""
    theirs = [delta["content"] for delta in page["stream"] if delta["content"]]

    chunks = list(model.stream("Tell me a fun fact about space."))

    assert len(theirs) > 5
    assert [chunk.text for chunk in chunks if chunk.text] == theirs


def test_tool_calling_gives_the_same_call(
    page: dict[str, Any], model: ChatClarifai, clarifai: ScriptedServer
) -> None:
    """Section "Tool Calling": the page's tool as it stands, the same call."""
    [theirs] = page["call_a_tool"]

    answer = model.bind_tools(TOOLS).invoke("What is the weather in Paris today?")

    [call] = answer.tool_calls
    assert call["name"] == theirs["function"]["name"]
    assert call["args"] == json.loads(theirs["function"]["arguments"])
    assert call["id"] == theirs["id"]
    assert clarifai.last_request.json["tools"] == TOOLS


def test_pages_variable_is_read_here_and_not_by_litellm(
    page: dict[str, Any], clarifai: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`CLARIFAI_PAT`, which the page names, does for ChatClarifai alone."""
    monkeypatch.setenv("CLARIFAI_PAT", TOKEN)
    monkeypatch.setenv("CLARIFAI_API_BASE", clarifai.origin)

    assert ChatClarifai(model=MODEL).invoke("what llm are you").text
    assert page["complete_with_the_pages_variable"].endswith("Error")


def test_litellms_variable_is_read_here_too(
    clarifai: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`CLARIFAI_API_KEY`, which LiteLLM reads, does here as well."""
    monkeypatch.setenv("CLARIFAI_API_KEY", TOKEN)
    monkeypatch.setenv("CLARIFAI_API_BASE", clarifai.origin)

    assert ChatClarifai(model=MODEL).invoke("what llm are you").text
    assert clarifai.last_request.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("path", MODELS)
def test_every_model_of_the_page_works_in_every_form(
    clarifai: ScriptedServer, path: str
) -> None:
    """As a link's URL, as LiteLLM's dotted form, as the short name of the link.

    Clarifai gets its URL each time. The page's one model that draws, and does not
    chat, has no short name here.
    """
    spellings = [f"https://clarifai.com/{path}", MODELS[path]]
    if "image-generation" not in path:
        spellings.append(path.rsplit("/", 1)[-1])
    for spelling in spellings:
        model = ChatClarifai(
            model=spelling, api_key=SecretStr(TOKEN), base_url=clarifai.url
        )
        assert model.invoke("what llm are you").text
        assert clarifai.last_request.json["model"] == f"https://clarifai.com/{path}"


def test_litellm_sends_the_same_urls(page: dict[str, Any]) -> None:
    """For each dotted form LiteLLM names the model as ChatClarifai does."""
    asked = [request.json["model"] for request in page["sent"]][-len(MODELS) :]

    assert asked == [f"https://clarifai.com/{path}" for path in MODELS]
    answer = "Hello, thank you for writing: what llm are you"
    assert {page["ask"][model] for model in MODELS.values()} == {answer}


def test_url_after_the_prefix_works_here_alone(
    page: dict[str, Any], clarifai: ScriptedServer
) -> None:
    """The page's FAQ says to use the model's URL, which LiteLLM cannot read."""
    model = ChatClarifai(model=BY_URL, api_key=SecretStr(TOKEN), base_url=clarifai.url)

    assert model.invoke("what llm are you").text
    assert clarifai.last_request.json["model"] == URL
    assert page["ask"][BY_URL].endswith("Error")


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_curl_and_our_model_get_the_same_from_the_proxy(proxy_url: str) -> None:
    """Section "Usage with LiteLLM Proxy", by curl: no token, no `/v1`."""
    content = {"role": "user", "content": "what llm are you"}
    body = json.dumps({"model": "clarifai-model", "messages": [content]})
    finished = subprocess.run(  # noqa: S603 - the command is the page's
        [
            *("curl", "--silent", "--location", f"{proxy_url}/chat/completions"),
            *("--header", "Content-Type: application/json", "--data", body),
        ],
        capture_output=True,
        check=True,
        timeout=60,
    )
    theirs = json.loads(finished.stdout)

    answer = ChatClarifai(
        model="clarifai-model", base_url=proxy_url, api_key=SecretStr("anything")
    ).invoke("what llm are you")

    assert answer.text == theirs["choices"][0]["message"]["content"]
    assert answer.response_metadata["model_name"] == theirs["model"]


def test_openai_client_and_our_model_get_the_same_from_the_proxy(
    proxy_url: str,
) -> None:
    """The same section, by the `openai` client, with the arguments unchanged."""
    prompt = "this is a test request, write a short poem"
    with openai.OpenAI(api_key="anything", base_url=proxy_url) as client:
        theirs = client.chat.completions.create(
            model="clarifai-model", messages=[{"role": "user", "content": prompt}]
        )

    answer = ChatClarifai(
        model="clarifai-model", base_url=proxy_url, api_key=SecretStr("anything")
    ).invoke(prompt)

    assert answer.text == theirs.choices[0].message.content
    assert isinstance(answer, AIMessage)
    assert answer.usage_metadata is not None
    assert theirs.usage is not None
    assert answer.usage_metadata["total_tokens"] == theirs.usage.total_tokens


def test_litellm_drops_user_and_passes_an_unknown_parameter_on(
    proxy_url: str, clarifai: ScriptedServer
) -> None:
    """Facts of the migration page: `user` is lost on the way, `top_k` is not."""
    call: dict[str, Any] = {"user": "me", "top_k": 5}
    token = SecretStr(TOKEN)

    with ChatClarifai(
        model="clarifai-model", base_url=proxy_url, api_key=token
    ) as model:
        model.invoke("Hello", **call)
    assert "user" not in clarifai.last_request.json
    assert clarifai.last_request.json["top_k"] == call["top_k"]

    with ChatClarifai(model=MODEL, base_url=clarifai.url, api_key=token) as model:
        model.invoke("Hello", **call)
    assert clarifai.last_request.json.items() >= call.items()


def test_litellm_refuses_to_call_tools_one_by_one(
    proxy_url: str, clarifai: ScriptedServer
) -> None:
    """Another fact of that page: `parallel_tool_calls` goes through directly only."""
    question = "What is the weather in Paris today?"
    token = SecretStr(TOKEN)
    proxied = ChatClarifai(model="clarifai-model", base_url=proxy_url, api_key=token)
    direct = ChatClarifai(model=MODEL, base_url=clarifai.url, api_key=token)

    with pytest.raises(openai.BadRequestError, match="parallel_tool_calls"):
        proxied.bind_tools(TOOLS, parallel_tool_calls=False).invoke(question)
    direct.bind_tools(TOOLS, parallel_tool_calls=False).invoke(question)
    assert clarifai.last_request.json["parallel_tool_calls"] is False
