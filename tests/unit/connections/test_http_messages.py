"""Requests and responses of ours say what the HTTP library's own would say."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_clarifai._connections.addresses import add_query, read_address
from langchain_clarifai._connections.http_library import import_http_library
from langchain_clarifai._connections.http_messages import (
    HttpResponse,
    ResponseHeaders,
    build_request,
)

_LIBRARY = import_http_library()
_SECONDS = (5.0, 6.0, 7.0, 8.0)


def _split(url: Any) -> tuple[Any, ...]:
    parts = (url.raw_scheme, url.raw_host, url.port, url.raw_path)
    return (str(url), *parts, url.netloc)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.clarifai.com/v2/ext/openai/v1/chat/completions",
        "http://127.0.0.1:8000/v1/chat/completions",
        "http://localhost:80/v1",
        "https://host:443/v1",
        "https://host:8443/a-b_c~d.e/1",
        "https://HOST/V1",
        "https://host",
        "https://host/a/../b/./c",
        "https://host/a//b/",
        "https://host/a%20b%2fc/ü",
        "https://bücher.example/v1",
        "http://[::1]:8000/v1",
        "https://user:word@host/v1",
        "https://host/v1?a=1&b=2",
        "https://host/.well-known/x",
        "http://a_b.example/v1",
    ],
)
def test_address_has_the_parts_that_the_library_reads(url: str) -> None:
    """Whether it is read here, as most are, or there."""
    address = read_address(url)
    parts = (address.scheme, address.host, address.port, address.target)
    assert (address.url, *parts, address.authority) == _split(_LIBRARY.URL(url))
    assert read_address(url) is address


@pytest.mark.parametrize("url", ["http://1.2.3.999/v1", "http://host:port/v1"])
def test_address_that_is_none_is_the_librarys_error(url: str) -> None:
    """No connection is tried."""
    with pytest.raises(_LIBRARY.InvalidURL):
        read_address(url)


def test_query_takes_the_place_of_the_urls_own() -> None:
    """Its values are escaped, and may be lists."""
    query = {"a": "x y&z", "b": ["1", "2"]}
    url = _LIBRARY.URL("https://host/v1?c=3", params=query)
    assert add_query("https://host/v1?c=3", query).target == url.raw_path


@pytest.mark.parametrize(
    "raw",
    [
        [],
        [(b"Content-Type", b"text/plain"), (b"X-A", b"1"), (b"x-a", b"2")],
        [(b"x-name", "Gr\u00fc\u00dfe".encode()), (b"x-b", b"b")],
        [(b"x-name", "Gr\u00fc\u00dfe".encode("latin-1")), (b"x-b", b"b")],
    ],
    ids=["none", "twice", "utf-8", "latin-1"],
)
def test_headers_read_as_the_librarys_do(raw: list[tuple[bytes, bytes]]) -> None:
    """In any case, joined where a name comes twice, and beyond ASCII."""
    ours, theirs = ResponseHeaders(raw), _LIBRARY.Headers(raw)
    assert dict(ours) == dict(theirs)
    assert len(ours) == len(dict(theirs))
    for name in ("CONTENT-TYPE", "x-A", "X-Name", "missing"):
        assert ours.get(name) == theirs.get(name)
        assert (name in ours) == (name in theirs)


def test_errors_get_the_librarys_request_and_response() -> None:
    """The SDK's exceptions hold them, and users read them there."""
    request = build_request(
        "POST",
        "https://host/v1",
        content=b"{}",
        headers={"X-A": "1"},
        timeout=_SECONDS,
    ).build_original()
    assert isinstance(request, _LIBRARY.Request)
    assert (request.method, str(request.url)) == ("POST", "https://host/v1")
    assert request.content == b"{}"
    assert dict(request.headers) == {
        "host": "host",
        "connection": "keep-alive",
        "content-length": "2",
        "x-a": "1",
    }
    extensions = {
        "http_version": b"HTTP/1.1",
        "reason_phrase": b"No",
        "network_stream": object(),
    }
    ours = HttpResponse(400, [(b"x-b", b"\xff")], extensions)
    response = ours.build_original(request)
    assert isinstance(response, _LIBRARY.Response)
    assert (response.status_code, response.reason_phrase) == (400, "No")
    assert response.headers.raw == [(b"x-b", b"\xff")]
    assert response.http_version == ours.http_version == "HTTP/1.1"
    assert response.is_closed
    assert response.request is request
    assert "network_stream" not in response.extensions
