"""Names of tools, as users and MCP servers give them ↔ names that backends accept.

OpenAI and most others take 64 letters, digits, `_` and `-`. Any other name gets its
unsafe letters replaced, and the start of its hash behind it. So a name has one form on
the wire in every request, whichever tools are bound, and calls of a history fit their
tools. The way back is a dict that travels with the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_clarifai._structured.safe_names import build_safe_name, is_safe_name

if TYPE_CHECKING:
    from collections.abc import Iterable


class ToolNames:
    """The names of one request, both ways.

    Args:
        names: The names of its tools. Safe ones stay as they are.

    Raises:
        ValueError: If two tools have the same name.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._wire_names: dict[str, str] = {}
        self._own_names: dict[str, str] = {}
        given = list(names)
        _check_distinct(given)
        for name in sorted(given, key=lambda name: not is_safe_name(name)):
            self.convert_to_wire(name)

    def convert_to_wire(self, name: str) -> str:
        """Return the name under which the wire knows a tool."""
        wire_name = self._wire_names.get(name)
        if wire_name is None:
            wire_name = self._build_wire_name(name)
            self._wire_names[name] = wire_name
            self._own_names.setdefault(wire_name, name)
        return wire_name

    def _build_wire_name(self, name: str) -> str:
        if is_safe_name(name):
            # A history of other software may hold a tool's name as it is on the wire.
            # It is safe, and so means that tool without more ado.
            return name
        attempt = 0
        while True:
            wire_name = build_safe_name(name, attempt)
            if self._own_names.get(wire_name, name) == name:
                return wire_name
            attempt += 1

    @property
    def own_names(self) -> dict[str, str]:
        """The user's names of all tools, also those of a history, by wire name."""
        return self._own_names


def _check_distinct(names: Iterable[str]) -> None:
    """Refuse two tools of one name: nobody could tell which of them a call means.

    Raises:
        ValueError: If there are; the text names it.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(
                f"Two tools are named {name!r}. Give each tool a name of its own."
            )
        seen.add(name)
