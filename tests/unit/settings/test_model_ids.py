"""Every spelling of a model → its id and URL."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from langchain_clarifai._settings.credentials import DEFAULT_BASE_URL
from langchain_clarifai._settings.model_ids import (
    ModelId,
    is_clarifai_base_url,
    name_for_tracing,
    parse_model,
    resolve_model,
)
from langchain_clarifai.data._profiles import PROFILES

GPT_OSS = "openai/chat-completion/models/gpt-oss-120b"
MM_POLY = "clarifai/main/models/mm-poly-8b"
VERSION = "0123456789abcdef0123456789abcdef"
HOST = "https://clarifai.com"

# How a model is written → the URL that names it.
SPELLINGS = {
    # URL
    f"{HOST}/{GPT_OSS}": f"{HOST}/{GPT_OSS}",
    f"{HOST}/{GPT_OSS}/": f"{HOST}/{GPT_OSS}",
    f"{HOST}/{GPT_OSS}?tab=overview": f"{HOST}/{GPT_OSS}",
    f"{HOST}/{GPT_OSS}/?a=b/c#d?e": f"{HOST}/{GPT_OSS}",
    f"{HOST}/{GPT_OSS}#api": f"{HOST}/{GPT_OSS}",
    f"  {HOST}/{GPT_OSS}\n": f"{HOST}/{GPT_OSS}",
    f"http://clarifai.com/{GPT_OSS}": f"{HOST}/{GPT_OSS}",
    f"HTTPS://Clarifai.com/{GPT_OSS}": f"{HOST}/{GPT_OSS}",
    f"clarifai.com/{GPT_OSS}": f"{HOST}/{GPT_OSS}",
    f"www.clarifai.com/{GPT_OSS}": f"https://www.clarifai.com/{GPT_OSS}",
    f"clarifai/clarifai.com/{GPT_OSS}": f"{HOST}/{GPT_OSS}",
    f"clarifai/{HOST}/{GPT_OSS}": f"{HOST}/{GPT_OSS}",
    f"openai/{HOST}/{GPT_OSS}": f"{HOST}/{GPT_OSS}",
    f"openai/http://clarifai.com/{GPT_OSS}/": f"{HOST}/{GPT_OSS}",
    f"openai/clarifai.com/{GPT_OSS}": f"{HOST}/{GPT_OSS}",
    # URL with a version
    f"{HOST}/{GPT_OSS}/versions/{VERSION}": f"{HOST}/{GPT_OSS}/versions/{VERSION}",
    f"{HOST}/{GPT_OSS}/versions/{VERSION}/?x": f"{HOST}/{GPT_OSS}/versions/{VERSION}",
    f"clarifai/{HOST}/{GPT_OSS}/versions/1": f"{HOST}/{GPT_OSS}/versions/1",
    # other hosts are kept
    f"https://www.clarifai.com/{GPT_OSS}": f"https://www.clarifai.com/{GPT_OSS}",
    f"https://staging.clarifai.com/{GPT_OSS}": (
        f"https://staging.clarifai.com/{GPT_OSS}"
    ),
    f"http://clarifai.internal:8080/{GPT_OSS}/versions/1": (
        f"http://clarifai.internal:8080/{GPT_OSS}/versions/1"
    ),
    # path
    GPT_OSS: f"{HOST}/{GPT_OSS}",
    f"{GPT_OSS}/": f"{HOST}/{GPT_OSS}",
    f"{GPT_OSS}/versions/{VERSION}": f"{HOST}/{GPT_OSS}/versions/{VERSION}",
    f"clarifai/{GPT_OSS}": f"{HOST}/{GPT_OSS}",
    f"clarifai/{GPT_OSS}/versions/1": f"{HOST}/{GPT_OSS}/versions/1",
    f"openai/{GPT_OSS}": f"{HOST}/{GPT_OSS}",
    "openai/qwen/qwenLM/models/QwQ-32B-AWQ": f"{HOST}/qwen/qwenLM/models/QwQ-32B-AWQ",
    # `clarifai` as a user, with and without the prefix
    MM_POLY: f"{HOST}/{MM_POLY}",
    f"clarifai/{MM_POLY}": f"{HOST}/{MM_POLY}",
    f"{MM_POLY}/versions/1": f"{HOST}/{MM_POLY}/versions/1",
    "clarifai/agentic-model/models/gpt-5_1": (
        f"{HOST}/clarifai/agentic-model/models/gpt-5_1"
    ),
    "clarifai.main.mm-poly-8b": f"{HOST}/{MM_POLY}",
    "clarifai/clarifai.main.mm-poly-8b": f"{HOST}/{MM_POLY}",
    "clarifai/models/models/models": f"{HOST}/clarifai/models/models/models",
    # LiteLLM's dotted form
    "openai.chat-completion.gpt-oss-120b": f"{HOST}/{GPT_OSS}",
    "clarifai/openai.chat-completion.gpt-oss-120b": f"{HOST}/{GPT_OSS}",
    "clarifai/xai.chat-completion.grok-3": f"{HOST}/xai/chat-completion/models/grok-3",
    # bare name
    "gpt-oss-120b": f"{HOST}/{GPT_OSS}",
    "clarifai/gpt-oss-120b": f"{HOST}/{GPT_OSS}",
    "QwQ-32B-AWQ": f"{HOST}/qwen/qwenLM/models/QwQ-32B-AWQ",
    # dots, case, `_` and `-` are kept
    "Arcee_AI/a-f-m/models/M.x_v1.5": f"{HOST}/Arcee_AI/a-f-m/models/M.x_v1.5",
}

# Every model of https://docs.litellm.ai/docs/providers/clarifai.
LITELLM_PATHS = [
    "openai/chat-completion/models/gpt-oss-20b",
    "openai/chat-completion/models/gpt-oss-120b",
    "openai/chat-completion/models/gpt-5-nano",
    "openai/chat-completion/models/gpt-5-mini",
    "openai/chat-completion/models/gpt-5",
    "openai/chat-completion/models/gpt-4o",
    "openai/chat-completion/models/o3",
    "anthropic/completion/models/claude-sonnet-4",
    "anthropic/completion/models/claude-opus-4",
    "anthropic/completion/models/claude-3_5-haiku",
    "anthropic/completion/models/claude-3_7-sonnet",
    "xai/chat-completion/models/grok-3",
    "xai/chat-completion/models/grok-2-vision-1212",
    "xai/chat-completion/models/grok-2-1212",
    "xai/chat-completion/models/grok-code-fast-1",
    "xai/image-generation/models/grok-2-image-1212",
    "gcp/generate/models/gemini-2_5-pro",
    "gcp/generate/models/gemini-2_5-flash-lite",
    "gcp/generate/models/gemini-2_0-flash",
    "gcp/generate/models/gemini-2_0-flash-lite",
    "qwen/qwenLM/models/Qwen3-30B-A3B-Instruct-2507",
    "qwen/qwenLM/models/Qwen3-30B-A3B-Thinking-2507",
    "qwen/qwenLM/models/Qwen3-14B",
    "qwen/qwenLM/models/QwQ-32B-AWQ",
    "qwen/qwen-VL/models/Qwen2_5-VL-7B-Instruct",
    "qwen/qwenCoder/models/Qwen3-Coder-30B-A3B-Instruct",
    "openbmb/miniCPM/models/MiniCPM-o-2_6-language",
    "openbmb/miniCPM/models/MiniCPM3-4B",
    "openbmb/miniCPM/models/MiniCPM4-8B",
    "microsoft/text-generation/models/Phi-4-reasoning-plus",
    "microsoft/text-generation/models/phi-4",
    "meta/Llama-3/models/Llama-3_2-3B-Instruct",
    "deepseek-ai/deepseek-chat/models/DeepSeek-R1-0528-Qwen3-8B",
]

# What is refused → what the error says of it.
REFUSED = {
    "": "is empty",
    " \n": "is empty",
    "/": "is empty",
    "?x": "is empty",
    "x" * 513: "513 characters",
    f"{GPT_OSS} x": "whitespace or a control character",
    f"{GPT_OSS}\r\nX-Evil: 1": "whitespace or a control character",
    f"{GPT_OSS}\0": "whitespace or a control character",
    f"{GPT_OSS}\u200b": "whitespace or a control character",
    f"{GPT_OSS}?\tx": "whitespace or a control character",
    "openai/chat-completion/models": "does not name",
    "openai/chat-completion/models/": "does not name",
    "openai/chat-completion/model/gpt-4o": "does not name",
    "openai/chat-completion/Models/gpt-4o": "does not name",
    f"{GPT_OSS}/versions": "does not name",
    f"{GPT_OSS}/versions/": "does not name",
    f"{GPT_OSS}/version/1": "does not name",
    f"{GPT_OSS}/extra": "does not name",
    f"x/{GPT_OSS}": "does not name",
    f"clarifai/clarifai/{GPT_OSS}": "does not name",
    f"openai/clarifai/{GPT_OSS}": "does not name",
    "clarifai.com/main/models/mm-poly-8b": "does not name",
    "openai/gpt-oss-120b": "does not name",
    "openai/openai.chat-completion.gpt-4o": "does not name",
    f"ftp://clarifai.com/{GPT_OSS}": "does not name",
    f"https://clarifai.com:123456/{GPT_OSS}": "does not name",
    "https://clarifai.com": "does not name",
    f"https:///{GPT_OSS}": "is empty",
    "clarifai.com": "no well-known model",
    "api.clarifai.com": "no well-known model",
    "openai.chat-completion.gpt-4.1": "no well-known model",
    "openai..gpt-4o": "no well-known model",
    "unheard-of": "no well-known model",
    "clarifai/unheard-of": "no well-known model",
    "GPT-OSS-120B": "no well-known model",
    "/openai/chat-completion/models/gpt-4o": "is empty",
    "openai//models/gpt-4o": "is empty",
    f"{GPT_OSS}//": "is empty",
    "../chat-completion/models/gpt-4o": "consists of dots",
    "openai/./models/gpt-4o": "consists of dots",
    "openai/chat-completion/models/..": "consists of dots",
    f"{GPT_OSS}/versions/...": "consists of dots",
    "openai/chat-completion/models/gpt%2F4o": "percent-encoded",
    "openai/chat-completion/models/gpt%0d4o": "percent-encoded",
    "openai/chat-completion/models/gpt-4ö": "ids are made of",
    "openai/chat-completion/models/gpt\\4o": "ids are made of",
    "openai/chat completion/models/gpt-4o": "whitespace",
    f"https://me:secret@clarifai.com/{GPT_OSS}": "user name or token",
    "clarifai/main/workflows/Demographics": "only models can be called",
    f"{HOST}/clarifai/main/workflows/Demographics": "only models can be called",
    f"{HOST}/clarifai/main/datasets/d/versions/1": "only models can be called",
}

# A name that is slightly wrong → the model that the error names first.
ALMOST = {
    "gpt-4.1": "openai/chat-completion/models/gpt-4_1",
    "QWQ-32b-awq": "qwen/qwenLM/models/QwQ-32B-AWQ",
    "GPT-OSS-120B": GPT_OSS,
    "clarifai/gpt-oss-12b": GPT_OSS,
    "gpt-oss-120": GPT_OSS,
    "openai/gpt-oss-120b": GPT_OSS,
    "openai/chat-completion/model/gpt-oss-120b": GPT_OSS,
    "openai.chat-completion.gpt-4.1": "openai/chat-completion/models/gpt-4_1",
    "gcp.generate.gemini-2.5-pro": "gcp/generate/models/gemini-2_5-pro",
}

ids = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)


@pytest.mark.parametrize(
    ("spelling", "url"), SPELLINGS.items(), ids=map(repr, SPELLINGS)
)
def test_every_spelling_names_its_url(spelling: str, url: str) -> None:
    """Whatever the user writes, the endpoint gets the form it documents."""
    assert parse_model(spelling).url == url
    assert parse_model(url).url == url


@pytest.mark.parametrize(("spelling", "url"), SPELLINGS.items())
def test_every_spelling_is_traced_by_one_name(spelling: str, url: str) -> None:
    """The path alone: prices and dashboards go by the name, without host or version."""
    path, _, _ = url.split("/", 3)[3].partition("/versions/")
    assert name_for_tracing(spelling, DEFAULT_BASE_URL) == path


@pytest.mark.parametrize("path", LITELLM_PATHS)
def test_every_model_of_litellms_page_is_read(path: str) -> None:
    """What worked with LiteLLM works here, with the name unchanged."""
    user_id, app_id, _, model_id = path.split("/")
    expected = ModelId(user_id, app_id, model_id)
    for spelling in (
        f"{HOST}/{path}",
        path,
        f"openai/{path}",
        f"openai/{HOST}/{path}",
        f"clarifai/{user_id}.{app_id}.{model_id}",
    ):
        assert parse_model(spelling) == expected


@pytest.mark.parametrize(
    "path", [path for path in LITELLM_PATHS if "image-generation" not in path]
)
def test_every_chat_model_of_litellms_page_has_a_bare_name(path: str) -> None:
    """Its models are known here too."""
    assert parse_model(path.rsplit("/", 1)[-1]).path == path


@pytest.mark.parametrize(
    ("spelling", "fault"), REFUSED.items(), ids=[ascii(key)[:60] for key in REFUSED]
)
def test_malformed_spelling_is_refused(spelling: str, fault: str) -> None:
    """The error says what is wrong and which forms there are, with examples."""
    with pytest.raises(ValueError, match=fault) as caught:
        parse_model(spelling)
    text = str(caught.value)
    assert f"a path ({GPT_OSS})" in text
    assert "secret" not in text
    assert text.isprintable()


@pytest.mark.parametrize(("name", "path"), ALMOST.items(), ids=ALMOST)
def test_almost_right_name_gets_the_right_one_suggested(name: str, path: str) -> None:
    """The closest model comes first, since nothing is corrected silently."""
    with pytest.raises(ValueError, match=re.escape(f"Closest known models: {path}")):
        parse_model(name)


def test_path_leaves_out_host_and_version() -> None:
    """The path is the key under which the model's profile is found."""
    model_id = parse_model(f"https://staging.clarifai.com/{GPT_OSS}/versions/1")
    assert model_id.path == GPT_OSS
    assert model_id.path in PROFILES
    assert (model_id.user_id, model_id.app_id) == ("openai", "chat-completion")
    assert (model_id.model_id, model_id.version_id) == ("gpt-oss-120b", "1")


@given(ids, ids, ids, st.none() | ids)
def test_every_form_of_one_model_gives_the_same_id(
    user_id: str, app_id: str, model_id: str, version_id: str | None
) -> None:
    """Writing an id in any form and reading it again gives the id."""
    expected = ModelId(user_id, app_id, model_id, version_id)
    version = "" if version_id is None else f"/versions/{version_id}"
    path = f"{user_id}/{app_id}/models/{model_id}{version}"
    forms = [path, f"{HOST}/{path}", f"clarifai.com/{path}"]
    if version_id is None:
        forms.append(f"{user_id}.{app_id}.{model_id}")
    for form in forms:
        assert parse_model(form) == expected
        assert parse_model(f"clarifai/{form}") == expected
        assert parse_model(f" {form}/?{form}") == expected
    for form in forms[:3]:
        assert parse_model(f"openai/{form}") == expected
    assert parse_model(expected.url) == expected


@given(
    st.text(max_size=80)
    | st.text("aZ09._-/:%?#@\\ \n", max_size=80)
    | st.lists(
        st.sampled_from(
            ["clarifai", "openai", "models", "versions", "https:", "", "a.b", "..", "x"]
        ),
        max_size=9,
    ).map("/".join)
)
def test_any_text_is_read_as_a_safe_url_or_refused(text: str) -> None:
    """Nothing gets through that a header or URL could be broken with."""
    try:
        model_id = parse_model(text)
    except ValueError:
        return
    assert re.fullmatch(r"https?://[a-z0-9.:-]+(/[A-Za-z0-9._-]+){4,6}", model_id.url)
    assert "/../" not in f"{model_id.url}/"
    assert parse_model(model_id.url) == model_id


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        (DEFAULT_BASE_URL, True),
        (f"{DEFAULT_BASE_URL}/", True),
        ("http://localhost:8000/v2/ext/openai/v1", True),
        ("https://gateway.example/clarifai/v2/ext/openai/v1/", True),
        ("https://api.clarifai.com", False),
        ("http://localhost:8000/v1", False),
        ("https://a.example/v1?x=/v2/ext/openai/v1", False),
        ("https://a.example/v1#/v2/ext/openai/v1", False),
        ("", False),
    ],
)
def test_clarifai_like_base_is_told_by_its_path(
    base_url: str, *, expected: bool
) -> None:
    """A private host or a test server counts as Clarifai's when its path says so."""
    assert is_clarifai_base_url(base_url) is expected


@pytest.mark.parametrize("model", ["gpt-oss-120b", GPT_OSS, f"{HOST}/{GPT_OSS}"])
def test_clarifai_gets_the_full_url(model: str) -> None:
    """Short names are not documented, so the endpoint never sees one."""
    assert resolve_model(model, DEFAULT_BASE_URL) == f"{HOST}/{GPT_OSS}"


@pytest.mark.parametrize("model", ["llama3:8b", "gpt-4.1", "org/Model", f"{HOST}/a/b"])
def test_another_server_gets_the_name_unchanged(model: str) -> None:
    """A server that is not Clarifai's has names of its own."""
    assert resolve_model(model, "http://localhost:8000/v1") == model


@pytest.mark.parametrize("model", ["", " ", "a\r\nb", "a\0"])
def test_another_server_gets_no_unprintable_name(model: str) -> None:
    """An empty name or a control character is wrong everywhere."""
    with pytest.raises(ValueError, match="empty or has a control character"):
        resolve_model(model, "http://localhost:8000/v1")


def test_clarifai_is_not_asked_for_an_unknown_name() -> None:
    """A wrong name fails before a request is paid for."""
    with pytest.raises(ValueError, match="gpt-4_1"):
        resolve_model("gpt-4.1", DEFAULT_BASE_URL)
