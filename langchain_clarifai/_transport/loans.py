"""A request → the HTTP client that it is sent with, until its answer has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_clarifai._connections import loop_pools, pools
from langchain_clarifai._connections.tenants import identify_tenant

if TYPE_CHECKING:
    from langchain_clarifai._connections.tables import Use
    from langchain_clarifai._request.request import Request


class Loan:
    """The HTTP client for one sync request, until its answer has ended.

    It is the user's own client, if there is one, which is never closed here.
    """

    __slots__ = ("_request", "_token", "_use")

    def __init__(self, request: Request, token: str) -> None:
        self._request = request
        self._token = token
        self._use: Use | None = None

    def __enter__(self) -> Any:
        request = self._request
        if request.http_client is not None:
            return request.http_client
        tenant = identify_tenant(self._token, request.headers, request.query)
        self._use = pools.lend(request.base_url, tenant, request.lease)
        return self._use.pool.http_client

    def __exit__(self, *_: object) -> None:
        use, self._use = self._use, None
        if use is not None:
            pools.take_back(use)


class AsyncLoan:
    """The HTTP client for one async request, until its answer has ended."""

    __slots__ = ("_request", "_table", "_token", "_use")

    def __init__(self, request: Request, token: str) -> None:
        self._request = request
        self._token = token
        self._table: loop_pools.LoopPools | None = None
        self._use: Use | None = None

    async def __aenter__(self) -> Any:
        request = self._request
        if request.http_async_client is not None:
            return request.http_async_client
        tenant = identify_tenant(self._token, request.headers, request.query)
        self._table, self._use = await loop_pools.lend(
            request.base_url, tenant, request.lease
        )
        return self._use.pool.http_client

    async def __aexit__(self, *_: object) -> None:
        use, self._use = self._use, None
        if use is not None and self._table is not None:
            await self._table.take_back_and_close(use)
