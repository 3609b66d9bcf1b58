"""Connections on loopback → another server, through a SOCKS proxy."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any, Self


class SocksServer:
    """RFC 1928 without authentication, and one destination for every host."""

    def __init__(self, target: int) -> None:
        self.hosts: list[str] = []
        """What was asked for."""
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(
                    target=self._serve, args=[connection], daemon=True
                ).start()

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        _, methods = stream.read(2)
        stream.read(methods)
        connection.sendall(b"\x05\x00")
        _, _, _, kind = stream.read(4)
        assert kind == 3, "the host is to be looked up by the proxy"
        self.hosts.append(stream.read(stream.read(1)[0]).decode())
        stream.read(2)
        other = socket.create_connection(("127.0.0.1", self._target))
        self._sockets += [connection, other]
        connection.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        for source, target in ((stream, other), (other.makefile("rb"), connection)):
            threading.Thread(
                target=self._pump, args=[source, target], daemon=True
            ).start()

    @staticmethod
    def _pump(source: Any, target: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while piece := source.read1(65_536):
                target.sendall(piece)
