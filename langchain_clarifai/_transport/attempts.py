"""One try of a request → what it sends, what came back, what went wrong.

Nothing here does any I/O: the sync and the async calls share all of it.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from typing_extensions import override

from langchain_clarifai._answer.bodies import check_body_size, parse_error
from langchain_clarifai._answer.completion import convert_to_chat_result
from langchain_clarifai._answer.faults import (
    ErrorBody,
    MalformedAnswer,
    SlowAnswer,
)
from langchain_clarifai._answer.metadata import AnswerMetadata
from langchain_clarifai._connections.patience import take_headers
from langchain_clarifai._connections.unpacking import limit_unpacking
from langchain_clarifai._errors.catching import ConvertedErrors
from langchain_clarifai._errors.exchange import Exchange
from langchain_clarifai._errors.redaction import LARGEST_ERROR
from langchain_clarifai._errors.request_ids import read_request_id
from langchain_clarifai._settings.credentials import Masked
from langchain_clarifai._settings.timeouts import READ_TIMEOUT
from langchain_clarifai._transport.request_headers import build_headers
from langchain_clarifai._transport.throttling import Throttle

if TYPE_CHECKING:
    from langchain_core.outputs import ChatResult

    from langchain_clarifai._request.request import Request

AnswerT = TypeVar("AnswerT")

_LOWEST_FAILURE: Final = 300
# In bytes. More than that may have to wait until the server has read some of it.
_LARGEST_BUFFERED: Final = 64 * 1024

# The SDK's own limit, for requests whose user set none.
_CONNECT_TIMEOUT: Final = 5.0

_UNSENDABLE: Final = (
    "Your HTTP client has a cookie or a header that is not ASCII: nothing can be "
    "sent with it. A server may have set the cookie: clear the client's `cookies`."
)


class Attempt:
    """One try of a request, whatever its answer is.

    Attributes:
        throttle: What is known of the rate at which the server takes requests with
            this token.
    """

    def __init__(self, request: Request, token: str) -> None:
        self._request = request
        self.throttle = Throttle(request.base_url, token)
        self._read_timeout = _shorter(request.read_timeout, request.idle_timeout)
        self._pieces: list[bytes] = []
        self._body_size = 0
        self._deadline = math.inf  # until the body begins
        self._is_failure = False
        self._metadata = AnswerMetadata(
            request.model,
            base_url=request.base_url,
            include_headers=request.include_headers,
        )
        self._exchange = Exchange(
            token=token,
            headers=request.headers,
            model=request.model,
            base_url=request.base_url,
        )

    def converted_errors(self) -> ConvertedErrors:
        """Raise whatever goes wrong as one of our errors."""
        return ConvertedErrors(self._exchange)

    @property
    def token(self) -> str:
        """The token of this try: `api_key` may give another one for the next."""
        return self._exchange.token

    @property
    def header_timeout(self) -> float:
        """How long the headers of an async response may take, in seconds.

        The time runs from when the request has a connection, and is written to it. So a
        body too large for the socket's buffer gets the time for writing on top.
        """
        if len(self._request.body) <= _LARGEST_BUFFERED:
            return self._read_timeout
        return self._read_timeout + self.timeouts[2]

    @property
    def timeouts(self) -> tuple[float, float, float, float]:
        """Seconds to connect, read, write, and wait for a connection of the pool."""
        timeouts = self._request.timeouts
        return (
            timeouts.get("connect", _CONNECT_TIMEOUT),
            self._read_timeout,
            timeouts.get("write", READ_TIMEOUT),
            timeouts.get("pool", READ_TIMEOUT),
        )

    def take_waits(self, metadata: dict[str, Any]) -> None:
        """Take what the message's metadata shall say of the waits before this."""
        self._metadata.waits = metadata

    def authorize(self, word: str) -> dict[str, str]:
        """Build the header for the token, if there is one to be sent."""
        token = self._exchange.token
        return {"Authorization": Masked(f"{word} {token}")} if token else {}

    def build(self, client: Any) -> Any:
        """Build the HTTP request, with a client of the SDK's or the user's.

        Raises:
            ValueError: If a client of the user's keeps a cookie that cannot be sent.
        """
        request = self._request
        try:
            built = client.build_request(
                "POST",
                f"{request.base_url}{request.path}",
                content=request.body,
                headers=build_headers(self.authorize("Bearer"), request.headers),
                params=request.query or None,
                timeout=self.timeouts,
            )
        except UnicodeEncodeError:
            # Our own headers were checked; the text of the error may be a secret.
            raise ValueError(_UNSENDABLE) from None
        self._exchange.request = built
        return built

    def read_headers(self, response: Any) -> bool:
        """Take the response, of which the body is yet to come; tell if it is good."""
        self._exchange.response = response
        self._metadata.headers = response.headers
        self._metadata.request_id = read_request_id(response.headers) or ""
        take_headers(response)
        limit_unpacking(response)
        self._deadline = time.monotonic() + self._request.read_timeout
        self._is_failure = response.status_code >= _LOWEST_FAILURE
        if not self._is_failure:
            self.throttle.take_success()
        return not self._is_failure

    def take_piece(self, piece: bytes) -> None:
        """Take the next piece of a body that is read as a whole.

        Raises:
            SlowAnswer: If it trickles in for longer than a read may take.
            MalformedAnswer: If it is too long to be an answer.
        """
        self._pieces.append(piece)
        if time.monotonic() > self._deadline:
            raise SlowAnswer(self._request.read_timeout)
        self._body_size += len(piece)
        if self._is_failure and self._body_size >= LARGEST_ERROR:
            # Its status says enough, and its text may have no end.
            raise MalformedAnswer("The error is too long.", self._pieces[0])
        check_body_size(self._body_size, self._pieces[0])

    @property
    def seconds_left(self) -> float:
        """How long the rest of a body that is read as a whole may take."""
        return max(0.0, self._deadline - time.monotonic())

    def check_deadline(self) -> None:
        """Raise that the answer was slow, if the time for its whole body is over.

        A timeout of a single read would call the server silent.

        Raises:
            SlowAnswer: If it was.
        """
        if time.monotonic() >= self._deadline:
            raise SlowAnswer(self._request.read_timeout)

    @property
    def body(self) -> bytes:
        """What has arrived of a body that is read as a whole."""
        return b"".join(self._pieces)

    def build_failure(self) -> ErrorBody:
        """Build the fault for a response with a status of failure, from its body."""
        body = self.body
        self._exchange.body = body
        return ErrorBody(parse_error(body))

    def take_body(self, body: bytes) -> None:
        """Keep the body of a success, for an error if it holds no answer."""
        self._exchange.body = body


class WholeAttempt(Attempt, ABC, Generic[AnswerT]):
    """One try of a request whose answer is read as a whole."""

    @abstractmethod
    def convert(self, body: bytes) -> AnswerT:
        """Convert the body of a success to what was asked for."""


class ChatAttempt(WholeAttempt["ChatResult"]):
    """One try of a request for a plain answer."""

    @override
    def convert(self, body: bytes) -> ChatResult:
        self.take_body(body)
        request = self._request
        return convert_to_chat_result(
            body,
            self._metadata,
            request.reasoning_format,
            request.model,
            request.tool_names,
        )


def _shorter(timeout: float, idle_timeout: float | None) -> float:
    return timeout if idle_timeout is None else min(timeout, idle_timeout)
