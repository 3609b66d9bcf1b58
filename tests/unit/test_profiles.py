"""What each model can do."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest
from langchain_core.language_models import ModelProfile

from langchain_clarifai._settings.model_ids import parse_model
from langchain_clarifai.data import _profiles as profiles
from langchain_clarifai.data._profiles import PROFILES, find_profile

_TYPES = {
    str: str,
    bool: bool,
    int: int,
    list[str]: list,
}


@pytest.mark.parametrize("path", PROFILES)
def test_path_of_every_profile_is_the_parsed_path(path: str) -> None:
    """A profile is found under the very path that parsing gives."""
    assert parse_model(path).path == path


@pytest.mark.parametrize("path", PROFILES)
def test_bare_name_of_every_profile_is_unique(path: str) -> None:
    """Every model with a profile can be named by its bare name."""
    assert parse_model(path.rsplit("/", 1)[-1]).path == path


@pytest.mark.parametrize("path", PROFILES)
def test_every_profile_has_only_declared_keys(path: str) -> None:
    """LangChain warns of keys it does not declare, and reads values by type."""
    declared = get_type_hints(ModelProfile)
    for key, value in PROFILES[path].items():
        assert type(value) is _TYPES[declared[key]], key


@pytest.mark.parametrize("path", PROFILES)
def test_every_profile_is_of_a_chat_model(path: str) -> None:
    """Models that only make images or embeddings are not listed."""
    assert PROFILES[path].get("text_inputs")
    assert PROFILES[path].get("text_outputs")
    assert "image-generation" not in path
    assert "embed" not in path


@pytest.mark.parametrize("path", PROFILES)
def test_every_profile_is_consistent(path: str) -> None:
    """Limits are positive and in proportion; effort levels go with reasoning."""
    profile = PROFILES[path]
    max_input_tokens = profile.get("max_input_tokens", sys.maxsize)
    assert 0 < profile.get("max_output_tokens", 1) <= max_input_tokens
    assert profile.get("reasoning_output") or "reasoning_effort_levels" not in profile


@pytest.mark.parametrize("path", PROFILES)
def test_no_profile_asks_agents_for_response_format_with_tools(path: str) -> None:
    """`structured_output` would make `create_agent` send what vLLM answers wrongly."""
    assert "structured_output" not in PROFILES[path]


def test_documented_limits_are_given() -> None:
    """Summarization reads the window of a model that someone documents."""
    profile = find_profile("openai/chat-completion/models/gpt-oss-20b")
    assert profile is not None
    expected: ModelProfile = {
        "max_input_tokens": 131_072,
        "max_output_tokens": 16_384,
        "tool_calling": True,
        "image_inputs": False,
        "reasoning_effort_levels": ["low", "medium", "high"],
    }
    assert profile | expected == profile


def test_undocumented_facts_stay_absent() -> None:
    """Nothing is guessed for a model whose maker gives no window as it is served."""
    assert find_profile("qwen/qwenLM/models/QwQ-32B-AWQ") == {
        "text_inputs": True,
        "text_outputs": True,
        "tool_calling": True,
        "reasoning_output": True,
    }


WINDOWS = {
    "openai/chat-completion/models/gpt-oss-120b": 131_072,
    "openai/chat-completion/models/gpt-4o": 128_000,
    "openai/chat-completion/models/gpt-5": 272_000,
    "anthropic/completion/models/claude-sonnet-4": 200_000,
    "gcp/generate/models/gemini-2_5-pro": 1_048_576,
    "xai/chat-completion/models/grok-3": 131_072,
    "microsoft/text-generation/models/phi-4": 16_384,
    "zai/completion/models/GLM_4_6": 200_000,
    "nvidia/chat-completion/models/nemotron-nano-v3-omni": 256_000,
    "qwen/qwen-VL/models/Qwen3_6-35B-A3B-FP8": 262_144,
}


@pytest.mark.parametrize(("path", "window"), WINDOWS.items(), ids=WINDOWS)
def test_context_window_is_that_of_the_makers_page(path: str, window: int) -> None:
    """Summarization triggers at a share of it."""
    profile = find_profile(path)
    assert profile is not None
    assert profile.get("max_input_tokens") == window


def test_every_context_window_has_its_source_beside_it() -> None:
    """Or stands in a part of the table that names one for all of its entries."""
    text = Path(profiles.__file__).read_text("utf-8")
    table = text.partition("PROFILES: dict")[2].partition("\nclass ")[0]
    common, _, rest = table.partition(
        "https://docs.clarifai.com/compute/inference/vercel"
    )
    assert "models.dev" in common
    entries = re.findall(
        r'^    "(\S+)": \{\n(.*?)^    \},$', rest, re.MULTILINE | re.DOTALL
    )
    assert len(entries) > 40
    for path, entry in entries:
        assert ("max_input_tokens" in entry) <= ("# https://" in entry), path


def test_unknown_model_has_no_profile() -> None:
    """A user's own model is not found, nor is another spelling of a known one."""
    assert find_profile("me/local-runner-app/models/local-runner-model") is None
    assert find_profile("OpenAI/chat-completion/models/gpt-oss-20b") is None


def test_changed_copy_leaves_the_profile_alone() -> None:
    """Who gets a profile may change it, lists included."""
    path = "openai/chat-completion/models/gpt-oss-20b"
    first = find_profile(path)
    before = copy.deepcopy(first)
    assert first is not None
    first["max_input_tokens"] = 1
    first.get("reasoning_effort_levels", []).append("extreme")
    assert first != before
    assert find_profile(path) == before


def test_import_of_profiles_needs_nothing_else() -> None:
    """The table is read at import, so it pulls in no other package."""
    program = (
        "import sys\n"
        "from importlib.util import module_from_spec, spec_from_file_location\n"
        "spec = spec_from_file_location('profiles', sys.argv[1])\n"
        "module = module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "assert module.PROFILES\n"
        "assert 'langchain_core' not in sys.modules\n"
    )
    module_path = sys.modules[find_profile.__module__].__file__
    assert module_path is not None
    subprocess.run([sys.executable, "-c", program, module_path], check=True)  # noqa: S603 - our own program
