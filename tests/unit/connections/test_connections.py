"""Connections are lent to one request at a time, and kept while they are good."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from langchain_clarifai._connections import connections, sync_client
from langchain_clarifai._connections.http_library import import_core
from langchain_clarifai._connections.sync_client import Client, build_client
from tests.servers.wire import Pause, Reply, WireServer

if TYPE_CHECKING:
    from collections.abc import Iterator

_CORE = import_core()


@contextmanager
def _client() -> Iterator[Client]:
    client = build_client(None)
    try:
        yield client
    finally:
        client.close()


def _send(client: Client, wire: WireServer, patience: float = 5.0) -> Any:
    request = client.build_request(
        "POST",
        f"{wire.url}/chat/completions",
        content=b"{}",
        headers={},
        timeout=(5.0, 5.0, 5.0, patience),
    )
    return client.send(request)


def test_requests_in_turn_take_one_connection(wire: WireServer) -> None:
    """Each gives it back with the last byte of its answer."""
    wire.reply(*[Reply(body=[b"yes"])] * 3)
    with _client() as client:
        for _ in range(3):
            assert b"".join(_send(client, wire).iter_bytes()) == b"yes"
    assert wire.connections == 1


def test_requests_at_once_take_connections_of_their_own(wire: WireServer) -> None:
    """Both are used again, and the one that came back last is the next to go."""
    wire.reply(*[Reply(body=[b"yes"])] * 3)
    with _client() as client:
        first, second = _send(client, wire), _send(client, wire)
        for response in (first, second):
            assert b"".join(response.iter_bytes()) == b"yes"
        assert b"".join(_send(client, wire).iter_bytes()) == b"yes"
    assert wire.connections == 2
    assert wire.exchanges[2].connection == wire.exchanges[1].connection


def test_answer_that_is_left_unread_costs_its_connection(wire: WireServer) -> None:
    """What is still to come of it answers no other request."""
    wire.reply(Reply(body=[b"no", Pause(0.1), b"no"]), Reply(body=[b"yes"]))
    with _client() as client:
        response = _send(client, wire)
        response.close()
        response.close()
        assert b"".join(_send(client, wire).iter_bytes()) == b"yes"
    assert wire.connections == 2


def test_request_waits_where_there_are_as_many_as_may_be(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it is told to, or until another has ended."""
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 1)
    wire.reply(*[Reply(body=[b"yes"])] * 2)
    with _client() as client:
        first = _send(client, wire)
        with pytest.raises(_CORE.PoolTimeout):
            _send(client, wire, patience=0.01)
        timer = threading.Timer(0.05, first.close)
        timer.start()
        assert b"".join(_send(client, wire).iter_bytes()) == b"yes"
        timer.join()


# The connection of the forgotten response is closed by its finaliser.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_response_that_is_forgotten_leaves_its_place_to_others(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wakes nobody, so the request that waits looks for itself."""
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 1)
    wire.reply(*[Reply(body=[b"yes"])] * 2)
    with _client() as client:
        forgotten = [_send(client, wire)]
        timer = threading.Timer(0.05, forgotten.clear)
        timer.start()
        assert b"".join(_send(client, wire).iter_bytes()) == b"yes"
        timer.join()
    assert wire.connections == 2


def test_request_that_failed_leaves_its_place_to_others(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a server that is gone would use them all up."""
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 1)
    wire.reply(Reply(body=[b"yes"]))
    with _client() as client:
        unreachable = client.build_request(
            "GET", "http://127.0.0.1:9/", headers={}, timeout=5.0
        )
        for _ in range(3):
            with pytest.raises(_CORE.ConnectError) as caught:
                client.send(unreachable)
            assert caught.value.__cause__ is None
        assert b"".join(_send(client, wire).iter_bytes()) == b"yes"


def test_no_more_connections_are_kept_than_may_be(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that come back on top are closed."""
    monkeypatch.setattr(connections, "_MAX_KEPT", 1)
    wire.reply(*[Reply(body=[b"yes"])] * 2)
    with _client() as client:
        kept = client._connections._idle
        for response in [_send(client, wire) for _ in range(2)]:
            assert b"".join(response.iter_bytes()) == b"yes"
            assert [connection.is_closed() for connection in kept] == [False]


def test_connections_that_idled_too_long_are_closed(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the next request, also those that it does not take."""
    monkeypatch.setattr(sync_client, "KEEPALIVE_EXPIRY", 0.05)
    wire.reply(*[Reply(body=[b"yes"])] * 4)
    with _client() as client:
        for response in [_send(client, wire) for _ in range(3)]:
            assert b"".join(response.iter_bytes()) == b"yes"
        idle = list(client._connections._idle)
        assert len(idle) == 3
        time.sleep(0.1)
        assert b"".join(_send(client, wire).iter_bytes()) == b"yes"
        assert all(connection.is_closed() for connection in idle)
    assert wire.connections == 4


def test_connection_that_is_lent_is_closed_when_it_comes_back(
    wire: WireServer,
) -> None:
    """Closing takes none from under a reader, and leaves none behind."""
    wire.reply(*[Reply(body=[b"a", Pause(0.05), b"b"])] * 2)
    with _client() as client:
        first, second = _send(client, wire), _send(client, wire)
        assert b"".join(first.iter_bytes()) == b"ab"
        [idle] = client._connections._idle
        client.close()
        assert idle.is_closed()
        assert b"".join(second.iter_bytes()) == b"ab"
        assert not client._connections._idle


def test_threads_share_connections_without_mixing_answers(wire: WireServer) -> None:
    """Each answer is to the request that it belongs to."""
    wire.handler = lambda request: Reply(body=[request.headers["x-number"].encode()])
    wrong: list[str] = []
    with _client() as client:

        def ask(thread: int) -> None:
            for turn in range(20):
                number = f"{thread}-{turn}"
                request = client.build_request(
                    "POST",
                    f"{wire.url}/chat/completions",
                    content=b"{}",
                    headers={"X-Number": number},
                    timeout=5.0,
                )
                answer = b"".join(client.send(request).iter_bytes())
                if answer != number.encode():
                    wrong.append(number)

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert wire.connections <= 8
