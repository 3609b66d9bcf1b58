"""A page of Clarifai's catalogue → its models; a model → a record, if it can chat.

Field names and types are those of
https://github.com/Clarifai/clarifai-python-grpc, version 12.6.0. As in proto3's JSON, a
field with its default value may be absent, and an enum is a name or a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from langchain_clarifai._answer.bodies import parse_body
from langchain_clarifai._answer.faults import MalformedAnswer
from langchain_clarifai._settings.model_ids import parse_model
from langchain_clarifai.data._profiles import find_profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from langchain_core.language_models import ModelProfile

# A model serves the OpenAI-compatible API through these methods, and needs both:
# https://github.com/Clarifai/clarifai-python (clarifai/client/user.py, list_models).
_TRANSPORTS: Final[Mapping[str, tuple[str | int, ...]]] = {
    "openai_transport": ("UNARY_UNARY", 1),
    "openai_stream_transport": ("UNARY_STREAMING", 2),
}
# The inputs of a model, by the part of its type before "-to-".
_INPUTS_BY_TYPE: Final[Mapping[str, Mapping[str, bool]]] = {
    "text": {
        "text_inputs": True,
        "image_inputs": False,
        "audio_inputs": False,
        "video_inputs": False,
    },
    "multimodal": {"text_inputs": True, "image_inputs": True},
    "any": {"text_inputs": True},
    "image": {"image_inputs": True},
    "audio": {"audio_inputs": True},
    "video": {"video_inputs": True},
}
# The same, by the type of an argument.
_INPUTS_BY_ARGUMENT: Final[Mapping[str | int, str]] = {
    "IMAGE": "image_inputs",
    9: "image_inputs",
    "AUDIO": "audio_inputs",
    13: "audio_inputs",
    "VIDEO": "video_inputs",
    14: "video_inputs",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """A model that can chat, as Clarifai's catalogue describes it."""

    id: str
    """The model without a host or version, `user/app/models/model`. `ChatClarifai`
    takes it as `model`, as it takes the URL."""

    url: str
    """The page of the model, and its name on the wire; without a version."""

    description: str
    """What its owner says about it; often nothing."""

    model_type: str
    """Clarifai's word for what goes in and out: "text-to-text", "multimodal-to-text",
    "any-to-any" and others."""

    version: str | None
    """Id of its newest version; `f"{url}/versions/{version}"` pins it."""

    capabilities: ModelProfile = field(hash=False)
    """What it can do, as far as it is known, in the form of LangChain's profiles:
    `ChatClarifai(model=record.url, profile=record.capabilities)`.

    Its inputs are read from the arguments of its methods, else from the profiles that
    come with this package, else from its type. The catalogue does not say the rest,
    such as `tool_calling`: it is from the profiles, and absent where they have none.
    """

    @property
    def name(self) -> str:
        """Its bare name, which models of other owners may have as well."""
        return self.id.rpartition("/")[2]

    @property
    def owner(self) -> str:
        """The user or organization that it belongs to."""
        return self.id.partition("/")[0]


def parse_page(body: bytes) -> list[dict[str, Any]]:
    """Parse the body of a page into its models.

    Raises:
        ErrorBody: If it reports an error.
        MalformedAnswer: If it is anything else.
    """
    page = parse_body(body)
    models = read_field(page, "models", list)
    if not models and not read_field(page, "status", dict):
        raise MalformedAnswer("The response is no page of Clarifai's catalogue.", body)
    return [model for model in models if isinstance(model, dict)]


def convert_to_record(model: Mapping[str, Any]) -> ModelRecord | None:
    """Convert a model of the catalogue to a record; None if it cannot chat."""
    version = read_field(model, "model_version", dict)
    signatures = read_field(version, "method_signatures", list)
    model_type = read_field(model, "model_type_id", str)
    if not _is_chat_model(signatures, model_type):
        return None
    user_id, app_id, name = read_key(model)
    try:
        model_id = parse_model(f"{user_id}/{app_id}/models/{name}")
    except ValueError:
        return None  # without an id it cannot be called
    return ModelRecord(
        id=model_id.path,
        url=model_id.url,
        description=read_field(model, "description", str),
        model_type=model_type,
        version=read_field(version, "id", str) or None,
        capabilities=_build_capabilities(model_id.path, model_type, signatures),
    )


def _is_chat_model(signatures: list[Any], model_type: str) -> bool:
    """Tell whether a model has both transports and answers with text.

    Embedders and image generators have the transports too, for other endpoints.
    """
    methods = {
        read_field(signature, "name", str): read_field(
            signature, "method_type", str | int
        )
        for signature in signatures
    }
    if any(methods.get(name) not in kinds for name, kinds in _TRANSPORTS.items()):
        return False
    _, separator, output = model_type.rpartition("-to-")
    if separator:
        return output in {"text", "any"}
    return not model_type.endswith("-embedder")


def _build_capabilities(
    path: str, model_type: str, signatures: list[Any]
) -> ModelProfile:
    arguments = dict.fromkeys(_list_media(signatures), True)
    capabilities: dict[str, Any] = {
        **_INPUTS_BY_TYPE.get(model_type.partition("-to-")[0], {}),
        **(find_profile(path) or {}),
    }
    if arguments:
        # Speech recognition is "multimodal-to-text" as well, and takes no images.
        capabilities.pop("image_inputs", None)
    return cast("ModelProfile", {**capabilities, **arguments, "text_outputs": True})


def _list_media(signatures: list[Any]) -> Iterator[str]:
    """List the kinds of media that a model's methods take as arguments."""
    fields: list[Any] = [
        argument
        for signature in signatures
        for argument in read_field(signature, "input_fields", list)
    ]
    while fields:
        argument = fields.pop()
        kind = read_field(argument, "type", str | int)
        if kind in _INPUTS_BY_ARGUMENT:
            yield _INPUTS_BY_ARGUMENT[kind]
        fields += read_field(argument, "type_args", list)


def read_key(model: Mapping[str, Any]) -> tuple[str, str, str]:
    """Read the ids of user, app and model, which together identify a model."""
    user_id, app_id, name = (
        read_field(model, part, str) for part in ("user_id", "app_id", "id")
    )
    return user_id, app_id, name


def read_field(container: Any, name: str, kind: Any) -> Any:
    """Read a field; one that is missing or of another kind is empty, as in proto3."""
    value = container.get(name) if isinstance(container, dict) else None
    if isinstance(value, kind):
        return value
    return "" if kind == str | int else kind()
