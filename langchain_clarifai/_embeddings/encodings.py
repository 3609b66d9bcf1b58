"""What a server has refused → the encoding that it is asked for next."""

from __future__ import annotations

import re
from typing import Final, Literal

EncodingFormat = Literal["base64", "float"]
"""How vectors travel. Base64 is a third of the bytes, and read in half of the time."""

# Some servers refuse the value, and some the parameter. Where the parameter is left
# out, what stands before the backend may add it: Clarifai's runner asks for base64. So
# another value is tried first.
_NEXT: Final[dict[EncodingFormat | None, EncodingFormat | None]] = {
    "base64": "float",
    "float": None,
}
_IS_ABOUT_ENCODING: Final = re.compile(
    r"encoding[ _-]?format|base[ _-]?64", re.IGNORECASE
)


def is_about_encoding(text: str) -> bool:
    """Tell whether an error's text names the encoding as what is wrong."""
    return _IS_ABOUT_ENCODING.search(text) is not None


class Encodings:
    """Which encoding each server takes, as far as it has refused another."""

    def __init__(self) -> None:
        self._settled: dict[tuple[str, str], EncodingFormat | None] = {}

    def choose(self, server: tuple[str, str], wanted: EncodingFormat) -> str | None:
        """Choose what to ask a server for; None leaves the parameter out.

        Args:
            server: The base URL, and the model.
            wanted: What the user asked for.
        """
        return self._settled.get(server, wanted)

    def refuse(self, server: tuple[str, str], refused: str | None) -> bool:
        """Note what a server refused; tell whether there is something else to try."""
        for encoding_format, following in _NEXT.items():
            if encoding_format == refused:
                self._settled[server] = following
                return True
        return False
