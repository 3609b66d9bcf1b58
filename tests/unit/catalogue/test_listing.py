"""The catalogue is read as its schema has it, and tells which models can chat."""

from __future__ import annotations

import itertools
import json
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest
from pydantic import SecretStr

from langchain_clarifai import (
    ChatClarifai,
)
from langchain_clarifai._catalogue.listing import alist_models, list_models
from langchain_clarifai._catalogue.records import ModelRecord
from langchain_clarifai._settings.model_ids import resolve_model
from tests.servers.catalogue import (
    SCHEMA,
    TRANSPORTS,
    CatalogueServer,
    build_model,
    build_predict,
    check,
    extract_schema,
)
from tests.servers.openai_wire import completion
from tests.servers.wire import json_reply
from tests.unit.catalogue.models import GPT, OK, POLY, TOKEN, build_models

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.servers.wire import WireServer

OPENAI_URL: Final = "https://api.clarifai.com/v2/ext/openai/v1"


def _build(model: str, **settings: Any) -> ChatClarifai:
    return ChatClarifai(model=model, api_key=SecretStr(TOKEN), **settings)


# --- What is sent -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "path"),
    [
        ({}, "/v2/models?page=1&per_page=128"),
        ({"owner": "openai"}, "/v2/users/openai/models?page=1&per_page=128"),
        ({"owner": "me"}, "/v2/users/me/models?page=1&per_page=128"),
        ({"search": "a b&c"}, "/v2/models?search=a+b%26c&page=1&per_page=128"),
        ({"search": "", "vision": True}, "/v2/models?page=1&per_page=128"),
    ],
    ids=["all", "owner", "me", "search", "no-search"],
)
async def test_request_is_what_the_schema_has(
    filters: Mapping[str, Any], path: str, listing: Any, wire: WireServer
) -> None:
    """The token travels as a key, the filters that the API has in the query."""
    wire.reply(json_reply({"status": OK}))
    assert await listing(api_key=TOKEN, base_url=wire.url, **filters) == []
    request = wire.last_request
    assert request.method == "GET"
    assert request.path.replace("%20", "+") == path
    assert request.body == b""
    assert request.headers["authorization"] == f"Key {TOKEN}"
    assert request.headers["x-clarifai-request-id-prefix"].startswith("langchain-")
    assert request.headers["user-agent"].startswith("langchain-clarifai/")


@pytest.mark.parametrize("suffix", ["", "/", "/v2/ext/openai/v1", "/v2/ext/openai/v1/"])
async def test_base_url_may_be_host_or_endpoint(
    suffix: str, listing: Any, catalogue: CatalogueServer
) -> None:
    """What `ChatClarifai` takes for Clarifai's base URL is taken here."""
    catalogue.models = build_models(1)
    base_url = f"{catalogue.origin}{suffix}"
    records = await listing(api_key=TOKEN, base_url=base_url)
    assert [record.name for record in records] == ["m0"]


async def test_token_and_host_come_from_the_environment(
    listing: Any, catalogue: CatalogueServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing need be passed where the environment is set."""
    catalogue.models = build_models(2)
    monkeypatch.setenv("CLARIFAI_PAT", TOKEN)
    monkeypatch.setenv("CLARIFAI_API_BASE", catalogue.origin)
    assert len(await listing()) == 2


async def test_token_may_come_from_a_function(
    listing: Any, catalogue: CatalogueServer
) -> None:
    """A function is asked for each page, so that short-lived tokens work."""
    asked = itertools.count()

    async def find_token() -> str:
        next(asked)
        return TOKEN

    catalogue.models = build_models(1)
    await listing(api_key=find_token, base_url=catalogue.origin)
    assert next(asked) == len(catalogue.requests) == 2


async def test_client_of_the_user_is_used(catalogue: CatalogueServer) -> None:
    """A proxy or a TLS setting of the user's applies to the catalogue too."""
    import openai

    catalogue.models = build_models(1)
    arguments: Any = {"api_key": TOKEN, "base_url": catalogue.origin}
    headers = {"x-by": "the user"}
    with openai.DefaultHttpxClient(headers=headers) as client:
        assert list_models(**arguments, http_client=client)
    assert catalogue.last_request.headers["x-by"] == "the user"
    async with openai.DefaultAsyncHttpxClient(headers=headers) as async_client:
        assert await alist_models(**arguments, http_client=async_client)
    assert catalogue.last_request.headers["x-by"] == "the user"


async def test_connections_are_shared(listing: Any, catalogue: CatalogueServer) -> None:
    """All pages travel on one connection."""
    catalogue.models = build_models(300)
    await listing(api_key=TOKEN, base_url=catalogue.origin)
    assert len(catalogue.requests) == 4
    assert catalogue.connections == 1


# --- Paging -------------------------------------------------------------------------


@pytest.mark.parametrize("spell_defaults", [False, True])
@pytest.mark.parametrize("largest_page", [1, 2, 3, 5, 128])
async def test_all_pages_are_read(
    largest_page: int,
    spell_defaults: bool,  # noqa: FBT001 - a parameter of the table
    listing: Any,
) -> None:
    """However small a server makes its pages, each model is listed once."""
    models = build_models(5)
    with CatalogueServer(
        models, token=TOKEN, largest_page=largest_page, spell_defaults=spell_defaults
    ) as server:
        records = await listing(api_key=TOKEN, base_url=server.origin)
    assert [record.name for record in records] == ["m0", "m1", "m2", "m3", "m4"]
    assert server.failures == []


async def test_server_without_paging_is_read_once(
    listing: Any, wire: WireServer
) -> None:
    """A server that answers every page with the same models does not go on for ever."""
    page = json_reply({"status": OK, "models": build_models(3)})
    wire.reply(page, page)
    assert len(await listing(api_key=TOKEN, base_url=wire.url)) == 3


async def test_models_that_move_between_pages_are_listed_once(
    listing: Any, wire: WireServer
) -> None:
    """The order is that of the last change, which may happen while pages are read."""
    models = build_models(4)
    for page in (models[:2], models[1:3], models[3:], []):
        wire.reply(json_reply({"status": OK, "models": page}))
    records = await listing(api_key=TOKEN, base_url=wire.url)
    assert [record.name for record in records] == ["m0", "m1", "m2", "m3"]


@pytest.mark.parametrize(("limit", "pages"), [(1, 1), (2, 1), (3, 2), (9, 4)])
async def test_limit_ends_the_reading(limit: int, pages: int, listing: Any) -> None:
    """No page is read that is not needed."""
    with CatalogueServer(build_models(5), token=TOKEN, largest_page=2) as server:
        records = await listing(api_key=TOKEN, base_url=server.origin, limit=limit)
    assert len(records) == min(limit, 5)
    assert len(server.requests) == pages


async def test_server_without_an_end_is_left(
    listing: Any, wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that makes up models for every page; what it listed is returned."""
    monkeypatch.setattr("langchain_clarifai._catalogue.listing._MOST_PAGES", 3)
    for model in build_models(4):
        wire.reply(json_reply({"status": OK, "models": [model]}))
    records = await listing(api_key=TOKEN, base_url=wire.url)
    assert [record.name for record in records] == ["m0", "m1", "m2"]


# --- Records ------------------------------------------------------------------------


async def test_record_says_what_the_catalogue_says(
    listing: Any, catalogue: CatalogueServer
) -> None:
    """Id, URL, description, type, version and capabilities are there, and no more."""
    methods = [*TRANSPORTS, build_predict("IMAGE", "VIDEO")]
    catalogue.models = [
        build_model(
            "own_er/a-pp/models/M.1_x",
            "any-to-any",
            methods=methods,
            description="Déjà vu.",
            version="f" * 32,
        )
    ]
    assert await listing(api_key=TOKEN, base_url=catalogue.origin) == [
        ModelRecord(
            id="own_er/a-pp/models/M.1_x",
            url="https://clarifai.com/own_er/a-pp/models/M.1_x",
            description="Déjà vu.",
            model_type="any-to-any",
            version="f" * 32,
            capabilities={
                "text_inputs": True,
                "image_inputs": True,
                "video_inputs": True,
                "text_outputs": True,
            },
        )
    ]


# --- Filters ------------------------------------------------------------------------


@pytest.fixture
def mixed(catalogue: CatalogueServer) -> CatalogueServer:
    """Serve models of several owners and kinds."""
    catalogue.models = [
        build_model(GPT, description="Open weights."),
        build_model(POLY, "multimodal-to-text"),
        build_model("some/app/models/ocr", "image-to-text"),
        build_model("some/app/models/any", "any-to-any"),
        build_model("some/app/models/embed", "text-embedder"),
        build_model("somebody/mine/models/local", "any-to-any"),
    ]
    return catalogue


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["gpt-oss-120b", "mm-poly-8b", "ocr", "any", "local"]),
        ({"owner": "openai"}, ["gpt-oss-120b"]),
        ({"owner": "me"}, ["local"]),
        ({"owner": "nobody"}, []),
        ({"search": "open weights"}, ["gpt-oss-120b"]),
        ({"owner": "some", "search": "ocr"}, ["ocr"]),
        ({"vision": True}, ["mm-poly-8b", "ocr"]),
        ({"vision": False}, ["gpt-oss-120b", "any", "local"]),
        ({"text": True}, ["gpt-oss-120b", "mm-poly-8b", "any", "local"]),
        ({"text": False}, ["ocr"]),
        ({"text": True, "vision": True}, ["mm-poly-8b"]),
        ({"text": True, "vision": False, "limit": 2}, ["gpt-oss-120b", "any"]),
    ],
)
async def test_filters_choose(
    filters: Mapping[str, Any], names: list[str], listing: Any, mixed: CatalogueServer
) -> None:
    """Filters of the server and of ours go together."""
    records = await listing(api_key=TOKEN, base_url=mixed.origin, **filters)
    assert [record.name for record in records] == names


async def test_models_of_others_are_left_out(listing: Any, wire: WireServer) -> None:
    """The schema tells of listings that come with Clarifai's own models."""
    models = [build_model(POLY), build_model(GPT)]
    wire.reply(json_reply({"status": OK, "models": models}), json_reply({"status": OK}))
    records = await listing(api_key=TOKEN, base_url=wire.url, owner="openai")
    assert [record.id for record in records] == [GPT]


async def test_names_that_were_listed_are_known(
    listing: Any, catalogue: CatalogueServer, wire: WireServer
) -> None:
    """From then on, in this process; a pickle takes the whole id along."""
    assert _build("brand-new").profile is None
    catalogue.models = [build_model("owner/app/models/brand-new")]
    await listing(api_key=TOKEN, base_url=catalogue.origin)
    model = _build("brand-new", base_url=wire.url)
    assert model.model == "owner/app/models/brand-new"
    wire.reply(json_reply(completion()))
    model.invoke("hi")
    url = "https://clarifai.com/owner/app/models/brand-new"
    assert wire.last_request.json["model"] == url


async def test_name_that_several_owners_have_is_refused(
    listing: Any, catalogue: CatalogueServer
) -> None:
    """The error names them all; a model that was built before goes on."""
    catalogue.models = [build_model("one/app/models/same")]
    await listing(api_key=TOKEN, base_url=catalogue.origin)
    before = _build("clarifai/same")
    catalogue.models = [build_model("two/app/models/same")]
    await listing(api_key=TOKEN, base_url=catalogue.origin)
    with pytest.raises(ValueError, match="one/app/models/same, two/app/models/same"):
        _build("same")
    assert before.model == "one/app/models/same"


async def test_name_that_comes_with_the_package_keeps_its_meaning(
    listing: Any, catalogue: CatalogueServer
) -> None:
    """Whoever lists a stranger's models does not send prompts to the stranger."""
    catalogue.models = [build_model("stranger/app/models/gpt-oss-120b")]
    await listing(api_key=TOKEN, base_url=catalogue.origin)
    assert resolve_model("gpt-oss-120b", OPENAI_URL) == f"https://clarifai.com/{GPT}"
    assert _build("gpt-oss-120b").model == "gpt-oss-120b"


# --- What goes wrong ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error_class", "text"),
    [
        ({"owner": "a/b"}, ValueError, "owner='a/b' is no id of a user"),
        ({"owner": ".."}, ValueError, "Allowed are A-Z"),
        ({"owner": ""}, ValueError, "'me' for the token's own"),
        ({"limit": 0}, ValueError, "limit=0 is not allowed. Give 1 or more."),
        ({"timeout": -1}, ValueError, "timeout=-1 is not allowed"),
        ({"base_url": "http://localhost:8000/v1"}, ValueError, "no catalogue"),
        ({"base_url": "http://example.com"}, ValueError, "is plain http"),
        (
            {"api_key": None, "base_url": "https://api.clarifai.com"},
            ValueError,
            "No Clarifai token was found",
        ),
        ({"api_key": "a b"}, ValueError, "whitespace"),
        ({"apikey": "x"}, TypeError, "apikey: no argument has this name"),
    ],
)
async def test_wrong_argument_is_refused(
    arguments: Mapping[str, Any],
    error_class: type[Exception],
    text: str,
    listing: Any,
) -> None:
    """The text says what was wrong and what is allowed, before anything is sent."""
    given = {"api_key": TOKEN, "base_url": "http://localhost:1", **arguments}
    with pytest.raises(error_class, match=text.replace(".", r"\.")) as caught:
        await listing(**given)
    assert TOKEN not in str(caught.value)


async def test_async_listing_does_not_block_the_loop(
    catalogue: CatalogueServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the CLI's file nor a module is read on the loop."""
    blockbuster = pytest.importorskip("blockbuster")
    config = home / ".config/clarifai/config"
    config.parent.mkdir(parents=True)
    context = {"CLARIFAI_PAT": TOKEN, "CLARIFAI_API_BASE": catalogue.origin}
    config.write_text(
        json.dumps({"current_context": "own", "contexts": {"own": context}}),
        encoding="utf-8",
    )
    catalogue.models = build_models(1)
    monkeypatch.delitem(
        sys.modules, "langchain_clarifai._catalogue.pages", raising=False
    )
    with blockbuster.blockbuster_ctx():
        assert len(await alist_models()) == 1


# --- The stand-in -------------------------------------------------------------------


def test_schema_is_the_published_one() -> None:
    """What the stand-in speaks is what clarifai-grpc 12.6.0 defines."""
    pytest.importorskip("clarifai_grpc")
    assert extract_schema() == SCHEMA


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"modelVersion": {}}, "clarifai.api.Model"),
        ({"id": 1}, "clarifai.api.Model"),
        ({"star_count": True}, "clarifai.api.Model"),
        ({"toolkits": "vllm"}, "clarifai.api.Model"),
        ({"method_type": "UNARY"}, "clarifai.api.MethodSignature"),
        ({"default_eval_info": {}}, "clarifai.api.Model"),
    ],
)
def test_stand_in_refuses_what_the_schema_does_not_have(
    value: dict[str, Any], kind: str
) -> None:
    """A test cannot invent a field."""
    with pytest.raises(ValueError, match=r"has no|does not fit|is no list"):
        check(value, kind)


@pytest.mark.parametrize(
    "query", ["per-page=1", "page=one", "user_app_id=x", "featured_only=1"]
)
async def test_stand_in_refuses_unknown_parameters(
    query: str, catalogue: CatalogueServer
) -> None:
    """Nor can the code under test."""
    import openai

    with openai.DefaultHttpxClient() as client:
        response = client.get(
            f"{catalogue.origin}/v2/models?{query}",
            headers={"Authorization": f"Key {TOKEN}"},
        )
    assert response.status_code == 400
