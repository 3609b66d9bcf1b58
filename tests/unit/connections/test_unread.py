"""A connection on which anything unread lies takes no request."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from langchain_clarifai import ChatClarifai
from tests.servers.forwarding import Forwarder
from tests.servers.openai_wire import choice, completion, sse, text_chunks
from tests.servers.wire import Framing, Pause, Reply, Request, WireServer, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SOON = 0.05


pytestmark = pytest.mark.usefixtures("fresh_pools")


def _plain(text: str) -> bytes:
    body = json.dumps(completion(choice(text))).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    return head + b"content-length: %d\r\n\r\n%b" % (len(body), body)


def _streamed(text: str) -> bytes:
    body = sse(*text_chunks(text))
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"
    head += b"content-type: text/event-stream\r\n\r\n"
    return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


_IDLE_408 = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n"


def _answer(request: Request, late: Callable[[bytes], list[Any]]) -> Reply:
    """Answer with the caller's own words; then send more that nobody asked for."""
    words = request.json["messages"][0]["content"]
    build = _streamed if request.json.get("stream") else _plain
    if words != "first":
        body = build(words)
        return Reply(body=[body], framing=Framing.RAW)
    return Reply(body=[*late(build(words)), Pause(5)], framing=Framing.RAW)


_LATE: dict[str, Callable[[bytes], list[Any]]] = {
    "twice": lambda whole: [whole, Pause(_SOON), whole],
    "twice at once": lambda whole: [whole + whole],
    "one and a half at once": lambda whole: [
        whole + whole[:9],
        Pause(_SOON),
        whole[9:],
    ],
    "an idle 408": lambda whole: [whole, Pause(_SOON), _IDLE_408],
    "one byte": lambda whole: [whole, Pause(_SOON), b"H"],
    "a line break": lambda whole: [whole, Pause(_SOON), b"\r\n"],
    "byte by byte": lambda whole: [
        whole,
        Pause(_SOON),
        *(bytes([byte]) for byte in _IDLE_408),
    ],
    "no HTTP": lambda whole: [whole, Pause(_SOON), b"\x16\x03\x01\x00\n"],
}


def _build(url: str) -> ChatClarifai:
    """Build a model that shares its connections with the others: the token is one."""
    return ChatClarifai(
        model="gpt-oss-120b", base_url=url, api_key=SecretStr("token"), max_retries=0
    )


async def _ask(model: ChatClarifai, words: str, *, streamed: bool = False) -> str:
    if streamed:
        return "".join([piece.text async for piece in model.astream(words)])
    return (await model.ainvoke(words)).text


def _ask_sync(model: ChatClarifai, words: str, *, streamed: bool) -> str:
    if streamed:
        return "".join(piece.text for piece in model.stream(words))
    return model.invoke(words).text


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("late", _LATE)
async def test_late_bytes_are_never_the_next_answer(
    wire: WireServer, late: str, *, streamed: bool
) -> None:
    """Whatever comes on an idle connection spoils it; the next request is answered."""
    wire.handler = lambda request: _answer(request, _LATE[late])
    first, second = _build(wire.url), _build(wire.url)
    assert await _ask(first, "first", streamed=streamed) == "first"
    await asyncio.sleep(_SOON * 4)
    assert await _ask(second, "second", streamed=streamed) == "second"
    assert wire.exchanges[0].connection != wire.exchanges[1].connection
    await first.aclose()
    await second.aclose()


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("late", _LATE)
def test_late_bytes_are_never_the_next_answer_in_sync_calls(
    wire: WireServer, late: str, *, streamed: bool
) -> None:
    """Likewise."""
    wire.handler = lambda request: _answer(request, _LATE[late])
    first, second = _build(wire.url), _build(wire.url)
    assert _ask_sync(first, "first", streamed=streamed) == "first"
    wire.exchanges[0].finished.wait(_SOON * 4)
    assert _ask_sync(second, "second", streamed=streamed) == "second"
    first.close()
    second.close()


@pytest.mark.parametrize("late", ["twice", "an idle 408", "one byte"])
async def test_late_bytes_over_tls_are_never_the_next_answer(
    wire: WireServer, late: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS has a transport of its own, whose bytes come out later."""
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    wire.handler = lambda request: _answer(request, _LATE[late])
    port = wire.port
    with Forwarder(port, tls=tls) as front:
        url = f"https://localhost:{front.port}/v2/ext/openai/v1"
        first, second = _build(url), _build(url)
        assert await _ask(first, "first") == "first"
        await asyncio.sleep(_SOON * 4)
        assert await _ask(second, "second") == "second"
        await first.aclose()
        await second.aclose()


async def test_bytes_that_the_loop_has_not_read_spoil_a_connection_too(
    wire: WireServer,
) -> None:
    """The loop was busy when they came, and the request is sent before it reads."""
    wire.handler = lambda request: _answer(request, _LATE["twice"])
    first, second = _build(wire.url), _build(wire.url)
    assert await _ask(first, "first") == "first"
    time.sleep(_SOON * 4)  # noqa: ASYNC251 - as a program that blocks its loop does
    assert await _ask(second, "second") == "second"
    await first.aclose()
    await second.aclose()


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
async def test_connections_without_late_bytes_are_reused(
    wire: WireServer, *, streamed: bool
) -> None:
    """A hundred requests in turn take one connection."""
    wire.handler = lambda request: (
        Reply(body=[sse(*text_chunks("a"))])
        if request.json.get("stream")
        else json_reply(completion(choice("a")))
    )
    model = _build(wire.url)
    for _ in range(100):
        assert await _ask(model, "a", streamed=streamed) == "a"
    assert wire.connections == 1
    await model.aclose()


async def test_a_server_that_hangs_up_while_idle_costs_no_request(
    wire: WireServer,
) -> None:
    """Its end is seen as well, read or not; the next request connects anew."""
    wire.handler = lambda request: Reply(
        body=[_plain(request.headers["authorization"])], framing=Framing.RAW
    )
    model = _build(wire.url)
    for _ in range(3):
        assert await _ask(model, "a") == "Bearer token"
        await asyncio.sleep(_SOON)
    assert wire.connections == 3
    await model.aclose()
