"""Tool-call deltas in every dialect → the calls that were meant."""

from __future__ import annotations

import functools
import itertools
import json
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings, strategies as st
from langchain_core.messages import AIMessageChunk

from langchain_clarifai._answer.call_slots import build_tool_call_id
from langchain_clarifai._answer.tool_calls import ToolCallSlots
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
    empty = AIMessageChunk(content="")
    messages = [
        AIMessageChunk(content="", tool_call_chunks=[chunk]) for chunk in chunks
    ]
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
    values: st.SearchStrategy[Any] = st.sampled_from(
        [1, "x", '}"\\', "é\u2028😀", None, [{}, {"b": {}}], {}]
    )
    arguments = st.dictionaries(keys, values, max_size=2)
    calls = draw(st.lists(st.tuples(names, arguments), min_size=1, max_size=4))
    if dialect.ids == "none" and dialect.indices not in {"right", "spread"}:
        # An equal call behind a call is taken for its repetition.
        assume(all(one != other for one, other in itertools.pairwise(calls)))
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
    fragments = [text[start:end] for start, end in itertools.pairwise(edges)]
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
@settings(max_examples=settings().max_examples // 4)
@given(drawn=st.data())
def test_any_dialect_gives_the_calls_that_were_meant(
    dialect: Dialect, drawn: st.DataObject
) -> None:
    """However a server cuts and labels calls, the reader gets those calls, in order."""
    calls, deltas = drawn.draw(streams(dialect))
    drain_after = drawn.draw(st.frozensets(st.integers(0, len(deltas))))
    assert [
        (name, json.loads(text or ""))
        for name, text in read_calls(
            *([one] for one in deltas), drain_after=drain_after
        )
    ] == calls


# --- single faults ------------------------------------------------------------------

WHOLE = '{"a": 1}'
HALVES = ('{"a"', ": 1}")

ROWS = [
    (
        "an id as a number",
        [delta('{"a"', index=None, call_id=7, name="f"), delta(": 1}", call_id=7)],  # type: ignore[arg-type]
        [("f", WHOLE)],
    ),
    (
        "an index as text on some deltas",
        [delta("", index="1", name="f"), delta(WHOLE, index=1)],  # type: ignore[arg-type]
        [("f", WHOLE)],
    ),
    (
        "an index that is no number",
        [
            delta(HALVES[0], index="a", name="f"),  # type: ignore[arg-type]
            delta("{}", index="b", name="g"),  # type: ignore[arg-type]
            delta(HALVES[1], index="a"),  # type: ignore[arg-type]
        ],
        [("f", WHOLE), ("g", "{}")],
    ),
    (
        "an index of thousands of digits",
        [delta(WHOLE, index="9" * 5000, name="f")],  # type: ignore[arg-type]
        [("f", WHOLE)],
    ),
    (
        "an index that is a list",
        [delta(WHOLE, index=[0], name="f")],  # type: ignore[arg-type]
        [("f", WHOLE)],
    ),
    (
        "an id that is a list, a name that is a number",
        [delta(WHOLE, call_id=[1], name=3), delta(name="f")],  # type: ignore[arg-type]
        [("f", WHOLE)],
    ),
    (
        "the id after the arguments have begun",
        [delta(HALVES[0], name="f"), delta(HALVES[1], call_id="late")],
        [("f", WHOLE)],
    ),
    (
        "an id from the second call on",
        [
            delta(WHOLE, name="f"),
            delta("", name="g", call_id="b"),
            delta("{}"),
        ],
        [("f", WHOLE), ("g", "{}")],
    ),
    (
        "the id behind the call, with its name",
        [delta(WHOLE, name="f"), delta("", name="f", call_id="late")],
        [("f", WHOLE)],
    ),
    (
        "a name in fragments",
        [delta(name="get_"), delta(name="weather"), delta(WHOLE)],
        [("get_weather", WHOLE)],
    ),
    (
        "a name that grows",
        [delta(name="get"), delta(name="get_weather"), delta(WHOLE)],
        [("get_weather", WHOLE)],
    ),
    (
        "the arguments repeated by the finish chunk",
        [delta(HALVES[0], call_id="a", name="f"), delta(HALVES[1]), delta(WHOLE)],
        [("f", WHOLE)],
    ),
    (
        "the whole call repeated by the finish chunk",
        [delta(WHOLE, call_id="a", name="f"), delta(WHOLE, call_id="a", name="f")],
        [("f", WHOLE)],
    ),
    (
        "empty arguments in the finish chunk",
        [delta(WHOLE, call_id="a", name="f"), delta("{}")],
        [("f", WHOLE)],
    ),
    (
        "empty arguments in the first chunk",
        [delta("{}", call_id="a", name="f"), delta(HALVES[0]), delta(HALVES[1])],
        [("f", WHOLE)],
    ),
    (
        "no arguments but {}",
        [delta("{}", call_id="a", name="f")],
        [("f", "{}")],
    ),
    (
        "empty deltas behind the arguments, each with a new id",
        [
            delta(WHOLE, call_id="a", name="f"),
            delta("", call_id="b"),
            delta("", call_id="c", name="f"),
            delta("", call_id="d", name=""),
        ],
        [("f", WHOLE)],
    ),
    (
        "an empty delta with a new id in the middle of the arguments",
        [
            delta(HALVES[0], call_id="a", name="f"),
            delta("", call_id="b", name="f"),
            delta(HALVES[1], call_id="c"),
        ],
        [("f", WHOLE)],
    ),
    (
        "equal calls with ids of their own, all at index 0",
        [delta("{}", call_id="a", name="f"), delta("{}", call_id="b", name="f")],
        [("f", "{}"), ("f", "{}")],
    ),
    (
        "equal calls with ids of their own, without an index",
        [
            delta(WHOLE, index=None, call_id="a", name="f"),
            delta(WHOLE, index=None, call_id="b", name="f"),
        ],
        [("f", WHOLE), ("f", WHOLE)],
    ),
    (
        "the same id at two indices",
        [
            delta(WHOLE, call_id="a", name="f"),
            delta("{}", index=1, call_id="a", name="g"),
        ],
        [("f", WHOLE), ("g", "{}")],
    ),
    (
        "an index from the second delta on",
        [
            delta(HALVES[0], index=None, call_id="a", name="f"),
            delta(HALVES[1], index=0, call_id="a"),
        ],
        [("f", WHOLE)],
    ),
    (
        "an object in place of text",
        [delta({"städte": ["Ö"]}, name="f")],  # type: ignore[arg-type]
        [("f", '{"städte": ["Ö"]}')],
    ),
    (
        "null in place of text",
        [delta(name="f", function={"name": "f", "arguments": None})],
        [("f", "")],
    ),
    ("null as text", [delta("nu", name="f"), delta("ll")], [("f", "")]),
    ("blanks for arguments", [delta(" ", name="f"), delta("\n")], [("f", "")]),
    ("a list for arguments", [delta("[1,", name="f"), delta("2]")], [("f", "[1,2]")]),
    ("no name at all", [delta(WHOLE, call_id="a")], [(None, WHOLE)]),
    (
        "a nameless call before another",
        [delta(WHOLE, call_id="a"), delta("{}", index=1, name="g")],
        [(None, WHOLE), ("g", "{}")],
    ),
    (
        "a call without a function, its id first",
        [{"index": 0, "id": "a", "function": None}, delta(WHOLE, name="f")],
        [("f", WHOLE)],
    ),
    (
        "an empty function in the middle",
        [
            delta(HALVES[0], name="f"),
            {"index": 0, "function": {}},
            {"index": 0},
            delta(HALVES[1]),
        ],
        [("f", WHOLE)],
    ),
    ("nothing but a null function", [{"index": 0, "id": "a", "function": None}], []),
    (
        "entries that are no objects",
        [None, "f", delta(WHOLE, name="f")],
        [("f", WHOLE)],
    ),
    (
        "a tool without arguments, then another one",
        [
            delta("", index=None, call_id="a", name="f"),
            delta("", index=None, call_id="b", name="g"),
        ],
        [("f", ""), ("g", "")],
    ),
    (
        "another object behind the whole one",
        [delta(WHOLE, call_id="a", name="f"), delta('{"b": 2}')],
        [("f", WHOLE + '{"b": 2}')],
    ),
    (
        "text behind the object",
        [delta(WHOLE, call_id="a", name="f"), delta("}")],
        [("f", WHOLE + "}")],
    ),
]


@pytest.mark.parametrize(
    ("deltas", "calls"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
@pytest.mark.parametrize("drain", [True, False], ids=["drained", "at the end"])
def test_an_odd_delta_is_understood(
    deltas: list[Any],
    calls: list[tuple[str | None, str]],
    drain: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """What odd deltas mean does not depend on when a reader looks."""
    assert (
        read_calls(
            *([one] for one in deltas), drain_after=None if drain else frozenset()
        )
        == calls
    )


IN_ONE_EVENT = [
    (
        "equal calls without ids",
        [delta("{}", index=None, name="f"), delta("{}", index=None, name="f")],
        [("f", "{}"), ("f", "{}")],
    ),
    (
        "calls without arguments, all at index 0",
        [delta("", call_id="a", name="f"), delta("", call_id="b", name="f")],
        [("f", ""), ("f", "")],
    ),
    (
        "fragments of one call",
        [delta(HALVES[0], name="f"), delta(HALVES[1], name="f")],
        [("f", WHOLE)],
    ),
    (
        "fragments of one call, each with a new id",
        [delta(HALVES[0], call_id="a", name="f"), delta(HALVES[1], call_id="b")],
        [("f", WHOLE)],
    ),
]


@pytest.mark.parametrize(
    ("deltas", "calls"),
    [row[1:] for row in IN_ONE_EVENT],
    ids=[row[0] for row in IN_ONE_EVENT],
)
def test_entries_of_one_event_are_no_repetitions(
    deltas: list[Any], calls: list[tuple[str, str]]
) -> None:
    """What one event lists twice is meant twice."""
    assert read_calls(deltas) == calls


def test_a_made_up_id_stays_although_the_real_one_comes_late() -> None:
    """A reader who has seen an id can rely on it."""
    slots = ToolCallSlots()
    slots.apply([delta(HALVES[0], name="f")])
    [first] = slots.drain()
    slots.apply([delta(HALVES[1], call_id="late")])
    assert slots.snapshot()[0]["id"] == first["id"]
    assert first["id"] != "late"


def test_a_late_id_counts_where_no_reader_has_seen_another() -> None:
    """An id of the server is never given up without need."""
    slots = ToolCallSlots()
    slots.apply([delta(HALVES[0], name="f")])
    slots.apply([delta(HALVES[1], call_id="late")])
    assert slots.drain()[0]["id"] == "late"


def test_made_up_ids_differ() -> None:
    """No two calls share a made-up id."""
    assert len({build_tool_call_id() for _ in range(1000)}) == 1000


def test_a_nameless_call_is_held_until_its_name_comes() -> None:
    """No reader ever sees a call named "", and the order of calls is kept."""
    slots = ToolCallSlots()
    slots.apply([delta(HALVES[0], name=""), delta("{}", index=1, name="g")])
    assert slots.drain() == []
    slots.apply([delta(HALVES[1], name="f")])
    assert [chunk["name"] for chunk in slots.drain()] == ["f", "g"]


def test_a_name_is_announced_before_the_arguments() -> None:
    """A reader learns which tool is called as soon as the server knows."""
    slots = ToolCallSlots()
    slots.apply([delta("", call_id="a", name="f")])
    [chunk] = slots.drain()
    assert (chunk["name"], chunk["args"], chunk["id"]) == ("f", "", "a")
    assert slots.drain() == []


def test_thousands_of_deltas_between_two_drains_are_one_chunk() -> None:
    """Chunks are counted by what the reader reads, not by what the server writes."""
    text = json.dumps({"text": "ö" * 5000}, ensure_ascii=False)
    slots = ToolCallSlots()
    for character in text:
        slots.apply([delta(character, name="f")])
    [chunk] = slots.drain()
    assert chunk["args"] == text


# --- what providers attach ----------------------------------------------------------

GOOGLE = {"google": {"thought_signature": "S"}}

ATTACHED = [
    (
        "in the first delta",
        [delta(HALVES[0], name="f", extra_content=GOOGLE), delta(HALVES[1])],
        {"extra_content": GOOGLE},
    ),
    (
        "in the last delta",
        [delta(WHOLE, name="f"), delta("", extra_content=GOOGLE)],
        {"extra_content": GOOGLE},
    ),
    (
        "in every delta",
        [delta(part, name="f", extra_content=GOOGLE) for part in HALVES],
        {"extra_content": GOOGLE},
    ),
    (
        "in parts, and null afterwards",
        [
            delta(WHOLE, name="f", extra_content=GOOGLE),
            delta("", extra_content={"google": {"other": 1}}),
            delta("", extra_content=None),
        ],
        {"extra_content": {"google": {"thought_signature": "S", "other": 1}}},
    ),
    (
        "in a delta without a function",
        [delta(WHOLE, name="f"), {"index": 0, "extra_content": GOOGLE}],
        {"extra_content": GOOGLE},
    ),
    (
        "in an empty delta with a new id",
        [
            delta(WHOLE, call_id="a", name="f"),
            delta("", call_id="b", name="f", extra_content=GOOGLE),
        ],
        {"extra_content": GOOGLE},
    ),
    (
        "under other names",
        [
            delta(
                WHOLE,
                name="f",
                thought_signature="S",
                provider_specific_fields={"thought_signature": "S"},
            )
        ],
        {
            "thought_signature": "S",
            "provider_specific_fields": {"thought_signature": "S"},
        },
    ),
    (
        "on the function",
        [{"function": {"name": "f", "arguments": WHOLE, "thought_signature": "S"}}],
        {"function": {"thought_signature": "S"}},
    ),
    ("nothing", [delta(WHOLE, name="f", extra_content=None)], None),
]


@pytest.mark.parametrize(
    ("deltas", "fields"),
    [row[1:] for row in ATTACHED],
    ids=[row[0] for row in ATTACHED],
)
def test_what_a_provider_attached_is_kept(
    deltas: list[Delta], fields: dict[str, Any] | None
) -> None:
    """A thought signature survives wherever it stands, and its call is one call."""
    slots, [call] = read(*([one] for one in deltas))
    assert slots.provider_fields() == ({} if fields is None else {call["id"]: fields})
