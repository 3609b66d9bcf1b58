"""Headers as users give them → headers that may be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_HEADERS: Final[Mapping[str, str]] = {}


def merge_headers(
    headers: Mapping[str, Any], extra_headers: Mapping[str, Any]
) -> dict[str, Any]:
    """Lay headers over others; their names differ in case, and `None` removes one."""
    replaced = {name.lower() for name in extra_headers}
    kept = {name: headers[name] for name in headers if name.lower() not in replaced}
    added = {name: value for name, value in extra_headers.items() if value is not None}
    return kept | added


def check_headers(headers: Mapping[str, Any]) -> Mapping[str, str]:
    """Return headers that may be sent.

    Raises:
        ValueError: If a name or a value could end the header and begin another. The
            value is not shown: it may be a secret.
    """
    if not headers:
        return _NO_HEADERS
    for name, value in headers.items():
        text = f"{name}{value}"
        if not text.isprintable() or not text.isascii() or not name or ":" in name:
            raise ValueError(
                f"The header {name!r} cannot be sent. Names and values of headers are "
                "printable ASCII on one line, and a name has no colon."
            )
    return {name: str(value) for name, value in headers.items()}
