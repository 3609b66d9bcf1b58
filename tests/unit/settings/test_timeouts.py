"""Timeouts as users give them → seconds for each part of a request."""

from __future__ import annotations

import asyncio
import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.runnables import ConfigurableField

from langchain_clarifai._settings.timeouts import read_timeouts
from tests.servers.openai_wire import completion, sse, text_chunks
from tests.servers.wire import event_stream_reply, json_reply
from tests.wire.ways import build_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_clarifai import ChatClarifai
    from tests.servers.wire import WireServer

TIMEOUTS: list[Any] = [
    pytest.param(None, {}, None, id="default"),
    pytest.param(3, {"connect": 3, "read": 3, "write": 3, "pool": 3}, 3.0, id="number"),
    pytest.param({"read": 0.5}, {"read": 0.5}, None, id="mapping"),
    pytest.param((1, 2), {"connect": 1, "read": 2}, None, id="tuple"),
    pytest.param((None, 2), {"read": 2}, None, id="tuple-with-none"),
    pytest.param(
        SimpleNamespace(connect=1, read=2, write=None, pool=4),
        {"connect": 1, "read": 2, "pool": 4},
        None,
        id="object",
    ),
]


@pytest.mark.parametrize(("timeout", "parts", "total"), TIMEOUTS)
def test_timeout_of_any_shape_is_read_by_part(
    timeout: Any, parts: dict[str, float], total: float | None
) -> None:
    """Only a number limits everything together."""
    assert read_timeouts(timeout) == (parts, total)


@pytest.mark.parametrize(
    "timeout",
    [
        0,
        -1,
        math.nan,
        math.inf,
        1e10,
        10**400,
        False,
        {"read": math.inf},
        (None, 1e10),
        True,
        "3",
        {"conect": 3},
        {"read": "3"},
        (1,) * 5,
        {"read": True},
    ],
)
def test_impossible_timeout_is_refused_with_what_is_allowed(timeout: Any) -> None:
    """A word, a misspelt part, and nothing that is not above zero."""
    with pytest.raises(ValueError, match="Give a positive number of seconds"):
        read_timeouts(timeout)


def _call(model: ChatClarifai, **arguments: Any) -> None:
    model.invoke("Hi", **arguments)


def _acall(model: ChatClarifai, **arguments: Any) -> None:
    asyncio.run(model.ainvoke("Hi", **arguments))


def _bind(model: ChatClarifai, **arguments: Any) -> None:
    list(model.bind(**arguments).stream("Hi"))


def _configure(model: ChatClarifai, **arguments: Any) -> None:
    fields = {name: ConfigurableField(id=name) for name in arguments}
    # The field's type says what `configurable_fields` takes, and leaves out this one.
    configurable: Any = model.configurable_fields(**fields)
    configurable.with_config(configurable=arguments).invoke("Hi")


@pytest.mark.parametrize("use", [_call, _acall, _bind, _configure])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        *(
            ({"timeout": value}, "Give a positive number of seconds")
            for value in (math.inf, math.nan, 1e10, 10**400, 0, -1, True, (5, math.inf))
        ),
        *(
            ({"stream_idle_timeout": value}, "a number of seconds above 0")
            for value in (math.nan, 0, -1, False, (5,))
        ),
        *(
            ({"cold_start_timeout": value}, "a number of seconds from 0 up")
            for value in (math.nan, -1, (5,))
        ),
        *(
            ({"max_retries": value}, "an integer from 0 up")
            for value in (math.nan, math.inf, -1, 0.5, (5,))
        ),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_impossible_patience_is_refused_wherever_it_is_given(
    wire: WireServer, use: Callable[..., None], arguments: dict[str, Any], words: str
) -> None:
    """To one call, to a bound model or by configuration; nothing is sent."""
    with pytest.raises(ValueError, match=words):
        use(build_model(wire), **arguments)
    assert wire.exchanges == []


@pytest.mark.parametrize("use", [_call, _acall, _bind, _configure])
@pytest.mark.parametrize(
    "arguments",
    [
        {"timeout": (5, 60)},
        {"timeout": None},
        {"timeout": {}},
        {"timeout": 1_000_000},
        {"stream_idle_timeout": math.inf},
        {"stream_idle_timeout": None},
        {"cold_start_timeout": math.inf},
        {"max_retries": 10**9},
    ],
    ids=str,
)
def test_patience_without_end_is_allowed(
    wire: WireServer, use: Callable[..., None], arguments: dict[str, Any]
) -> None:
    """As far as something else ends the wait; and defaults can be asked for."""
    if use is _bind:
        wire.reply(event_stream_reply(sse(*text_chunks("Hi"))))
    else:
        wire.reply(json_reply(completion()))
    use(build_model(wire), **arguments)
    assert len(wire.exchanges) == 1
