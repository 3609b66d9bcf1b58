"""A model of the catalogue becomes a record, if one can chat with it."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai
from langchain_clarifai._answer.faults import Fault
from langchain_clarifai._catalogue.records import convert_to_record, parse_page
from tests.servers.catalogue import TRANSPORTS, build_model, build_predict
from tests.unit.catalogue.models import GPT, OK, POLY, TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping


def test_record_is_a_value() -> None:
    """It can be compared, put into sets, and not be changed."""
    record, same, other = (
        convert_to_record(build_model(path)) for path in (GPT, GPT, POLY)
    )
    assert record is not None
    assert record == same
    assert {record, same, other} == {record, other}
    assert (record.name, record.owner) == ("gpt-oss-120b", "openai")
    with pytest.raises(AttributeError):
        record.id = POLY  # type: ignore[misc]  # that it is frozen is the claim


def test_record_makes_a_model() -> None:
    """What a record says is what `ChatClarifai` takes."""
    record = convert_to_record(build_model("some/app/models/new", "multimodal-to-text"))
    assert record is not None
    model = ChatClarifai(
        model=record.url, profile=record.capabilities, api_key=SecretStr(TOKEN)
    )
    assert (model.profile or {})["image_inputs"] is True


@pytest.mark.parametrize(
    ("model_type", "methods"),
    [
        ("text-to-text", []),
        ("text-to-text", TRANSPORTS[:1]),
        ("text-to-text", TRANSPORTS[1:]),
        ("text-to-text", [build_predict()]),
        ("text-to-text", [{**TRANSPORTS[0], "method_type": "UNKNOWN"}, TRANSPORTS[1]]),
        ("text-embedder", TRANSPORTS),
        ("multimodal-embedder", TRANSPORTS),
        ("text-to-image", TRANSPORTS),
        ("text-to-audio", TRANSPORTS),
    ],
    ids=[
        "no-method",
        "no-stream",
        "only-stream",
        "predict",
        "other-kind",
        "embedder",
        "embedder-2",
        "images",
        "speech",
    ],
)
def test_model_that_cannot_chat_is_left_out(
    model_type: str, methods: list[dict[str, Any]]
) -> None:
    """Chat takes both transports, and an answer in text."""
    assert convert_to_record(build_model(GPT, model_type, methods=methods)) is None


@pytest.mark.parametrize(
    ("path", "model_type", "media", "inputs"),
    [
        ("a/b/models/c", "text-to-text", [], {"text": True, "image": False}),
        ("a/b/models/c", "multimodal-to-text", [], {"text": True, "image": True}),
        ("a/b/models/c", "any-to-any", [], {"text": True, "image": None}),
        ("a/b/models/c", "any-to-any", ["IMAGE"], {"text": True, "image": True}),
        ("a/b/models/c", "image-to-text", [], {"text": None, "image": True}),
        ("a/b/models/c", "audio-to-text", [], {"text": None, "audio": True}),
        ("a/b/models/c", "video-to-text", [], {"video": True, "image": None}),
        ("a/b/models/c", "agent", [], {"text": None, "image": None}),
        ("a/b/models/c", "", [], {"text": None, "image": None}),
        (
            "a/b/models/c",
            "multimodal-to-text",
            ["AUDIO"],
            {"text": True, "image": None, "audio": True},
        ),
        ("a/b/models/c", "text-to-text", ["IMAGE"], {"image": True}),
        (POLY, "any-to-any", [], {"image": True, "video": True, "audio": False}),
        (POLY, "text-to-text", [], {"image": True, "video": True, "audio": False}),
        (GPT, "any-to-any", ["VIDEO"], {"text": True, "video": True}),
    ],
    ids=[
        "text",
        "multimodal",
        "any",
        "any-with-images",
        "image",
        "audio",
        "video",
        "unknown-type",
        "no-type",
        "speech-recognition",
        "arguments-over-type",
        "profile-where-open",
        "profile-over-type",
        "arguments-over-profile",
    ],
)
def test_inputs_are_told_by_arguments_then_profile_then_type(
    path: str, model_type: str, media: list[str], inputs: Mapping[str, bool | None]
) -> None:
    """What no source tells is absent."""
    methods = [*TRANSPORTS, build_predict(*media)]
    record = convert_to_record(build_model(path, model_type, methods=methods))
    assert record is not None
    told: Any = record.capabilities
    assert {kind: told.get(f"{kind}_inputs") for kind in inputs} == inputs
    assert told["text_outputs"] is True


def test_tools_are_told_by_profiles_alone() -> None:
    """The catalogue does not say who can call tools, so no guess is made."""
    known = convert_to_record(build_model(GPT))
    unknown = convert_to_record(build_model("some/app/models/new"))
    assert known is not None
    assert unknown is not None
    assert known.capabilities["tool_calling"] is True
    assert "tool_calling" not in unknown.capabilities


def test_enums_may_be_numbers() -> None:
    """proto3's JSON may write an enum either way."""
    methods: list[dict[str, Any]] = [
        {**TRANSPORTS[0], "method_type": 1},
        {**TRANSPORTS[1], "method_type": 2},
        {"name": "predict", "input_fields": [{"name": "image", "type": 9}]},
    ]
    record = convert_to_record(build_model(GPT, "any-to-any", methods=methods))
    assert record is not None
    assert record.capabilities["image_inputs"] is True


@pytest.mark.parametrize(
    "ids",
    [{"id": "a b"}, {"id": ""}, {"user_id": "x/y"}, {"app_id": ".."}],
    ids=["blank", "empty", "slash", "dots"],
)
def test_model_that_cannot_be_named_is_left_out(ids: dict[str, str]) -> None:
    """One odd id does not spoil the listing."""
    assert convert_to_record({**build_model(GPT), **ids}) is None


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 20) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "user_id",
                    "app_id",
                    "model_type_id",
                    "model_version",
                    "method_signatures",
                    "input_fields",
                    "type_args",
                    "type",
                    "name",
                    "description",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_any_json_is_a_page_or_a_fault(value: Any) -> None:
    """No shape of a page raises anything but a fault."""
    for page in (value, {"status": OK, "models": value}):
        try:
            models = parse_page(json.dumps(page).encode())
        except Fault:
            continue
        for model in models:
            convert_to_record(model)


@given(st.sampled_from(["id", "model_version", "model_type_id"]), JSON_VALUES)
def test_any_field_of_a_model_is_a_record_or_none(name: str, value: Any) -> None:
    """A field of another kind counts as missing."""
    convert_to_record({**build_model(GPT), name: value})


@given(JSON_VALUES)
def test_any_signature_is_a_record_or_none(value: Any) -> None:
    """So does one of a method; the model can chat all the same."""
    model = build_model(GPT)
    model["model_version"]["method_signatures"].append(value)
    record = convert_to_record(model)
    assert record is None or record.id == GPT


def test_records_are_read_from_clarifais_own_messages() -> None:
    """What its generated code writes as JSON gives the record of the stand-in's."""
    service = pytest.importorskip("clarifai_grpc.grpc.api.service_pb2")
    json_format = import_module("google.protobuf.json_format")
    methods = [*TRANSPORTS, build_predict("IMAGE")]
    model = build_model(POLY, "multimodal-to-text", methods=methods, star_count=1)
    page = {"status": OK, "models": [model]}
    message = json_format.ParseDict(page, service.MultiModelResponse())
    for numbers in (False, True):
        written = json_format.MessageToJson(
            message, preserving_proto_field_name=True, use_integers_for_enums=numbers
        )
        (parsed,) = parse_page(written.encode())
        assert convert_to_record(parsed) == convert_to_record(model)
