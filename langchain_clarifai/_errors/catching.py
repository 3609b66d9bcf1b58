"""Context managers around a request that turn what goes wrong inside into our errors.

Every request runs inside of them. The module that builds errors, `conversion`, needs
the SDK, whose import takes a second: it is imported when the first error occurs.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai import _errors
from langchain_clarifai._errors.base import ClarifaiError
from langchain_clarifai._importing import import_with_room

if TYPE_CHECKING:
    from types import TracebackType

    from langchain_clarifai._errors.exchange import Exchange

_CONVERSION: Final = "langchain_clarifai._errors.conversion"


class ConvertedErrors:
    """Raise what goes wrong inside as one of our errors.

    The error has no cause: exceptions of HTTP libraries hold the headers, and with
    them the token. Its text says what they said. An exception that is not converted,
    such as the cancellation of a task, loses its traceback so far: the local variables
    of the libraries' frames hold the headers, too.
    """

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __enter__(self) -> None: ...

    def __exit__(self, *raised: object) -> bool | None:
        error: Any = raised[1]
        if error is None or isinstance(error, ClarifaiError):
            return None
        if not isinstance(error, Exception):
            error.__context__ = error.__traceback__ = None
            return None
        import_with_room(_CONVERSION)
        from langchain_clarifai._errors.conversion import convert_to_error

        converted = convert_to_error(error, self._exchange)
        if converted is None:
            return None
        raise converted from None


class ConversionAtHand:
    """Import `conversion` in a thread, when an error leaves async code.

    Reading the SDK's thousand modules would hold the loop up for a second.
    """

    async def __aenter__(self) -> None: ...

    async def __aexit__(
        self,
        error_class: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The package has this attribute once the module is imported to its end.
        if isinstance(error, Exception) and not hasattr(_errors, "conversion"):
            await asyncio.to_thread(import_with_room, _CONVERSION)
