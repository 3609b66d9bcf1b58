"""A prompt's first word → what the model behind the traced calls answers."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final

from tests.servers.openai_wire import (
    JSON,
    choice,
    chunk,
    completion,
    openai_error,
    platform_error,
    sse,
    tool_call,
    tool_call_delta,
    usage,
    usage_chunk,
)
from tests.servers.wire import (
    End,
    Reply,
    Request,
    WireServer,
    event_stream_reply,
    json_reply,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTS: Final = usage(
    11,
    7,
    prompt_tokens_details={"cached_tokens": 4},
    completion_tokens_details={"reasoning_tokens": 3},
)
USAGE_METADATA: Final = {
    "input_tokens": 11,
    "output_tokens": 7,
    "total_tokens": 18,
    "input_token_details": {"cache_read": 4},
    "output_token_details": {"reasoning": 3},
}
"""The same counts in LangChain's words."""

_CALL: Final = tool_call("get_weather", {"city": "Paris"})


class AnsweringServer(WireServer):
    """A server whose answers, good and bad, are chosen by the prompt's first word.

    | first word   | answer                                                      |
    |--------------|-------------------------------------------------------------|
    | hello        | a thought and "Hello!"; the stream tells its usage twice    |
    | weather      | a call of the tool; and after its result, a sentence        |
    | unauthorised | a 401 of Clarifai's                                         |
    | repeat       | a 401 that repeats the token, in its headers too            |
    | mirror       | a 400 that repeats all headers of the request               |
    | break        | two pieces of a stream, and the connection is closed        |
    | throttled    | a 429 the first time that this prompt comes, then "Hello!"  |
    """

    def __init__(self) -> None:
        """Start the server."""
        self._asked: Counter[str] = Counter()
        super().__init__(handler=self._choose_answer)

    def _choose_answer(self, request: Request) -> Reply:
        body = request.json
        prompt = next(m["content"] for m in body["messages"] if m["role"] == "user")
        match prompt.split()[0]:
            case "hello":
                return _say_hello(body)
            case "weather":
                return _tell_weather(body)
            case "unauthorised":
                refusal = platform_error(11001, "Invalid token", "It has expired.")
                return json_reply(refusal, status=401)
            case "break":
                return _break()
            case "throttled":
                return self._throttle(prompt, body)
            case word:
                return _repeat(word, request)

    def _throttle(self, prompt: str, body: JSON) -> Reply:
        self._asked[prompt] += 1
        if self._asked[prompt] > 1:
            return _say_hello(body)
        refusal = platform_error(11005, "Too many requests")
        return json_reply(refusal, status=429, headers={"retry-after-ms": "1"})


def _say_hello(body: JSON) -> Reply:
    if not body.get("stream"):
        answer = choice("Hello!", reasoning_content="A greeting.")
        return json_reply(completion(answer, usage=COUNTS))
    return _stream(
        chunk({"role": "assistant", "content": ""}),
        chunk({"reasoning_content": "A "}),
        chunk({"reasoning_content": "greeting."}),
        chunk("Hel"),
        chunk("lo!"),
        # Several servers tell the usage with the finish, and again at the end.
        chunk(finish_reason="stop", usage=COUNTS),
        usage_chunk(COUNTS),
    )


def _tell_weather(body: JSON) -> Reply:
    if body["messages"][-1]["role"] == "tool":
        if not body.get("stream"):
            return json_reply(completion(choice("It is sunny."), usage=COUNTS))
        return _stream(
            chunk("It is "), chunk("sunny."), chunk(finish_reason="stop"), _LAST
        )
    if not body.get("stream"):
        answer = choice(None, finish_reason="tool_calls", tool_calls=[_CALL])
        return json_reply(completion(answer, usage=COUNTS))
    opening = tool_call_delta("", call_id="call_1", name="get_weather")
    return _stream(
        chunk({"role": "assistant", "tool_calls": [opening]}),
        chunk({"tool_calls": [tool_call_delta(_CALL["function"]["arguments"])]}),
        chunk(finish_reason="tool_calls"),
        _LAST,
    )


_LAST: Final = usage_chunk(COUNTS)


def _stream(*chunks: JSON) -> Reply:
    pieces = [sse(one, done=False) for one in chunks]
    return event_stream_reply(*pieces, sse())


def _break() -> Reply:
    chunks: Sequence[JSON] = (chunk("Hel"), chunk("lo"))
    return event_stream_reply(sse(*chunks, done=False), end=End.FIN)


def _repeat(word: str, request: Request) -> Reply:
    """Refuse a request as proxies and servers do that are too talkative."""
    if word == "mirror":
        refusal = openai_error(f"Refused: {json.dumps(dict(request.headers))}")
        return json_reply(refusal, status=400)
    if word != "repeat":
        raise NotImplementedError(word)
    authorization = request.headers["authorization"]
    token = authorization.removeprefix("Bearer ")
    text = f"Incorrect API key provided: {token} ({json.dumps(authorization)})."
    headers = {"x-authorization": authorization, "x-token": token}
    return json_reply(openai_error(text), status=401, headers=headers)
