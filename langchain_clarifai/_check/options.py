"""The words after `langchain-clarifai` → the options of a check."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from langchain_clarifai._version import __version__

FLAGSHIP: Final = "openai/chat-completion/models/gpt-oss-120b"


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="langchain-clarifai",
        description="Tools of the package langchain-clarifai.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser(
        "check",
        help="find out what works, from this machine, with this token and model",
        description=(
            "Find out what works: settings, network, the model and the service. "
            "Exit codes: 0 all works, 1 something does not, 2 it could not run."
        ),
    )
    _add_options(check)
    return parser


def _add_options(check: argparse.ArgumentParser) -> None:
    check.add_argument("--model", help=f"default: {FLAGSHIP}")
    check.add_argument("--base-url", help="a server other than Clarifai's")
    check.add_argument(
        "--api-key-env",
        metavar="NAME",
        help="the environment variable that holds the token for this server",
    )
    check.add_argument(
        "--async", dest="is_async", action="store_true", help="use the async calls"
    )
    check.add_argument("--yes", action="store_true", help="do not ask before sending")
    check.add_argument("--report", type=Path, metavar="FILE", help="write JSON to it")
    check.add_argument("--record", type=Path, metavar="DIR", help="write bytes into it")
    check.add_argument(
        "--timeout", type=_read_seconds, default=60.0, help="seconds for each answer"
    )
    check.add_argument(
        "--wait",
        type=_read_seconds,
        default=120.0,
        help="seconds for a model that is starting",
    )
    check.add_argument(
        "--allow-http", action="store_true", help="allow http to another machine"
    )


def _read_seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds above 0")
    return seconds
