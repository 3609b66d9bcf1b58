"""The constructor takes what users write, and says what is allowed."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from langchain_clarifai import ChatClarifai
from tests.unit.settings.models import MODEL, TOKEN, build

URL = f"https://clarifai.com/{MODEL}"
DEFAULT = "https://api.clarifai.com/v2/ext/openai/v1"


ALIASES: list[Any] = [
    ("pat", "other", "api_key", SecretStr("other")),
    ("model_name", "gpt-5", "model", "gpt-5"),
    ("request_timeout", 3, "timeout", 3),
    ("stop_sequences", ["x"], "stop", ["x"]),
    ("api_base", "https://a.b/v1", "base_url", "https://a.b/v1"),
    ("extra_headers", {"X-A": "1"}, "default_headers", {"X-A": "1"}),
    ("extra_query", {"p": "1"}, "default_query", {"p": "1"}),
]


@pytest.mark.parametrize(("alias", "value", "name", "expected"), ALIASES)
def test_alias_sets_the_field(alias: str, value: Any, name: str, expected: Any) -> None:
    """It does so without a warning, and wins nothing over the name itself."""
    given: dict[str, Any] = {"model": MODEL, "api_key": TOKEN}
    given.pop(name, None)
    assert getattr(ChatClarifai(**given, **{alias: value}), name) == expected
    with pytest.raises(ValidationError, match=f"`{alias}` is another name"):
        ChatClarifai(**{**given, alias: value, name: "9"})


PARTS: list[Any] = [
    pytest.param({"model_url": URL}, URL, id="url"),
    pytest.param(
        {
            "user_id": "openai",
            "app_id": "chat-completion",
            "model_id": "gpt-oss-120b",
            "model_version_id": "a1",
        },
        f"{URL}/versions/a1",
        id="ids",
    ),
    pytest.param({"model_id": "gpt-oss-120b"}, "gpt-oss-120b", id="name"),
]


@pytest.mark.parametrize(("parts", "model"), PARTS)
def test_separate_arguments_of_the_old_integration_make_one_model(
    parts: dict[str, str], model: str
) -> None:
    """They name a model together, and contradict `model` with an error."""
    assert ChatClarifai(api_key=TOKEN, **parts).model == model  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="both given"):
        build(model="gpt-5", **parts)


def test_blank_parts_count_as_missing() -> None:
    """Old code may pass them empty."""
    assert build(user_id="", app_id=None).model == MODEL


REFUSED: list[Any] = [
    ({"temperature": -1}, "a number from 0 to 2"),
    ({"temperature": 2.1}, "a number from 0 to 2"),
    ({"temperature": float("nan")}, "a number from 0 to 2"),
    ({"top_p": 1.5}, "a number from 0 to 1"),
    ({"n": 0}, "an integer from 1 up"),
    ({"max_tokens": 0}, "an integer from 1 up"),
    ({"max_completion_tokens": -5}, "an integer from 1 up"),
    ({"presence_penalty": 3}, "a number from -2 to 2"),
    ({"frequency_penalty": -3}, "a number from -2 to 2"),
    ({"logit_bias": {5: 101}}, "numbers from -100 to 100 by token id"),
    ({"top_logprobs": 21}, "an integer from 0 to 20"),
    ({"seed": "x"}, "an integer"),
    ({"stop": 5}, "a string or a list of strings"),
    ({"reasoning_effort": ""}, "'low', 'medium' or 'high'"),
    ({"reasoning_format": "x"}, "'auto', 'tags' or 'off'"),
    ({"timeout": 0}, "Give a positive number of seconds"),
    ({"timeout": {"conect": 1}}, "connect, read, write and pool"),
    ({"stream_idle_timeout": 0}, "above 0, or None for no limit"),
    ({"max_retries": -1}, "an integer from 0 up"),
    ({"cold_start_timeout": -1}, "a number of seconds from 0 up"),
    ({"api_key": 5}, "a string, a SecretStr, or a sync or async function"),
    ({"api_key": ""}, "https://clarifai.com/settings"),
    ({"api_key": "two words"}, "Give the token alone"),
    ({"api_key": SecretStr("two words")}, "Give the token alone"),
    ({"base_url": "ftp://a.b"}, "https:// or http://"),
    ({"base_url": "http://a.b/v1"}, "allow_http=True"),
    ({"base_url": 5}, "the URL of an API"),
    ({"default_headers": {"a": "b\nc"}}, "printable ASCII"),
    ({"default_headers": {"a": 5}}, "a dict of strings by header name"),
    ({"extra_body": [1]}, "a dict of further keys"),
    ({"model_kwargs": 5}, "a dict of further parameters"),
    ({"model_kwargs": {"temperature": 1}}, "`temperature`. These are arguments"),
    ({"model_kwargs": {"pat": "x"}}, "`pat`. These are arguments"),
    ({"model": ""}, "Allowed: a URL"),
    ({"model": None}, "Allowed: a URL"),
    ({"model": 5}, "Allowed: a URL"),
    ({"model": "   "}, "Allowed are a URL"),
    ({"model": "a/b"}, "Allowed are a URL"),
    ({"model": "gtp-oss-120b"}, "Closest known models: .*gpt-oss-120b"),
    ({"model": " ", "base_url": "https://a.b/v1"}, "under which the server knows"),
    ({"user_id": "u", "model": None}, "`app_id`, `model_id` is missing"),
    ({"streaming": "perhaps"}, "True or False"),
    ({"disable_streaming": "perhaps"}, "Input should be"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED)
def test_impossible_argument_is_refused_with_what_is_allowed(
    arguments: dict[str, Any], words: str
) -> None:
    """The error is pydantic's, a ValueError, and never holds the token."""
    with pytest.raises(ValidationError, match=words) as caught:
        build(**arguments)
    error = caught.value
    for text in (str(error), repr(error), repr(error.errors()), error.json()):
        assert TOKEN not in text
        assert "two words" not in text
    assert error.title == "ChatClarifai"
    assert error.error_count() == 1


def test_every_impossible_argument_is_named_at_once() -> None:
    """One try is enough to see them all, in the order of the fields."""
    with pytest.raises(ValidationError) as caught:
        build(temperature=-1, n=0, api_key=5)
    places = [details["loc"] for details in caught.value.errors()]
    assert places == [("api_key",), ("temperature",), ("n",)]
    assert caught.value.errors()[1]["type"] == "greater_than_equal"


def test_braces_in_a_message_are_text() -> None:
    """A message is no template."""
    with pytest.raises(ValidationError, match=r"\{x\}"):
        build(model="{x}")


def test_missing_token_names_every_way_to_give_one() -> None:
    """None is found in the environment of tests."""
    with pytest.raises(ValidationError, match=r"CLARIFAI_PAT.*CLARIFAI_API_KEY.*login"):
        ChatClarifai(model=MODEL)


def test_token_and_base_url_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are usable, but count as found, not as given."""
    monkeypatch.setenv("CLARIFAI_API_KEY", "second")
    assert ChatClarifai(model=MODEL).api_key == SecretStr("second")
    monkeypatch.setenv("CLARIFAI_PAT", "first")
    monkeypatch.setenv("CLARIFAI_API_BASE", "https://api.example.com")
    model = ChatClarifai(model=MODEL)
    assert model.api_key == SecretStr("first")
    assert model.base_url == "https://api.example.com/v2/ext/openai/v1"
    assert not {"api_key", "base_url"} & model.model_fields_set
    assert build().base_url == "https://api.example.com/v2/ext/openai/v1"
    assert build(base_url=DEFAULT).base_url == DEFAULT


def test_base_url_takes_one_form() -> None:
    """A host is enough for Clarifai, and a slash at the end is none."""
    assert build(base_url="https://api.clarifai.com/").base_url == DEFAULT
    assert build(base_url="http://a.b/v1/", allow_http=True).base_url == "http://a.b/v1"


def test_unknown_argument_moves_to_model_kwargs_with_a_warning() -> None:
    """The warning points at the line of the user."""
    with pytest.warns(UserWarning, match="`min_p` is not an argument") as caught:
        model = ChatClarifai(
            model=MODEL,
            api_key=SecretStr(TOKEN),
            model_kwargs={"top_k": 4},
            min_p=0.1,  # type: ignore[call-arg]
        )
    assert model.model_kwargs == {"top_k": 4, "min_p": 0.1}
    assert caught[0].filename == __file__


def test_warning_points_at_the_user_through_a_subclass_and_validation() -> None:
    """However the model is built, langchain and pydantic are stepped over."""

    class Mine(ChatClarifai):
        mine: int = 0

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        built = Mine(model=MODEL, api_key=SecretStr(TOKEN), mine=1, min_p=1)  # type: ignore[call-arg]
        ChatClarifai.model_validate({"model": MODEL, "api_key": TOKEN, "min_p": 1})
    assert [warning.filename for warning in caught] == [__file__] * 2
    assert (built.mine, built.model_kwargs) == (1, {"min_p": 1})


def test_instance_validates_as_itself() -> None:
    """A field of another model may hold one."""
    model = build()
    assert ChatClarifai.model_validate(model) is model


def test_known_arguments_warn_of_nothing() -> None:
    """Every field and alias is silent: warnings are errors in these tests."""
    build(
        max_completion_tokens=5,
        profile={"max_input_tokens": 9},
        rate_limiter=None,
        cache=False,
        tags=["a"],
        metadata={"b": 1},
        output_version="v1",
    )
