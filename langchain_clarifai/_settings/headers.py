"""Headers as users give them → headers that may be sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# A header's name must be what HTTP calls a token: https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_HEADERS: Final[Mapping[str, str]] = {}


def merge_headers(
    headers: Mapping[str, Any], extra_headers: Mapping[str, Any]
) -> dict[str, Any]:
    """Lay headers over others, whatever the case of names; `None` removes a header."""
    replaced = {name.lower() for name in extra_headers}
    kept = {name: headers[name] for name in headers if name.lower() not in replaced}
    added = {name: value for name, value in extra_headers.items() if value is not None}
    return kept | added


def check_headers(headers: Mapping[str, Any]) -> Mapping[str, str]:
    """Return headers that may be sent, each name once: the last of its spellings.

    Raises:
        ValueError: If a name or a value is not what HTTP allows. The value is not
            shown: it may be a secret.
    """
    if not headers:
        return _NO_HEADERS
    checked: dict[str, tuple[str, str]] = {}
    for name, value in headers.items():
        text = str(value)
        is_value = text.isascii() and text.isprintable() and text == text.strip()
        if not is_value or not _NAME.fullmatch(str(name)):
            raise ValueError(
                f"The header {name!r} cannot be sent. A name is made of letters, digits"
                " and !#$%&'*+-.^_`|~; a value is printable ASCII on one line, without "
                "blanks at its ends."
            )
        checked[name.lower()] = name, text
    return dict(checked.values())
