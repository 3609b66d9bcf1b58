"""What a model says about its requests, besides what goes into their bodies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SecretStr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_clarifai._transport.lease import Lease

ApiKey = (
    SecretStr | str | Callable[[], str | SecretStr | Awaitable[str | SecretStr]] | None
)

ReasoningFormat = Literal["auto", "tags", "off"]
"""Where a model's thoughts are looked for, besides the fields made for them."""


@dataclass(slots=True, kw_only=True, repr=False)
class Settings:
    """What a model says about its requests besides their bodies; times in seconds."""

    base_url: str
    api_key: ApiKey
    headers: Mapping[str, str]
    query: Mapping[str, Any]
    timeout: Any
    max_retries: int
    cold_start_timeout: float
    http_client: Any
    http_async_client: Any
    lease: Lease

    # What only chat has.
    stream_idle_timeout: float | None = None
    stream_usage: bool = False
    allow_unfinished_stream: bool = False
    include_response_headers: bool = False
    reasoning_format: ReasoningFormat = "off"
    image_tool_message: bool = False
