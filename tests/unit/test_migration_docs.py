"""The page on migration does what it says: each of its new lines is run."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from langchain_clarifai import ChatClarifai
from tests.documents import read_blocks, read_links, run_blocks, use_server
from tests.unit.settings.test_model_ids import LITELLM_PATHS

if TYPE_CHECKING:
    from tests.servers.scripted import ScriptedServer

PAGE: Final = Path(__file__).parents[2] / "docs" / "migration.md"
TEXT: Final = PAGE.read_text("utf-8")
MODEL: Final = "gpt-oss-120b"

_ROW: Final = re.compile(
    r"^\| (?P<old>.+?) \| (?P<new>.+?) \| (?P<change>.+?) \|$", re.MULTILINE
)
_CODE: Final = re.compile(r"`([^`]+)`")
_OLD: Final = re.compile(
    r"^<!-- not run: [^\n]+ -->\n```python\n(.*?)^```", re.MULTILINE | re.DOTALL
)
# What a token is written as on the page, and what could be one.
_TOKEN: Final = ("…", "a-token")

NEW: Final = [
    code
    for row in _ROW.finditer(TEXT)
    if row["old"] not in {"old", "---"}
    for code in _CODE.findall(row["new"])
]
ARGUMENTS: Final = [code for code in NEW if re.match(r"\w+=", code)]
EXPRESSIONS: Final = [
    code
    for code in NEW
    if code not in ARGUMENTS and re.match(r"(model|answer|list)\b", code)
]
WORDS: Final = [code for code in NEW if code not in {*ARGUMENTS, *EXPRESSIONS}]


@pytest.fixture
def names(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, Any]:
    """Run the page's blocks in order, and give what they define."""
    use_server(scripted, monkeypatch)
    assert len(read_blocks(PAGE)) > 8
    return run_blocks(PAGE, tmp_path)


def test_new_blocks_run_in_order(
    names: dict[str, Any], scripted: ScriptedServer
) -> None:
    """Every new block runs as written, each after those above it."""
    assert names["arguments"] == {"location": "Paris"}
    assert "Where is Paris?" in names["text"]
    asked = {request.json["model"] for request in scripted.requests}
    path = "https://clarifai.com/openai/chat-completion/models/gpt-oss"
    embedder = "https://clarifai.com/openai/embed/models/text-embedding"
    assert asked == {
        *(f"{path}-20b", f"{path}-120b"),
        *(f"{embedder}-ada-002", f"{embedder}-3-large"),
    }
    assert len(names["vectors"]) == 2


@pytest.mark.parametrize("code", ARGUMENTS)
def test_new_arguments_build_a_model_that_answers(
    code: str, names: dict[str, Any], scripted: ScriptedServer
) -> None:
    """Arguments of a table are taken without a warning, and their model answers."""
    source = f"dict({code.replace(*_TOKEN)})"
    arguments: dict[str, Any] = eval(source, names)  # noqa: S307 - our own text
    named = {"model", "model_url", "model_id"} & arguments.keys()
    model = ChatClarifai(**(arguments if named else {"model": MODEL, **arguments}))
    if "base_url" not in arguments and "api_base" not in arguments:
        assert model.invoke("Hello!").text
        assert scripted.last_request.json["model"].startswith("https://clarifai.com/")
    if client := arguments.get("http_client"):
        client.close()


@pytest.mark.parametrize("code", EXPRESSIONS)
def test_new_expressions_run(code: str, names: dict[str, Any]) -> None:
    """What a table writes about a model or its answer gives something."""
    value = eval(code, names)  # noqa: S307 - our own text
    if code != 'answer.additional_kwargs.get("reasoning_content")':
        assert value


def test_nothing_else_is_called_new() -> None:
    """What is run by no test above is a variable of the environment or one keyword."""
    assert set(WORDS) == {
        "CLARIFAI_PAT",
        "CLARIFAI_API_KEY",
        "HTTPS_PROXY",
        "except ClarifaiError",
    }


def test_old_blocks_are_python() -> None:
    """The old lines are not run, but they parse, and there is one for each way in."""
    blocks = _OLD.findall(TEXT)
    for block in blocks:
        ast.parse(block)
    for module in ("litellm", "langchain_openai", "langchain_community", "llama_index"):
        assert any(f"from {module}" in block for block in blocks)


def test_reasoning_is_where_the_page_says(names: dict[str, Any]) -> None:
    """The old place of LiteLLM's thoughts has its new one."""
    answer = names["model"].invoke("Hello!", reasoning_effort="low")
    assert answer.additional_kwargs["reasoning_content"]


def test_old_name_of_the_models_id_is_refused(names: dict[str, Any]) -> None:
    """LlamaIndex's `model_name` beside `user_id` says what is missing."""
    arguments: dict[str, Any] = {"user_id": "openai", "app_id": "chat-completion"}
    with pytest.raises(ValueError, match="`model_id` is missing"):
        names["ChatClarifai"](**arguments, model_name=MODEL)


def test_address_of_all_interfaces_is_refused() -> None:
    """The URL of LiteLLM's page needs another host, or a word of permission."""
    arguments: dict[str, Any] = {"model": "clarifai-model", "api_key": "anything"}
    with pytest.raises(ValueError, match="allow_http"):
        ChatClarifai(**arguments, base_url="http://0.0.0.0:4000")
    assert ChatClarifai(**arguments, base_url="http://0.0.0.0:4000", allow_http=True)


def test_page_counts_litellms_models_right() -> None:
    """The number is that of the table which the tests go through."""
    assert f"all {len(LITELLM_PATHS)} ids" in TEXT


@pytest.mark.parametrize("method", ["embed_documents", "embed_query", "add_texts"])
def test_what_is_said_to_be_missing_is_missing(method: str) -> None:
    """The page promises neither embeddings nor a store."""
    assert not hasattr(ChatClarifai, method)


def test_structured_output_has_the_default_that_the_page_says() -> None:
    """The page compares it with that of ChatOpenAI."""
    signature = inspect.signature(ChatClarifai.with_structured_output)
    assert signature.parameters["method"].default == "function_calling"


@pytest.mark.parametrize("link", read_links(PAGE))
def test_relative_links_lead_somewhere(link: str) -> None:
    """Every link to a file has its file."""
    assert (PAGE.parent / link).exists()


@pytest.mark.parametrize("name", ["token", "openai_api_key"])
def test_token_under_an_old_name_is_refused(name: str) -> None:
    """It would be a parameter of the model, which is sent, traced and shown."""
    arguments: dict[str, Any] = {"model": MODEL, "api_key": "a-token", name: "hidden"}
    with pytest.raises(ValueError, match="Give the token as `api_key`") as caught:
        ChatClarifai(**arguments)
    assert "hidden" not in str(caught.value)
