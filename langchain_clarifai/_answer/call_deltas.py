"""One delta → what it says of a call, and whether it belongs to the current one.

The rules are the rows of the table at the head of `tool_calls`.
"""

from __future__ import annotations

import json
from collections.abc import Hashable  # noqa: TC003 - NamedTuple
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from langchain_clarifai._answer.call_slots import Slot

# Python refuses to convert thousands of digits.
_MOST_DIGITS: Final = 20


class DeltaPart(NamedTuple):
    """What a delta says, in the types it should have had."""

    wire_index: Hashable
    call_id: str
    name: str
    arguments: str
    has_function: bool


def is_renamed(current: Slot, part: DeltaPart) -> bool:
    """Tell whether a new id is but another name of the call that is not whole yet."""
    return (
        bool(part.arguments)
        and current.on_trial_for is not None
        and not current.elder.is_whole()
        and part.name in {"", current.elder.name}
    )


def starts_call(
    current: Slot, part: DeltaPart, *, is_known: bool, has_new_id: bool
) -> bool:
    """Tell whether a delta starts another call for certain."""
    # A call on trial without a name may be a repetition of its elder: with an id of its
    # own, a delta that has another name than the elder is another call.
    name = current.name or (current.elder.name if has_new_id else "")
    if part.name and name and part.name != name and not is_known:
        return has_new_id or bool(current.elder.fragments) or part.wire_index is None
    return (has_new_id or bool(part.name)) and current.begins_again(
        part.arguments, has_new_id=has_new_id
    )


def is_beside(current: Slot, part: DeltaPart, *, has_new_id: bool) -> bool:
    """Tell whether an entry is another call than `current`, of the same event."""
    if not part.name or not current.name:
        return False
    if has_new_id:
        return not current.fragments or current.is_whole()
    return not part.call_id and not current.wire_id and current.is_whole()


def may_announce_call(current: Slot, part: DeltaPart, *, has_new_id: bool) -> bool:
    """Tell whether a delta may announce another call of current's tool."""
    if part.arguments:
        return False
    if not has_new_id:
        return (
            bool(part.name)
            and part.name == current.name
            and not current.wire_id
            and current.is_whole()
        )
    if part.name:
        return part.name == current.elder.name
    return bool(current.name) and current.is_whole()


def convert_to_index(index: object) -> Hashable:
    if isinstance(index, str) and index.isdecimal() and len(index) < _MOST_DIGITS:
        return int(index)
    return index if isinstance(index, int | float | str) else None


def convert_to_id(wire_id: object) -> str:
    if isinstance(wire_id, str):
        return wire_id
    return str(wire_id) if isinstance(wire_id, int | float) else ""


def convert_to_name(name: object) -> str:
    return name if isinstance(name, str) else ""


def convert_to_arguments(arguments: object) -> str:
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else json.dumps(arguments, ensure_ascii=False)
