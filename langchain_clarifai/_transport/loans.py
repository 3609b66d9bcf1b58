"""A request → the HTTP client that it is sent with, until its answer has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_clarifai._connections import loop_pools, pools
from langchain_clarifai._connections.tenants import identify_tenant

if TYPE_CHECKING:
    from langchain_clarifai._connections.tables import Pool
    from langchain_clarifai._request.request import Request


class Loan:
    """The HTTP client for one sync request, until its answer has ended.

    It is the user's own client, if there is one, which is never closed here.
    """

    __slots__ = ("_pool", "_request", "_token")

    def __init__(self, request: Request, token: str) -> None:
        self._request = request
        self._token = token
        self._pool: Pool | None = None

    def __enter__(self) -> Any:
        request = self._request
        if request.http_client is not None:
            return request.http_client
        tenant = identify_tenant(self._token, request.headers, request.query)
        self._pool = pools.lend(request.base_url, tenant, request.lease)
        return self._pool.http_client

    def __exit__(self, *_: object) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pools.take_back(pool)


class AsyncLoan:
    """The HTTP client for one async request, until its answer has ended."""

    __slots__ = ("_pool", "_request", "_table", "_token")

    def __init__(self, request: Request, token: str) -> None:
        self._request = request
        self._token = token
        self._table: loop_pools.LoopPools | None = None
        self._pool: Pool | None = None

    async def __aenter__(self) -> Any:
        request = self._request
        if request.http_async_client is not None:
            return request.http_async_client
        tenant = identify_tenant(self._token, request.headers, request.query)
        self._table, self._pool = await loop_pools.lend(
            request.base_url, tenant, request.lease
        )
        return self._pool.http_client

    async def __aexit__(self, *_: object) -> None:
        pool, self._pool = self._pool, None
        if pool is not None and self._table is not None:
            await self._table.take_back_and_close(pool)
