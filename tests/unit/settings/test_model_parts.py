"""The separate arguments of older integrations → one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from langchain_clarifai._settings.model_ids import ModelId, parse_model
from langchain_clarifai._settings.model_parts import build_model_from_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

GPT_OSS = "openai/chat-completion/models/gpt-oss-120b"
HOST = "https://clarifai.com"

ids = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)

OTHER = {"user_id": "u", "app_id": "a", "model_id": "m"}
URL = f"{HOST}/u/a/models/m"

# The arguments of the older integrations → one model.
PARTS: list[tuple[Mapping[str, str | None], str | None]] = [
    ({}, None),
    ({"model_url": None, "user_id": "", "app_id": " "}, None),
    ({"model_url": URL}, URL),
    ({"model_url": f" {URL} "}, URL),
    ({"model_url": "any other name"}, "any other name"),
    ({"model_url": URL, **OTHER}, URL),
    ({"model_url": URL, "user_id": "u", "app_id": None}, URL),
    ({"model_url": URL, "model_version_id": "1"}, f"{URL}/versions/1"),
    ({"model_url": f"{URL}/versions/1", **OTHER}, f"{URL}/versions/1"),
    (
        {"model_url": f"{URL}/versions/1", "model_version_id": "1"},
        f"{URL}/versions/1",
    ),
    (OTHER, URL),
    ({**OTHER, "model_version_id": "1"}, f"{URL}/versions/1"),
    ({"user_id": " u ", "app_id": "a", "model_id": "m.1"}, f"{HOST}/u/a/models/m.1"),
    ({"model_id": "gpt-oss-120b"}, "gpt-oss-120b"),
    (
        {"model_id": "gpt-oss-120b", "model_version_id": "1"},
        f"{HOST}/{GPT_OSS}/versions/1",
    ),
]


@pytest.mark.parametrize(
    ("parts", "expected"), PARTS, ids=lambda value: repr(value)[:80]
)
def test_separate_arguments_become_one_model(
    parts: Mapping[str, str | None], expected: str | None
) -> None:
    """What `langchain_community` and LlamaIndex took apart is put together."""
    assert build_model_from_parts(**parts) == expected


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ({"user_id": "u"}, "`app_id`, `model_id` is missing"),
        ({"user_id": "u", "model_id": "m"}, "`app_id` is missing"),
        ({"app_id": "a", "model_id": "m"}, "`user_id` is missing"),
        ({"user_id": "u", "app_id": "a"}, "`model_id` is missing"),
        ({"model_version_id": "1"}, "`user_id`, `app_id`, `model_id` is missing"),
        ({**OTHER, "user_id": "u/x"}, "`user_id` is no id"),
        ({**OTHER, "model_id": URL}, "`model_id` is no id"),
        ({**OTHER, "model_version_id": "1\r\nX: 1"}, "`model_version_id` is no id"),
        ({**OTHER, "app_id": ".."}, "`app_id` is no id"),
        ({"model_url": URL, "user_id": "x"}, "`model_url` and `user_id` name"),
        (
            {"model_url": URL, "app_id": "x", "model_id": "y"},
            "`model_url` and `app_id`, `model_id` name",
        ),
        (
            {"model_url": f"{URL}/versions/1", "model_version_id": "2"},
            "`model_url` and `model_version_id` name",
        ),
        ({"model_url": URL, "model_version_id": "a/b"}, "`model_version_id` is no id"),
        ({"model_url": "nonsense", "user_id": "u"}, "Cannot read the model"),
        ({"model_id": "nonsense", "model_version_id": "1"}, "Cannot read the model"),
    ],
    ids=lambda value: repr(value)[:80],
)
def test_incomplete_or_conflicting_arguments_are_refused(
    parts: dict[str, str], fault: str
) -> None:
    """The error names the arguments that do not fit."""
    with pytest.raises(ValueError, match=fault):
        build_model_from_parts(**parts)


@given(ids, ids, ids, st.none() | ids)
def test_separate_ids_and_their_url_are_the_same_model(
    user_id: str, app_id: str, model_id: str, version_id: str | None
) -> None:
    """Composing an id and reading it gives the id."""
    model = build_model_from_parts(
        user_id=user_id, app_id=app_id, model_id=model_id, model_version_id=version_id
    )
    assert model is not None
    assert parse_model(model) == ModelId(user_id, app_id, model_id, version_id)
