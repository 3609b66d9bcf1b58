"""A model's claim on the shared connections, which costs next to nothing to make."""

from __future__ import annotations


class Lease:
    """A model's claim on the shared pools. It is not copied: a copy claims anew."""

    def __reduce__(self) -> tuple[type[Lease], tuple[()]]:
        return Lease, ()
