"""Section 2: usage and metadata."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from payloads import (
    BACKEND_MODEL,
    FINGERPRINT,
    JSON,
    build_chunk,
    chunk,
    completion,
    events,
    piece,
    role,
    tool_stream,
    usage,
    whole_call,
)
from servers.wire import event_stream_reply, json_reply
from stage import Played, Stage, check, expect, expect_equal


def counts(played: Played) -> tuple[Any, Any, Any]:
    """Get the three counts of an answer."""
    found: Any = played.message.usage_metadata
    expect(found, "there is no usage_metadata")
    return found["input_tokens"], found["output_tokens"], found["total_tokens"]


def end_with(counted: JSON) -> bytes:
    """Write a stream that ends with a chunk of usage."""
    last = build_chunk([], usage=counted)
    return events(role(), chunk("Ja."), chunk(finish="stop"), last)


def expect_details(stage: Stage, counted: JSON, side: str, expected: JSON) -> None:
    """Expect details of a side's tokens, streamed and plain."""
    everything = [
        *stage.stream(end_with(counted)),
        *stage.answer(completion(top={"usage": counted})),
    ]
    for played in everything:
        found: Any = played.message.usage_metadata or {}
        details = found.get(f"{side}_token_details") or {}
        for name, count in expected.items():
            expect_equal(details.get(name), count, f"{side} {name}")


@check(2)
def usage_on_every_chunk(stage: Stage) -> None:
    """Cumulative usage on every chunk is not summed: the last value counts."""
    stream = events(
        *(chunk(text, usage=usage(21, n)) for n, text in enumerate("Bern", 1)),
        chunk(finish="stop", usage=usage(21, 5)),
    )
    for played in stage.stream(stream):
        expect_equal(counts(played), (21, 5, 26), "usage")


@check(2)
def usage_on_the_last_two_chunks(stage: Stage) -> None:
    """Usage on the finish chunk and again on the last one is counted once."""
    stream = events(
        role(),
        chunk("Genau."),
        chunk(finish="stop", usage=usage(340, 18)),
        build_chunk([], usage=usage(340, 18)),
    )
    for played in stage.stream(stream):
        expect_equal(counts(played), (340, 18, 358), "usage")


@check(2)
def usage_is_on_one_chunk(stage: Stage) -> None:
    """However often usage comes, exactly one chunk has it."""
    stream = events(
        chunk("A", usage=usage(3, 1)),
        chunk("ha", usage=usage(3, 2)),
        chunk(finish="stop", usage=usage(3, 3)),
        build_chunk([], usage=usage(3, 3)),
    )
    for played in stage.stream(stream):
        holders = [one for one in played.chunks if one.usage_metadata]
        expect_equal(len(holders), 1, "number of chunks with usage")


@check(2)
def usage_in_the_choice(stage: Stage) -> None:
    """Usage inside `choices[0]` is found."""
    last = chunk(finish="stop")
    last["choices"][0]["usage"] = usage(77, 9)
    for played in stage.stream(events(role(), chunk("Doch."), last)):
        expect_equal(counts(played), (77, 9, 86), "usage")


@check(2)
def counts_are_null(stage: Stage) -> None:
    """Counts that are null are 0."""
    counted = {"prompt_tokens": 14, "completion_tokens": None, "total_tokens": None}
    for played in stage.stream(end_with(counted)):
        expect_equal(counts(played), (14, 0, 14), "usage")
    for played in stage.answer(completion(top={"usage": counted})):
        expect_equal(counts(played), (14, 0, 14), "usage")


@check(2)
def total_is_missing(stage: Stage) -> None:
    """A missing total is the sum."""
    counted = {"prompt_tokens": 120, "completion_tokens": 35}
    for played in stage.stream(end_with(counted)):
        expect_equal(counts(played), (120, 35, 155), "usage")
    for played in stage.answer(completion(top={"usage": counted})):
        expect_equal(counts(played), (120, 35, 155), "usage")


@check(2)
def a_count_is_missing(stage: Stage) -> None:
    """A missing count is 0."""
    counted = {"prompt_tokens": 8, "total_tokens": 8}
    for played in stage.stream(end_with(counted)):
        expect_equal(counts(played), (8, 0, 8), "usage")
    for played in stage.answer(completion(top={"usage": counted})):
        expect_equal(counts(played), (8, 0, 8), "usage")


@check(2)
def cached_tokens(stage: Stage) -> None:
    """`prompt_tokens_details.cached_tokens` is `cache_read`."""
    counted = usage(900, 3, prompt_tokens_details={"cached_tokens": 768})
    expect_details(stage, counted, "input", {"cache_read": 768})


@check(2)
def cache_write_tokens(stage: Stage) -> None:
    """`prompt_tokens_details.cache_write_tokens` is `cache_creation`."""
    details = {"cached_tokens": 100, "cache_write_tokens": 640}
    counted = usage(900, 3, prompt_tokens_details=details)
    expect_details(stage, counted, "input", {"cache_creation": 640, "cache_read": 100})


@check(2)
def cache_counts_on_top(stage: Stage) -> None:
    """Anthropic's top-level cache counts become details."""
    counted = usage(
        900, 3, cache_creation_input_tokens=256, cache_read_input_tokens=512
    )
    expect_details(stage, counted, "input", {"cache_creation": 256, "cache_read": 512})


@check(2)
def cache_hits_on_top(stage: Stage) -> None:
    """DeepSeek's `prompt_cache_hit_tokens` is `cache_read`."""
    counted = usage(900, 3, prompt_cache_hit_tokens=832, prompt_cache_miss_tokens=68)
    expect_details(stage, counted, "input", {"cache_read": 832})


@check(2)
def reasoning_and_audio_tokens(stage: Stage) -> None:
    """Reasoning and audio counts become details of their side."""
    counted = usage(
        50,
        60,
        prompt_tokens_details={"audio_tokens": 20},
        completion_tokens_details={"reasoning_tokens": 41, "audio_tokens": 7},
    )
    expect_details(stage, counted, "output", {"reasoning": 41, "audio": 7})
    expect_details(stage, counted, "input", {"audio": 20})


@check(2)
def details_not_reported(stage: Stage) -> None:
    """A detail that is null or missing is left out."""
    counted = usage(
        9,
        9,
        prompt_tokens_details={"cached_tokens": None, "audio_tokens": 2},
        completion_tokens_details=None,
    )
    for played in stage.stream(end_with(counted)):
        found: Any = played.message.usage_metadata or {}
        expect_equal(found.get("input_token_details"), {"audio": 2}, "input details")
        expect(not found.get("output_token_details"), "there are output details")


@check(2)
def finish_reason_on_several_chunks(stage: Stage) -> None:
    """A finish_reason on several chunks comes out once."""
    stream = events(
        role(),
        chunk("Fertig", "stop"),
        chunk(".", "stop"),
        build_chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}]),
    )
    for played in stage.stream(stream):
        metadata = played.message.response_metadata
        expect_equal(metadata.get("finish_reason"), "stop", "finish_reason")
        expect_equal(played.text, "Fertig.", "text")


@check(2)
def model_and_fingerprint_on_every_chunk(stage: Stage) -> None:
    """Model and fingerprint are on every chunk, and in no value twice."""
    stream = events(*map(chunk, ("Eins, ", "zwei")), chunk(finish="stop"))
    for played in stage.stream(stream):
        metadata = played.message.response_metadata
        expect_equal(
            metadata.get("system_fingerprint"), FINGERPRINT, "system_fingerprint"
        )
        doubled = [k for k, v in metadata.items() if f"{v}".count(BACKEND_MODEL) > 1]
        expect(not doubled, f"the backend's name is doubled in {doubled}")


@check(2)
def metadata_on_the_last_chunk(stage: Stage) -> None:
    """finish_reason, model and fingerprint are on one chunk only, the last."""
    stream = events(*map(chunk, ("Drei, ", "vier")), chunk(finish="stop"))
    for played in stage.stream(stream):
        for name in ("finish_reason", "model_name", "system_fingerprint"):
            found = [one.response_metadata.get(name) for one in played.chunks]
            holders = [n for n, value in enumerate(found) if value]
            expect_equal(len(holders), 1, f"number of chunks with {name}")
            later = played.chunks[holders[0] + 1 :]
            expect(not any(str(one.text) for one in later), f"text comes after {name}")


@check(2)
def finish_reason_is_empty(stage: Stage) -> None:
    """A finish_reason "" is none: the stream goes on."""
    stream = events(
        chunk({"role": "assistant", "content": "Noch "}, ""),
        chunk("nicht", ""),
        chunk(".", "length"),
    )
    for played in stage.stream(stream):
        expect_equal(played.text, "Noch nicht.", "text")
        reason = played.message.response_metadata.get("finish_reason")
        expect_equal(reason, "length", "finish_reason")


@check(2)
def finish_reason_is_unknown(stage: Stage) -> None:
    """An unknown finish_reason passes through, streamed and plain."""
    stream = events(role(), chunk("Hm"), chunk(finish="eos_abort"))
    everything = [*stage.stream(stream), *stage.answer(completion("Hm", "eos_abort"))]
    for played in everything:
        reason = played.message.response_metadata.get("finish_reason")
        expect_equal(reason, "eos_abort", "finish_reason")


def expect_parity(stage: Stage, plain: Any, streamed: Any) -> None:
    """Expect the same message of a plain answer and of a streamed one."""
    (one,) = [o for o in stage.answer(plain) if o.how == "invoke"]
    for other in stage.stream(streamed):
        for name in ("content", "tool_calls", "usage_metadata"):
            found = getattr(other.message, name)
            expect_equal(found, getattr(one.message, name), name)
        metadata, streamed_metadata = (
            {k: v for k, v in played.message.response_metadata.items() if k != "date"}
            for played in (one, other)
        )
        differing = {
            key
            for key in metadata.keys() | streamed_metadata.keys()
            if metadata.get(key, "missing") != streamed_metadata.get(key, "missing")
        }
        expect(not differing, f"response_metadata differs in {sorted(differing)}")


@check(2)
def parity_of_text(stage: Stage) -> None:
    """Plain and streamed text: the same content, usage and metadata."""
    counted = usage(31, 6, prompt_tokens_details={"cached_tokens": 16})
    headers = {"x-request-id": "req_77c"}
    stream = events(
        role(),
        chunk("Zwei "),
        chunk("Wörter"),
        chunk(finish="stop"),
        build_chunk([], usage=counted),
    )
    whole = completion("Zwei Wörter", top={"usage": counted})
    expect_parity(
        stage,
        json_reply(whole, headers=headers),
        event_stream_reply(stream, headers=headers),
    )


@check(2)
def parity_of_tool_calls(stage: Stage) -> None:
    """Plain and streamed tool calls: the same calls, usage and metadata."""
    deltas = [
        [piece("", index=0, call="v1", name="save_note")],
        [piece('{"note": "Brot', index=0)],
        [piece('"}', index=0)],
    ]
    one = whole_call("save_note", '{"note": "Brot"}', call="v1")
    whole = completion("", "tool_calls", tool_calls=[one], top={"usage": usage(5, 9)})
    done = b"data: [DONE]\n\n"
    counted = events(build_chunk([], usage=usage(5, 9)))
    stream = tool_stream(*deltas).removesuffix(done) + counted
    expect_parity(stage, whole, stream)


class Spy(BaseCallbackHandler):
    """Keeps the metadata that tracing gets."""

    def __init__(self) -> None:
        self.metadata: JSON = {}

    def on_chat_model_start(self, *_: Any, **fields: Any) -> None:
        """Keep what a run starts with."""
        self.metadata = fields.get("metadata") or {}


@check(2)
def model_provider_is_ls_provider(stage: Stage) -> None:
    """`model_provider` of every message is the `ls_provider` of tracing."""
    spy = Spy()
    call = {"arguments": {"config": {"callbacks": [spy]}}}
    stream = events(role(), chunk("Salü"), chunk(finish="stop"))
    for played in [*stage.answer(completion(), **call), *stage.stream(stream, **call)]:
        provider = played.message.response_metadata.get("model_provider")
        expect(provider, "there is no model_provider")
        expect_equal(provider, spy.metadata.get("ls_provider"), "model_provider")


@check(2)
def model_name_is_what_was_asked_for(stage: Stage) -> None:
    """`model_name` is the model asked for; the backend's name stands elsewhere."""
    stream = events(role(), chunk("Tschau"), chunk(finish="stop"))
    for played in [*stage.answer(completion()), *stage.stream(stream)]:
        metadata = played.message.response_metadata
        expect_equal(metadata.get("model_name"), stage.column.model, "model_name")
        others = {k: v for k, v in metadata.items() if k != "model_name"}
        expect(BACKEND_MODEL in others.values(), "the backend's name is lost")


@check(2)
def request_id_is_kept(stage: Stage) -> None:
    """The request id of the response is in `response_metadata`."""
    headers = {"x-request-id": "req_0b5e9"}
    stream = events(role(), chunk("Salü"), chunk(finish="stop"))
    everything = [
        *stage.answer(json_reply(completion(), headers=headers)),
        *stage.stream(event_stream_reply(stream, headers=headers)),
    ]
    for played in everything:
        values = played.message.response_metadata.values()
        expect("req_0b5e9" in values, "the request id is lost")


@check(2)
def raw_usage_is_kept_once(stage: Stage) -> None:
    """The raw usage, with fields nobody knows, is in `response_metadata`, unsummed."""
    counted = usage(6, 2, queue_time=0.25, cost_details={"upstream": "0.0021"})
    stream = events(
        chunk("Merci", usage=counted),
        chunk(finish="stop", usage=counted),
        build_chunk([], usage=counted),
    )
    everything = [
        *stage.stream(stream),
        *stage.answer(completion(top={"usage": counted})),
    ]
    for played in everything:
        values = list(played.message.response_metadata.values())
        expect_equal(values.count(counted), 1, "number of raw usages")


@check(2)
def response_headers_on_request(stage: Stage) -> None:
    """Response headers are in `response_metadata` when asked for, and only then."""
    headers = {"x-ratelimit-remaining": "14"}
    stream = events(role(), chunk("Salü"), chunk(finish="stop"))
    plain, streamed = (
        json_reply(completion(), headers=headers),
        event_stream_reply(stream, headers=headers),
    )
    asked = [
        *stage.answer(plain, response_headers=True),
        *stage.stream(streamed, response_headers=True),
    ]
    for played in asked:
        found = played.message.response_metadata.get("headers") or {}
        expect_equal(found.get("x-ratelimit-remaining"), "14", "header")
    for played in [*stage.answer(plain), *stage.stream(streamed)]:
        expect("headers" not in played.message.response_metadata, "nobody asked")
