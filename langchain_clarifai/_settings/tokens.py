"""What the user gave as `api_key` → the token of one request."""

from __future__ import annotations

import asyncio
import inspect
import threading
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from langchain_clarifai._settings.credentials import (
    MISSING_TOKEN,
    check_token,
    find_token,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from langchain_clarifai._settings.settings import ApiKey


def read_token(api_key: ApiKey) -> str:
    """Return the token, asking the user's callable if there is one.

    Raises:
        ValueError: If there is none, or it cannot be a token.
    """
    token = api_key() if callable(api_key) else api_key
    if inspect.isawaitable(token):
        token = _run_in_thread(token)
    return _reveal(token)


async def aread_token(api_key: ApiKey) -> str:
    """Return the token, awaiting the user's callable if there is one.

    Raises:
        ValueError: If there is none, or it cannot be a token.
    """
    token = api_key() if callable(api_key) else api_key
    if inspect.isawaitable(token):
        token = await token
    if token is None:
        # The environment is looked at first, but a CLI config is a file.
        token = await asyncio.to_thread(find_token)
    return _reveal(token)


def _reveal(token: Any) -> str:
    if token is None:
        token = find_token()
    if isinstance(token, SecretStr):
        token = token.get_secret_value()
    if token is None:
        raise ValueError(MISSING_TOKEN)
    if not isinstance(token, str):
        raise ValueError(
            f"`api_key` is, or returned, a {type(token).__name__}. It must be a "
            "string, a SecretStr, or a sync or async function that returns one."
        )
    return check_token(token)


def _run_in_thread(awaitable: Awaitable[Any]) -> Any:
    """Await in a loop of its own: a sync call may stand in a loop that runs."""
    outcome: list[Any] = []

    async def wait() -> None:
        try:
            outcome.append(await awaitable)
        except Exception as error:  # noqa: BLE001 - it is raised again below
            outcome.append(error)

    thread = threading.Thread(target=lambda: asyncio.run(wait()))
    thread.start()
    thread.join()
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]
