"""`<think>` tags of an answer → reasoning and content, apart.

Some servers leave what a model thinks in the content, between `<think>` and `</think>`.
Some chat templates open the tag in the prompt, so that the answer only closes it
(QwQ-32B-AWQ on Clarifai does).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from langchain_clarifai._settings.settings import ReasoningFormat

_OPENER: Final = "<think>"
_CLOSER: Final = "</think>"

# Models whose chat template opens the tag in the prompt.
_OPENS_IN_PROMPT: Final = re.compile(
    r"QwQ|Qwen3[\w.-]{0,64}Thinking|DeepSeek-R1|MiniMax-M2", re.IGNORECASE
)


class ThinkTags:
    """Splits content into reasoning and answer, wherever the pieces are cut.

    Only the start of an answer is looked at, so that a tag quoted later stays text.
    Where a tag may have been opened in the prompt, text is held back until the tag
    closes or the answer ends: before that nobody can tell which of the two it is.

    So it begins by looking for a tag (`_begin`), may wait for the end of one
    (`_wait_for_closer`) or be within a thought (`_think`), and is over at last.

    Attributes:
        found: Whether the answer has a thought in tags.
    """

    def __init__(self, *, may_open_in_prompt: bool) -> None:
        self.found = False
        self._may_open_in_prompt = may_open_in_prompt
        self._is_thinking = False
        self._is_over = False
        # Whether all that came of this part, thought or content, was white space.
        self._is_at_start = True
        # What may be the beginning of a tag.
        self._held = ""
        # White space that came after the text that is held back.
        self._blanks: list[str] = []
        # A long thought is held back in pieces, of which only the tail is searched.
        self._pieces: list[str] = []
        self._tail = ""
        # The thought that a field brings, of which tags would be a repetition.
        self._known_thought: list[str] | None = None

    @property
    def is_done(self) -> bool:
        """Whether all text to come is content, untouched."""
        return self._is_over and not self._is_at_start

    def expect_repetition(self, thought: list[str]) -> str:
        """Take note that a field brings the thought; return content that was held.

        llama.cpp can do both, fill the field and leave the tags in the content. The
        thought may still grow.
        """
        if self._known_thought is not None:
            return ""
        self._known_thought = thought
        self._may_open_in_prompt = False
        held, self._pieces = "".join(self._pieces), []
        if held:
            self._is_over, self._is_at_start = True, False
        return held

    def feed(self, text: str) -> tuple[str, str]:
        """Return the reasoning and the content that the next text settles."""
        if self._is_over:
            return "", self._skip_blanks(text)
        if not text.strip() and (self._is_thinking or not self._pieces):
            # Blanks may turn out to be the end of the thought, or lie before a tag.
            # Looking at all of them each time would be quadratic.
            self._blanks.append(text)
            return "", ""
        text = "".join((self._held, *self._blanks, text))
        self._held = ""
        self._blanks.clear()
        return self._think(text) if self._is_thinking else self._begin(text)

    def flush(self) -> tuple[str, str]:
        """Return the reasoning and the content that were held back."""
        held = "".join((*self._pieces, self._held, *self._blanks))
        self._held = ""
        self._pieces, self._blanks = [], []
        if self._is_thinking:
            return held.rstrip(), ""
        return "", held

    def _begin(self, text: str) -> tuple[str, str]:
        """Look for a tag at the start of the answer."""
        if self._pieces:
            return self._wait_for_closer(text)
        start = text
        stripped = start.lstrip()
        if stripped.startswith(_OPENER):
            if self._known_thought is not None:
                return self._wait_for_closer(start)
            self._is_thinking = self.found = True
            return self._think(stripped.removeprefix(_OPENER))
        if _OPENER.startswith(stripped):
            self._held = start
            return "", ""
        if self._may_open_in_prompt:
            return self._wait_for_closer(start)
        self._is_over, self._is_at_start = True, False
        return "", start

    def _wait_for_closer(self, text: str) -> tuple[str, str]:
        """Hold text back until a tag closes that may not have been opened in it."""
        self._pieces.append(text)
        window = self._tail + text
        self._tail = window[-len(_CLOSER) + 1 :]
        if _CLOSER not in window:
            return "", ""
        held, self._pieces = "".join(self._pieces), []
        if self._known_thought is not None:
            return "", self._drop_repetition(held, "".join(self._known_thought))
        self._is_thinking = self.found = True
        return self._think(held)

    def _drop_repetition(self, text: str, known_thought: str) -> str:
        """Drop a thought in tags that a field has brought; any other one is content."""
        thought, _, content = text.lstrip().removeprefix(_OPENER).partition(_CLOSER)
        self._is_over = True
        if thought.strip() not in {"", known_thought.strip()}:
            self._is_at_start = False
            return text
        return self._skip_blanks(content)

    def _think(self, text: str) -> tuple[str, str]:
        """Split text within a thought; hold back what may be the closing tag."""
        reasoning, closer, content = text.partition(_CLOSER)
        if self._is_at_start:
            reasoning = reasoning.lstrip()
            self._is_at_start = not reasoning
        if closer:
            self._held = ""
            self._is_thinking, self._is_over, self._is_at_start = False, True, True
            return reasoning.rstrip(), self._skip_blanks(content)
        kept = len(reasoning.rstrip()) - _length_of_partial_closer(reasoning.rstrip())
        kept = len(reasoning[:kept].rstrip())
        self._held = reasoning[kept:]
        return reasoning[:kept], ""

    def _skip_blanks(self, text: str) -> str:
        """Leave out the blank lines between a thought and the answer."""
        if self._is_at_start:
            text = text.lstrip()
            self._is_at_start = not text
        return text


def build_think_tags(reasoning_format: ReasoningFormat, model: str) -> ThinkTags | None:
    """Build what splits the content of one answer, or None where nothing is split."""
    if reasoning_format == "off":
        return None
    return ThinkTags(
        may_open_in_prompt=reasoning_format == "tags"
        or _OPENS_IN_PROMPT.search(model) is not None
    )


def _length_of_partial_closer(text: str) -> int:
    """Return how many characters at the end could be the start of `</think>`."""
    longest = min(len(text), len(_CLOSER) - 1)
    return next(
        (
            length
            for length in range(longest, 0, -1)
            if _CLOSER.startswith(text[-length:])
        ),
        0,
    )
