"""A `ListModels` request → a page of models, in the words of the published schema.

`catalogue_schema.json` holds the parts of the schema that are spoken here, as they are
in clarifai-grpc 12.6.0 (Apache 2.0). The server refuses every parameter that the schema
does not have, and the models that a test gives it must fit the schema too. With
clarifai-grpc installed, `python -m tests.servers.catalogue` writes the file anew.

How the service behaves beyond its schema (the order of models, the largest page, what
follows the last page, the words of its errors) is constructed.
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.servers.openai_wire import JSON, platform_error
from tests.servers.wire import Reply, Request, WireServer, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_SCHEMA_FILE: Final = Path(__file__).with_name("catalogue_schema.json")
SCHEMA: Final[JSON] = json.loads(_SCHEMA_FILE.read_text(encoding="utf-8"))

# What Clarifai's runner writes for its class of OpenAI-compatible models (clarifai
# 12.5.0, OpenAIModelClass), without the descriptions; enums by name.
TRANSPORTS: Final[list[JSON]] = [
    {
        "name": "openai_transport",
        "method_type": "UNARY_UNARY",
        "input_fields": [{"required": True, "name": "msg", "type": "STR"}],
        "output_fields": [{"name": "return", "type": "STR"}],
    },
    {
        "name": "openai_stream_transport",
        "method_type": "UNARY_STREAMING",
        "input_fields": [{"required": True, "name": "msg", "type": "STR"}],
        "output_fields": [{"name": "return", "type": "STR", "iterator": True}],
    },
]


def build_predict(*media: str) -> JSON:
    """Build the signature of a method that takes a prompt, and lists of media."""
    fields: list[JSON] = [{"name": "prompt", "type": "STR"}]
    for kind in media:
        item = {"name": f"{kind.lower()}s_item", "type": kind}
        fields.append(
            {
                "name": f"{kind.lower()}s",
                "type": "LIST",
                "type_args": [item],
                "default": "null",
            }
        )
    return {
        "name": "predict",
        "method_type": "UNARY_UNARY",
        "input_fields": fields,
        "output_fields": [{"name": "return", "type": "STR"}],
    }


def build_model(
    path: str,
    model_type: str = "text-to-text",
    *,
    methods: Sequence[JSON] = TRANSPORTS,
    version: str = "0123456789abcdef0123456789abcdef",
    **fields: Any,
) -> JSON:
    """Build a model from its path, `user/app/models/model`; other fields as named.

    Raises:
        ValueError: If the schema has no such field, or another type for it.
    """
    user_id, app_id, _, model_id = path.split("/")
    model: JSON = {
        "id": model_id,
        "name": model_id.replace("_", "."),
        "created_at": "2025-08-06T10:11:12.131415Z",
        "modified_at": "2025-08-07T10:11:12.131415Z",
        "app_id": app_id,
        "user_id": user_id,
        "model_type_id": model_type,
        "visibility": {"gettable": "PUBLIC"},
        "model_version": {
            "id": version,
            "status": {"code": "MODEL_TRAINED", "description": "Model is trained"},
            "user_id": user_id,
            "app_id": app_id,
            "method_signatures": list(methods),
        },
        **fields,
    }
    check(model, "clarifai.api.Model")
    return model


def check(value: Any, kind: str) -> None:
    """Check a value in proto3's JSON against a type of the schema.

    Raises:
        ValueError: If it does not fit.
    """
    if kind.startswith("repeated "):
        if not isinstance(value, list):
            raise ValueError(f"{value!r} is no list.")
        for item in value:
            check(item, kind.removeprefix("repeated "))
    elif kind in SCHEMA["messages"]:
        fields = SCHEMA["messages"][kind]
        for name, item in value.items():
            if name not in fields:
                raise ValueError(f"{kind} has no field {name!r}.")
            check(item, fields[name])
    elif kind in SCHEMA["enums"]:
        names: Mapping[str, int] = SCHEMA["enums"][kind]
        if value not in names and value not in names.values():
            raise ValueError(f"{kind} has no value {value!r}.")
    elif kind not in _SCALARS or type(value) is not _SCALARS[kind]:
        raise ValueError(f"{value!r} does not fit {kind}.")


_SCALARS: Final[Mapping[str, type]] = {
    "bool": bool,
    "google.protobuf.Timestamp": str,
    "int32": int,
    "string": str,
    "uint32": int,
}


class CatalogueServer(WireServer):
    """A server that lists models, page by page.

    `largest_page` cuts what is asked for. With `spell_defaults` an empty page says
    `"models": []`; else it says nothing, as proto3's JSON may.
    """

    def __init__(
        self,
        models: Iterable[JSON] = (),
        *,
        token: str = "",
        user_id: str = "somebody",
        largest_page: int = 1000,
        spell_defaults: bool = False,
    ) -> None:
        """Start the server; `user_id` is whom the token belongs to."""
        self.models = list(models)
        self._token = token
        self._user_id = user_id
        self._largest_page = largest_page
        self._spell_defaults = spell_defaults
        super().__init__(handler=self._handle)

    def _handle(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Key {self._token}":
            return json_reply(
                platform_error(11001, "Invalid token", "The token is unknown."),
                status=401,
            )
        parts = urlsplit(request.path)
        route = next(filter(None, (read(parts.path) for read in _ROUTES)), None)
        if request.method != "GET" or route is None:
            return json_reply(
                platform_error(11101, "Does not exist", parts.path), status=404
            )
        try:
            query = _read_query(parts.query)
        except ValueError as error:
            return json_reply(
                platform_error(11102, "Invalid request", str(error)), status=400
            )
        return json_reply(self._list(route.groupdict(), query))

    def _list(self, route: Mapping[str, str], query: JSON) -> JSON:
        page, per_page = query.pop("page", 1), query.pop("per_page", 128)
        search = query.pop("search", "").lower().split()
        if query:
            raise NotImplementedError(f"This server does not know {[*query]}.")
        owner = route.get("user_id")
        owner = self._user_id if owner == "me" else owner
        found = [
            model
            for model in self.models
            if owner in (None, model["user_id"])
            and route.get("app_id") in (None, model["app_id"])
            and all(word in _read_searched(model) for word in search)
        ]
        size = min(per_page, self._largest_page)
        models = found[(page - 1) * size : page * size]
        reply: JSON = {
            "status": {"code": 10000, "description": "Ok", "req_id": f"page-{page}"}
        }
        if models or self._spell_defaults:
            reply["models"] = models
        check(reply, "clarifai.api.MultiModelResponse")
        return reply


def _compile(route: str) -> Callable[[str], re.Match[str] | None]:
    pattern = re.sub(r"\{user_app_id\.(\w+)\}", r"(?P<\1>[^/]+)", route)
    return re.compile(pattern).fullmatch


_ROUTES: Final = [_compile(route) for route in SCHEMA["routes"]]


def _read_query(query: str) -> JSON:
    """Read parameters as the types that the schema has for them.

    Raises:
        ValueError: If there is no such parameter, or it has another type.
    """
    fields: Mapping[str, str] = SCHEMA["messages"]["clarifai.api.ListModelsRequest"]
    read: JSON = {}
    for name, value in parse_qsl(
        query, keep_blank_values=True, strict_parsing=bool(query)
    ):
        kind = fields.get(name, "")
        if kind in _READERS:
            read[name] = _READERS[kind](value)
        elif kind == "repeated string":
            read.setdefault(name, []).append(value)
        else:
            raise ValueError(f"ListModelsRequest has no field {name!r}.")
    return read


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "bool": lambda value: ["false", "true"].index(value) == 1,
    "string": str,
    "uint32": int,
}


def _read_searched(model: JSON) -> str:
    names = ("id", "name", "description", "notes", "user_id")
    return " ".join(str(model.get(name, "")) for name in names).lower()


_MESSAGES: Final = (
    "service_pb2.ListModelsRequest",
    "service_pb2.MultiModelResponse",
    "resources_pb2.MethodSignature",
    "resources_pb2.Model",
    "resources_pb2.ModelTypeField",
    "resources_pb2.ModelVersion",
    "resources_pb2.UserAppIDSet",
    "resources_pb2.Visibility",
    "status.status_pb2.Status",
)


def extract_schema() -> JSON:
    """Extract the parts that are spoken here from clarifai-grpc, which has it all."""
    messages: JSON = {}
    enums: JSON = {}
    for path in _MESSAGES:
        module, _, name = path.rpartition(".")
        message = getattr(import_module(f"clarifai_grpc.grpc.api.{module}"), name)
        descriptor = message.DESCRIPTOR
        messages[descriptor.full_name] = {
            field.name: _name_type(field) for field in descriptor.fields
        }
        for field in descriptor.fields:
            if field.enum_type:
                enums[field.enum_type.full_name] = {
                    value.name: value.number for value in field.enum_type.values
                }
    return {"messages": messages, "enums": enums, "routes": _extract_routes()}


def _name_type(field: Any) -> str:
    named = field.message_type or field.enum_type
    scalars = {"TYPE_BOOL", "TYPE_INT32", "TYPE_STRING", "TYPE_UINT32"}
    kinds = {getattr(field, kind): kind[5:].lower() for kind in scalars}
    name: str = named.full_name if named else kinds[field.type]
    return f"repeated {name}" if field.is_repeated else name


def _extract_routes() -> list[str]:
    service = import_module("clarifai_grpc.grpc.api.service_pb2").DESCRIPTOR
    annotations = import_module("google.api.annotations_pb2")
    method = service.services_by_name["V2"].methods_by_name["ListModels"]
    rule = method.GetOptions().Extensions[annotations.http]
    return [rule.get, *(other.get for other in rule.additional_bindings)]


def main() -> None:
    """Write the schema."""
    text = json.dumps(extract_schema(), indent=1, sort_keys=True)
    _SCHEMA_FILE.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
