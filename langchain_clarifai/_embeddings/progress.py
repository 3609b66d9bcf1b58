"""How many texts are done → a bar, if there is a package that draws one."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

logger = logging.getLogger("langchain_clarifai")


class Progress:
    """A bar of tqdm's, or nothing."""

    def __init__(self, total: int, *, is_shown: bool) -> None:
        self._bar = _build_bar(total) if is_shown else None

    def advance(self, count: int) -> None:
        """Advance the bar by so many texts."""
        if self._bar is not None:
            self._bar.update(count)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()


def _build_bar(total: int) -> Any:
    try:
        tqdm = import_module("tqdm.auto")
    except ImportError:
        logger.warning("show_progress=True shows nothing without tqdm: install it.")
        return None
    return tqdm.tqdm(total=total, unit="text", desc="Embedding")
