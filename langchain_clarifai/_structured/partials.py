"""An answer as it streams → the objects that it is on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_core.messages import AIMessageChunk, BaseMessageChunk
from langchain_core.outputs import ChatGeneration

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from langchain_clarifai._structured.parsers import AnswerParser


class PartialAnswers:
    """The objects that can be read from a growing answer; fed by sync and async alike.

    It parses the JSON text alone: adding up messages chunk by chunk would merge all
    of the answer again each time.
    """

    def __init__(self, parser: AnswerParser) -> None:
        self.latest: Any = None
        self._parser = parser
        self._messages: list[BaseMessage] = []
        self._text = ""
        self._names: dict[Any, str] = {}
        self._arguments: dict[Any, str] = {}

    def feed(self, item: str | BaseMessage) -> list[Any]:
        """Take a part of the answer, and give the object if it has changed."""
        message = AIMessageChunk(content=item) if isinstance(item, str) else item
        if not isinstance(message, BaseMessageChunk):
            # A model that cannot stream answers with one whole message.
            self._messages = [message]
            return []
        self._messages.append(message)
        self._text += message.text
        for call in getattr(message, "tool_call_chunks", ()):
            index = call["index"]
            self._names[index] = self._names.get(index, "") + (call["name"] or "")
            self._arguments[index] = self._arguments.get(index, "") + (
                call["args"] or ""
            )
        return self._note_change(self._parser.parse_partial(self._find_json()))

    def finish(self) -> list[Any]:
        """Parse the whole answer, and give the object if it has changed.

        Raises:
            OutputParserException: If there is no object, or it does not validate.
            ModelRefusalError: If the model refused.
        """
        if not self._messages:
            return []
        first, *rest = cast("list[Any]", self._messages)
        generation = ChatGeneration(message=first + rest if rest else first)
        return self._note_change(self._parser.parse_result([generation]))

    def _find_json(self) -> str:
        """Find the text that holds the object: the answer, or the call's arguments."""
        tool_name = self._parser.tool_name
        if tool_name is None:
            return self._text
        for index, name in self._names.items():
            if name == tool_name:
                return self._arguments[index]
        return ""

    def _note_change(self, answer: Any) -> list[Any]:
        if answer is None or answer == self.latest:
            return []
        self.latest = answer
        return [answer]
