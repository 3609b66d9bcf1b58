"""Tool-call deltas in every dialect → the calls that were meant."""

from __future__ import annotations

import functools
import json
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings, strategies as st
from langchain_core.messages import AIMessageChunk

from langchain_clarifai._tool_calls import (
    ToolCallSlots,
    build_tool_call_id,
    convert_to_tool_calls,
    parse_arguments,
)
from tests.servers.openai_wire import tool_call_delta as delta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.messages.tool import ToolCallChunk

    Delta = dict[str, Any]

# --- reading ------------------------------------------------------------------------


def read(*events: Sequence[Any], drain_after: frozenset[int] | None = None) -> Any:
    """Read the lists of events; return the slots and the sum of all chunks."""
    slots = ToolCallSlots()
    chunks: list[ToolCallChunk] = []
    for number, event in enumerate(events):
        slots.apply(event)
        if drain_after is None or number in drain_after:
            chunks += slots.drain()
    chunks += slots.finish()
    empty = AIMessageChunk("")
    messages = [AIMessageChunk("", tool_call_chunks=[chunk]) for chunk in chunks]
    return slots, functools.reduce(operator.add, messages, empty).tool_call_chunks


def read_calls(
    *events: Sequence[Any], drain_after: frozenset[int] | None = None
) -> list[tuple[str | None, str | None]]:
    """Return names and texts, which the sum of chunks and the snapshot agree on."""
    slots, total = read(*events, drain_after=drain_after)
    assert slots.snapshot() == total
    ids = [call["id"] for call in total]
    assert all(ids)
    return [(call["name"], call["args"]) for call in total]


def read_deltas(*deltas: Delta) -> list[tuple[str | None, str | None]]:
    """Read deltas, each in an event of its own."""
    return read_calls(*([one] for one in deltas))


# --- dialects -----------------------------------------------------------------------


@dataclass(frozen=True)
class Dialect:
    """How a server writes calls into deltas."""

    indices: str
    ids: str
    names: str
    interleaved: bool = False


DIALECTS = [
    *(
        Dialect(indices, ids, names, interleaved)
        for indices in ("right", "spread")
        for ids in ("first", "always", "none", "fresh")
        for names in ("first", "repeated", "late")
        for interleaved in (False, True)
    ),
    *(
        Dialect(indices, ids, names)
        for indices in ("none", "zero")
        for ids in ("first", "always", "fresh")
        for names in ("first", "repeated", "late")
    ),
    *(
        Dialect(indices, "none", names)
        for indices in ("none", "zero")
        for names in ("first", "repeated")
    ),
    *(
        Dialect(indices, "always", names, interleaved=True)
        for indices in ("none", "zero")
        for names in ("first", "repeated")
    ),
]
"""What can be told apart. Where neither index nor id does, the name has to come first;
where only the id does, so has it when calls are interleaved."""


@st.composite
def streams(draw: st.DrawFn, dialect: Dialect) -> Any:
    """Draw calls, and the deltas of a dialect that write them."""
    names = st.sampled_from(["f", "g", "look_up"])
    keys = st.sampled_from(["a", "städte", '"{'])
    values = st.sampled_from([1, "x", '}"\\', "é\u2028😀", None, [{}, {"b": {}}], {}])
    arguments = st.dictionaries(keys, values, max_size=2)
    calls = draw(st.lists(st.tuples(names, arguments), min_size=1, max_size=4))
    if dialect.ids == "none" and dialect.indices not in {"right", "spread"}:
        # An equal call behind a call is taken for its repetition.
        assume(all(one != other for one, other in zip(calls, calls[1:], strict=False)))
    deltas_of_calls = [
        draw(deltas_of(dialect, position, name, json.dumps(args, ensure_ascii=False)))
        for position, (name, args) in enumerate(calls)
    ]
    if dialect.interleaved:
        order = draw(
            st.permutations(
                [n for n, deltas in enumerate(deltas_of_calls) for _ in deltas[1:]]
            )
        )
        rest = [iter(deltas[1:]) for deltas in deltas_of_calls]
        deltas = [deltas[0] for deltas in deltas_of_calls]
        deltas += [next(rest[position]) for position in order]
    else:
        deltas = [one for deltas in deltas_of_calls for one in deltas]
    return calls, deltas


@st.composite
def deltas_of(
    draw: st.DrawFn, dialect: Dialect, position: int, name: str, text: str
) -> list[Delta]:
    """Draw the deltas of one call."""
    cuts = draw(st.lists(st.integers(0, len(text)), max_size=4).map(sorted))
    edges = [0, *cuts, len(text)]
    fragments = [text[start:end] for start, end in zip(edges, edges[1:], strict=False)]
    if dialect.interleaved:
        fragments = ["", *fragments]
    name_at = draw(st.integers(0, len(fragments) - 1)) if dialect.names == "late" else 0
    index = {"right": position, "spread": 3 + 2 * position, "zero": 0, "none": None}
    return [
        delta(
            fragment,
            index=index[dialect.indices],
            call_id={
                "first": None if number else f"id_{position}",
                "always": f"id_{position}",
                "none": None,
                "fresh": f"id_{position}_{number}",
            }[dialect.ids],
            name=name if dialect.names == "repeated" or number == name_at else None,
        )
        for number, fragment in enumerate(fragments)
    ]


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
@settings(max_examples=40, deadline=None)
@given(drawn=st.data())
def test_any_dialect_gives_the_calls_that_were_meant(
    dialect: Dialect, drawn: st.DataObject
) -> None:
    """However a server cuts and labels calls, the reader gets those calls, in order."""
    calls, deltas = drawn.draw(streams(dialect))
    drain_after = drawn.draw(st.frozensets(st.integers(0, len(deltas))))
    assert [
        (name, json.loads(text or ""))
        for name, text in read_calls(*([one] for one in deltas), drain_after=drain_after)
    ] == calls
