"""A small MCP server: the weather as text, as a picture, and one that fails.

Usage: mcp_server.py stdio | http PORT
"""

from __future__ import annotations

import sys
from typing import Any

from mcp.server.fastmcp import FastMCP, Image

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e5"
    "27d4a20000000049454e44ae426082"
)
"""A picture of one pixel."""


def build_server(port: int = 0) -> FastMCP:
    """Build the server; the port is for HTTP only."""
    server = FastMCP("weather", host="127.0.0.1", port=port, log_level="CRITICAL")

    @server.tool()
    def get_weather(city: str) -> str:
        """Get the current weather for a city."""
        return f"It is 21 degrees and sunny in {city}."

    # Structured output is JSON, which a picture is not.
    @server.tool(structured_output=False)
    def draw_weather(city: str) -> list[Any]:
        """Draw the weather in a city."""
        return [f"The sky over {city}:", Image(data=PIXEL, format="png")]

    @server.tool()
    def break_down(reason: str) -> str:
        """Break down for a reason."""
        raise ValueError(reason)

    return server


if __name__ == "__main__":
    if sys.argv[1:] == ["stdio"]:
        build_server().run("stdio")
    else:
        build_server(int(sys.argv[2])).run("streamable-http")
