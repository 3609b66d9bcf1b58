"""The token goes to Clarifai, over TLS, and nowhere else."""

from __future__ import annotations

import asyncio
import io
import logging
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pytest
from pydantic import SecretStr

from langchain_clarifai import (
    ChatClarifai,
    ClarifaiConnectionError,
    ClarifaiError,
)
from tests.servers.certificates import Authority
from tests.servers.forwarding import Forwarder
from tests.servers.openai_wire import completion, openai_error, sse, text_chunks
from tests.servers.wire import (
    Framing,
    Pause,
    Reply,
    WireServer,
    event_stream_reply,
    json_reply,
)
from tests.wire.ways import Way, build_own_clients, call as ways_call

if TYPE_CHECKING:
    from pathlib import Path

TOKEN: Final = "pat-53cr37-of-the-tests"


pytestmark = pytest.mark.usefixtures("fresh_pools")


def _build_model(url: str, **settings: Any) -> ChatClarifai:
    settings = {"max_retries": 0, "cold_start_timeout": 0, **settings}
    return ChatClarifai(
        model="gpt-oss-120b", base_url=url, api_key=SecretStr(TOKEN), **settings
    )


def _invoke(model: ChatClarifai) -> None:
    model.invoke("hi")


def _stream(model: ChatClarifai) -> None:
    list(model.stream("hi"))


def _ainvoke(model: ChatClarifai) -> None:
    asyncio.run(model.ainvoke("hi"))


def _astream(model: ChatClarifai) -> None:
    async def read() -> None:
        async for _ in model.astream("hi"):
            pass

    asyncio.run(read())


ALL_CALLS: Final = (_invoke, _stream, _ainvoke, _astream)
SYNC_AND_ASYNC: Final = (_invoke, _ainvoke)

each_call = pytest.mark.parametrize("call", ALL_CALLS, ids=lambda c: c.__name__[1:])
sync_and_async = pytest.mark.parametrize("call", SYNC_AND_ASYNC, ids=["sync", "async"])
Call = Callable[[ChatClarifai], None]


# --- Where the token goes ------------------------------------------------------------


@each_call
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_and_is_not_followed(
    wire: WireServer, call: Call, status: int
) -> None:
    """Neither token nor prompt go to another address."""
    with WireServer() as other:
        location = {"location": f"{other.url}/chat/completions"}
        wire.reply(Reply(status=status, headers=location, framing=Framing.LENGTH))
        with pytest.raises(ClarifaiError, match="redirected to"):
            call(_build_model(wire.url))
        assert other.exchanges == []
    assert len(wire.exchanges) == 1


@pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
def test_clients_of_the_users_follow_no_redirect_either(
    wire: WireServer, way: Way
) -> None:
    """Though they would for requests of the user's own."""
    with WireServer() as other:
        location = {"location": f"{other.url}/chat/completions"}
        wire.reply(Reply(status=307, headers=location, framing=Framing.LENGTH))
        clients = build_own_clients()
        assert "redirected to" in str(ways_call(way, wire, **clients).error)
        assert other.exchanges == []
    assert len(wire.exchanges) == 1


@pytest.mark.parametrize("is_own", [False, True], ids=["ours", "own"])
def test_cookies_are_kept_by_clients_of_the_users_alone(
    wire: WireServer, *, is_own: bool
) -> None:
    """Who shares a client shares them."""
    reply = json_reply(completion(), headers={"set-cookie": "session=1"})
    wire.reply(reply, reply)
    model = _build_model(wire.url, **(build_own_clients() if is_own else {}))
    for _ in range(2):
        model.invoke("hi")
    assert ("cookie" in wire.last_request.headers) is is_own


@pytest.mark.parametrize(
    "url",
    [
        "http://api.clarifai.com/v2/ext/openai/v1",
        "http://192.168.1.7:8000/v1",
        "http://127.0.0.1.example.com/v1",
        "http://localhost.example.com/v1",
        "http://[2001:db8::1]/v1",
    ],
)
def test_plain_http_to_another_machine_is_refused(url: str) -> None:
    """Unless `allow_http` says that it is meant."""
    with pytest.raises(ValueError, match="allow_http"):
        ChatClarifai(model="gpt-oss-120b", base_url=url, api_key=SecretStr(TOKEN))


def test_plain_http_is_refused_for_a_changed_base_url_too() -> None:
    """By assignment or by `model_copy`, before anything is sent."""
    model = _build_model("http://127.0.0.1:9/v2/ext/openai/v1")
    elsewhere = "http://192.0.2.1/v2/ext/openai/v1"
    with pytest.raises(ValueError, match="allow_http"):
        model.model_copy(update={"base_url": elsewhere}).invoke("hi")
    model.base_url = elsewhere
    with pytest.raises(ValueError, match="allow_http"):
        model.invoke("hi")


@each_call
def test_nothing_of_openais_environment_is_sent(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    """Neither keys nor organisation, project, address or headers."""
    for name in (
        "OPENAI_API_KEY",
        "OPENAI_ADMIN_KEY",
        "OPENAI_ORG_ID",
        "OPENAI_ORGANIZATION",
        "OPENAI_PROJECT_ID",
        "OPENAI_WEBHOOK_SECRET",
    ):
        monkeypatch.setenv(name, "foreign")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/foreign")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Foreign: foreign")
    is_stream = call in {_stream, _astream}
    wire.reply(
        event_stream_reply(sse(*text_chunks("a")))
        if is_stream
        else json_reply(completion())
    )
    call(_build_model(wire.url))
    request = wire.last_request
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "foreign" not in str(dict(request.headers)).lower()
    assert b"foreign" not in request.body
    assert not [name for name in request.headers if name.startswith("openai")]


# --- Injection -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "token", ["a\r\nX-Evil: 1", "a\nb", "a\0b", "tok\u2028en", "töken", "a b"]
)
def test_a_token_that_could_end_its_header_is_refused(token: str) -> None:
    """The text of the error does not show it."""
    with pytest.raises(ValueError, match=r"token|api_key") as caught:
        ChatClarifai(model="gpt-oss-120b", api_key=SecretStr(token))
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "a\r\nX-Evil: 1"},
        {"X-A\r\nX-Evil": "a"},
        {"X-A": "a\nb"},
        {"X-A: x": "a"},
        {"": "a"},
    ],
)
def test_a_header_that_could_begin_another_is_refused(
    wire: WireServer, headers: dict[str, str]
) -> None:
    """Of the model as of a single call."""
    with pytest.raises(ValueError, match="cannot be sent"):
        _build_model(wire.url, default_headers=headers)
    with pytest.raises(ValueError, match="cannot be sent"):
        _build_model(wire.url).invoke("hi", extra_headers=headers)
    assert wire.exchanges == []


@pytest.mark.parametrize("name", ["a/b\r\nX-Evil: 1", "a\nb", "gpt\0"])
def test_a_models_name_never_reaches_a_header(wire: WireServer, name: str) -> None:
    """It is refused, or it travels as text in the JSON of the body."""
    wire.handler = lambda _: json_reply(completion())
    origin = f"{wire.origin}/v1"
    try:
        ChatClarifai(model=name, base_url=origin, api_key=SecretStr(TOKEN)).invoke("hi")
    except ValueError:
        assert wire.exchanges == []
    else:
        assert wire.last_request.json["model"] == name
        assert "x-evil" not in wire.last_request.headers


# --- Where the token must not show ---------------------------------------------------

_FAILURES: Final = {
    "401 that repeats the token": json_reply(
        openai_error(f"Incorrect API key provided: {TOKEN}"), status=401
    ),
    "500": json_reply({"error": {"message": "no"}}, status=500),
    "HTML": Reply(body=[f"<html>{TOKEN}</html>".encode()], framing=Framing.LENGTH),
    "broken": Reply(framing=Framing.RAW, body=[b"nonsense\r\n\r\n"]),
    "slow": Reply(before=[Pause(3)]),
}


@each_call
@pytest.mark.parametrize("failure", _FAILURES.values(), ids=list(_FAILURES))
def test_no_error_shows_the_token(
    wire: WireServer,
    call: Call,
    failure: Reply,
) -> None:
    """Not its text, attributes or causes, nor a traceback with all local variables."""
    wire.reply(failure)
    model = _build_model(wire.url, timeout=0.2)
    with pytest.raises(ClarifaiError) as caught:
        call(model)
    error = caught.value
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    own = [line for line in shown.format() if not line.lstrip().startswith("failure =")]
    texts = [str(error), repr(error), str(vars(error)), repr(error.body), *own]
    # pytest's own frames hold what this test has written.
    assert TOKEN not in _without_this_file("".join(texts))


def _without_this_file(text: str) -> str:
    frames = text.split("\n  File ")
    return "\n  File ".join(frame for frame in frames if __file__ not in frame)


@each_call
def test_no_log_shows_the_token(
    wire: WireServer, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At DEBUG, of the SDK, the HTTP libraries and this package, in good and bad."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    for name in (
        "",
        "openai",
        "httpx",
        "httpx2",
        "httpcore",
        "httpcore2",
        "aiohttp",
        "asyncio",
        "langchain_clarifai",
    ):
        logger = logging.getLogger(name or None)
        monkeypatch.setattr(logger, "level", logging.DEBUG)
        monkeypatch.setattr(logger, "disabled", False)
        logger.manager._clear_cache()  # type: ignore[attr-defined]  # of levels
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    refusal = openai_error(f"Bad key {TOKEN}")
    wire.reply(
        json_reply(refusal, status=500),
        json_reply(refusal, status=401),
    )
    with pytest.raises(ClarifaiError):
        call(_build_model(wire.url, max_retries=1))
    assert "Trying again" in written.getvalue()
    assert TOKEN not in written.getvalue()


def test_no_form_of_the_model_shows_the_token() -> None:
    """Not repr, str, JSON, a dump, its schema or what is traced."""
    from langchain_core.load import dumps

    model = _build_model("http://127.0.0.1:9/v2/ext/openai/v1")
    bound = model.bind_tools([]).with_config(tags=["x"])
    texts = [
        repr(model),
        str(model),
        f"{model!r:>10}",
        repr(bound),
        model.model_dump_json(),
        str(model.model_dump()),
        str(model._get_ls_params()),
        str(model._identifying_params),
        dumps(model),
        dumps(bound),
    ]
    assert [text for text in texts if TOKEN in text] == []


# --- TLS -----------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "localhost", _ELSEWHERE)


def _url(port: int, scheme: str = "https") -> str:
    return f"{scheme}://localhost:{port}/v2/ext/openai/v1"


@sync_and_async
def test_certificates_of_ssl_cert_file_are_honoured(
    wire: WireServer,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    call: Call,
) -> None:
    """As companies have them, with an authority of their own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    wire.reply(json_reply(completion()))
    with Forwarder(wire.port, tls=authority.build_server()) as front:
        call(_build_model(_url(front.port)))
    assert wire.last_request.headers["authorization"] == f"Bearer {TOKEN}"


@sync_and_async
@pytest.mark.parametrize("certificate", ["unknown", "another host", "expired"])
def test_a_wrong_certificate_is_a_clear_error_and_nothing_is_sent(
    wire: WireServer,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    call: Call,
    certificate: str,
) -> None:
    """TLS is verified by default: who signed it, for which host, until when."""
    if certificate != "unknown":
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    with (
        Forwarder(wire.port, tls=authority.build_server(certificate)) as front,
        pytest.raises(ClarifaiConnectionError, match=r"(?i)certificate") as caught,
    ):
        call(_build_model(_url(front.port)))
    assert "localhost" in str(caught.value)
    assert wire.exchanges == []


# --- Proxies -------------------------------------------------------------------------

_ELSEWHERE = "models.example"


def _elsewhere(port: int, scheme: str = "http") -> str:
    """A base URL that is not this machine's; the proxy knows where it really is."""
    return f"{scheme}://{_ELSEWHERE}:{port}/v2/ext/openai/v1"


# aiohttp renamed what the SDK's transport calls for a proxy with credentials.
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")
@pytest.mark.filterwarnings("ignore:The 'proxy_auth' parameter")
@sync_and_async
def test_a_proxy_of_the_environment_is_used(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    """HTTP_PROXY, with the credentials in its URL."""
    wire.reply(json_reply(completion()))
    with Forwarder(hosts={_ELSEWHERE: wire.port}) as proxy:
        url = f"http://someone:something@127.0.0.1:{proxy.port}"
        monkeypatch.setenv("HTTP_PROXY", url)
        monkeypatch.setenv("http_proxy", url)
        call(_build_model(_elsewhere(wire.port), allow_http=True))
    [head] = proxy.heads
    assert head.startswith(f"POST {_elsewhere(wire.port)}/chat/".encode())
    assert b"proxy-authorization: basic" in head.lower()


@sync_and_async
def test_a_proxy_sees_only_a_tunnel_where_tls_is_spoken(
    wire: WireServer,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    call: Call,
) -> None:
    """HTTPS_PROXY gets a CONNECT and bytes that it cannot read; no token."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    wire.reply(json_reply(completion()))
    with (
        Forwarder(wire.port, tls=authority.build_server()) as front,
        Forwarder(hosts={_ELSEWHERE: front.port}) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        call(_build_model(_elsewhere(front.port, "https")))
        expected = f"CONNECT {_ELSEWHERE}:{front.port} ".encode()
    [head] = proxy.heads
    assert head.startswith(expected)
    assert TOKEN.encode() not in head
    assert wire.last_request.headers["authorization"] == f"Bearer {TOKEN}"


@sync_and_async
def test_a_host_of_no_proxy_is_asked_directly(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    """NO_PROXY matters for models that are served on this machine."""
    wire.reply(json_reply(completion()))
    with Forwarder() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        call(_build_model(wire.url))
    assert proxy.heads == []
    assert len(wire.exchanges) == 1


@sync_and_async
def test_a_proxy_that_is_not_there_is_a_clear_error(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    """One of ours, within its time."""
    with Forwarder() as proxy:
        port = proxy.port
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    with pytest.raises(ClarifaiConnectionError):
        call(_build_model(_elsewhere(wire.port), allow_http=True))
    assert wire.exchanges == []
