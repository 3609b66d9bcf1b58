"""Section 1: tool calls, in a stream and out of it."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

from langchain_core.messages import ToolMessage, message_chunk_to_message
from payloads import chunk, completion, dump, events, piece, tool_stream, whole_call
from servers.wire import Pause, WireServer, event_stream_reply, json_reply
from stage import Played, Stage, check, expect, expect_equal, read_async

TRAIN = "find_train"
TRAIN_ARGS = {"from": "Zürich HB", "to": "Chur", "seats": 2}
TRAIN_TEXT = dump(TRAIN_ARGS)


def cut(text: str, *at: int) -> list[str]:
    """Cut a text at the given offsets."""
    offsets = [0, *at, len(text)]
    return [text[a:b] for a, b in pairwise(offsets)]


def expect_train(played: Played, ids: list[str] | None = None) -> None:
    """Expect the one call that most of these streams hold."""
    expect_equal(played.calls, [(TRAIN, TRAIN_ARGS)], "tool_calls")
    expect_equal(played.message.invalid_tool_calls, [], "invalid_tool_calls")
    if ids is not None:
        expect_equal(played.ids, ids, "ids")


def expect_one_invalid(played: Played, raw: str) -> None:
    """Expect no valid call, and one that is invalid with the raw text."""
    expect_equal(played.calls, [], "tool_calls")
    invalid = played.message.invalid_tool_calls
    expect_equal(len(invalid), 1, "number of invalid_tool_calls")
    expect_equal(invalid[0]["args"], raw, "its raw text")


@check(1)
def name_in_every_delta(stage: Stage) -> None:
    """The name is repeated in every delta: it comes out once."""
    texts = cut(TRAIN_TEXT, 0, 5, 23, 31)
    deltas = [
        [piece(text, index=0, call=None if n else "call_a", name=TRAIN)]
        for n, text in enumerate(texts)
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_train(played, ["call_a"])


@check(1)
def new_id_in_every_delta_without_name(stage: Stage) -> None:
    """Every delta of a call has a new id and no name: one call with the first id."""
    texts = cut(TRAIN_TEXT, 2, 17)
    deltas = [
        [piece(text, index=0, call=f"chatcmpl-tool-{n}", name=None if n else TRAIN)]
        for n, text in enumerate(texts)
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_train(played, ["chatcmpl-tool-0"])


@check(1)
def new_id_in_every_delta_with_empty_name(stage: Stage) -> None:
    """Every delta of a call has a new id and an empty name: one call, the first id."""
    texts = cut(TRAIN_TEXT, 1, 9, 30)
    deltas = [
        [piece(text, index=2, call=f"id{n}", name="" if n else TRAIN)]
        for n, text in enumerate(texts)
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_train(played, ["id0"])


@check(1)
def new_id_in_every_delta_with_same_name(stage: Stage) -> None:
    """Every delta of a call has a new id and the same name: one call, the first id."""
    texts = cut(TRAIN_TEXT, 6, 14)
    deltas = [
        [piece(text, index=0, call=f"9f{n}", name=TRAIN)]
        for n, text in enumerate(texts)
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_train(played, ["9f0"])


@check(1)
def no_id_at_all(stage: Stage) -> None:
    """Two calls without ids get ids, unlike and from the first chunk on."""
    deltas = [
        [piece("", index=0, name="open_door")],
        [piece('{"room":', index=0)],
        [piece('"cellar"}', index=0)],
        [piece('{"level": 3}', index=1, name="dim_light")],
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_equal(
            played.calls,
            [("open_door", {"room": "cellar"}), ("dim_light", {"level": 3})],
            "tool_calls",
        )
        expect(all(played.ids), f"ids are {played.ids}")
        expect_equal(len(set(played.ids)), 2, "number of different ids")
        expect_stable_ids(played)


def expect_stable_ids(played: Played) -> None:
    """Expect that the first chunk of each call has the id that it keeps."""
    seen: dict[Any, Any] = {}
    for one in played.chunks:
        for part in one.tool_call_chunks:
            first = seen.setdefault(part["index"], part["id"])
            expect(first, "the first chunk of a call has no id")
            expect(part["id"] in (None, first), "the id changes between chunks")


@check(1)
def no_id_in_a_plain_answer(stage: Stage) -> None:
    """A call of a plain answer without an id gets one."""
    one = whole_call("dim_light", '{"level": 1}')
    del one["id"]
    reply = completion(None, "tool_calls", tool_calls=[one])
    for played in stage.answer(reply):
        expect_equal(played.calls, [("dim_light", {"level": 1})], "tool_calls")
        expect(played.ids[0], "the call has no id")


@check(1)
def no_index_with_ids(stage: Stage) -> None:
    """Without an index, fragments join by id, and a new id opens a new call."""
    deltas = [
        [piece('{"q": "lune', call="a1", name="search")],
        [piece(' rousse"}', call="a1")],
        [piece("", call="b2", name="translate")],
        [piece('{"text": "lune"', call="b2")],
        [piece("}", call="b2")],
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_equal(
            played.calls,
            [("search", {"q": "lune rousse"}), ("translate", {"text": "lune"})],
            "tool_calls",
        )
        expect_equal(played.ids, ["a1", "b2"], "ids")


@check(1)
def no_index_and_no_id_on_fragments(stage: Stage) -> None:
    """Without index and id, a fragment continues the call that was opened last."""
    deltas = [
        [piece('{"q": "mo', call="a1", name="search")],
        [piece('nte"}')],
        [piece('{"text"', call="b2", name="translate", index=None)],
        [piece(': "monte"}')],
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_equal(
            played.calls,
            [("search", {"q": "monte"}), ("translate", {"text": "monte"})],
            "tool_calls",
        )


@check(1)
def no_index_and_no_id_at_all(stage: Stage) -> None:
    """With names only, a new name after complete arguments opens a new call."""
    deltas = [
        [piece('{"title": "Il g', name="borrow_book")],
        [piece('attopardo"}')],
        [piece('{"day": "giovedì"}', name="set_reminder")],
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_equal(
            played.calls,
            [
                ("borrow_book", {"title": "Il gattopardo"}),
                ("set_reminder", {"day": "giovedì"}),
            ],
            "tool_calls",
        )
        expect_equal(len(set(played.ids) - {None}), 2, "number of different ids")


@check(1)
def all_calls_at_index_0(stage: Stage) -> None:
    """Three fragmented calls that are all labelled index 0 are three calls."""
    deltas = []
    for number, city in enumerate(("Tōkyō", "Ōsaka", "Kōbe")):
        deltas += [
            [piece("", index=0, call=f"w{number}", name="weather")],
            [piece('{"city": "', index=0)],
            [piece(f'{city}"}}', index=0)],
        ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_equal(
            played.calls,
            [("weather", {"city": city}) for city in ("Tōkyō", "Ōsaka", "Kōbe")],
            "tool_calls",
        )
        expect_equal(played.ids, ["w0", "w1", "w2"], "ids")


@check(1)
def equal_calls_with_ids_of_their_own(stage: Stage) -> None:
    """Two equal calls with different ids are two, at one index and without any."""
    for index in (0, None):
        one, two = (piece("{}", index=index, call=n, name="roll") for n in ("r", "s"))
        for stream in (tool_stream([one], [two]), tool_stream([one, two])):
            for played in stage.stream(stream):
                expect_equal(played.calls, [("roll", {})] * 2, "tool_calls")
                expect_equal(played.ids, ["r", "s"], "ids")


@check(1)
def interleaved_fragments(stage: Stage) -> None:
    """Fragments of two calls take turns: each call is whole, in first-seen order."""
    deltas = [
        [piece("", index=1, call="y", name="hire_car")],
        [piece("", index=0, call="x", name="book_room")],
        [piece('{"days"', index=1)],
        [piece('{"nights"', index=0)],
        [piece(": 4}", index=1)],
        [piece(": 5}", index=0)],
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_equal(
            played.calls,
            [("hire_car", {"days": 4}), ("book_room", {"nights": 5})],
            "tool_calls",
        )
        expect_equal(played.ids, ["y", "x"], "ids")


@check(1)
def indices_with_gaps(stage: Stage) -> None:
    """Indices that start at 3 and leave gaps are only labels."""
    deltas = [
        [piece('{"n": 1}', index=3, call="p", name="one")],
        [piece('{"n": ', index=9, call="q", name="two")],
        [piece("2}", index=9)],
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_equal(played.calls, [("one", {"n": 1}), ("two", {"n": 2})], "tool_calls")


@check(1)
def many_calls_in_one_delta(stage: Stage) -> None:
    """Many calls in one delta, then fragments that come alone: each call is whole."""
    names = [f"tool_{letter}" for letter in "abcde"]
    opened = [
        piece('{"v":', index=n, call=f"c{n}", name=name) for n, name in enumerate(names)
    ]
    closed = [[piece(f" {n}}}", index=n)] for n in (2, 0, 4, 1, 3)]
    for played in stage.stream(tool_stream(opened, *closed)):
        expected = [(name, {"v": n}) for n, name in enumerate(names)]
        expect_equal(played.calls, expected, "tool_calls")


@check(1)
def name_comes_late(stage: Stage) -> None:
    """The name comes after the first delta: no call is ever named ""."""
    deltas = [
        [piece("", index=0, call="k9", name="")],
        [piece('{"from": "Zürich HB", ', index=0, name="")],
        [piece(TRAIN_TEXT[22:], index=0, name=TRAIN)],
    ]
    expect_equal('{"from": "Zürich HB", ' + TRAIN_TEXT[22:], TRAIN_TEXT)
    for played in stage.stream(tool_stream(*deltas)):
        expect_train(played, ["k9"])
        for one in played.chunks:
            named = [part["name"] for part in one.tool_call_chunks]
            expect("" not in named, "a chunk has a call named ''")
            calls = [*one.tool_calls, *one.invalid_tool_calls]
            expect(all(call["name"] != "" for call in calls), "a call is named ''")


@check(1)
def name_never_comes(stage: Stage) -> None:
    """A call that never gets a name is an invalid tool call with the raw text."""
    deltas = [
        [piece('{"depth"', index=0, call="z3")],
        [piece(": 12}", index=0)],
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_one_invalid(played, '{"depth": 12}')


@check(1)
def arguments_are_an_object(stage: Stage) -> None:
    """Arguments that are a JSON object are taken as such, in a stream."""
    delta = [piece(TRAIN_ARGS, index=0, call="o1", name=TRAIN)]
    for played in stage.stream(tool_stream(delta)):
        expect_train(played, ["o1"])
        texts = [p["args"] for one in played.chunks for p in one.tool_call_chunks]
        expect("Zürich" in "".join(t or "" for t in texts), "the text is escaped")


@check(1)
def arguments_are_an_object_in_a_plain_answer(stage: Stage) -> None:
    """Arguments that are a JSON object are taken as such, in a plain answer."""
    one = whole_call(TRAIN, TRAIN_ARGS, call="o1")
    for played in stage.answer(completion(None, "tool_calls", tool_calls=[one])):
        expect_train(played, ["o1"])


@check(1)
def arguments_are_null(stage: Stage) -> None:
    """Arguments that are null are none, in a stream and in a plain answer."""
    one = whole_call("ring_bell", None, call="n1")
    delta = [{**one, "index": 0}]
    for played in stage.stream(tool_stream(delta)):
        expect_equal(played.calls, [("ring_bell", {})], "tool_calls")
    for played in stage.answer(completion(None, "tool_calls", tool_calls=[one])):
        expect_equal(played.calls, [("ring_bell", {})], "tool_calls")


@check(1)
def function_is_null(stage: Stage) -> None:
    """A delta whose function is null is skipped."""
    deltas = [
        [piece(TRAIN_TEXT[:20], index=0, call="f1", name=TRAIN)],
        [{"index": 0, "id": None, "type": None, "function": None}],
        [piece(TRAIN_TEXT[20:], index=0)],
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_train(played, ["f1"])


@check(1)
def arguments_cut_with_finish_length(stage: Stage) -> None:
    """Arguments cut by `length` in mid-string: an invalid call."""
    raw = '{"path": "/srv/photos", "recursive": true, "pattern": "*.j'
    deltas = [
        [piece("", index=0, call="d1", name="delete_files")],
        *([piece(text, index=0)] for text in cut(raw, 8, 40)),
    ]
    for played in stage.stream(tool_stream(*deltas, finish="length")):
        expect_one_invalid(played, raw)


@check(1)
def arguments_cut_with_a_lying_finish(stage: Stage) -> None:
    """Arguments cut after a whole value while finish_reason says `tool_calls`."""
    raw = '{"amount": 250, "currency": "CHF"'
    delta = [piece(raw, index=0, call="d2", name="pay")]
    for played in stage.stream(tool_stream(delta)):
        expect_one_invalid(played, raw)


@check(1)
def arguments_cut_by_the_end(stage: Stage) -> None:
    """Arguments cut by `[DONE]`, without a finish reason: an invalid call."""
    raw = '{"to": ["ana@example.org", "li'
    deltas = [
        [piece('{"to": [', index=0, call="d3", name="send_mail")],
        [piece(raw[8:], index=0)],
    ]
    for played in stage.stream(tool_stream(*deltas, finish=None)):
        expect_one_invalid(played, raw)


@check(1)
def second_of_two_calls_is_cut(stage: Stage) -> None:
    """Of two calls the second one is cut: the first is valid, the second is not."""
    deltas = [
        [piece('{"a": 1}', index=0, call="e0", name="first")],
        [piece('{"b', index=1, call="e1", name="second")],
    ]
    for played in stage.stream(tool_stream(*deltas, finish="length")):
        expect_equal(played.calls, [("first", {"a": 1})], "tool_calls")
        invalid = [(o["name"], o["args"]) for o in played.message.invalid_tool_calls]
        expect_equal(invalid, [("second", '{"b')], "invalid_tool_calls")


@check(1)
def arguments_cut_in_a_plain_answer(stage: Stage) -> None:
    """Arguments cut in a plain answer: an invalid call with the raw text."""
    one = whole_call("pay", '{"amount": 250, "cur', call="d4")
    for played in stage.answer(completion(None, "length", tool_calls=[one])):
        expect_one_invalid(played, '{"amount": 250, "cur')


@check(1)
def empty_tool_calls_in_text(stage: Stage) -> None:
    """`tool_calls` that are [] or null in text deltas are nothing."""
    stream = events(
        chunk({"role": "assistant", "content": "", "tool_calls": None}),
        chunk({"content": "Alles ", "tool_calls": []}),
        chunk({"content": "gut.", "tool_calls": None}),
        chunk({"tool_calls": []}, "stop"),
    )
    for played in stage.stream(stream):
        expect_equal(played.text, "Alles gut.", "text")
        expect_equal(played.calls, [], "tool_calls")
        expect_equal(played.message.invalid_tool_calls, [], "invalid_tool_calls")


@check(1)
def calls_and_finish_in_one_delta(stage: Stage) -> None:
    """A call that comes with the finish_reason in one delta is kept."""
    last = chunk(
        {"tool_calls": [piece(TRAIN_TEXT, index=0, call="g", name=TRAIN)]}, "tool_calls"
    )
    for played in stage.stream(events(last)):
        expect_train(played, ["g"])
        reason = played.message.response_metadata.get("finish_reason")
        expect_equal(reason, "tool_calls", "finish_reason")


@check(1)
def finish_stop_after_calls(stage: Stage) -> None:
    """Calls are kept when the finish_reason is `stop`."""
    delta = [piece(TRAIN_TEXT, index=0, call="h", name=TRAIN)]
    for played in stage.stream(tool_stream(delta, finish="stop")):
        expect_train(played, ["h"])
    one = whole_call(TRAIN, TRAIN_TEXT, call="h")
    for played in stage.answer(completion(None, "stop", tool_calls=[one])):
        expect_train(played, ["h"])


SIGNATURE = {"google": {"thought_signature": "CsUBAVKhc7v/+8=="}}


def send_back(stage: Stage, message: Any) -> list[Any]:
    """Send an answer and the results of its calls back; get the calls on the wire."""
    results = [ToolMessage("ok", tool_call_id=o["id"]) for o in message.tool_calls]
    history = ["Start", message, *results]
    return stage.send(history)["messages"][1].get("tool_calls", [])


@check(1)
def extra_content_in_a_stream(stage: Stage) -> None:
    """A streamed call's `extra_content` goes back verbatim, on the same call."""
    deltas = [
        [piece('{"n": 1', index=0, call="s0", name="one", extra_content=SIGNATURE)],
        [piece("}", index=0)],
        [piece('{"n": 2}', index=1, call="s1", name="two")],
    ]
    for played in stage.stream(tool_stream(*deltas)):
        expect_equal(played.ids, ["s0", "s1"], "ids")
        sent = send_back(stage, message_chunk_to_message(played.total))
        expect_equal(len(sent), 2, "number of calls sent back")
        expect_equal(sent[0].get("extra_content"), SIGNATURE, "extra_content sent back")
        expect("extra_content" not in sent[1], "the other call has extra_content too")


@check(1)
def extra_content_in_a_plain_answer(stage: Stage) -> None:
    """A plain answer's `extra_content` goes back verbatim, on the same call."""
    calls = [
        whole_call("one", "{}", call="s0"),
        whole_call("two", "{}", call="s1", extra_content=SIGNATURE),
    ]
    for played in stage.answer(completion(None, "tool_calls", tool_calls=calls)):
        sent = send_back(stage, played.message)
        expect_equal(len(sent), 2, "number of calls sent back")
        expect_equal(sent[1].get("extra_content"), SIGNATURE, "extra_content sent back")
        expect("extra_content" not in sent[0], "the other call has extra_content too")


@check(1)
def odd_ids_are_kept(stage: Stage) -> None:
    """Ids of any form come out and go back as they are."""
    ids = ["functions.find_train:0", "toolu_01A-Bc/d+e=="]
    calls = [whole_call(TRAIN, TRAIN_TEXT, call=one) for one in ids]
    for played in stage.answer(completion(None, "tool_calls", tool_calls=calls)):
        expect_equal(played.ids, ids, "ids")
        sent = send_back(stage, played.message)
        expect_equal([one["id"] for one in sent], ids, "ids sent back")


@check(1)
def tiny_deltas_are_coalesced(stage: Stage) -> None:
    """4,000 tiny argument deltas in few network reads make few chunks."""
    text = '{"text": "' + "wort " * 1600 + '"}'
    parts = [[piece(text[n : n + 2], index=0)] for n in range(0, len(text), 2)]
    first = [piece("", index=0, call="t0", name="write")]
    for played in stage.stream(tool_stream(first, *parts)):
        expect_equal(played.calls, [("write", {"text": "wort " * 1600})], "tool_calls")
        count = len(played.chunks)
        expect(count < len(parts) / 5, f"{len(parts)} deltas made {count} chunks")


@check(1)
def two_streams_of_one_model(stage: Stage) -> None:
    """Two concurrent streams of one model share no state."""

    def build(city: str) -> Any:
        parts = [
            [piece("", index=0, call=f"id-{city}", name="weather")],
            *([piece(letter, index=0)] for letter in f'{{"city":"{city}"}}'),
        ]
        lines = tool_stream(*parts).splitlines(keepends=True)
        pauses = [Pause(0.01)] * len(lines)
        both = [item for pair in zip(lines, pauses, strict=True) for item in pair]
        return event_stream_reply(*both)

    def choose(request: Any) -> Any:
        text = request.body.decode()
        cities = [city for city in ("Lugano", "Sitten") if city in text]
        return build(cities[0]) if cities else json_reply({}, status=400)

    async def read_both(model: Any, read: list[Played]) -> None:
        await asyncio.gather(
            *(
                read_async(model, city, {}, one)
                for city, one in zip(("Lugano", "Sitten"), read, strict=True)
            )
        )

    with WireServer(choose) as server:
        read = [Played("astream"), Played("astream")]
        asyncio.run(read_both(stage.build_model(origin=server.origin), read))
    for city, one in zip(("Lugano", "Sitten"), read, strict=True):
        expect_equal(one.calls, [("weather", {"city": city})], "tool_calls")
        expect_equal(one.ids, [f"id-{city}"], "ids")
