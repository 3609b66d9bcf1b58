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


def list_recordings() -> Iterator[dict[str, Any]]:
    """List the recorded answers with a body that is an answer."""
    with lzma.open(FILE, "rt", encoding="utf-8") as lines:
        for line in lines:
            recording = json.loads(line)
            if recording["status"] == 200 and recording["enc"] == "utf8":
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
    return Said(text, calls, choice.get("finish_reason") or None)


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
        for choice in (event.get("choices") or [])[:1]:
            if choice.get("index"):
                continue
            delta = choice.get("delta") or {}
            said.text += read_text(delta.get("content"))
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
