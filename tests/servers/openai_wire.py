"""A few words from a test → JSON as OpenAI's chat completions and Clarifai shape it.

Nothing here is clever: every builder returns a plain dict, and keyword arguments that
a builder does not know are added to it as they are, `None` included.
"""

from __future__ import annotations

import json
from typing import Any, Final, TypeAlias

JSON: TypeAlias = dict[str, Any]

MODEL: Final = "gpt-oss-120b"
"""The backend's own name of the model, as opposed to the Clarifai URL."""

ID: Final = "chatcmpl-1"
CREATED: Final = 1_767_225_600


def sse(
    *events: JSON | str | bytes, done: bool = True, line_end: bytes = b"\n"
) -> bytes:
    """Write an event stream.

    Args:
        events: Dicts become JSON; text and bytes become the data as they are.
        done: Whether `[DONE]` follows.
        line_end: Any of the three that the standard allows.
    """
    last = [b"[DONE]"] if done else []
    contents = [*(_encode(event) for event in events), *last]
    return b"".join(b"data: " + content + line_end * 2 for content in contents)


def _encode(event: JSON | str | bytes) -> bytes:
    if isinstance(event, bytes):
        return event
    if isinstance(event, str):
        return event.encode()
    return json.dumps(event, ensure_ascii=False).encode()


def usage(prompt: int = 7, completion: int = 5, **fields: Any) -> JSON:
    """Count tokens."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        **fields,
    }


def tool_call(
    name: str, arguments: JSON | str, *, call_id: str = "call_1", **fields: Any
) -> JSON:
    """Build a whole tool call, as a completion has it."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    function = {"name": name, "arguments": text}
    return {"id": call_id, "type": "function", "function": function, **fields}


def tool_call_delta(
    arguments: str | None = None,
    *,
    index: int | None = 0,
    call_id: str | None = None,
    name: str | None = None,
    **fields: Any,
) -> JSON:
    """Build a piece of a tool call; what is `None` is left out."""
    function = {"name": name, "arguments": arguments}
    known = {"index": index, "id": call_id, "type": "function" if call_id else None}
    return {
        **{key: value for key, value in known.items() if value is not None},
        "function": {key: text for key, text in function.items() if text is not None},
        **fields,
    }


def choice(
    content: str | None = "Hello!",
    *,
    index: int = 0,
    finish_reason: str | None = "stop",
    **message: Any,
) -> JSON:
    """Build one choice of a completion; other keywords go into its message."""
    return {
        "index": index,
        "message": {"role": "assistant", "content": content, **message},
        "logprobs": None,
        "finish_reason": finish_reason,
    }


def completion(*choices: JSON, **fields: Any) -> JSON:
    """Build a completion; without a choice it says hello."""
    return {
        "id": ID,
        "object": "chat.completion",
        "created": CREATED,
        "model": MODEL,
        "choices": list(choices) or [choice()],
        "usage": usage(),
        **fields,
    }


def chunk(
    delta: JSON | str | None = None,
    *,
    index: int = 0,
    finish_reason: str | None = None,
    **fields: Any,
) -> JSON:
    """Build a chunk with one choice; a text is short for its content."""
    known = {"content": delta} if isinstance(delta, str) else (delta or {})
    one = {"index": index, "delta": known, "finish_reason": finish_reason}
    return _build_chunk([one], fields)


def usage_chunk(counts: JSON | None = None, **fields: Any) -> JSON:
    """Build the chunk that comes last: no choice, only the usage."""
    return _build_chunk([], {"usage": counts or usage(), **fields})


def _build_chunk(choices: list[JSON], fields: JSON) -> JSON:
    return {
        "id": ID,
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": MODEL,
        "choices": choices,
        **fields,
    }


def text_chunks(*texts: str, counts: JSON | None = None) -> list[JSON]:
    """Build an ordinary stream: role, texts, finish, usage."""
    return [
        chunk({"role": "assistant", "content": ""}),
        *(chunk(text) for text in texts),
        chunk(finish_reason="stop"),
        usage_chunk(counts),
    ]


def runner_error(details: str, *, code: int = 21313) -> JSON:
    """Build an error as Clarifai's model runner answers it, with status 200."""
    return {
        "code": code,
        "description": "Model prediction failed",
        "details": details,
    }


def platform_error(
    code: int | str, description: str, details: str = "", *, req_id: str = "req-1"
) -> JSON:
    """Build an error as Clarifai's platform answers it."""
    status = {
        "code": code,
        "description": description,
        "details": details,
        "req_id": req_id,
    }
    return {"status": status}


def openai_error(message: str, *, code: str | None = None, **fields: Any) -> JSON:
    """Build an error as OpenAI and most backends answer it."""
    error = {
        "message": message,
        "type": "invalid_request_error",
        "param": None,
        "code": code,
        **fields,
    }
    return {"error": error}
