"""Query parameters as users give them → parameters that may be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_query(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return query parameters that may be sent.

    Raises:
        ValueError: If a name or a value cannot be written as UTF-8. The value is not
            shown: it may be a secret.
    """
    for name, value in query.items():
        try:
            f"{name}{value}".encode()
        except UnicodeEncodeError:
            raise ValueError(
                f"The query parameter {name!r} cannot be sent: it has half of a "
                "surrogate pair in it, which is no character. Give it as whole text."
            ) from None
    return query
