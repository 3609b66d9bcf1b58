"""What a probe asks → sync or async calls, all of them recorded.

Probes are written once, as coroutines. On a `SyncLine` they never wait for a loop, so
`drive` runs them without one: Ctrl+C then interrupts the call itself.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
from pydantic import SecretStr
from typing_extensions import override

from langchain_clarifai._check.recorder import (
    AsyncRecordingClient,
    Exchange,
    Recorder,
    RecordingClient,
)
from langchain_clarifai._connections import loop_pools, pools
from langchain_clarifai._connections.tenants import identify_tenant
from langchain_clarifai._errors.catching import ConvertedErrors
from langchain_clarifai._errors.exchange import Exchange as FailedExchange
from langchain_clarifai._settings.credentials import Masked
from langchain_clarifai._settings.lease import Lease
from langchain_clarifai._settings.model_ids import is_clarifai_base_url
from langchain_clarifai._transport.request_headers import HEADERS
from langchain_clarifai.chat_models import ChatClarifai

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from langchain_core.messages import AIMessage, AIMessageChunk

ResultT = TypeVar("ResultT")

_LARGEST_BODY: Final = 4 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class Target:
    """Which server and which model are asked."""

    base_url: str
    model: str
    token: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    allow_http: bool = False

    @property
    def is_clarifai(self) -> bool:
        """Whether the server is Clarifai, as far as its address tells."""
        return is_clarifai_base_url(self.base_url)

    def build_model(self, http_client: Any, **changes: Any) -> ChatClarifai:
        """Build the model of a user who asks once: without retries."""
        arguments: dict[str, Any] = {
            "model": self.model,
            "base_url": self.base_url,
            "allow_http": self.allow_http,
            "timeout": self.timeout,
            "max_retries": 0,
            "cold_start_timeout": 0,
            **changes,
        }
        if self.token:
            arguments["api_key"] = SecretStr(self.token)
        # Otherwise no token was found, or none that may go to this server. The model
        # then decides by the same rule, and sends none.
        model = ChatClarifai(**arguments)
        # Not as arguments: the clients are ours, and only stand for those of the SDK.
        model.http_client = model.http_async_client = http_client
        return model


class Line(ABC):
    """How probes reach the server."""

    def __init__(self, target: Target, recorder: Recorder) -> None:
        self.target = target
        self.recorder = recorder
        self.facts: dict[str, Any] = {}
        """What probes have found out, for later probes and for the open questions."""
        self._lease = Lease()
        # The token's, also where a probe sends another one, which nobody else uses.
        self._tenant = identify_tenant(target.token or "", {}, {})

    @property
    @abstractmethod
    def http_client(self) -> Any:
        """The recording client, as an argument of the package's own functions."""

    @abstractmethod
    async def invoke(self, asked: Any, messages: Any, **options: Any) -> AIMessage:
        """Ask a model, or what was bound to it, for a whole answer."""

    @abstractmethod
    async def stream(
        self, asked: Any, messages: Any
    ) -> list[tuple[float, AIMessageChunk]]:
        """Ask for a stream; return its chunks, and after how many seconds they came."""

    @abstractmethod
    async def send(
        self, method: str, url: str, body: bytes = b"", token: str | None = None
    ) -> Exchange:
        """Send a request as it is; any status is an answer.

        Raises:
            ClarifaiError: If there is no answer.
        """

    @abstractmethod
    async def pause(self, seconds: float) -> None:
        """Wait for some seconds."""

    def build_model(self, **changes: Any) -> ChatClarifai:
        """Build the model that the user named, or one that differs from it."""
        return self.target.build_model(self.http_client, **changes)

    async def post_chat(
        self, body: dict[str, Any] | bytes, token: str | None = None
    ) -> Exchange:
        """Send the body of a chat completion as it is."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        url = f"{self.target.base_url}/chat/completions"
        return await self.send("POST", url, raw, token)

    def _build_request(
        self, client: Any, method: str, url: str, body: bytes, token: str | None
    ) -> Any:
        headers = dict(HEADERS)
        if token := token or self.target.token:
            word = "Key" if "/v2/ext/" not in url and "/v2/" in url else "Bearer"
            headers["Authorization"] = Masked(f"{word} {token}")
        return client.build_request(
            method,
            url,
            content=body or None,
            headers=headers,
            timeout=self.target.timeout,
        )

    def _forgive(self, request: Any, token: str | None) -> FailedExchange:
        secret = token or self.target.token or ""
        return FailedExchange(token=secret, model=self.target.model, request=request)


class SyncLine(Line):
    """Calls as `invoke` and `stream` make them."""

    @property
    @override
    def http_client(self) -> RecordingClient:
        base_url = self.target.base_url
        return RecordingClient(
            self.recorder, lambda: pools.get_client(base_url, self._tenant, self._lease)
        )

    @override
    async def invoke(self, asked: Any, messages: Any, **options: Any) -> AIMessage:
        answer: AIMessage = asked.invoke(messages, **options)
        return answer

    @override
    async def stream(
        self, asked: Any, messages: Any
    ) -> list[tuple[float, AIMessageChunk]]:
        started = time.monotonic()
        return [(time.monotonic() - started, chunk) for chunk in asked.stream(messages)]

    @override
    async def send(
        self, method: str, url: str, body: bytes = b"", token: str | None = None
    ) -> Exchange:
        client = self.http_client
        request = self._build_request(client, method, url, body, token)
        with ConvertedErrors(self._forgive(request, token)):
            response = client.send(request, stream=True, follow_redirects=False)
            exchange = self.recorder.exchanges[-1]
            try:
                for _ in response.iter_bytes():
                    if len(exchange.body) > _LARGEST_BODY:
                        break
            finally:
                response.close()
        return exchange

    @override
    async def pause(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251 - no loop runs here


class AsyncLine(Line):
    """Calls as `ainvoke` and `astream` make them."""

    def __init__(self, target: Target, recorder: Recorder) -> None:
        super().__init__(target, recorder)
        self._client = AsyncRecordingClient(
            recorder,
            lambda: loop_pools.get_client(target.base_url, self._tenant, self._lease),
        )

    @property
    @override
    def http_client(self) -> AsyncRecordingClient:
        return self._client

    @override
    async def invoke(self, asked: Any, messages: Any, **options: Any) -> AIMessage:
        await self._client.prepare()
        answer: AIMessage = await asked.ainvoke(messages, **options)
        return answer

    @override
    async def stream(
        self, asked: Any, messages: Any
    ) -> list[tuple[float, AIMessageChunk]]:
        await self._client.prepare()
        started = time.monotonic()
        return [
            (time.monotonic() - started, chunk)
            async for chunk in asked.astream(messages)
        ]

    @override
    async def send(
        self, method: str, url: str, body: bytes = b"", token: str | None = None
    ) -> Exchange:
        await self._client.prepare()
        request = self._build_request(self._client, method, url, body, token)
        with ConvertedErrors(self._forgive(request, token)):
            response = await self._client.send(
                request, stream=True, follow_redirects=False
            )
            exchange = self.recorder.exchanges[-1]
            try:
                async for _ in response.aiter_bytes():
                    if len(exchange.body) > _LARGEST_BODY:
                        break
            finally:
                await response.aclose()
        return exchange

    @override
    async def pause(self, seconds: float) -> None:
        import asyncio

        await asyncio.sleep(seconds)


def drive(coroutine: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a coroutine that waits for nothing, without an event loop.

    Raises:
        RuntimeError: If it does wait.
    """
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: ResultT = stop.value
        return result
    coroutine.close()
    raise RuntimeError("A probe waits for an event loop on a sync line.")


def join(chunks: Sequence[tuple[float, AIMessageChunk]]) -> AIMessageChunk:
    """Add up the chunks of a stream, of which there is at least one."""
    total = chunks[0][1]
    for _, chunk in chunks[1:]:
        total += chunk
    return total
