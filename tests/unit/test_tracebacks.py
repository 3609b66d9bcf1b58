"""Tracebacks with the local variables of all frames, as error trackers send them.

Whatever ends a call, none of its frames shows the token: neither ours, nor those of
libraries, which are handed only what has no repr. Frames of this file, and of whoever
else wrote the token down, are not looked at.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import threading
import traceback
from typing import TYPE_CHECKING, Any, Final

import pytest
from pydantic import SecretStr

from langchain_clarifai import (
    ChatClarifai,
    ClarifaiConnectionError,
    ClarifaiEmbeddings,
    alist_models,
    list_models,
)
from tests.servers.forwarding import Forwarder
from tests.servers.openai_wire import chunk, sse
from tests.servers.wire import OPENAI_PATH, End, Pause, Reply, event_stream_reply
from tests.wire.ways import TOKEN, Way, build_model, build_own_clients, call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from tests.servers.wire import Request, WireServer

_ASYNC: Final = (Way.AINVOKE, Way.ASTREAM)
_MODEL: Final = "user/app/models/model"

every_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
async_ways = pytest.mark.parametrize("way", _ASYNC, ids=lambda way: way.value)
with_own_clients = pytest.mark.parametrize("is_own", [False, True], ids=["ours", "own"])


def _list_chain(error: BaseException | None) -> Iterator[BaseException]:
    """List an error and all that is behind it."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            waiting += [one.__cause__, one.__context__]
            yield one


def _list_shown(error: BaseException) -> list[str]:
    """List where the token, or the start of it, is shown."""
    places: list[str] = []
    for one in _list_chain(error):
        trace = traceback.TracebackException.from_exception(one, capture_locals=True)
        places += [
            f"{frame.filename}:{frame.lineno} {name} = {value}"
            for frame in trace.stack
            if frame.filename != __file__
            for name, value in (frame.locals or {}).items()
            if TOKEN[:12] in value
        ]
        if TOKEN[:12] in f"{one!s}{one!r}{one.args}{vars(one)}":
            places.append(f"{type(one).__name__} itself")
    return places


def _fall_silent(request: Request) -> Reply:
    if b'"stream":true' in request.body:
        return event_stream_reply(sse(chunk("a"), done=False), end=End.SILENCE)
    return Reply(before=[Pause(20)])


async def _ask(model: ChatClarifai, way: Way) -> None:
    if way is Way.AINVOKE:
        await model.ainvoke("Hi")
    async for _ in model.astream("Hi"):
        pass


async def _cancel(call: Awaitable[None]) -> None:
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0.15)
    task.cancel()
    await task


async def _limit(call: Awaitable[None]) -> None:
    async with asyncio.timeout(0.3):
        await call


@async_ways
@with_own_clients
@pytest.mark.parametrize(
    ("end", "expected"),
    [(_cancel, asyncio.CancelledError), (_limit, TimeoutError)],
    ids=["cancelled", "timeout"],
)
async def test_call_that_is_ended_from_outside_shows_no_token(
    wire: WireServer,
    way: Way,
    end: Callable[[Awaitable[None]], Awaitable[None]],
    expected: type[BaseException],
    *,
    is_own: bool,
) -> None:
    """By `Task.cancel` or an `asyncio.timeout` around it: it is no error of ours."""
    wire.handler = _fall_silent
    model = build_model(wire, **(build_own_clients() if is_own else {}))
    with pytest.raises(expected) as caught:
        await end(_ask(model, way))
    assert _list_shown(caught.value) == []


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Let SIGINT interrupt, which a shell turns off for what it runs behind itself."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@every_way
@with_own_clients
@pytest.mark.usefixtures("_interruptible")
def test_ctrl_c_shows_no_token(wire: WireServer, way: Way, *, is_own: bool) -> None:
    """In mid-stream, and while the headers of a plain answer are waited for."""
    wire.handler = _fall_silent
    interrupt = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        call(way, wire, **(build_own_clients() if is_own else {}))
    assert _list_shown(caught.value) == []


_UNUSABLE: Final = f"{TOKEN} and more"


async def _give_unusable() -> str:
    return _UNUSABLE


async def _give_bytes() -> bytes:
    return TOKEN.encode()


@every_way
@pytest.mark.parametrize(
    "api_key",
    [
        lambda: _UNUSABLE,
        lambda: SecretStr(_UNUSABLE),
        _give_unusable,
        TOKEN.encode,
        lambda: [TOKEN],
        _give_bytes,
    ],
    ids=["text", "secret", "async", "bytes", "list", "async bytes"],
)
def test_token_of_a_function_that_cannot_be_sent_is_not_shown(
    wire: WireServer, way: Way, api_key: Callable[[], Any]
) -> None:
    """Neither one with a blank in it, nor what is no text."""
    with pytest.raises(ValueError, match=r"not shown|It must be a string") as caught:
        call(way, wire, api_key=api_key)
    assert _list_shown(caught.value) == []
    assert wire.exchanges == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"timeout": -1},
        {"model": ""},
        {"api_key": _UNUSABLE},
        {"api_key": TOKEN.encode(), "timeout": -1},
        {"api_key": SecretStr(_UNUSABLE)},
        {"api_key": [TOKEN]},
        {"pat": TOKEN, "api_key": "sk-another"},
        {"base_url": f"https://user:{TOKEN}@host.example"},
        {"api_base": f"https://host.example/?key={TOKEN}"},
        {"token": TOKEN},
        {"default_headers": {"authorization": TOKEN}, "timeout": -1},
        {"extra_headers": {"authorization": f"{TOKEN}\n"}},
        {"default_query": {"key": f"{TOKEN}\ud83d"}},
    ],
    ids=str,
)
@pytest.mark.parametrize("model_class", [ChatClarifai, ClarifaiEmbeddings])
def test_construction_that_fails_shows_no_secret(
    model_class: type[Any], arguments: dict[str, Any]
) -> None:
    """Though the arguments go through frames of LangChain and pydantic."""
    with pytest.raises(ValueError, match=r".") as caught:
        model_class(**{"model": _MODEL, "api_key": TOKEN, **arguments})
    assert _list_shown(caught.value) == []


@pytest.fixture
def refusing_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@every_way
@with_own_clients
def test_refused_connection_shows_no_token(
    wire: WireServer, refusing_port: int, way: Way, *, is_own: bool
) -> None:
    """The error has nothing behind it that could."""
    clients = build_own_clients() if is_own else {}
    url = f"http://127.0.0.1:{refusing_port}/v1"
    error = call(way, wire, base_url=url, **clients).error
    assert isinstance(error, ClarifaiConnectionError)
    assert _list_shown(error) == []


@every_way
def test_name_that_is_not_found_shows_no_token(wire: WireServer, way: Way) -> None:
    """By DNS, which never knows a host of `.invalid`."""
    error = call(way, wire, base_url="https://model.invalid/v1").error
    assert isinstance(error, ClarifaiConnectionError)
    assert _list_shown(error) == []


@every_way
def test_tls_that_fails_shows_no_token(wire: WireServer, way: Way) -> None:
    """The server's certificate is of an authority that nobody knows."""
    trustme = pytest.importorskip("trustme")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(tls)
    with Forwarder(wire.port, tls=tls) as front:
        url = f"https://localhost:{front.port}/v1"
        error = call(way, wire, base_url=url).error
    assert isinstance(error, ClarifaiConnectionError)
    assert "certificate" in str(error).lower()
    assert _list_shown(error) == []
    assert wire.exchanges == []


def _list_models(**connection: Any) -> None:
    list_models(api_key=TOKEN, **connection)


def _alist_models(**connection: Any) -> None:
    asyncio.run(alist_models(api_key=TOKEN, **connection))


def _embed(**settings: Any) -> None:
    model = ClarifaiEmbeddings(model=_MODEL, api_key=SecretStr(TOKEN), **settings)
    model.embed_documents(["a"])


def _aembed(**settings: Any) -> None:
    model = ClarifaiEmbeddings(model=_MODEL, api_key=SecretStr(TOKEN), **settings)
    asyncio.run(model.aembed_documents(["a"]))


@pytest.mark.parametrize("ask", [_list_models, _alist_models, _embed, _aembed])
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ClarifaiConnectionError),
        ({"timeout": -1}, ValueError),
        ({"base_url": "https://host.example/?key=a"}, ValueError),
    ],
    ids=["refused connection", "impossible timeout", "impossible URL"],
)
def test_catalogue_and_embeddings_show_no_token(
    refusing_port: int,
    ask: Callable[..., None],
    settings: dict[str, Any],
    expected: type[Exception],
) -> None:
    """Whether the request fails, or what is said about it."""
    url = f"http://127.0.0.1:{refusing_port}{OPENAI_PATH}"
    with pytest.raises(expected) as caught:
        ask(**{"base_url": url, "max_retries": 0, **settings})
    assert _list_shown(caught.value) == []


@pytest.mark.parametrize("ask", [_list_models, _alist_models, _embed, _aembed])
@pytest.mark.usefixtures("_interruptible")
def test_ctrl_c_in_the_catalogue_and_in_embeddings_shows_no_token(
    wire: WireServer, ask: Callable[..., None]
) -> None:
    """While the headers are waited for; in async calls the task is cancelled."""
    wire.handler = _fall_silent
    interrupt = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        ask(base_url=wire.url)
    assert _list_shown(caught.value) == []
