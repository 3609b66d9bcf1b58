"""A small language model, served on loopback for the demo and the tests."""

from __future__ import annotations

from local_model.server import LocalModelServer, local_model_server
from local_model.weights import LocalModelError, get_weights

__all__ = ["LocalModelError", "LocalModelServer", "get_weights", "local_model_server"]
