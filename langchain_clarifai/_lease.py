"""A model's claim on the shared connections, light enough to come with every model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

ClientT = TypeVar("ClientT")


class Lease:
    """A model's claim on the shared pools. It is not copied: a copy claims anew."""

    def __init__(self) -> None:
        # Clients around the HTTP clients that the user passed in, never closed here.
        self.own: dict[tuple[int, str], tuple[Any, Any]] = {}

    def __reduce__(self) -> tuple[type[Lease], tuple[()]]:
        return Lease, ()

    def wrap(
        self, base_url: str, http_client: Any, build: Callable[[str, Any], ClientT]
    ) -> ClientT:
        """Return the SDK's client around an HTTP client of the user's."""
        key = (id(http_client), base_url)
        if key not in self.own:
            self.own[key] = (http_client, build(base_url, http_client))
        client: ClientT = self.own[key][1]
        return client
