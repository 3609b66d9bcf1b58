"""What was waited for → the message's metadata and the callbacks of its run."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.callbacks.manager import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.messages import HumanMessage
from langchain_core.messages.ai import add_ai_message_chunks
from typing_extensions import override

from langchain_clarifai import ChatClarifai, ClarifaiRateLimitError
from tests.servers.openai_wire import choice, completion, platform_error
from tests.servers.wire import (
    Reply,
    Request,
    WireServer,
    event_stream_reply,
    json_reply,
)
from tests.wire.ways import PLAIN, Way

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

_CHUNKS = (
    b'data: {"choices": [{"index": 0, "delta": {"content": "a"}}]}\n\n'
    b'data: {"choices": [{"index": 0, "delta": {"content": "b"}, '
    b'"finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
)


class _Sync(BaseCallbackHandler):
    def __init__(self) -> None:
        self.states: list[tuple[int, bool, float]] = []

    @override
    def on_retry(self, retry_state: RetryCallState, **_: Any) -> None:
        outcome = retry_state.outcome
        failed = outcome is not None and outcome.failed
        assert retry_state.next_action is not None
        sleep = retry_state.next_action.sleep
        self.states.append((retry_state.attempt_number, failed, sleep))
        raise RuntimeError("a handler that fails")


class _Async(AsyncCallbackHandler):
    def __init__(self) -> None:
        self.inner = _Sync()

    @override
    async def on_retry(self, retry_state: RetryCallState, **_: Any) -> None:
        self.inner.on_retry(retry_state)


_OOPS = json_reply({"error": {"message": "oops"}}, status=500)
_ASYNC = (Way.AINVOKE, Way.ASTREAM)


def _fail_first(failures: int, failure: Reply = _OOPS) -> Callable[[Request], Reply]:
    left = [failures]

    def answer(request: Request) -> Reply:
        if left[0]:
            left[0] -= 1
            return failure
        if b'"stream":true' in request.body:
            return event_stream_reply(_CHUNKS)
        return json_reply(completion(choice("ab")))

    return answer


def _build(server: WireServer, **arguments: Any) -> ChatClarifai:
    return ChatClarifai(
        model="m", base_url=server.url, api_key="sk-0123456789", **arguments
    )


async def test_waits_are_told_to_callbacks_and_in_metadata() -> None:
    """Each wait once; a handler that fails breaks nothing."""
    sync_handler, async_handler = _Sync(), _Async()
    with WireServer(_fail_first(2)) as server:
        message = _build(server).invoke("x", config={"callbacks": [sync_handler]})
    with WireServer(_fail_first(2)) as server:
        amessage = await _build(server).ainvoke(
            "x", config={"callbacks": [async_handler]}
        )
    pairs = ((message, sync_handler), (amessage, async_handler.inner))
    for answer, handler in pairs:
        assert [state[:2] for state in handler.states] == [(1, True), (2, True)]
        waited = sum(state[2] for state in handler.states)
        assert answer.text == "ab"
        assert answer.response_metadata["attempts"] == 3
        assert answer.response_metadata["seconds_waited"] == pytest.approx(
            waited, abs=0.001
        )


async def test_streams_tell_waits_once_in_their_sum() -> None:
    """`stream` and `astream`, to which LangChain gives no callbacks."""
    with WireServer(_fail_first(1)) as server:
        chunks = list(_build(server).stream("x"))
    with WireServer(_fail_first(1)) as server:
        achunks = [chunk async for chunk in _build(server).astream("x")]
    for pieces in (chunks, achunks):
        total = pieces[0]
        for piece in pieces[1:]:
            total += piece
        assert total.response_metadata["attempts"] == 2
        assert 0 < total.response_metadata["seconds_waited"] < 1
        assert sum("attempts" in p.response_metadata for p in pieces) == 1


def test_answer_without_waits_tells_of_none() -> None:
    """Neither key, and no callback."""
    handler = _Sync()
    with WireServer(_fail_first(0)) as server:
        message = _build(server).invoke("x", config={"callbacks": [handler]})
    assert handler.states == []
    assert not {"attempts", "seconds_waited"} & message.response_metadata.keys()


async def test_streams_tell_waits_to_the_callbacks_that_they_are_given() -> None:
    """As LangChain's event protocol gives them."""
    sync_handler, async_handler = _Sync(), _Async()
    run: dict[str, Any] = {"run_id": uuid4(), "inheritable_handlers": []}
    messages: list[Any] = [HumanMessage("x")]
    with WireServer(_fail_first(1)) as server:
        manager = CallbackManagerForLLMRun(handlers=[sync_handler], **run)
        pieces = list(_build(server)._stream(messages, run_manager=manager))
    with WireServer(_fail_first(1)) as server:
        amanager = AsyncCallbackManagerForLLMRun(handlers=[async_handler], **run)
        stream = _build(server)._astream(messages, run_manager=amanager)
        apieces = [piece async for piece in stream]
    assert "".join(piece.text for piece in pieces) == "ab"
    assert "".join(piece.text for piece in apieces) == "ab"
    for handler in (sync_handler, async_handler.inner):
        assert [state[:2] for state in handler.states] == [(1, True)]


class _Told:
    """What one call told of its waits, in whichever way it was made."""

    def __init__(self, way: Way, model: ChatClarifai) -> None:
        handler, async_handler = _Sync(), _Async()
        callbacks = [async_handler if way in _ASYNC else handler]
        bound = model.model_copy(update={"callbacks": callbacks})
        self.message = asyncio.run(_ask(bound, way))
        self.states = handler.states + async_handler.inner.states


async def _ask(model: ChatClarifai, way: Way) -> Any:
    match way:
        case Way.INVOKE:
            return await asyncio.to_thread(model.invoke, "x")
        case Way.AINVOKE:
            return await model.ainvoke("x")
        case Way.STREAM:
            chunks = await asyncio.to_thread(lambda: list(model.stream("x")))
        case Way.ASTREAM:
            chunks = [chunk async for chunk in model.astream("x")]
    return add_ai_message_chunks(*chunks)


def _assert_told(told: _Told, way: Way, attempts: int, *, failed: bool) -> float:
    """Check metadata and callbacks, which streams have none of; return the seconds."""
    metadata = told.message.response_metadata
    assert told.message.text == "ab"
    assert metadata["attempts"] == attempts
    seconds: float = metadata["seconds_waited"]
    if way in PLAIN:
        _, have_failed, waits = zip(*told.states, strict=True)
        assert set(have_failed) == {failed}
        assert sum(waits) == pytest.approx(seconds, abs=0.01)
    return seconds


def _list_logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """List levels and lines of this package; LangChain tells of handlers that fail."""
    own = [one for one in caplog.records if one.name == "langchain_clarifai"]
    return [(one.levelname, one.getMessage()) for one in own]


@pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
def test_wait_for_a_model_that_starts_is_told(
    way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    """To callbacks, in metadata and in the log: each of three, without retries."""
    deploying = json_reply(
        platform_error(21351, "Model is deploying"),
        status=503,
        headers={"retry-after": "0"},
    )
    with (
        caplog.at_level(logging.INFO, "langchain_clarifai"),
        WireServer(_fail_first(3, deploying)) as server,
    ):
        told = _Told(way, _build(server, max_retries=0, cold_start_timeout=30))
    assert 0.03 < _assert_told(told, way, attempts=4, failed=True) < 2
    if way in PLAIN:
        assert [state[0] for state in told.states] == [1, 2, 3]
    logged = _list_logged(caplog)
    assert [level for level, _ in logged] == ["WARNING"] * 3
    assert "Attempt 3 failed: Clarifai error 21351" in logged[2][1]
    assert "Trying again in" in logged[2][1]


@pytest.mark.parametrize("way", Way, ids=lambda way: way.value)
def test_wait_for_a_turn_is_told(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    """The server refused another caller a moment ago: the first attempt waits."""
    refusal = json_reply(
        platform_error(11005, "slow down"), status=429, headers={"retry-after": "0.5"}
    )
    with WireServer(_fail_first(1, refusal)) as server:
        with pytest.raises(ClarifaiRateLimitError):
            _build(server, max_retries=0).invoke("x")
        with caplog.at_level(logging.INFO, "langchain_clarifai"):
            told = _Told(way, _build(server, max_retries=1))
        assert len(server.exchanges) == 2
        first, second = server.exchanges
        assert second.started_at - first.started_at > 0.5
    assert 0.1 < _assert_told(told, way, attempts=1, failed=False) < 1
    [(level, line)] = _list_logged(caplog)
    assert level == "INFO"
    assert "asks for fewer requests: waiting for 0." in line
