"""Headers as users give them → headers that may be sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# A header's name must be what HTTP calls a token: https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# They say where a body ends or when it is sent, or change the connection: that is the
# HTTP library's own business. Two that differ make the server read a body as a request.
_FRAMING: Final = frozenset(
    {"content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade"}
)
_NO_HEADERS: Final[Mapping[str, str]] = {}


def merge_headers(
    headers: Mapping[str, Any], extra_headers: Mapping[str, Any]
) -> dict[str, Any]:
    """Lay headers over others, whatever the case of names; `None` removes a header."""
    replaced = {str(name).lower() for name in extra_headers}
    kept = {
        name: headers[name] for name in headers if str(name).lower() not in replaced
    }
    added = {name: value for name, value in extra_headers.items() if value is not None}
    return kept | added


def check_headers(headers: Mapping[str, Any]) -> Mapping[str, str]:
    """Return headers that may be sent, each name once: the last of its spellings.

    Raises:
        ValueError: If a name or a value is not what HTTP allows, or the header would
            change how a request is framed. The value is not shown: it may be a secret.
    """
    if not headers:
        return _NO_HEADERS
    checked: dict[str, tuple[str, str]] = {}
    for name, value in headers.items():
        if not _is_name(name) or not _is_value(value):
            raise ValueError(
                f"The header {name!r} cannot be sent. A name is made of letters, digits"
                " and !#$%&'*+-.^_`|~; a value is printable ASCII on one line, without "
                "blanks at its ends."
            )
        if name.lower() in _FRAMING:
            raise ValueError(
                f"The header {name!r} cannot be sent. It changes where the request's "
                "body ends or how the connection is used, which the HTTP library "
                "decides. Leave it out."
            )
        checked[name.lower()] = name, str(value)
    return dict(checked.values())


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _is_value(value: Any) -> bool:
    text = str(value)
    is_text = not isinstance(value, bytes) and text.isascii() and text.isprintable()
    return is_text and text == text.strip()
