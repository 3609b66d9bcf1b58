"""A few words from a check → JSON and event streams as OpenAI-compatible servers send.

Every payload is as complete as OpenAI's own, so that a strict client fails a check for
the fault in it only.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

JSON: TypeAlias = dict[str, Any]

BACKEND_MODEL = "gpt-oss-120b-mxfp4"
"""The name the backend answers with, which is not the name that was asked for."""
FINGERPRINT = "fp_5f20662549"
CREATED = 1_764_500_000


def events(*payloads: JSON | str, done: bool = True, end: str = "\n") -> bytes:
    """Write an event stream; a text is the data as it is."""
    texts = [dump(one) if isinstance(one, dict) else one for one in payloads]
    texts += ["[DONE]"] if done else []
    return "".join(f"data: {text}{end}{end}" for text in texts).encode()


def dump(payload: Any) -> str:
    """Write JSON without escapes."""
    return json.dumps(payload, ensure_ascii=False)


def chunk(delta: JSON | str | None = None, finish: str | None = None, **f: Any) -> JSON:
    """Build a chunk with one choice; a text is short for its content."""
    known = {"content": delta} if isinstance(delta, str) else (delta or {})
    one = {"index": 0, "delta": known, "logprobs": None, "finish_reason": finish}
    return build_chunk([one], **f)


def build_chunk(choices: Any, **fields: Any) -> JSON:
    """Build a chunk with any choices."""
    return {
        "id": "chatcmpl-B7f",
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": BACKEND_MODEL,
        "system_fingerprint": FINGERPRINT,
        "choices": choices,
        **fields,
    }


def role() -> JSON:
    """Build the chunk that usually comes first."""
    return chunk({"role": "assistant", "content": ""})


def text_stream(*texts: str, finish: str = "stop", usage: JSON | None = None) -> bytes:
    """Write an ordinary stream of text."""
    last = [build_chunk([], usage=usage)] if usage else []
    return events(role(), *map(chunk, texts), chunk(finish=finish), *last)


def piece(
    arguments: Any = None,
    *,
    index: int | None = None,
    call: str | None = None,
    name: str | None = None,
    **fields: Any,
) -> JSON:
    """Build a delta of a tool call; what is None is left out."""
    function = {"name": name, "arguments": arguments}
    known = {"index": index, "id": call, "type": "function" if call else None}
    return {
        **{key: value for key, value in known.items() if value is not None},
        "function": {k: value for k, value in function.items() if value is not None},
        **fields,
    }


def tool_stream(
    *deltas: list[JSON], finish: str | None = "tool_calls", text: str = ""
) -> bytes:
    """Write a stream in which each list is the `tool_calls` of one event."""
    start = chunk({"role": "assistant", "content": text or None})
    last = [chunk(finish=finish)] if finish else []
    return events(start, *(chunk({"tool_calls": one}) for one in deltas), *last)


def usage(prompt: Any, completion: Any, total: Any = None, **fields: Any) -> JSON:
    """Count tokens; the total is the sum unless it is given."""
    total = prompt + completion if total is None else total
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": total,
        **fields,
    }


def completion(
    content: Any = "Grüezi.",
    finish: str | None = "stop",
    *,
    top: JSON | None = None,
    **message: Any,
) -> JSON:
    """Build a whole answer; `top` goes into its top level, the rest in the message."""
    one = {
        "index": 0,
        "message": {"role": "assistant", "content": content, **message},
        "logprobs": None,
        "finish_reason": finish,
    }
    return {
        "id": "chatcmpl-B7f",
        "object": "chat.completion",
        "created": CREATED,
        "model": BACKEND_MODEL,
        "system_fingerprint": FINGERPRINT,
        "choices": [one],
        "usage": usage(11, 4),
        **(top or {}),
    }


def whole_call(
    name: str, arguments: Any, *, call: str = "call_Zq1", **fields: Any
) -> JSON:
    """Build a tool call of a whole answer."""
    function = {"name": name, "arguments": arguments}
    return {"id": call, "type": "function", "function": function, **fields}


def error(message: str, code: Any = None, kind: str = "invalid_request_error") -> JSON:
    """Build an error as OpenAI sends it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def status(
    code: Any, description: str, details: str = "", req_id: str = "b1946ac9"
) -> JSON:
    """Build an error as Clarifai's platform sends it."""
    return {
        "status": {
            "code": code,
            "description": description,
            "details": details,
            "req_id": req_id,
        }
    }


def runner_error(details: str, code: Any = 21313) -> JSON:
    """Build an error as Clarifai's model runner sends it, with status 200."""
    return {"code": code, "description": "Model prediction failed", "details": details}
