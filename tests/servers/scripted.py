"""A chat completion request → the answer of a model that behaves, as JSON or stream.

The server is strict where backends are strict (a tool call without a result, an empty
list of tools, a content part that nobody knows) and good at all the rest: it calls the
tool that the prompt is about, fits arguments and JSON to their schema, stops where it
is told to, and counts tokens from the text. The same request gets the same answer.
"""

from __future__ import annotations

import hashlib
import json
import threading
from typing import TYPE_CHECKING, Final

from tests.servers.answering import Answer, answer_request, split_tokens
from tests.servers.checking import RefusedError, read_parts, read_text
from tests.servers.embedding import answer_embeddings
from tests.servers.openai_wire import (
    CREATED,
    JSON,
    openai_error,
    platform_error,
    sse,
    tool_call,
    tool_call_delta,
    usage,
)
from tests.servers.wire import (
    OPENAI_PATH,
    Reply,
    Request,
    WireServer,
    event_stream_reply,
    json_reply,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_AUDIO_TOKENS: Final = 25
_IMAGE_TOKENS: Final = 85


def _count_prompt(body: JSON) -> int:
    messages = sum(_count_message(message) for message in body["messages"])
    return messages + len(split_tokens(json.dumps(body.get("tools") or "")))


def _count_message(message: JSON) -> int:
    kinds = [part["type"] for part in read_parts([message])]
    calls = json.dumps(message.get("tool_calls") or "")
    return (
        3
        + len(split_tokens(read_text(message)))
        + len(split_tokens(calls))
        + _IMAGE_TOKENS * kinds.count("image_url")
        + _AUDIO_TOKENS * kinds.count("input_audio")
    )


def _count_usage(body: JSON, answers: Sequence[Answer], cached: int, new: int) -> JSON:
    """Count a whole request.

    Args:
        body: The request's JSON.
        answers: All choices.
        cached: Tokens of the prompt that were read from the cache.
        new: Tokens of the prompt that were written to the cache.
    """
    kinds = [part["type"] for part in read_parts(body["messages"])]
    thought = sum(len(split_tokens(answer.reasoning)) for answer in answers)
    details = {"cached_tokens": cached}
    if "input_audio" in kinds:
        details["audio_tokens"] = _AUDIO_TOKENS * kinds.count("input_audio")
    written = {"cache_creation_input_tokens": new} if new else {}
    return usage(
        _count_prompt(body),
        sum(answer.count_tokens() for answer in answers),
        prompt_tokens_details=details,
        completion_tokens_details={"reasoning_tokens": thought},
        **written,
    )


def _build_head(body: JSON, kind: str) -> JSON:
    seed = json.dumps(body, sort_keys=True).encode()
    return {
        "id": f"chatcmpl-{hashlib.sha256(seed).hexdigest()[:16]}",
        "object": kind,
        "created": CREATED,
        # Backends know the model by a name of their own, not by Clarifai's URL.
        "model": str(body["model"]).rsplit("/", 1)[-1],
        "system_fingerprint": "fp_scripted",
    }


def _build_logprobs(body: JSON, text: str) -> JSON | None:
    if not body.get("logprobs"):
        return None
    content = [
        {
            "token": token,
            "logprob": -0.1,
            "bytes": [*token.encode()],
            "top_logprobs": [],
        }
        for token in split_tokens(text)
    ]
    return {"content": content, "refusal": None}


def build_completion(
    body: JSON, answers: Sequence[Answer], counts: JSON, field: str
) -> JSON:
    """Build a whole completion, with the nulls that Clarifai's runner adds."""
    choices: list[JSON] = []
    for index, answer in enumerate(answers):
        calls = [
            tool_call(c.name, c.arguments, call_id=c.call_id) for c in answer.tool_calls
        ]
        message: JSON = {
            "role": "assistant",
            "content": answer.content or (None if calls else ""),
            "refusal": None,
            "annotations": None,
            "audio": None,
            "function_call": None,
            "tool_calls": calls or None,
            **({field: answer.reasoning} if answer.reasoning else {}),
        }
        choices.append(
            {
                "index": index,
                "message": message,
                "logprobs": _build_logprobs(body, answer.content),
                "finish_reason": answer.finish_reason,
            }
        )
    return {**_build_head(body, "chat.completion"), "choices": choices, "usage": counts}


def build_chunks(
    body: JSON, answers: Sequence[Answer], counts: JSON, field: str
) -> list[JSON]:
    """Build the chunks of a stream: a token each, the choices one after the other."""
    head = _build_head(body, "chat.completion.chunk")
    chunks: list[JSON] = []
    for index, answer in enumerate(answers):
        for delta in _build_deltas(answer, field):
            logprobs = _build_logprobs(body, delta.get("content") or "")
            choice = {"index": index, "delta": delta, "logprobs": logprobs}
            chunks.append({**head, "choices": [{**choice, "finish_reason": None}]})
        last = {"index": index, "delta": {}, "finish_reason": answer.finish_reason}
        chunks.append({**head, "choices": [last]})
    if (body.get("stream_options") or {}).get("include_usage"):
        chunks.append({**head, "choices": [], "usage": counts})
    return chunks


def _build_deltas(answer: Answer, field: str) -> Iterator[JSON]:
    yield {"role": "assistant", "content": ""}
    for token in split_tokens(answer.reasoning):
        yield {field: token}
    for token in split_tokens(answer.content):
        yield {"content": token}
    for index, call in enumerate(answer.tool_calls):
        opening = tool_call_delta("", index=index, call_id=call.call_id, name=call.name)
        yield {"tool_calls": [opening]}
        for token in split_tokens(call.arguments):
            yield {"tool_calls": [tool_call_delta(token, index=index)]}


class ScriptedServer(WireServer):
    """An OpenAI-compatible server with a model that behaves.

    A request with `reasoning_effort` is answered with reasoning. A prompt that begins
    as one before did has `cached_tokens`; one with a `cache_control` mark counts what
    it writes to the cache, as Anthropic does.
    """

    def __init__(
        self, *, api_key: str | None = None, reasoning_field: str = "reasoning_content"
    ) -> None:
        """Start the server.

        Args:
            api_key: The only one that is let in; `None` lets in everybody.
            reasoning_field: Where the reasoning goes: backends differ.
        """
        self.api_key = api_key
        self.reasoning_field = reasoning_field
        self._seen: set[str] = set()
        self._seen_lock = threading.Lock()
        super().__init__(handler=self._handle)

    def _handle(self, request: Request) -> Reply:
        authorization = request.headers.get("authorization", "")
        if self.api_key and authorization != f"Bearer {self.api_key}":
            refusal = platform_error(11001, "Invalid token", "The token is unknown.")
            return json_reply(refusal, status=401)
        path = request.path.removeprefix(OPENAI_PATH)
        if (request.method, path) == ("GET", "/models"):
            return json_reply({"object": "list", "data": [_describe_model()]})
        try:
            if (request.method, path) == ("POST", "/embeddings"):
                return json_reply(answer_embeddings(request.json))
            if (request.method, path) == ("POST", "/chat/completions"):
                return self._complete(request.json)
        except RefusedError as refusal:
            return json_reply(openai_error(str(refusal)), status=400)
        return json_reply(openai_error(f"Not found: {path}"), status=404)

    def _complete(self, body: JSON) -> Reply:
        count = body.get("n") or 1
        answers = [answer_request(body, position=position) for position in range(count)]
        cached, new = self._use_cache(body)
        counts = _count_usage(body, answers, cached, new)
        if not body.get("stream"):
            reply = build_completion(body, answers, counts, self.reasoning_field)
            return json_reply(reply, headers={"x-request-id": reply["id"]})
        chunks = build_chunks(body, answers, counts, self.reasoning_field)
        pieces = [sse(chunk, done=False) for chunk in chunks]
        headers = {"x-request-id": chunks[0]["id"]}
        return event_stream_reply(*pieces, sse(), headers=headers)

    def _use_cache(self, body: JSON) -> tuple[int, int]:
        """Count what the cache knows of a prompt, and what is new in it."""
        cached = new = 0
        marked = '"cache_control"' in json.dumps(body["messages"])
        prefix = json.dumps(body.get("tools"), sort_keys=True)
        with self._seen_lock:
            for message in body["messages"]:
                prefix += json.dumps(message, sort_keys=True)
                if prefix in self._seen:
                    cached += _count_message(message)
                elif marked:
                    new += _count_message(message)
                self._seen.add(prefix)
        return cached, new


def _describe_model() -> JSON:
    return {
        "id": "scripted",
        "object": "model",
        "created": CREATED,
        "owned_by": "tests",
        "max_model_len": 8192,
    }
