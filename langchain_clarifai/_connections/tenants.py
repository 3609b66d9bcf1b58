"""A request's token, and headers of the user's → the tenant that it is sent for.

If a server sends an answer twice, the second copy goes to whoever asks next over the
same connection: nothing in HTTP/1.1 tells the two apart. So a connection serves one
tenant only. Requests with the same secrets are of the same tenant.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names of headers, and of parameters of the query, that tell a server who asks. Others
# say nothing of that, and may differ with each request, as the ids of traces do.
_TELLING: Final = re.compile(
    r"auth|cookie|secret|tenant|token|apikey|^key$|(?<!idempotency)[-_]key$",
    re.IGNORECASE,
)
# With it, the hashes of secrets that are kept are of no use outside of the process.
_SALT: Final = os.urandom(16)


def identify_tenant(
    token: str, headers: Mapping[str, str], query: Mapping[str, Any]
) -> bytes:
    """Return a hash of all secrets of a request, which identifies its tenant.

    Args:
        token: The token; if the user gives a header `Authorization`, that counts.
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
    # Each with its length, so that no two lists of secrets give the same text.
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
