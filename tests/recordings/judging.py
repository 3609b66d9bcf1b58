"""What a recording says, and a message of any class → a verdict for each kind."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from tests.recordings.going_back import read_thoughts_that_go_back, unwrap
from tests.recordings.reading import (
    Said,
    list_events,
    list_messages,
    read_completion,
    read_stream,
)

ALL_BUT_THOUGHTS: Final = "these but thoughts"
ALL: Final = "all of these"

KINDS: Final = (
    "text",
    "thoughts",
    "calls",
    "usage",
    "finish reason",
    ALL_BUT_THOUGHTS,
    ALL,
    "errors",
    "text and calls, sent back",
    "thoughts, sent back",
)
RIGHT: Final = "right"
ELSEWHERE: Final = "elsewhere"
LOST: Final = "lost"

Verdicts: TypeAlias = dict[str, str]
"""By kind, of the kinds that a recording has: whether a message tells it."""


def read_recording(recording: dict[str, Any]) -> Said | None:
    """Read what a recording says; None where it is an error, whatever its status."""
    if recording["status"] != HTTPStatus.OK:
        return None
    body = recording["body"]
    try:
        events = [*list_events(body)] if recording["is_stream"] else [json.loads(body)]
    except ValueError:
        return None
    choices = [choice for event in events for choice in event.get("choices") or []]
    if not choices or any(part.get("error") for part in (*events, *choices)):
        return None
    return read_stream(body) if recording["is_stream"] else read_completion(events[0])


def judge_error(
    recording: dict[str, Any], said: Said | None, error: Exception
) -> Verdicts:
    """Judge an exception: right for what is an error, and of its status."""
    if said is not None:
        return dict.fromkeys(list_kinds(recording, said), LOST)
    status = recording["status"]
    is_right = status == HTTPStatus.OK or getattr(error, "status_code", None) == status
    return {"errors": RIGHT if is_right else ELSEWHERE}


def list_kinds(recording: dict[str, Any], said: Said) -> list[str]:
    """List the kinds that an answer has."""
    kinds = ["text", "calls", "finish reason", "text and calls, sent back"]
    kinds += [ALL_BUT_THOUGHTS, ALL]
    kinds += ["thoughts"] if said.thoughts else []
    kinds += ["thoughts, sent back"] if has_thoughts_to_send(recording) else []
    kinds += ["usage"] if said.usage else []
    return kinds


def has_thoughts_to_send(recording: dict[str, Any]) -> bool:
    """Tell whether an answer holds thoughts, or entries that stand for them."""
    came = read_thoughts_that_go_back(list_messages(recording))
    return came != read_thoughts_that_go_back([])


def judge_reading(
    recording: dict[str, Any], said: Said | None, message: Any
) -> Verdicts:
    """Judge a message."""
    if said is None:
        return {"errors": LOST}
    usage = message.usage_metadata or {}
    names = ("input_tokens", "output_tokens", "total_tokens")
    metadata = message.response_metadata
    held = list_scalars(message.model_dump())
    texts = [value for _, value in held if isinstance(value, str)]
    verdicts = {
        "text": judge_text(said.text, message.text, held),
        "thoughts": judge_text(said.thoughts, read_thoughts_of(message), held),
        "calls": judge_calls(said.calls, message, texts),
        "usage": judge_usage(
            said.usage,
            tuple(usage.get(name) for name in names),
            {value for _, value in held if isinstance(value, int)},
        ),
        "finish reason": judge_equal(
            (said.finish,), (metadata.get("finish_reason"),), set(texts)
        ),
    }
    kinds = list_kinds(recording, said)
    verdicts = {kind: one for kind, one in verdicts.items() if kind in kinds}
    return {
        **verdicts,
        ALL_BUT_THOUGHTS: find_worst(
            [one for kind, one in verdicts.items() if kind != "thoughts"]
        ),
        ALL: find_worst([*verdicts.values()]),
    }


def find_worst(verdicts: list[str]) -> str:
    """Find the worst of several verdicts."""
    return max(verdicts, key=(RIGHT, ELSEWHERE, LOST).index)


def list_scalars(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """List all scalars in a value, each by the name nearest to it."""
    if isinstance(value, dict):
        return [pair for key, one in value.items() for pair in list_scalars(one, key)]
    if isinstance(value, list):
        return [pair for one in value for pair in list_scalars(one, name)]
    return [(name, value)]


def read_thoughts_of(message: Any) -> str:
    """Read the thoughts of a message, where LangChain documents them."""
    blocks = message.content_blocks
    return "".join(
        block.get("reasoning") or "" for block in blocks if block["type"] == "reasoning"
    )


def judge_text(told: str, read: str, held: list[tuple[str, Any]]) -> str:
    """Judge a text, blanks around it left aside; anywhere: whole or in pieces."""
    told = told.strip()
    if told == read.strip():
        return RIGHT
    joined: dict[str, str] = {}
    for name, value in held:
        if isinstance(value, str):
            joined[name] = joined.get(name, "") + value
    is_there = told and any(told in text for text in joined.values())
    return ELSEWHERE if is_there else LOST


def judge_equal(told: tuple[Any, ...], read: tuple[Any, ...], held: set[Any]) -> str:
    """Judge values; anywhere: each of them."""
    if told == read:
        return RIGHT
    return ELSEWHERE if held.issuperset(told) else LOST


def judge_usage(told: tuple[int, ...], read: tuple[Any, ...], held: set[int]) -> str:
    """Judge counts; anywhere: each, or as two that add up to it, as thoughts do."""
    if told == read:
        return RIGHT
    is_there = all(
        count in held or any(count - part in held for part in held) for count in told
    )
    return ELSEWHERE if is_there else LOST


def judge_calls(told: list[tuple[str, str]], message: Any, texts: list[str]) -> str:
    """Judge calls, broken ones included; anywhere: names and arguments as text."""
    read = [(call["name"], json.dumps(call["args"])) for call in message.tool_calls]
    read += [(call["name"], call["args"]) for call in message.invalid_tool_calls]
    if list(map(normalize, told)) == list(map(normalize, read)):
        return RIGHT
    is_there = told and all(name in texts and text in texts for name, text in told)
    return ELSEWHERE if is_there else LOST


def normalize(call: tuple[str, str]) -> tuple[str, Any]:
    """Parse the arguments of a call, where they are JSON."""
    name, arguments = call
    try:
        return name, json.loads(arguments or "{}")
    except ValueError:
        return name, arguments


def judge_next_turn(
    recording: dict[str, Any], said: Said, sent: dict[str, Any]
) -> Verdicts:
    """Judge an assistant's message in the request of the next turn."""
    back = read_completion({"choices": [{"message": sent}]})
    calls = [normalize((name, unwrap(arguments))) for name, arguments in back.calls]
    messages = list_messages(recording)
    spoken = "".join(
        (one.get("audio") or {}).get("transcript") or "" for one in messages
    )
    is_same = calls == list(map(normalize, said.calls)) and (
        back.text.strip() == (said.text or spoken).strip()
        or (not said.text and bool(sent.get("audio")))
    )
    verdicts = {"text and calls, sent back": RIGHT if is_same else LOST}
    if has_thoughts_to_send(recording):
        came = read_thoughts_that_go_back(messages)
        is_same = came == read_thoughts_that_go_back([sent])
        verdicts["thoughts, sent back"] = RIGHT if is_same else LOST
    return verdicts
