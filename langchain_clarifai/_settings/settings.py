"""What a model says about its requests, besides what goes into their bodies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SecretStr
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_clarifai._settings.lease import Lease


class FoundToken(SecretStr):
    """A token that nobody passed: it was found in the environment, or by the CLI.

    The mark is on the value and not beside it, so that it stays with the token where a
    model is copied, or built anew with another `base_url`.
    """

    @override
    def __eq__(self, other: object) -> bool:
        # The mark says where a token came from, not what it is.
        return (
            isinstance(other, SecretStr)
            and self.get_secret_value() == other.get_secret_value()
        )

    __hash__ = SecretStr.__hash__


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

    # Settings of chat alone.
    stream_idle_timeout: float | None = None
    stream_usage: bool = False
    allow_unfinished_stream: bool = False
    include_response_headers: bool = False
    reasoning_format: ReasoningFormat = "off"
    image_tool_message: bool = False
