"""What the user gave as `api_key` → the token of one request, or none.

A token that was passed goes where the user sends it. One that was found goes only to
Clarifai's hosts, to the host that the user has named as such, and to this machine.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from langchain_clarifai._settings.credentials import (
    MISSING_TOKEN,
    Masked,
    check_token,
    find_token,
)
from langchain_clarifai._settings.hosts import is_clarifais, may_have_found_token
from langchain_clarifai._settings.settings import FoundToken

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from langchain_clarifai._settings.settings import ApiKey

_CANCELLED: Final = (
    "The function that was given as `api_key` was cancelled before it had returned a "
    "token."
)


def read_token(api_key: ApiKey, base_url: str) -> str:
    """Return the token for a server, asking the user's callable if there is one.

    Returns:
        The token, which no repr shows; "" where none is to be sent.

    Raises:
        ValueError: If Clarifai is asked and there is none, or it cannot be a token.
    """
    return _reveal(_call(api_key) if callable(api_key) else api_key, base_url)


async def aread_token(api_key: ApiKey, base_url: str) -> str:
    """Return the token for a server, awaiting the user's callable if there is one.

    Returns:
        The token, which no repr shows; "" where none is to be sent.

    Raises:
        ValueError: If Clarifai is asked and there is none, or it cannot be a token.
    """
    given = await _acall(api_key) if callable(api_key) else api_key
    if _is_found(given):
        # It may be in the CLI's file, and reading that would block the loop.
        return await asyncio.to_thread(_reveal, given, base_url)
    return _reveal(given, base_url)


def _is_found(given: Any) -> bool:
    return given is None or isinstance(given, FoundToken)


def _reveal(given: Any, base_url: str) -> str:
    if _is_found(given):
        return _read_found(given, base_url)
    if isinstance(given, SecretStr):
        return check_token(Masked(given.get_secret_value()))
    if not isinstance(given, str):
        kind = given if isinstance(given, type) else type(given)
        raise ValueError(
            f"`api_key` is, or returned, a {kind.__name__}. It must be a "
            "string, a SecretStr, or a sync or async function that returns one."
        )
    given = Masked(given)  # the frames of an error show their locals
    return check_token(given)


def _read_found(found: FoundToken | None, base_url: str) -> str:
    if not may_have_found_token(base_url):
        return ""
    token = find_token() if found is None else Masked(found.get_secret_value())
    if token is not None:
        return check_token(token)
    if is_clarifais(base_url):
        raise ValueError(MISSING_TOKEN)
    return ""


def _call(api_key: Any) -> Any:
    try:
        given = _mask(api_key())
        return _mask(_run_in_thread(given)) if inspect.isawaitable(given) else given
    except asyncio.CancelledError as error:
        raise RuntimeError(_CANCELLED) from error


async def _acall(api_key: Any) -> Any:
    """Call the user's function; a sync one may block, so it runs in a thread."""
    is_async = inspect.iscoroutinefunction(api_key) or inspect.iscoroutinefunction(
        getattr(api_key, "__call__", None)  # noqa: B004 - whether it is async counts
    )
    try:
        given = _mask(api_key() if is_async else await asyncio.to_thread(api_key))
        return _mask(await given) if inspect.isawaitable(given) else given
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # The function was cancelled, not this task: as a cancellation it would mislead
        # LangChain, and whoever waits for the task.
        raise RuntimeError(_CANCELLED) from error


def _mask(given: Any) -> Any:
    """Hide a token from tracebacks that show the local variables of all frames.

    A value of a wrong type may be or hold a token all the same: only its type is kept.
    """
    if isinstance(given, str):
        return Masked(given)
    is_usable = given is None or isinstance(given, SecretStr)
    return given if is_usable or inspect.isawaitable(given) else type(given)


def _run_in_thread(awaitable: Awaitable[Any]) -> Any:
    """Await in a loop of its own, since the caller's thread may run a loop already.

    It runs in a copy of the caller's context: servers keep there who their user is.
    """
    answers: list[Any] = []
    failures: list[BaseException] = []

    async def wait() -> None:
        try:
            answers.append(await awaitable)
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            failures.append(error)

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(lambda: asyncio.run(wait()),))
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return answers[0]
