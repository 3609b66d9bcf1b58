"""A model's claim on the shared connections, light enough to come with every model."""

from __future__ import annotations


class Lease:
    """A model's claim on the shared pools. It is not copied: a copy claims anew."""

    def __reduce__(self) -> tuple[type[Lease], tuple[()]]:
        return Lease, ()
