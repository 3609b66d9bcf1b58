"""All recordings over loopback to `ChatOpenAI` and `ChatClarifai` → who reads what.

Both are judged by the same readers, which share no code with either. A reading counts
as right where LangChain documents its place; what stands anywhere else in the message
is counted apart, since a user can reach it. It needs `langchain-openai`:

    python -m tests.recordings.compare
"""

from __future__ import annotations

import functools
import json
import operator
import sys
from collections import Counter
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from langchain_core.messages import HumanMessage

from langchain_clarifai import ChatClarifai
from tests.recordings.judging import (
    KINDS,
    RIGHT,
    Verdicts,
    judge_error,
    judge_next_turn,
    judge_reading,
    read_recording,
)
from tests.recordings.reading import list_all_recordings
from tests.recordings.replaying import build_reply
from tests.servers.openai_wire import completion
from tests.servers.wire import Reply, WireServer, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable


def build_chat_openai(url: str) -> Any:
    """Build a `ChatOpenAI` that asks for usage too."""
    chat_openai = import_module("langchain_openai").ChatOpenAI
    return chat_openai(
        model="m", base_url=url, api_key="x", max_retries=0, stream_usage=True
    )


def build_chat_clarifai(url: str) -> Any:
    """Build a `ChatClarifai` that leaves tags in the text, as the reader does."""
    return ChatClarifai(
        model="m",
        base_url=url,
        api_key="x",
        max_retries=0,
        cold_start_timeout=0,
        reasoning_format="off",
        allow_unfinished_stream=True,
    )


def read(model: Any, *, is_stream: bool) -> Any:
    """Ask a model, and get its message or the sum of its chunks."""
    if is_stream:
        return functools.reduce(operator.add, model.stream("Hi"))
    return model.invoke("Hi")


def play(build_model: Callable[[str], Any]) -> Counter[tuple[str, str]]:
    """Play all recordings to a class; count its verdicts by kind."""
    counts: Counter[tuple[str, str]] = Counter()
    replies: list[Reply] = []
    with WireServer(lambda _: replies[0]) as server:
        model = build_model(server.url)
        for recording in list_all_recordings():
            replies[:] = [build_reply(recording)]
            counts.update(judge(recording, model, server, replies).items())
            server.exchanges.clear()
    return counts


def judge(
    recording: dict[str, Any], model: Any, server: WireServer, replies: list[Reply]
) -> Verdicts:
    """Judge one recording, and what goes back of it in the next turn."""
    said = read_recording(recording)
    try:
        message = read(model, is_stream=recording["is_stream"])
    except Exception as error:  # noqa: BLE001 - whatever it is, it is judged
        return judge_error(recording, said, error)
    verdicts = judge_reading(recording, said, message)
    if said is None:
        return verdicts
    replies[:] = [json_reply(completion())]
    server.exchanges.clear()
    history = [HumanMessage("Hi"), message, HumanMessage("And?")]
    try:
        model.invoke(history)
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing went back
        print(f"{recording['n']}: {error!r}", file=sys.stderr)
        return verdicts | judge_next_turn(recording, said, {})
    sent = server.last_request.json["messages"][1]
    return verdicts | judge_next_turn(recording, said, sent)


def write_table(found: dict[str, Counter[tuple[str, str]]]) -> str:
    """Write the table in Markdown."""
    lines = [
        "| " + " | ".join(["", "recordings", *found]) + " |",
        "|---|---|" + "---|" * len(found),
    ]
    for kind in KINDS:
        cells: list[str] = []
        total = 0
        for counts in found.values():
            verdicts = {name: n for (one, name), n in counts.items() if one == kind}
            total = sum(verdicts.values())
            elsewhere = verdicts.get("elsewhere", 0)
            wrong = total - verdicts.get(RIGHT, 0)
            cells.append(f"{wrong} ({wrong - elsewhere})" if wrong else "0")
        lines.append("| " + " | ".join([kind, f"{total:,}", *cells]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Play, and print the table."""
    found = {
        f"ChatOpenAI {version('langchain-openai')}": play(build_chat_openai),
        "ChatClarifai": play(build_chat_clarifai),
    }
    print("Read otherwise than it was told (and nowhere in the message):\n")
    print(write_table(found))
    print(json.dumps({name: version(name) for name in ("langchain-core", "openai")}))


if __name__ == "__main__":
    main()
