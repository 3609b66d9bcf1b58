"""Wire tool calls and deltas, repaired → tool calls.

Which call does a delta belong to? The first row that fits decides. *Current* is the
call opened last at the delta's index or, without an index, the call opened last; a
call is *whole* when its arguments are one finished JSON object.

| the delta                                                  | belongs to        |
|------------------------------------------------------------|-------------------|
| an id seen before, at its index or without one             | that call         |
| there is no current call                                   | a new call        |
| no function, or neither an id nor a name                   | current           |
| a new id and arguments; current is on trial for a call that is not whole | that call |
| another name, and a new id                                 | a new call        |
| another name, and current has arguments or no index        | a new call        |
| a name or a new id, and an object behind the whole one     | a new call        |
| the same name, a new id, no arguments                      | a call on trial   |
| no name, a new id, no arguments; current is whole          | a call on trial   |
| the same name, no ids, no arguments; current is whole      | a call on trial   |
| anything else                                              | current           |

A call *on trial* stays hidden until arguments land on it, or the name it lacked. If
none do, the server only repeated itself, and the trial is dropped. What comes in one
event is no repetition: there, an entry with a name and another id is another call.

Evidence: https://github.com/vllm-project/vllm/issues/18412 (names repeated, ids
absent), https://github.com/BerriAI/litellm/pull/40040 (a new id in every delta),
https://github.com/BerriAI/litellm/pull/16194 (parallel calls all at index 0),
https://github.com/langchain-ai/langchain/pull/34671 (no index),
https://github.com/vllm-project/vllm/pull/31438 (the finish chunk repeats a call).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from langchain_core.messages.tool import tool_call_chunk as create_tool_call_chunk

from langchain_clarifai._answer.call_deltas import (
    DeltaPart,
    convert_to_arguments,
    convert_to_id,
    convert_to_index,
    convert_to_name,
    is_beside,
    is_renamed,
    may_announce_call,
    starts_call,
)
from langchain_clarifai._answer.call_slots import Slot, merge_fields
from langchain_clarifai._answer.faults import MalformedAnswer

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from langchain_core.messages.tool import ToolCallChunk


_MOST_CALLS: Final = 10_000
"""More than any answer has; for langchain-core, adding them up is a square."""


class ToolCallSlots:
    """State machine from deltas, in any dialect, to tool-call chunks."""

    def __init__(self, tool_names: Mapping[str, str] | None = None) -> None:
        # The user's names of tools, by the names that were sent.
        self._tool_names = tool_names or {}
        self._slots: list[Slot] = []
        # All slots before this one have been announced, or are next.
        self._first_waiting = 0
        self._touched: dict[Slot, None] = {}
        self._by_index: dict[Hashable, Slot] = {}
        self._by_id: dict[str, Slot] = {}
        self._opened = 0
        # Slots that may say something since the last look, and whether one did.
        self._unsure: dict[Slot, None] = {}
        self._says_something = False

    def apply(self, deltas: Iterable[Any]) -> None:
        """Take the `tool_calls` of one delta."""
        touched: set[Slot] = set()
        for delta in deltas:
            if isinstance(delta, dict):
                touched.add(self._apply(delta, touched))
        self._touched |= dict.fromkeys(touched)
        if not self._says_something:
            self._unsure |= dict.fromkeys(touched)

    @property
    def is_empty(self) -> bool:
        """Whether there is no call; placeholders count as none."""
        if not self._says_something:
            self._says_something = not all(slot.says_nothing() for slot in self._unsure)
            self._unsure.clear()
        return not self._says_something

    def drain(self) -> list[ToolCallChunk]:
        """Return what has come since the last call, one chunk a call.

        A call is announced once its name is known, and never before the calls that
        were opened ahead of it, so that their order is that of the wire.
        """
        slots, first = self._slots, self._first_waiting
        while self._first_waiting < len(slots):
            slot = slots[self._first_waiting]
            if not (slot.is_ready() or slot.is_dropped):
                break
            self._touched[slot] = None
            self._first_waiting += 1
        if not self._touched:
            return []
        # Only what was touched is looked at: with thousands of calls, looking at all
        # of them after each read would be quadratic.
        last = slots[self._first_waiting - 1].position if self._first_waiting else -1
        ready = [
            slot
            for slot in self._touched
            if slot.position <= last and slot.is_ready() and not slot.is_dropped
        ]
        # Those behind `last` are touched again when their turn comes.
        self._touched.clear()
        if self._first_waiting > first or len(ready) > 1:
            ready.sort(key=lambda slot: slot.position)
        return [chunk for slot in ready if (chunk := slot.drain()) is not None]

    def finish(self, *, is_cut: bool = False) -> list[ToolCallChunk]:
        """Return what was held back: the deltas are over.

        Args:
            is_cut: Whether the answer ended too early, so that the text of the last
                custom call may lack its end.
        """
        self._end_trials()
        for slot in self._slots[: len(self._slots) - is_cut]:
            slot.close_custom_input()
        drained = (slot.drain_last() for slot in self._slots)
        return [tool_call_chunk for tool_call_chunk in drained if tool_call_chunk]

    def snapshot(self) -> list[ToolCallChunk]:
        """Return every call as far as it is known, without draining it."""
        self._end_trials()
        return [
            create_tool_call_chunk(
                name=slot.own_name or None,
                args=slot.settled_arguments(),
                id=slot.id,
                index=slot.position,
            )
            for slot in self._slots
        ]

    def provider_fields(self) -> dict[str, dict[str, Any]]:
        """Return what providers attached to calls, by the id of the call.

        What they attached to the function of a call stands under `function`.
        """
        self._end_trials()
        return {
            slot.id: dict(slot.provider_fields)
            for slot in self._slots
            if slot.provider_fields
        }

    def _apply(self, delta: dict[str, Any], touched: set[Slot]) -> Slot:
        wire_function = delta.get("function")
        custom = delta.get("custom")
        function = wire_function if isinstance(wire_function, dict) else {}
        # Snowflake sends an empty one beside each function.
        if (
            isinstance(custom, dict)
            and any(custom.values())
            and not any(function.values())
        ):
            return self._apply_custom(delta, custom)
        part = DeltaPart(
            wire_index=convert_to_index(delta.get("index")),
            call_id=convert_to_id(delta.get("id")),
            name=convert_to_name(function.get("name")),
            arguments=convert_to_arguments(function.get("arguments")),
            has_function=isinstance(wire_function, dict),
        )
        if self._tool_names and "<|" in part.name:
            part = part._replace(name=self._cut_tail(part.name))
        opened = self._opened
        slot = self._find(part, touched)
        if part.arguments or (part.name and not slot.name and opened == self._opened):
            slot.on_trial_for = None
        if part.call_id and (part.has_function or not slot.wire_id):
            slot.wire_id = slot.wire_id or part.call_id
            self._by_id.setdefault(part.call_id, slot)
        slot.has_function = slot.has_function or part.has_function
        slot.add_name(part.name)
        slot.add_arguments(part.arguments)
        slot.add_provider_fields(delta, function)
        return slot

    def _cut_tail(self, name: str) -> str:
        """Cut off what gpt-oss may append to a name: `search<|channel|>commentary`."""
        tool_name = name.partition("<|")[0].strip()
        return tool_name if tool_name in self._tool_names else name

    def _apply_custom(self, delta: dict[str, Any], custom: dict[str, Any]) -> Slot:
        """Take a piece of a call of type `custom`, whose input is raw text."""
        wire_index = convert_to_index(delta.get("index"))
        call_id = convert_to_id(delta.get("id"))
        slot = self._by_id.get(call_id) or self._by_index.get(wire_index)
        if slot is None or (
            call_id and slot.wire_id and call_id != slot.wire_id and custom.get("name")
        ):
            slot = self._open(wire_index)
        if call_id and not slot.wire_id:
            slot.wire_id = call_id
            self._by_id.setdefault(call_id, slot)
        slot.has_function = True
        slot.add_name(convert_to_name(custom.get("name")))
        slot.add_custom_input(convert_to_arguments(custom.get("input")))
        others = {key: delta[key] for key in delta if key not in {"custom", "type"}}
        slot.add_provider_fields(others, {})
        return slot

    def _find(self, part: DeltaPart, touched: set[Slot]) -> Slot:
        known = self._by_id.get(part.call_id)
        if known is not None and part.wire_index not in {None, known.index}:
            # One id at two indices is that of two calls, unless the first had no index.
            known = known if known.index is None else None
        current = known or self._by_index.get(part.wire_index)
        if current is None:
            return self._open(part.wire_index)
        if not (part.has_function and (part.call_id or part.name)):
            return current
        has_new_id = known is None and bool(part.call_id and current.wire_id)
        if has_new_id and is_renamed(current, part):
            return self._return_to(current.elder)
        if (current in touched and is_beside(current, part, has_new_id=has_new_id)) or (
            starts_call(
                current, part, is_known=known is not None, has_new_id=has_new_id
            )
        ):
            return self._open(part.wire_index)
        if may_announce_call(current, part, has_new_id=has_new_id):
            return self._open(part.wire_index, on_trial_for=current.elder)
        return current

    def _return_to(self, elder: Slot) -> Slot:
        """Go back to the call that the server keeps renaming."""
        for slot in elder.trials:
            slot.is_dropped = slot.is_dropped or slot.on_trial_for is elder
        elder.trials.clear()
        while self._slots[-1].is_dropped:
            self._slots.pop()
        self._first_waiting = min(self._first_waiting, len(self._slots))
        self._by_index[elder.index] = self._by_index[None] = elder
        return elder

    def _end_trials(self) -> None:
        """Drop what turned out to be no call, and keep what was attached to it."""
        for slot in self._slots:
            if slot.on_trial_for is not None:
                elder = slot.on_trial_for
                elder.wire_id = elder.wire_id or slot.wire_id
                merge_fields(elder.provider_fields, slot.provider_fields)
        self._slots = [
            slot
            for slot in self._slots
            if slot.on_trial_for is None
            and slot.has_function
            and not slot.is_dropped
            and not slot.says_nothing()
        ]
        self._first_waiting = len(self._slots)

    def _open(self, index: Hashable, *, on_trial_for: Slot | None = None) -> Slot:
        if len(self._slots) >= _MOST_CALLS:
            raise MalformedAnswer("The answer holds too many tool calls.", b"")
        slot = Slot(
            position=self._opened,
            index=index,
            on_trial_for=on_trial_for,
            own_names=self._tool_names,
        )
        self._opened += 1
        self._slots.append(slot)
        if on_trial_for is not None:
            on_trial_for.trials.append(slot)
        # None is the key of the call opened last, whatever its index.
        self._by_index[index] = self._by_index[None] = slot
        return slot
