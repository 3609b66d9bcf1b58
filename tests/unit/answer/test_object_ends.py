"""The end of a JSON value is noticed when it is there, however the text is cut."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from langchain_clarifai._answer.call_slots import Slot
from langchain_clarifai._answer.object_ends import ObjectEnd
from langchain_clarifai._answer.whole_calls import parse_arguments
from tests.servers.wire import split

if TYPE_CHECKING:
    from collections.abc import Iterable

_VALUES = st.recursive(
    st.text('ab"\\{}[] \n') | st.integers() | st.none(),
    lambda values: st.lists(values) | st.dictionaries(st.text('a"\\{}'), values),
)


def _follow(pieces: Iterable[str]) -> list[bool]:
    end = ObjectEnd()
    found: list[bool] = []
    for piece in pieces:
        end.feed(piece)
        found.append(end.is_reached)
    return found


@given(
    value=st.dictionaries(st.text('a"\\{}'), _VALUES),
    is_twice=st.booleans(),
    indent=st.sampled_from([None, 2]),
)
def test_end_is_reached_with_the_last_bracket_and_not_before(
    value: dict[str, Any],
    is_twice: bool,  # noqa: FBT001
    indent: int | None,
) -> None:
    """Of an object, encoded once or twice; brackets in strings are text."""
    text = json.dumps(value, indent=indent)
    text = json.dumps(text) if is_twice else text
    assert _follow(text) == [False] * (len(text) - 1) + [True]
    assert _follow([f"{text}\n", text]) == [True, False]


@given(
    value=st.dictionaries(st.text('a"\\{}'), _VALUES),
    cuts=st.lists(st.integers(0, 60)),
    rest=st.sampled_from(["", "{", "}", "{}", ' "']),
)
def test_slot_knows_whole_arguments_as_a_parser_does(
    value: dict[str, Any], cuts: list[int], rest: str
) -> None:
    """After each piece, asked or not asked in between."""
    text = json.dumps(value) + rest
    asked, unasked = (Slot(position=0, index=0) for _ in range(2))
    for piece in split(text.encode(), cuts):
        asked.add_arguments(piece.decode())
        asked.is_whole()
        unasked.add_arguments(piece.decode())
    whole = asked.arguments()
    assert unasked.arguments() == whole
    is_object = whole.endswith("}") and parse_arguments(whole) is not None
    assert asked.is_whole() == unasked.is_whole() == is_object


@pytest.mark.parametrize("piece", ["{}", '{"a"}', "\\}", '"}'])
def test_pieces_that_end_as_objects_do_cost_no_square(piece: str) -> None:
    """A quarter of a million letters of program code, say."""
    slot = Slot(position=0, index=0)
    slot.add_arguments('{"a": "')
    started = time.process_time()
    for _ in range(100_000):
        slot.add_arguments(piece)
        slot.is_whole()
    assert time.process_time() - started < 4
