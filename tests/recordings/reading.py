"""What a recording says, read without the package: its own, plain rules."""

from __future__ import annotations

import json
import lzma
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = Path(
    os.environ.get("CLARIFAI_RECORDINGS") or ROOT.parent / "shared" / "recordings"
)
FILE: Final = FOLDER / "recordings.jsonl.xz"


@dataclass
class Said:
    """What an answer says."""

    text: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    finish: str | None = None
    thoughts: str = ""
    usage: tuple[int, ...] = ()
    """Tokens of input, output and in total, as far as the answer counts them."""


def list_all_recordings() -> Iterator[dict[str, Any]]:
    """List all recorded answers that are text, errors included."""
    with lzma.open(FILE, "rt", encoding="utf-8") as lines:
        for line in lines:
            recording = json.loads(line)
            if recording["enc"] == "utf8":
                yield recording


def read_thoughts(message: dict[str, Any]) -> str:
    """Read the thoughts of a message or a delta: of several fields the first."""
    for name in ("reasoning_content", "reasoning", "reasoning_details"):
        if thoughts := join_thoughts(message.get(name)):
            return thoughts
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return "".join(
        join_thoughts(part.get("thinking") or part.get("text"))
        for part in parts
        if isinstance(part, dict) and part.get("type") in {"thinking", "reasoning"}
    )


def join_thoughts(value: Any) -> str:
    """Join the texts of a string or a list of entries."""
    if isinstance(value, list):
        return "".join(
            entry.get("text") or entry.get("summary") or ""
            for entry in value
            if isinstance(entry, dict)
        )
    return value if isinstance(value, str) else ""


def read_usage(usage: Any) -> tuple[int, ...]:
    """Read the three counts of a usage; none where it lacks one of them."""
    counts = usage if isinstance(usage, dict) else {}
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    found = [counts.get(name) for name in names]
    if not all(isinstance(count, int) for count in found) or not any(found):
        return ()
    prompt, completion, total = (int(count or 0) for count in found)
    details = counts.get("completion_tokens_details") or {}
    thought = details.get("reasoning_tokens") or 0
    # xAI counts thoughts apart from what was said, and both in the total.
    apart = thought if prompt + completion + thought == total else 0
    return (prompt, completion + apart, total)


def list_recordings() -> Iterator[dict[str, Any]]:
    """List the recorded answers with a body that is an answer."""
    for recording in list_all_recordings():
        if recording["status"] == 200:
            yield recording


def read_text(content: Any) -> str:
    """Read the text of content."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        return json.dumps(content, ensure_ascii=False)
    parts = content if isinstance(content, list) else []
    return "".join(
        part.get("text") or ""
        for part in parts
        if isinstance(part, dict) and part.get("type") == "text"
    )


def read_completion(completion: dict[str, Any]) -> Said:
    """Read a plain answer."""
    choice = completion["choices"][0]
    messages = [choice.get(key) or {} for key in ("message", "delta")]
    text = max((read_text(message.get("content")) for message in messages), key=len)
    calls = [
        (call["function"]["name"], call["function"].get("arguments") or "")
        for message in messages[:1]
        for call in message.get("tool_calls") or []
        if call.get("function") and call["function"].get("name")
    ]
    calls += [
        (call["custom"]["name"], json.dumps({"__arg1": call["custom"]["input"]}))
        for call in messages[0].get("tool_calls") or []
        if call.get("type") == "custom"
    ]
    legacy = messages[0].get("function_call") or {}
    if legacy.get("name") and not calls:
        calls = [(legacy["name"], legacy.get("arguments") or "")]
    return Said(
        text,
        calls,
        choice.get("finish_reason") or None,
        next(filter(None, map(read_thoughts, messages)), ""),
        read_usage(completion.get("usage")),
    )


def list_events(body: str) -> Iterator[dict[str, Any]]:
    """List the events of a stream."""
    for line in body.splitlines():
        value = line.removeprefix("data:").strip()
        if line.startswith("data:") and value.startswith("{"):
            yield json.loads(value)


def read_stream(body: str) -> Said:
    """Read a streamed answer whose calls bear an index."""
    said = Said()
    calls: dict[Any, list[str]] = {}
    keys: dict[int, Any] = {}
    for event in list_events(body):
        said.usage = read_usage(event.get("usage")) or said.usage
        for choice in (event.get("choices") or [])[:1]:
            if choice.get("index"):
                continue
            delta = choice.get("delta") or {}
            said.text += read_text(delta.get("content"))
            said.thoughts += read_thoughts(delta)
            said.finish = choice.get("finish_reason") or said.finish
            for call in delta.get("tool_calls") or []:
                function = call.get("function") or {}
                index = call.get("index") or 0
                # Cerebras labels every call of an answer 0, and whole ones at that.
                if call.get("id") or index not in keys:
                    keys[index] = (index, call.get("id"))
                known = calls.setdefault(keys[index], ["", ""])
                known[0] = known[0] or function.get("name") or ""
                known[1] += function.get("arguments") or ""
    said.calls = [(name, arguments) for name, arguments in calls.values()]
    return said


def list_messages(recording: dict[str, Any]) -> list[dict[str, Any]]:
    """List the messages and deltas of a recording."""
    body = recording["body"]
    events = list_events(body) if recording["is_stream"] else [json.loads(body)]
    return [
        choice.get(key) or {}
        for event in events
        for choice in (event.get("choices") or [])[:1]
        for key in ("message", "delta")
    ]
