"""Headers that cannot be sent → refused alike, wherever and however they are given."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai, ClarifaiEmbeddings
from tests.servers.openai_wire import completion, sse, text_chunks
from tests.servers.wire import event_stream_reply, json_reply
from tests.wire.ways import PLAIN, Way, build_model, call

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.wire import WireServer

HEADERS: Final[dict[str, dict[Any, Any]]] = {
    "blank before a value": {"X-A": " secret"},
    "blank after a value": {"X-A": "secret "},
    "tab after a value": {"X-A": "secret\t"},
    "line break at an end": {"X-A": "secret\n"},
    "line break in a value": {"X-A": "secret\r\nX-B: b"},
    "null": {"X-A": "secret\0"},
    "no ASCII": {"X-A": "secr\xe9t"},
    "half a character": {"X-A": "secret\ud83d"},
    "blank in a name": {"X A": "secret"},
    "blank before a name": {" X-A": "secret"},
    "blank after a name": {"X-A ": "secret"},
    "line break in a name": {"X-A\n": "secret"},
    "colon in a name": {"X-A:": "secret"},
    "no name": {"": "secret"},
    "bytes as a name": {b"X-A": "secret"},
    "number as a name": {5: "secret"},
    "length of the body": {"Content-Length": "5"},
    "chunks of the body": {"Transfer-Encoding": "chunked"},
    "body held back": {"Expect": "100-continue"},
}

every_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
# pydantic makes a text of bytes.
_AT_CONSTRUCTION: Final = {key: HEADERS[key] for key in HEADERS if "bytes" not in key}

every_header = pytest.mark.parametrize("headers", HEADERS.values(), ids=list(HEADERS))
_SAID: Final = r"cannot be sent|a dict of strings by header name"


def _assert_refused(ask: Callable[[], Any], wire: WireServer) -> None:
    with pytest.raises(ValueError, match=_SAID) as caught:
        ask()
    assert "secr" not in str(caught.value)
    assert wire.exchanges == []


@pytest.mark.parametrize(
    "headers", _AT_CONSTRUCTION.values(), ids=list(_AT_CONSTRUCTION)
)
@pytest.mark.parametrize("model_class", [ChatClarifai, ClarifaiEmbeddings])
@pytest.mark.parametrize("name", ["default_headers", "extra_headers"])
def test_header_of_a_model_is_refused_at_construction(
    wire: WireServer, headers: dict[Any, Any], model_class: type[Any], name: str
) -> None:
    """Under either name of the argument."""
    given = {"model": "m", "base_url": wire.url, "api_key": "a-token"}
    _assert_refused(lambda: model_class(**given, **{name: headers}), wire)


@every_way
@every_header
def test_header_of_a_call_is_refused_before_anything_is_sent(
    wire: WireServer, way: Way, headers: dict[Any, Any]
) -> None:
    """However the call is made; and so is one that was assigned to the model."""
    model = build_model(wire).bind(extra_headers=headers)
    changed = build_model(wire)
    changed.default_headers = headers
    for one in (model, changed):
        _assert_refused(lambda one=one: _use(one, way), wire)  # type: ignore[misc]  # bound


def _use(model: Any, way: Way) -> Any:
    match way:
        case Way.INVOKE:
            return model.invoke("Hi")
        case Way.AINVOKE:
            return asyncio.run(model.ainvoke("Hi"))
        case Way.STREAM:
            return list(model.stream("Hi"))
        case Way.ASTREAM:
            return asyncio.run(_read(model))


async def _read(model: Any) -> None:
    async for _ in model.astream("Hi"):
        pass


@every_header
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_header_of_embeddings_is_refused_before_anything_is_sent(
    wire: WireServer, headers: dict[Any, Any], *, is_async: bool
) -> None:
    """Where it was assigned after construction."""
    model = ClarifaiEmbeddings(
        model="m", base_url=wire.url, api_key=SecretStr("a-token")
    )
    model.default_headers = headers

    def embed() -> Any:
        if is_async:
            return asyncio.run(model.aembed_documents(["a"]))
        return model.embed_documents(["a"])

    _assert_refused(embed, wire)


@pytest.mark.parametrize("name", ["extra_headers", "extra_query"])
@pytest.mark.parametrize("value", [["secret"], "secret", 5, [("X-A", "secret")]])
def test_headers_and_query_that_are_no_dict_are_refused(
    wire: WireServer, name: str, value: Any
) -> None:
    """By their name."""
    model = build_model(wire)
    with pytest.raises(ValueError, match=f"`{name}` is a") as caught:
        model.invoke("Hi", **{name: value})
    assert "secret" not in str(caught.value)
    assert wire.exchanges == []


@every_way
def test_last_spelling_of_a_name_is_sent_once(wire: WireServer, way: Way) -> None:
    """Names do not differ by case: neither within a dict, nor from ours."""
    stream = event_stream_reply(sse(*text_chunks("a")))
    wire.reply(json_reply(completion()) if way in PLAIN else stream)
    headers = {"X-Tenant": "1", "x-tenant": "2", "X-TENANT": "3", "aCCept": "text/x"}
    assert call(way, wire, default_headers=headers).failure is None
    request = wire.last_request
    assert request.headers["x-tenant"] == "3"
    assert request.headers["accept"] == "text/x"
    assert len(set(request.header_names)) == len(request.header_names)
