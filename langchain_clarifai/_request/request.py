"""Settings, messages and the arguments of one call → one request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from langchain_clarifai._request.body import build_body, dump_body
from langchain_clarifai._request.call_arguments import (
    change_settings,
    split_call_arguments,
)
from langchain_clarifai._settings.headers import check_headers
from langchain_clarifai._settings.queries import check_query
from langchain_clarifai._settings.timeouts import READ_TIMEOUT, read_timeouts
from langchain_clarifai._settings.tokens import aread_token, read_token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from langchain_core.messages import BaseMessage

    from langchain_clarifai._settings.lease import Lease
    from langchain_clarifai._settings.settings import (
        ApiKey,
        ReasoningFormat,
        Settings,
    )

_CHAT_PATH: Final = "/chat/completions"


@dataclass(slots=True, kw_only=True, repr=False)
class Request:
    """One request, ready to be sent as often as it takes; times in seconds."""

    body: bytes
    model: str
    """The model as the user wrote it."""

    base_url: str
    path: str = ""
    """Where the request goes, after the base URL."""

    headers: Mapping[str, str]
    query: Mapping[str, Any]
    timeouts: Mapping[str, float]
    total_timeout: float | None
    max_retries: int
    cold_start_timeout: float
    http_client: Any
    http_async_client: Any
    lease: Lease
    api_key: ApiKey = field(default=None)

    # Settings of chat alone.
    idle_timeout: float | None = None
    allow_unfinished: bool = False
    include_headers: bool = False
    reasoning_format: ReasoningFormat = "off"
    tool_names: Mapping[str, str] = field(default_factory=dict[str, str])
    """The user's names of tools, by the name that was sent."""

    @property
    def read_timeout(self) -> float:
        """How long to wait for bytes; a plain answer must be whole in this time."""
        return self.timeouts.get("read", READ_TIMEOUT)

    def read_token(self) -> str:
        """Return the token, asking the user's callable if there is one.

        Raises:
            ValueError: If there is none, or it cannot be a token.
        """
        return read_token(self.api_key, self.base_url)

    async def aread_token(self) -> str:
        """Return the token, awaiting the user's callable if there is one.

        Raises:
            ValueError: If there is none, or it cannot be a token.
        """
        return await aread_token(self.api_key, self.base_url)


def build_request(
    settings: Settings,
    fields: Mapping[str, Any],
    messages: Sequence[BaseMessage],
    call_arguments: Mapping[str, Any],
    *,
    stream: bool,
) -> Request:
    """Build the request of one call.

    Args:
        settings: What the model says about its requests.
        fields: What the model was constructed with for the body, `model` among it.
        messages: The conversation.
        call_arguments: Keyword arguments of the call; they win over the fields.
        stream: Whether the answer shall be streamed.

    Raises:
        ValueError: If an argument is not allowed; the text says what is.
    """
    arguments: dict[str, Any] = {}
    if call_arguments:
        changes, arguments = split_call_arguments(call_arguments)
        settings = change_settings(settings, changes, arguments)
    body, tool_names = build_body(settings, fields, arguments, messages, stream=stream)
    model = arguments.get("model") or fields["model"]
    request = address_request(settings, _CHAT_PATH, dump_body(body), model)
    request.idle_timeout = settings.stream_idle_timeout if stream else None
    request.allow_unfinished = settings.allow_unfinished_stream
    request.include_headers = settings.include_response_headers
    request.reasoning_format = settings.reasoning_format
    request.tool_names = tool_names
    return request


def address_request(settings: Settings, path: str, body: bytes, model: str) -> Request:
    """Build the request that takes a body to an endpoint.

    Args:
        settings: What the model says about its requests.
        path: The endpoint, after the base URL.
        body: What is sent.
        model: The model as the user wrote it.

    Raises:
        ValueError: If a header cannot be sent.
    """
    timeouts, total_timeout = read_timeouts(settings.timeout)
    return Request(
        body=body,
        model=model,
        base_url=settings.base_url,
        path=path,
        headers=check_headers(settings.headers),
        query=check_query(settings.query),
        timeouts=timeouts,
        total_timeout=total_timeout,
        max_retries=settings.max_retries,
        cold_start_timeout=settings.cold_start_timeout,
        http_client=settings.http_client,
        http_async_client=settings.http_async_client,
        lease=settings.lease,
        api_key=settings.api_key,
    )
