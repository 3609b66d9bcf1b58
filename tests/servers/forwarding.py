"""Connections on loopback → another server: behind TLS, or as an HTTP proxy does."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

_HEAD_END: Final = b"\r\n\r\n"


class Forwarder:
    """A thread for each direction of each connection, and no opinion on the bytes.

    With `target`, everything goes there. Without, it is a proxy: a `CONNECT` opens a
    tunnel, and a request for an absolute URL goes to the host that it names.

    Args:
        target: Port on loopback that connections are forwarded to.
        tls: The server side of TLS, when the client is to speak it.
        hosts: The only hosts that the proxy connects to, and the port on loopback of
            what stands in for each; `None` for any host, as it is.
    """

    def __init__(
        self,
        target: int | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        hosts: Mapping[str, int] | None = None,
    ) -> None:
        self.connections = 0
        """How many were made to it."""
        self.heads: list[bytes] = []
        """What the proxy was asked for: request line and headers."""
        self._target = target
        self._tls = tls
        self._hosts = hosts
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        address = self._listener.getsockname()
        self._listener.close()
        with contextlib.suppress(OSError):
            # `accept` returns only when it is called.
            socket.create_connection(address).close()
        for one in self._sockets:
            _close(one)

    @property
    def port(self) -> int:
        """The port on loopback."""
        port: int = self._listener.getsockname()[1]
        return port

    def _start(self, target: object, *arguments: object) -> None:
        threading.Thread(target=target, args=arguments, daemon=True).start()  # type: ignore[arg-type]  # any callable

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        self._sockets.append(connection)
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._sockets.append(connection)
            other = self._open(connection)
        except OSError:
            _close(connection)
            return
        self._sockets.append(other)
        self._start(_pump, connection, other)
        _pump(other, connection)

    def _open(self, connection: socket.socket) -> socket.socket:
        if self._target is not None:
            return socket.create_connection(("127.0.0.1", self._target))
        received = b""
        while _HEAD_END not in received:
            piece = connection.recv(65_536)
            if not piece:
                raise ConnectionError("The client left.")
            received += piece
        head, _, rest = received.partition(_HEAD_END)
        self.heads.append(head)
        method, target, version = head.split(b"\r\n")[0].decode().split()
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            other = self._connect(host, int(port))
            connection.sendall(b"HTTP/1.1 200 Connected" + _HEAD_END)
            return other
        url = urlsplit(target)
        other = self._connect(url.hostname or "", url.port or 80)
        start = f"{method} {url.path} {version}".encode()
        headers = head.split(b"\r\n")[1:]
        other.sendall(b"\r\n".join([start, *headers]) + _HEAD_END + rest)
        return other

    def _connect(self, host: str, port: int) -> socket.socket:
        if self._hosts is None:
            return socket.create_connection((host, port))
        if host not in self._hosts:
            raise ConnectionRefusedError(host)
        return socket.create_connection(("127.0.0.1", self._hosts[host]))


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65_536):
            target.sendall(piece)
    _close(target)
    _close(source)


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
