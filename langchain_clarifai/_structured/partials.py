"""An answer as it streams → the object, as far as it has come.

Reading all of the text again for each chunk would be quadratic. So it is read again
only when a 64th of it is new: all these readings together cost about as much as 64 of
the whole text, however long it is. It is read as well when some time has passed, so
that readers of a slow stream miss nothing. A short answer and a slow one give an object
for each chunk that changes it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from langchain_core.messages import AIMessageChunk, BaseMessageChunk
from langchain_core.outputs import ChatGeneration

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.outputs import Generation

_SHARE: Final = 64
_PATIENCE_SECONDS: Final = 0.05


class _GrowingText:
    """Text in pieces, and whether reading it again is due."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._length_read = 0
        self._time_read = 0.0

    def add(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)

    @property
    def is_due(self) -> bool:
        grown = self._length - self._length_read
        return grown > 0 and (
            grown * _SHARE >= self._length
            or time.monotonic() - self._time_read >= _PATIENCE_SECONDS
        )

    def read(self) -> str:
        text = "".join(self._pieces)
        self._pieces = [text]
        self._length_read = self._length
        self._time_read = time.monotonic()
        return text


class Parser(Protocol):
    """What reads an object out of text: `parsers.AnswerParser`, which imports this."""

    tool_name: str | None

    def parse_partial(self, text: str) -> Any:
        """Read the object as far as it has come; None if nothing of it is valid yet."""

    def parse_result(self, result: list[Generation]) -> Any:
        """Read the object from the whole answer, or raise."""


class PartialAnswers:
    """The objects that can be read from a growing answer; fed by sync and async alike.

    It parses the JSON text alone: adding up messages chunk by chunk would merge all
    of the answer again each time.
    """

    def __init__(self, parser: Parser) -> None:
        self.latest: Any = None
        self._parser = parser
        self._messages: list[BaseMessage] = []
        self._text = _GrowingText()
        self._names: dict[Any, str] = {}
        self._arguments: dict[Any, _GrowingText] = {}

    def feed(self, item: str | BaseMessage) -> list[Any]:
        """Take a part of the answer; return the object if it has changed.

        It is alone in a list, which is empty otherwise.
        """
        message = AIMessageChunk(content=item) if isinstance(item, str) else item
        if not isinstance(message, BaseMessageChunk):
            # A model that cannot stream answers with one whole message.
            self._messages = [message]
            return []
        self._messages.append(message)
        self._text.add(str(message.text))
        for call in getattr(message, "tool_call_chunks", ()):
            index = call["index"]
            self._names[index] = self._names.get(index, "") + (call["name"] or "")
            self._arguments.setdefault(index, _GrowingText()).add(call["args"] or "")
        growing = self._find_json()
        if growing is None or not growing.is_due:
            return []
        return self._note_change(self._parser.parse_partial(growing.read()))

    def finish(self) -> list[Any]:
        """Parse the whole answer; return the object, likewise, if it has changed.

        Raises:
            OutputParserException: If there is no object, or it does not validate.
            ModelRefusalError: If the model refused.
        """
        if not self._messages:
            return []
        first, *rest = cast("list[Any]", self._messages)
        generation = ChatGeneration(message=first + rest if rest else first)
        return self._note_change(self._parser.parse_result([generation]))

    def _find_json(self) -> _GrowingText | None:
        """Find the text that holds the object: the answer, or the call's arguments."""
        tool_name = self._parser.tool_name
        if tool_name is None:
            return self._text
        for index, name in self._names.items():
            if name == tool_name:
                return self._arguments[index]
        return None

    def _note_change(self, answer: Any) -> list[Any]:
        if answer is None or answer == self.latest:
            return []
        self.latest = answer
        return [answer]
