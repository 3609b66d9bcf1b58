"""Wire tool calls and deltas, repaired → tool calls.

Which call does a delta belong to? The first row that fits decides. *Current* is the
call opened last at the delta's index or, without an index, the call opened last; a
call is *whole* when its arguments are one finished JSON object.

| the delta                                               | belongs to           |
|---------------------------------------------------------|----------------------|
| an id seen before, at its index or without one          | that call            |
| there is no current call                                | a new call           |
| a new id, and current is on trial for a broken call     | that broken call     |
| the same name, no arguments; current has another id or is whole | a call on trial |
| another name than current's, and a new id               | a new call           |
| another name, no id, and current has arguments          | a new call           |
| another name, neither index nor id                      | a new call           |
| a name or a new id, and another object though current is whole | a new call    |
| anything else                                           | current              |

A call *on trial* stays hidden until arguments land on it. If none do, the server only
repeated itself, and the trial is dropped.

Evidence: https://github.com/vllm-project/vllm/issues/18412 (names repeated, ids
absent), https://github.com/BerriAI/litellm/pull/40040 (a new id in every delta),
https://github.com/BerriAI/litellm/pull/16194 (parallel calls all at index 0),
https://github.com/langchain-ai/langchain/pull/34671 (no index),
https://github.com/vllm-project/vllm/pull/31438 (the finish chunk repeats a call).
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langchain_core.messages.tool import (
    invalid_tool_call as create_invalid_tool_call,
    tool_call as create_tool_call,
    tool_call_chunk as create_tool_call_chunk,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from langchain_core.messages import InvalidToolCall
    from langchain_core.messages.tool import ToolCall, ToolCallChunk


def build_tool_call_id() -> str:
    """Make up an id for a call that came without one."""
    return f"call_{uuid.uuid4().hex[:24]}"


@dataclass(slots=True, eq=False)
class _Slot:
    """What is known of one call so far."""

    position: int
    index: Hashable
    wire_id: str | None = None
    made_up_id: str = ""
    name: str = ""
    fragments: list[str] = field(default_factory=list[str])
    extra_content: Any = None
    on_trial_for: _Slot | None = None
    announced: bool = False
    unsent_name: str = ""
    unsent: list[str] = field(default_factory=list[str])

    @property
    def id(self) -> str:
        """The id that readers see; it never changes once it was announced."""
        if not self.made_up_id and self.wire_id:
            return self.wire_id
        self.made_up_id = self.made_up_id or build_tool_call_id()
        return self.made_up_id

    def arguments(self) -> str:
        if len(self.fragments) > 1:
            self.fragments = ["".join(self.fragments)]
        return self.fragments[0] if self.fragments else ""

    def is_whole(self) -> bool:
        """Tell whether the arguments are one finished JSON object."""
        if not self.fragments or not self.fragments[-1].rstrip().endswith("}"):
            return False
        return parse_arguments(self.arguments()) is not None

    @property
    def is_tried_in_vain(self) -> bool:
        """Whether the call it is on trial for still waits for arguments."""
        return self.on_trial_for is not None and not self.on_trial_for.is_whole()

    def begins_again(self, arguments: str) -> bool:
        """Tell whether the text starts another object behind the finished one."""
        return (
            arguments.lstrip().startswith("{")
            and self.is_whole()
            and arguments != self.arguments()
        )

    def add_name(self, name: str) -> None:
        """Take a name or a fragment of one; a repetition changes nothing."""
        if not name or name == self.name or (self.name and self.fragments):
            return
        added = name.removeprefix(self.name)
        self.name += added
        self.unsent_name += added

    def add_arguments(self, fragment: str) -> None:
        """Take a piece of the arguments."""
        # The finish chunk of some servers repeats the arguments as a whole.
        is_echo = (
            fragment.startswith("{")
            and self.is_whole()
            and fragment == self.arguments()
        )
        if fragment and not is_echo:
            self.fragments.append(fragment)
            self.unsent.append(fragment)

    def drain(self) -> ToolCallChunk | None:
        """Return what readers have not seen yet."""
        if self.announced and not self.unsent and not self.unsent_name:
            return None
        tool_call_chunk = create_tool_call_chunk(
            name=self.unsent_name or None,
            args="".join(self.unsent),
            id=None if self.announced else self.id,
            index=self.position,
        )
        self.announced = True
        self.unsent_name = ""
        self.unsent.clear()
        return tool_call_chunk


class ToolCallSlots:
    """State machine from deltas, in any dialect, to tool-call chunks."""

    def __init__(self) -> None:
        self._slots: list[_Slot] = []
        self._by_index: dict[Hashable, _Slot] = {}
        self._by_id: dict[str, _Slot] = {}
        self._opened = 0

    def apply(self, deltas: Iterable[Any]) -> None:
        """Take the `tool_calls` of one delta."""
        for delta in deltas:
            if isinstance(delta, dict) and isinstance(delta.get("function"), dict):
                self._apply(delta, delta["function"])

    def drain(self) -> list[ToolCallChunk]:
        """Return what has come since the last call, one chunk a call.

        A call is announced once its name is known, and never before the calls that
        were opened ahead of it, so that their order is that of the wire.
        """
        tool_call_chunks: list[ToolCallChunk] = []
        for slot in self._slots:
            if not slot.name or slot.on_trial_for is not None:
                break
            if (tool_call_chunk := slot.drain()) is not None:
                tool_call_chunks.append(tool_call_chunk)
        return tool_call_chunks

    def finish(self) -> list[ToolCallChunk]:
        """Return what was held back: the deltas are over."""
        self._slots = [slot for slot in self._slots if slot.on_trial_for is None]
        drained = (slot.drain() for slot in self._slots)
        return [tool_call_chunk for tool_call_chunk in drained if tool_call_chunk]

    def snapshot(self) -> list[ToolCallChunk]:
        """Return every call as far as it is known, without draining it."""
        return [
            create_tool_call_chunk(
                name=slot.name or None,
                args=slot.arguments(),
                id=slot.id,
                index=slot.position,
            )
            for slot in self._slots
            if slot.on_trial_for is None
        ]

    def extra_content(self) -> dict[str, Any]:
        """Return what providers attached to calls, by the id of the call."""
        return {
            slot.id: slot.extra_content
            for slot in self._slots
            if slot.extra_content is not None
        }

    def _apply(self, delta: dict[str, Any], function: dict[str, Any]) -> None:
        name = function.get("name")
        name = name if isinstance(name, str) else ""
        call_id = _convert_to_id(delta.get("id"))
        arguments = _convert_to_arguments(function.get("arguments"))
        slot = self._find(_convert_to_index(delta), call_id, name, arguments)
        if arguments:
            slot.on_trial_for = None
        if call_id:
            slot.wire_id = slot.wire_id or call_id
            self._by_id.setdefault(call_id, slot)
        slot.add_name(name)
        slot.add_arguments(arguments)
        if delta.get("extra_content") is not None:
            slot.extra_content = delta["extra_content"]

    def _find(self, index: Hashable, call_id: str, name: str, arguments: str) -> _Slot:
        known = self._by_id.get(call_id)
        if known is not None and (index is None or known.index in {None, index}):
            current: _Slot | None = known
            has_new_id = False
        else:
            current = self._by_index.get(index)
            has_new_id = bool(call_id and current is not None and current.wire_id)
        if current is None:
            return self._open(index)
        has_other_name = bool(name and current.name and name != current.name)
        if has_new_id and not has_other_name and arguments and current.is_tried_in_vain:
            return self._end_trials(current)
        if _may_announce(current, name, arguments, has_new_id=has_new_id):
            return self._open(index, on_trial_for=current.on_trial_for or current)
        if (
            (has_other_name and has_new_id)
            or (has_other_name and not call_id and (current.fragments or index is None))
            or ((name or has_new_id) and current.begins_again(arguments))
        ):
            return self._open(index)
        return current

    def _end_trials(self, current: _Slot) -> _Slot:
        """Go back to the call that the server keeps renaming."""
        elder = current.on_trial_for or current
        self._slots = [slot for slot in self._slots if slot.on_trial_for is not elder]
        self._by_index[elder.index] = self._by_index[None] = elder
        return elder

    def _open(self, index: Hashable, *, on_trial_for: _Slot | None = None) -> _Slot:
        slot = _Slot(position=self._opened, index=index, on_trial_for=on_trial_for)
        self._opened += 1
        self._slots.append(slot)
        # None is the key of the call opened last, whatever its index.
        self._by_index[index] = self._by_index[None] = slot
        return slot


def _may_announce(
    current: _Slot, name: str, arguments: str, *, has_new_id: bool
) -> bool:
    """Tell whether a delta may announce another call of current's tool."""
    if not name or name != current.name or arguments:
        return False
    return has_new_id or (not current.wire_id and current.is_whole())


def parse_arguments(arguments: str) -> dict[str, Any] | None:
    """Parse the text of a call's arguments; None when it is no finished JSON object.

    No text, and JSON's `null`, are what servers send for a call without arguments.
    """
    if not arguments.strip():
        return {}
    try:
        # Not strict: models leave line breaks and tabs in strings unescaped.
        parsed = json.loads(arguments, strict=False)
    except (ValueError, RecursionError):
        return None
    if parsed is None:
        return {}
    return parsed if isinstance(parsed, dict) else None


def convert_to_tool_calls(
    tool_call_chunks: Sequence[ToolCallChunk], *, cut_by_length: bool
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Sort whole calls from broken ones.

    Args:
        tool_call_chunks: One for each call, with all of its text.
        cut_by_length: The answer ended because it was too long. The last call then
            counts as cut even if its arguments have not begun.
    """
    tool_calls: list[ToolCall] = []
    invalid_tool_calls: list[InvalidToolCall] = []
    for position, tool_call_chunk in enumerate(tool_call_chunks, start=1):
        name, args = tool_call_chunk["name"], tool_call_chunk["args"] or ""
        is_cut = cut_by_length and not args and position == len(tool_call_chunks)
        parsed = None if is_cut else parse_arguments(args)
        if name and parsed is not None:
            tool_calls.append(
                create_tool_call(name=name, args=parsed, id=tool_call_chunk["id"])
            )
        else:
            error = "The call has no name." if not name else _WHY_INVALID
            invalid_tool_calls.append(
                create_invalid_tool_call(
                    name=name, args=args, id=tool_call_chunk["id"], error=error
                )
            )
    return tool_calls, invalid_tool_calls


_WHY_INVALID = (
    "The arguments are no complete JSON object: the answer was cut, or the model "
    "wrote invalid JSON."
)


def _convert_to_index(delta: dict[str, Any]) -> Hashable:
    index = delta.get("index")
    return index if isinstance(index, int | float | str) else None


def _convert_to_id(wire_id: object) -> str:
    if isinstance(wire_id, str):
        return wire_id
    return str(wire_id) if isinstance(wire_id, int) else ""


def _convert_to_arguments(arguments: object) -> str:
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else json.dumps(arguments, ensure_ascii=False)
