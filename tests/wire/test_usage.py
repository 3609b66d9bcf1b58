"""Usage and metadata in odd places and shapes → one count, and one set of metadata.

All bytes are constructed, after the issue that each file names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.openai_wire import (
    MODEL as BACKEND_MODEL,
    choice,
    chunk,
    completion,
    sse,
    text_chunks,
    tool_call,
    usage,
)
from tests.servers.wire import event_stream_reply, json_reply
from tests.wire.replaying import READERS, load, replay
from tests.wire.ways import PLAIN, STREAMED, Way, call

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from tests.servers.wire import WireServer

every_reader = pytest.mark.parametrize("reader", READERS)
streamed = pytest.mark.parametrize("way", STREAMED, ids=lambda way: way.value)
plain = pytest.mark.parametrize("way", PLAIN, ids=lambda way: way.value)
every_way = pytest.mark.parametrize("way", Way, ids=lambda way: way.value)

COUNTED = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}

USAGES: dict[str, dict[str, Any]] = {
    "cumulative": COUNTED,
    "finish_and_last": COUNTED,
    "in_choice": COUNTED,
    "finish_only": COUNTED,
    "empty_afterwards": COUNTED,
    "null_counts": {"input_tokens": 10, "output_tokens": 0, "total_tokens": 10},
    "details": {
        **COUNTED,
        "input_token_details": {"cache_read": 4, "cache_creation": 3, "audio": 0},
        "output_token_details": {"reasoning": 1},
    },
    "details_at_the_top": {
        **COUNTED,
        "input_token_details": {"cache_read": 4, "cache_creation": 3},
    },
    "metadata_repeated": COUNTED,
    "reason_unknown": COUNTED,
}
METADATA: dict[str, dict[str, Any]] = {
    "metadata_repeated": {
        "id": "c-1",
        "system_fingerprint": "fp_1",
        "backend_model": "backend",
    },
    "reason_unknown": {"finish_reason": "eos"},
}


def read_metadata(message: AIMessage) -> dict[str, Any]:
    """Return the metadata without what LangChain adds for its own output version."""
    metadata = {**message.response_metadata}
    metadata.pop("output_version", None)
    return metadata


@every_reader
@pytest.mark.parametrize("name", USAGES)
def test_usage_is_the_last_one_and_metadata_stand_once(
    name: str, reader: str, wire: WireServer
) -> None:
    """Nothing is summed or doubled, wherever and however often a server reports it."""
    message = replay(wire, f"usage/{name}", reader)
    assert message.text == "Hi!"
    assert message.usage_metadata == USAGES[name]
    metadata = read_metadata(message)
    raw = metadata.pop("token_usage")
    assert raw["prompt_tokens"] == 10
    assert metadata == {
        "model_provider": "clarifai",
        "model_name": "user/app/models/model",
        "backend_model": BACKEND_MODEL,
        "id": "chatcmpl-1",
        "finish_reason": "stop",
        "normalized_finish_reason": "stop",
        **METADATA.get(name, {}),
    }


@streamed
@pytest.mark.parametrize("name", USAGES)
def test_usage_is_on_exactly_one_chunk(name: str, way: Way, wire: WireServer) -> None:
    """The last chunk has the usage, the finish reason and the rest, and no other."""
    wire.reply(event_stream_reply(load(f"usage/{name}")))
    *others, last = call(way, wire).chunks
    assert last.usage_metadata is not None
    assert last.chunk_position == "last"
    assert all(chunk.usage_metadata is None for chunk in others)
    assert all(
        chunk.response_metadata == {"model_provider": "clarifai"} for chunk in others
    )


@plain
@pytest.mark.parametrize("name", USAGES)
def test_plain_answers_have_the_usage_and_metadata_of_streamed_ones(
    name: str, way: Way, wire: WireServer
) -> None:
    """Keys and values are the same, with streaming or without."""
    from_stream = replay(wire, f"usage/{name}", "stream")
    metadata = from_stream.response_metadata
    one = choice("Hi!", finish_reason=metadata["finish_reason"])
    body = completion(
        one,
        id=metadata["id"],
        model=metadata["backend_model"],
        system_fingerprint=metadata.get("system_fingerprint"),
        usage=metadata["token_usage"],
    )
    wire.reply(json_reply(body))
    from_plain = call(way, wire).message
    assert from_plain.model_copy(update={"id": from_stream.id}) == from_stream


CALL = [{"index": 0, **tool_call("f", {"a": 1})}]
CUT = [{"index": 0, **tool_call("f", '{"a": ')}]


@every_way
@pytest.mark.parametrize(
    ("reason", "fields", "normalized"),
    [
        ("stop", {"content": "a", "tool_calls": CALL}, "tool_call"),
        ("stop", {"content": "a", "tool_calls": CUT}, "stop"),
        ("tool_calls", {"content": "a", "tool_calls": CALL}, "tool_call"),
        ("length", {"content": "a", "tool_calls": CALL}, "length"),
        ("stop", {"refusal": "No."}, "refusal"),
        ("length", {"refusal": "No.", "tool_calls": CALL}, "refusal"),
        ("END_TURN", {"content": "a"}, "stop"),
        ("some-other", {"refusal": "No."}, None),
    ],
)
def test_normalized_reason_is_cores(
    wire: WireServer,
    way: Way,
    reason: str,
    fields: dict[str, Any],
    normalized: str | None,
) -> None:
    """Calls and refusals correct it, as langchain-core does for v3 events."""
    one = choice(**{"content": None, **fields}, finish_reason=reason)
    body = sse(chunk(fields), chunk(finish_reason=reason))
    wire.reply(
        json_reply(completion(one)) if way in PLAIN else event_stream_reply(body)
    )
    metadata = call(way, wire).message.response_metadata
    assert metadata["finish_reason"] == reason
    assert metadata.get("normalized_finish_reason") == normalized
    assert "finish_state" not in metadata


@plain
def test_plain_usage_may_stand_in_the_choice(way: Way, wire: WireServer) -> None:
    """Moonshot's place for it is read in a plain answer too."""
    body = completion({**choice("Hi!"), "usage": usage(10, 2)})
    del body["usage"]
    wire.reply(json_reply(body))
    assert call(way, wire).message.usage_metadata == COUNTED


@every_way
def test_no_usage_is_none(way: Way, wire: WireServer) -> None:
    """What a server does not count is not made up."""
    *events, _ = text_chunks("Hi!")
    body = completion(choice("Hi!"))
    del body["usage"]
    wire.reply(json_reply(body) if way in PLAIN else event_stream_reply(sse(*events)))
    message = call(way, wire).message
    assert message.usage_metadata is None
    assert "token_usage" not in message.response_metadata


@every_way
def test_the_request_id_and_headers_are_there(way: Way, wire: WireServer) -> None:
    """The id always, and all headers when they are asked for."""
    headers = {"x-request-id": "req-1", "x-ratelimit-remaining": "9"}
    for include in (False, True):
        wire.reply(
            json_reply(completion(), headers=headers)
            if way in PLAIN
            else event_stream_reply(sse(*text_chunks("Hello!")), headers=headers)
        )
        message = call(way, wire, include_response_headers=include).message
        metadata = message.response_metadata
        assert metadata["request_id"] == "req-1"
        kept = metadata.get("headers", {})
        assert kept.get("x-ratelimit-remaining") == ("9" if include else None)
