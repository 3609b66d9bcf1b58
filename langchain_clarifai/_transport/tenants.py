"""A request's token, and headers of the user's → whose connections it may go over.

A server that sends an answer twice gives the second copy to whoever asks next on the
connection, and HTTP/1.1 has nothing that tells them apart. So a connection serves one
tenant only: who has the same secrets is the same one.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names of headers, and of parts of the query, by which servers know who asks. Others
# may be new with each request, as the ids of traces are, and tell nothing.
_TELLING: Final = re.compile(
    r"auth|cookie|secret|tenant|token|apikey|^key$|(?<!idempotency)[-_]key$",
    re.IGNORECASE,
)
# What is kept of secrets is of no use to anyone outside of the process.
_SALT: Final = os.urandom(16)


def identify_tenant(
    token: str, headers: Mapping[str, str], query: Mapping[str, Any]
) -> bytes:
    """Return what stands for all secrets of a request, and shows none of them.

    Args:
        token: The token, which a header `Authorization` of the user's replaces.
        headers: The user's headers.
        query: What the user adds to the URL's query.
    """
    if not (headers or query):
        return _hash(token)
    told = {
        name.lower(): str(value)
        for part in (headers, query)
        for name, value in part.items()
        if _is_telling(name)
    }
    if not told:
        return _hash(token)
    secrets = {"authorization": token, **told}
    # With their lengths, so that no two lists of them read alike.
    return _hash(
        "".join(
            f"{len(name)} {len(value)} {name}{value}"
            for name, value in sorted(secrets.items())
        )
    )


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16, key=_SALT).digest()


@lru_cache(maxsize=256)
def _is_telling(name: str) -> bool:
    return _TELLING.search(name) is not None
