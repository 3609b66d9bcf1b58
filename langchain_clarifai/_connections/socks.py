"""A SOCKS proxy → connections of aiohttp through it.

aiohttp has no SOCKS of its own; aiohttp-socks, of the extra `socks`, gives it.
"""

from __future__ import annotations

import ssl
from typing import Any

from aiohttp import ClientConnectorSSLError
from aiohttp_socks import (
    ProxyConnectionError,
    ProxyConnector,
    ProxyError,
    ProxyTimeoutError,
)
from typing_extensions import override

from langchain_clarifai._connections.unread import WatchedConnections


class SocksConnector(WatchedConnections, ProxyConnector):
    """aiohttp's connector through SOCKS, with idle connections that are watched.

    Hosts are looked up by the proxy, as with sync calls.
    """

    @override
    async def connect(self, *arguments: Any, **settings: Any) -> Any:
        try:
            return await super().connect(*arguments, **settings)
        except ProxyTimeoutError as error:
            raise TimeoutError(f"The SOCKS proxy did not answer: {error}") from error
        except (ProxyConnectionError, ProxyError) as error:
            raise ConnectionError(f"The SOCKS proxy refused: {error}") from error
        except ssl.SSLError as error:
            # As it is without a proxy: the type says that there was no connection yet.
            key = arguments[0].connection_key
            raise ClientConnectorSSLError(key, error) from error


def build_connector(proxy: str, **settings: Any) -> ProxyConnector:
    """Build a connector through a `socks5://` or `socks5h://` proxy."""
    url = proxy.replace("socks5h://", "socks5://", 1)
    return SocksConnector.from_url(url, **settings)
