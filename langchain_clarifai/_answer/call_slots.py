"""What has come of one tool call → chunks of it, and its text as far as it is known."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from langchain_core.messages.tool import tool_call_chunk as create_tool_call_chunk

from langchain_clarifai._answer.object_ends import ObjectEnd
from langchain_clarifai._answer.whole_calls import decode_twice_encoded, parse_arguments

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from langchain_core.messages.tool import ToolCallChunk

# What a call on the wire is made of; all else is a provider's own.
_OWN_KEYS: Final = frozenset({"custom", "function", "id", "index", "type"})
_OWN_FUNCTION_KEYS: Final = frozenset({"arguments", "name"})

# Some servers open every call with it and send the arguments afterwards.
_PLACEHOLDER: Final = "{}"

# How the text of a whole object ends, encoded once or twice.
_ENDS: Final = ("}", '}"')
_STARTS: Final = ("{", '"{')

# Raw text of a call of type `custom` stands under this key, as in langchain-openai.
_RAW_INPUT: Final = "__arg1"
_CUSTOM_OPENER: Final = f'{{"{_RAW_INPUT}": "'
_CUSTOM_CLOSER: Final = '"}'


def build_tool_call_id() -> str:
    """Make up an id for a call that came without one."""
    return f"call_{uuid.uuid4().hex[:24]}"


@dataclass(slots=True, eq=False)
class Slot:
    """What is known of one call so far.

    Attributes:
        position: Its place among the calls, which readers get as its index.
        index: The server's index of it.
        wire_id: The server's id; None while there is none.
        made_up_id: Our id, in place of the server's.
        name: Its tool's name on the wire, as far as it has come.
        fragments: The text of the arguments so far, in pieces.
        provider_fields: What a provider attached to it.
        on_trial_for: The call that this one may only repeat; see `tool_calls`.
        own_names: The user's names of all tools, by their names on the wire.
        has_function: Whether a delta of it named or described a function.
        is_announced: Whether readers have seen its id and name.
        is_object: Whether the arguments are known to be an object with something in it.
        is_dropped: Whether it turned out to be no call.
        is_custom: Whether its arguments are raw text, not JSON.
        is_closed: Whether the end of that text has been added.
        unsent_name: The part of the name that readers have not seen.
        unsent: The pieces of the arguments that readers have not seen.
    """

    position: int
    index: Hashable
    wire_id: str | None = None
    made_up_id: str = ""
    name: str = ""
    fragments: list[str] = field(default_factory=list[str])
    provider_fields: dict[str, Any] = field(default_factory=dict[str, Any])
    on_trial_for: Slot | None = None
    trials: list[Slot] = field(default_factory=list["Slot"])
    own_names: Mapping[str, str] = field(default_factory=dict[str, str])
    has_function: bool = False
    is_announced: bool = False
    is_object: bool = False
    is_dropped: bool = False
    is_custom: bool = False
    is_closed: bool = False
    unsent_name: str = ""
    unsent: list[str] = field(default_factory=list[str])
    _unseen: list[str] = field(default_factory=list[str])
    _end: ObjectEnd = field(default_factory=ObjectEnd)
    _is_known_whole: bool | None = None

    @property
    def id(self) -> str:
        """The id that readers see; it never changes once it was announced."""
        if not self.made_up_id and self.wire_id:
            return self.wire_id
        self.made_up_id = self.made_up_id or build_tool_call_id()
        return self.made_up_id

    @property
    def own_name(self) -> str:
        """The name that the user gave the tool."""
        return self.own_names.get(self.name, self.name)

    @property
    def elder(self) -> Slot:
        """The call itself or, on trial, the one that it may be a repetition of."""
        return self.on_trial_for or self

    def arguments(self) -> str:
        if len(self.fragments) > 1:
            self.fragments = ["".join(self.fragments)]
        return self.fragments[0] if self.fragments else ""

    def settled_arguments(self) -> str:
        """Return the text of the arguments; nothing for `null`, which means none."""
        arguments = self.arguments()
        if arguments.strip() in {"", "null"}:
            return ""
        return decode_twice_encoded(arguments)

    def says_nothing(self) -> bool:
        """Tell whether this is a placeholder, which some servers send beside text."""
        return not (
            self.name or self.wire_id or self.provider_fields
        ) and self.settled_arguments().strip() in {"", _PLACEHOLDER}

    def is_whole(self) -> bool:
        """Tell whether the arguments are one finished JSON object."""
        if self._is_known_whole is None:
            self._is_known_whole = self._look_whole()
        return self._is_known_whole

    def _look_whole(self) -> bool:
        if not self.fragments or not self.fragments[-1].rstrip().endswith(_ENDS):
            return False
        for piece in self._unseen:
            self._end.feed(piece)
        self._unseen.clear()
        return self._end.is_reached and parse_arguments(self.arguments()) is not None

    def _append(self, fragment: str) -> None:
        for pieces in (self.fragments, self.unsent, self._unseen):
            pieces.append(fragment)
        self._is_known_whole = None

    def begins_again(self, arguments: str, *, has_new_id: bool) -> bool:
        """Tell whether the text starts another object behind the finished one."""
        return (
            arguments.lstrip().startswith(_STARTS)
            and self.is_whole()
            and (has_new_id or arguments != self.arguments())
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
        if not fragment:
            return
        if fragment.startswith("{") and self.is_whole():
            if not self.is_object and self.arguments().strip() == _PLACEHOLDER:
                for pieces in (self.fragments, self.unsent, self._unseen):
                    pieces.clear()
                self._end = ObjectEnd()
            elif fragment in {_PLACEHOLDER, self.arguments()}:
                # The finish chunk of some servers repeats the arguments as a whole.
                return
        self._append(fragment)

    def add_provider_fields(
        self, delta: Mapping[str, Any], function: Mapping[str, Any]
    ) -> None:
        """Take what a provider attached to the call, such as a thought signature."""
        if delta.keys() <= _OWN_KEYS and function.keys() <= _OWN_FUNCTION_KEYS:
            return
        fields = {key: delta[key] for key in delta if key not in _OWN_KEYS}
        if inner := {
            key: function[key] for key in function if key not in _OWN_FUNCTION_KEYS
        }:
            fields["function"] = inner
        merge_fields(self.provider_fields, fields)

    def add_custom_input(self, fragment: str) -> None:
        """Take a piece of a custom call's raw text, as part of a JSON string."""
        if not self.is_custom:
            self.is_custom = True
            self.provider_fields.setdefault("type", "custom")
            self._append(_CUSTOM_OPENER)
        escaped = json.dumps(fragment, ensure_ascii=False)[1:-1]
        if escaped:
            self._append(escaped)

    def close_custom_input(self) -> None:
        """End a custom call's text, whose end the server does not mark."""
        if self.is_custom and not self.is_closed:
            self.is_closed = True
            self._append(_CUSTOM_CLOSER)

    def is_ready(self) -> bool:
        """Tell whether readers may see the call."""
        return bool(self.name) and self.on_trial_for is None and self._is_named()

    def _is_named(self) -> bool:
        """Tell whether the name is whole, as far as the names of tools can tell."""
        return (
            not self.own_names
            or self.name in self.own_names
            or bool(self.fragments)
            or not any(name.startswith(self.name) for name in self.own_names)
        )

    def drain(self) -> ToolCallChunk | None:
        """Return what readers have not seen yet.

        Arguments wait until they turn out to be an object with something in it. Until
        then they may still be replaced, and langchain-core would take `{}` for whole.
        """
        if not self.is_object and self.unsent and self._may_be_object():
            text = self.arguments().strip()
            self.is_object = text.startswith("{") and text != _PLACEHOLDER
        return self._drain(self.unsent if self.is_object else [])

    def _may_be_object(self) -> bool:
        """Tell by the start alone, for joining all of a text each time is a square."""
        return self.fragments[0].lstrip()[:1] in {"", "{"}

    def drain_last(self) -> ToolCallChunk | None:
        """Return what readers have not seen yet; there is nothing more to come."""
        if not self.is_object:
            self.unsent = [self.settled_arguments()] if self.unsent else []
        return self._drain(self.unsent)

    def _drain(self, unsent: list[str]) -> ToolCallChunk | None:
        arguments = "".join(unsent)
        if self.is_announced and not arguments and not self.unsent_name:
            return None
        tool_call_chunk = create_tool_call_chunk(
            name=(self.unsent_name if self.is_announced else self.own_name) or None,
            args=arguments,
            id=None if self.is_announced else self.id,
            index=self.position,
        )
        self.is_announced = True
        self.unsent_name = ""
        unsent.clear()
        return tool_call_chunk


def merge_fields(old: dict[str, Any], new: Mapping[str, Any]) -> None:
    """Merge into a dict at every depth; the later value wins, but for null."""
    for key, value in new.items():
        if isinstance(value, dict):
            known = old.get(key)
            if not isinstance(known, dict):
                known = old[key] = {}
            merge_fields(known, value)
        elif value is not None:
            old[key] = value
