"""A model's claim on the shared connections, which costs next to nothing to make.

It travels with a model's settings; `_connections` counts who holds a claim on what.
"""

from __future__ import annotations


class Lease:
    """A model's claim on the shared connections. A copy of it is a new claim."""

    def __reduce__(self) -> tuple[type[Lease], tuple[()]]:
        return Lease, ()
