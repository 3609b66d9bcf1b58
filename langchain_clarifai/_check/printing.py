"""Verdicts → lines that a person reads, with colours where they show."""

from __future__ import annotations

import os
import textwrap
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from langchain_clarifai._check.network import Step
    from langchain_clarifai._check.probes import Probe
    from langchain_clarifai._check.questions import Question
    from langchain_clarifai._check.verdicts import Outcome, Verdict

_COLOURS: Final[Mapping[Outcome, str]] = {
    "ok": "32",
    "note": "33",
    "fails": "31;1",
    "skipped": "2",
}
_WORDS: Final[Mapping[Outcome, str]] = {
    "ok": "ok",
    "note": "note",
    "fails": "FAILS",
    "skipped": "skipped",
}
_WIDTH: Final = 88
_INDENT: Final = " " * 10


class Printer:
    """Writes to a stream; colours and progress only where that is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._has_colours = self._is_terminal and "NO_COLOR" not in os.environ

    def say(self, text: str = "") -> None:
        """Write a line."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def say_about(self, name: str, text: str) -> None:
        """Write what something is, with its name before it."""
        self.say(f"  {name:<14}{text}")

    def announce(self, probes: Sequence[Probe], requests: int, tokens: int) -> None:
        """Say what will be sent, before anything is."""
        self.say(
            f"At most {requests} requests and {tokens} tokens of answers will be sent "
            "and paid for:"
        )
        titles = ", ".join(probe.title for probe in probes)
        self.say(
            textwrap.fill(titles, _WIDTH, initial_indent="  ", subsequent_indent="  ")
        )

    def show_progress(self, number: int, count: int, title: str) -> None:
        """Say what is being tried, on a terminal only."""
        if self._is_terminal:
            self._stream.write(f"\r\033[K[{number}/{count}] {title} …")
            self._stream.flush()

    def show_step(self, step: Step) -> None:
        """Write one step of the connection."""
        outcome: Outcome = "ok" if step.is_good else "fails"
        milliseconds = f"{step.seconds * 1000:.0f} ms"
        self._show_row(
            outcome, f"{step.name}, {milliseconds}: {step.came}", "", step.do
        )

    def show_verdict(self, title: str, verdict: Verdict) -> None:
        """Write what came of a probe, what it means and what to do."""
        if self._is_terminal:
            self._stream.write("\r\033[K")
        came = f"{title}: {verdict.came}"
        self._show_row(verdict.outcome, came, verdict.means, verdict.do)

    def show_answers(self, answers: Sequence[tuple[Question, str]]) -> None:
        """Write the answers to the open questions."""
        for question, answer in answers:
            self.say(
                textwrap.fill(f"- {question.text}", _WIDTH, subsequent_indent="  ")
            )
            self._fill("    ", answer)

    def _show_row(self, outcome: Outcome, came: str, means: str, do: str) -> None:
        word = f"{_WORDS[outcome]:<8}"
        if self._has_colours:
            word = f"\033[{_COLOURS[outcome]}m{word}\033[0m"
        # What a server says may hold anything, control characters of terminals as well.
        lines = textwrap.wrap(_make_printable(came), _WIDTH - len(_INDENT)) or [""]
        self.say(f"  {word}{lines[0]}")
        for line in lines[1:]:
            self.say(f"{_INDENT}{line}")
        if means:
            self._fill(_INDENT, f"→ {means}")
        if do:
            self._fill(_INDENT, f"→ {do}")

    def _fill(self, indent: str, text: str) -> None:
        self.say(
            textwrap.fill(
                _make_printable(text),
                _WIDTH,
                initial_indent=indent,
                subsequent_indent=f"{indent}  ",
            )
        )


def _make_printable(text: str) -> str:
    flat = " ".join(text.split())
    return "".join(c if c.isprintable() else "�" for c in flat)
