"""A request → the HTTP client that it is sent with, until its answer has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_clarifai._transport import pools

if TYPE_CHECKING:
    from langchain_clarifai._request.request import Request
    from langchain_clarifai._transport.lease import Lease


class Loan:
    """The HTTP client for one sync request, until its answer has ended.

    It is the user's own, if there is one; that is never closed here.
    """

    __slots__ = ("_pool", "_request")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._pool: pools.Pool | None = None

    def __enter__(self) -> Any:
        request = self._request
        if request.http_client is not None:
            return request.http_client
        self._pool = pools.lend(request.base_url, request.lease)
        return self._pool.http_client

    def __exit__(self, *_: object) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        if pools.take_back(pool):
            pool.http_client.close()


class AsyncLoan:
    """The HTTP client for one async request, likewise."""

    __slots__ = ("_pool", "_request")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._pool: pools.LoopPool | None = None

    async def __aenter__(self) -> Any:
        request = self._request
        if request.http_async_client is not None:
            return request.http_async_client
        self._pool = await pools.alend(request.base_url, request.lease)
        return self._pool.http_client

    async def __aexit__(self, *_: object) -> None:
        pool, self._pool = self._pool, None
        if pool is not None and pool.take_back():
            await pool.http_client.aclose()


def get_client(base_url: str, lease: Lease) -> Any:
    """Return the shared HTTP client, for requests while nobody closes the lease."""
    pool = pools.lend(base_url, lease)
    pools.take_back(pool)
    return pool.http_client


async def get_async_client(base_url: str, lease: Lease) -> Any:
    """Return the shared HTTP client of the running loop, likewise."""
    pool = await pools.alend(base_url, lease)
    pool.take_back()
    return pool.http_client
