"""Content and thoughts of deltas, in fields or in tags → the two apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._answer.reasoning import ENTRY_FIELDS

if TYPE_CHECKING:
    from langchain_clarifai._answer.think_tags import ThinkTags

_TEXT_FIELDS: Final = frozenset({"reasoning", "reasoning_content"})


class Texts:
    """Collects what one choice says, and what it thinks.

    Attributes:
        contents: Its content, in pieces.
        thoughts: Its thoughts, in pieces.
        thoughts_field: The field they came in: "content" for tags, "" while none did.
        think_tags: Splits the content; None where it is not split, or not any more.
    """

    def __init__(self, think_tags: ThinkTags | None) -> None:
        self.contents: list[str] = []
        self.thoughts: list[str] = []
        self.thoughts_field = ""
        self.think_tags = think_tags

    def read(
        self, content: str, thought: str, thoughts_field: str
    ) -> tuple[str, dict[str, Any]]:
        """Take a delta; return its content, and its thought as additional kwargs.

        Thoughts come in a field or in tags; what comes first counts, and the other is
        a repetition.
        """
        if thoughts_field in ENTRY_FIELDS and self.thoughts_field in _TEXT_FIELDS:
            thought = ""  # a field has brought it; the entries only add signatures
        if thought and self.thoughts_field != "content":
            self.thoughts_field = (
                self.thoughts_field or thoughts_field or "reasoning_content"
            )
            self.thoughts.append(thought)
            if self.think_tags is not None:
                content = self.think_tags.expect_repetition(self.thoughts) + content
        else:
            thought = ""
        tags = self.think_tags
        if tags is not None and content:
            tagged, content = tags.feed(content)
            self._take_thought(tags, tagged)
            thought = thought or tagged
        return self._take(content, thought)

    def flush(self) -> tuple[str, dict[str, Any]]:
        """Return what was held back for a tag, as content and additional kwargs."""
        tags = self.think_tags
        if tags is None:
            return "", {}
        thought, content = tags.flush()
        self._take_thought(tags, thought)
        self.think_tags = None
        return self._take(content, thought)

    def _take_thought(self, tags: ThinkTags, thought: str) -> None:
        if tags.found:
            self.thoughts_field = "content"
        if tags.is_done:
            self.think_tags = None
        if thought:
            self.thoughts.append(thought)

    def _take(self, content: str, thought: str) -> tuple[str, dict[str, Any]]:
        if content:
            self.contents.append(content)
        return content, {"reasoning_content": thought} if thought else {}
