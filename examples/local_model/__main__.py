"""The weights → an OpenAI-compatible server on loopback, in this process.

By hand, in the folder `examples`: `python -m local_model --port 8080`. It prints its
base URL once it is ready.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from local_model.server import CONTEXT_SIZE, MODEL
from local_model.weights import LocalModelError, get_weights

HOST = "127.0.0.1"

_TEMPLATE = Path(__file__).with_name("chat_template.jinja")
_SILENT, _TALKATIVE = 0, 3


def main(options: argparse.Namespace) -> None:
    """Get the weights, and serve the model unless only they were asked for."""
    get_weights()
    if not options.download:
        serve(options)


def serve(options: argparse.Namespace) -> None:
    """Serve the model in this process until it is told to end.

    Raises:
        LocalModelError: If the port is taken or xllamacpp is not installed.
    """
    _check_port(options.port)
    # It serves for as long as this name holds it.
    server = _build_server(options)
    print(f"{server.listening_address}/v1", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        if options.until_stdin_closes:
            sys.stdin.read()
        else:
            threading.Event().wait()


def _check_port(port: int) -> None:
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise LocalModelError(
            f"Port {port} on {HOST} cannot be used ({error.strerror}). Choose another "
            "with --port, or --port 0 for a free one."
        ) from error


def _build_server(options: argparse.Namespace) -> Any:
    try:
        import xllamacpp  # type: ignore[import-untyped]  # it ships no types
    except ImportError as error:
        raise LocalModelError(
            f"The local model needs xllamacpp ({error}): run `make demo` or "
            "`make test`, or install the dependency group local-model."
        ) from error

    params = xllamacpp.CommonParams()
    params.model.path = str(get_weights())
    params.model_alias = {MODEL}
    params.hostnames = [HOST]
    params.port = options.port
    params.api_keys = [options.api_key] if options.api_key else []
    params.n_ctx = CONTEXT_SIZE
    # Two requests at a time, and each may fill the whole context.
    params.n_parallel = 2
    params.kv_unified = True
    # Threads wait for each other at every step: on a busy machine two of them are a
    # tenth as fast as one, which is fast enough for a model of this size.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    # The same weights embed: the mean of what they make of each token.
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.use_jinja = True
    params.chat_template = _TEMPLATE.read_text(encoding="utf-8")
    # Fitting the settings to the machine's memory is for models that may not fit.
    params.fit_params = False
    params.verbosity = _TALKATIVE if options.verbose else _SILENT
    return xllamacpp.Server(params)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve a small model on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--api-key", help="the key that callers must send")
    parser.add_argument("--verbose", action="store_true", help="show llama.cpp's log")
    parser.add_argument(
        "--download", action="store_true", help="get the weights, and serve nothing"
    )
    parser.add_argument("--until-stdin-closes", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main(_parse_options())
    except LocalModelError as error:
        sys.exit(str(error))
