"""Requests and responses that hold what is sent and received, and do nothing with it.

Those of the HTTP library parse, copy and check at each step what was checked before,
which takes a third of a small request. Where the library's are needed, as by the SDK's
exceptions, they are built from these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from langchain_clarifai._connections.addresses import add_query, read_address
from langchain_clarifai._connections.http_library import import_http_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from langchain_clarifai._connections.addresses import Address

_ENCODINGS: Final = ("ascii", "utf-8", "iso-8859-1")
_TIMEOUT_PARTS: Final = ("connect", "read", "write", "pool")
# What is sent with every request, unless its headers say otherwise.
_CONNECTION: Final = (b"Connection", b"keep-alive")
_CONNECTION_TEXT: Final = ("Connection", "keep-alive")


class ResponseHeaders(Mapping[str, str]):
    """The headers of a response, by their names in any case.

    Attributes:
        raw: Names and values as they came, in their order.
    """

    def __init__(self, raw: Sequence[tuple[bytes, bytes]]) -> None:
        self.raw = raw
        self._values: dict[str, str] | None = None

    @override
    def __getitem__(self, name: str) -> str:
        return self._read()[name.lower()]

    @override
    def get(self, name: str, default: Any = None) -> Any:
        # `Mapping.get` would raise and catch an error for a header that is missing.
        return self._read().get(name.lower(), default)

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    @override
    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> dict[str, str]:
        """Decode the headers once; values of the same name are joined."""
        if self._values is not None:
            return self._values
        values: dict[str, str] = {}
        encoding = _find_encoding(self.raw)
        for raw_name, raw_value in self.raw:
            name = raw_name.decode(encoding).lower()
            value = raw_value.decode(encoding)
            values[name] = f"{values[name]}, {value}" if name in values else value
        self._values = values
        return values


def _find_encoding(raw: Sequence[tuple[bytes, bytes]]) -> str:
    """Find the first encoding in which all headers can be read; the last fits any."""
    everything = b"\n".join([part for header in raw for part in header])
    for encoding in _ENCODINGS[:-1]:
        try:
            everything.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return _ENCODINGS[-1]


class HttpRequest:
    """A request as it is sent.

    Attributes:
        method: "POST" or "GET".
        address: Where it goes.
        headers: Names and values: pairs of bytes, or a dict of texts, whichever the
            transport takes.
        content: Its body, if it has one.
        extensions: What else the transport has to know, such as "timeout": seconds to
            connect, read, write, and wait for a connection of the pool.
    """

    __slots__ = ("address", "content", "extensions", "headers", "method")

    def __init__(
        self,
        method: str,
        address: Address,
        headers: Any,
        content: bytes | None,
        extensions: dict[str, Any],
    ) -> None:
        self.method = method
        self.address = address
        self.headers = headers
        self.content = content
        self.extensions = extensions

    @property
    def url(self) -> str:
        """Where it goes, as a text."""
        return self.address.url

    def build_original(self) -> Any:
        """Build the HTTP library's form of the request."""
        return import_http_library().Request(
            self.method,
            self.address.url,
            headers=self.headers,
            content=self.content,
            extensions=self.extensions,
        )


class HttpResponse:
    """The head of a response; the transport's subclass says how its body is read.

    Attributes:
        status_code: Such as 200.
        headers: By their names in any case.
        extensions: "http_version" and "reason_phrase" as bytes, and what the transport
            adds.
    """

    is_stream_consumed = False

    def __init__(
        self,
        status_code: int,
        headers: Sequence[tuple[bytes, bytes]],
        extensions: dict[str, Any],
    ) -> None:
        self.status_code = status_code
        self.headers = ResponseHeaders(headers)
        self.extensions = extensions

    @property
    def http_version(self) -> str:
        """Such as "HTTP/1.1"."""
        version: bytes = self.extensions["http_version"]
        return version.decode("ascii", "ignore")

    def build_original(self, request: Any) -> Any:
        """Build the HTTP library's form of the response, whose body is gone.

        Args:
            request: The library's form of the request that it answers.
        """
        library = import_http_library()
        kept = ("http_version", "reason_phrase")
        extensions = {
            name: value for name, value in self.extensions.items() if name in kept
        }
        response = library.Response(
            self.status_code,
            headers=list(self.headers.raw),
            stream=library.ByteStream(b""),
            request=request,
            extensions=extensions,
        )
        response.close()
        return response


def convert_to_raw_headers(
    headers: Mapping[str, str], address: Address, content: bytes | None
) -> list[tuple[bytes, bytes]]:
    """Write the headers of a request as bytes, those of host and body included."""
    lines = {"host": (b"Host", address.authority), "connection": _CONNECTION}
    if content is not None:
        lines["content-length"] = (b"Content-Length", b"%d" % len(content))
    for name, value in headers.items():
        # The last of a name counts, however it is written.
        lines[name.lower()] = (name.encode("ascii"), value.encode("ascii"))
    return list(lines.values())


def convert_to_text_headers(
    headers: Mapping[str, str], _address: Address, _content: bytes | None
) -> dict[str, str]:
    """Write the headers of a request as texts.

    The transport that takes them adds those of host and body itself. They are one dict,
    not a tuple each: Python's garbage collector looks at all that is under way.
    """
    lines: dict[str, tuple[str, str]] = {"connection": _CONNECTION_TEXT}
    for name, value in headers.items():
        lines[name.lower()] = (name, value)
    return dict(lines.values())


def build_request(  # noqa: PLR0913 - the library's own form
    method: str,
    url: str,
    *,
    content: bytes | None = None,
    headers: Mapping[str, str],
    params: Mapping[str, Any] | None = None,
    timeout: float | tuple[float, float, float, float],
    convert_headers: Callable[..., Any] = convert_to_raw_headers,
) -> HttpRequest:
    """Build a request; its parameters are those of the HTTP library's own method.

    Args:
        method: "POST" or "GET".
        url: Where it goes.
        content: Its body, if it has one.
        headers: Its headers; they win over what is sent with every request.
        params: The query that replaces that of the URL, if one does.
        timeout: The seconds to connect, read, write, and wait for a connection, or one
            number for each of them.
        convert_headers: Writes the headers in the form that the transport takes.
    """
    address = read_address(url) if params is None else add_query(url, params)
    lines = convert_headers(headers, address, content)
    seconds = timeout if isinstance(timeout, tuple) else (timeout,) * 4
    extensions = {"timeout": dict(zip(_TIMEOUT_PARTS, seconds, strict=True))}
    return HttpRequest(method, address, lines, content, extensions)
