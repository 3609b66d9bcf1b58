"""Section 3: reasoning, in and out."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from payloads import chunk, completion, dump, events, piece, role, whole_call
from servers.wire import Pause, WireServer, event_stream_reply, split_every
from stage import Played, Stage, check, expect, expect_equal

THOUGHT = "17 ist prim; also nächste Zahl: 19."
PIECES = ("17 ist ", "prim; also", " nächste Zahl: 19.")
ANSWER = "Die Antwort ist 19."


def think_in(*fields: str) -> bytes:
    """Write a stream that thinks in the given fields, then answers."""
    return events(
        chunk({"role": "assistant", "content": ""}),
        *(chunk(dict.fromkeys(fields, text)) for text in PIECES),
        chunk("Die Antwort "),
        chunk("ist 19."),
        chunk(finish="stop"),
    )


def expect_thought(played: Played) -> None:
    """Expect the thought and the answer, apart."""
    expect_equal(played.reasoning, THOUGHT, "reasoning")
    expect_equal(played.text, ANSWER, "text")


@check(3)
def reasoning_content_in_a_stream(stage: Stage) -> None:
    """`reasoning_content` of a stream is reasoning."""
    for played in stage.stream(think_in("reasoning_content")):
        expect_thought(played)


@check(3)
def reasoning_content_in_a_plain_answer(stage: Stage) -> None:
    """`reasoning_content` of a plain answer is reasoning."""
    for played in stage.answer(completion(ANSWER, reasoning_content=THOUGHT)):
        expect_thought(played)


@check(3)
def reasoning_in_a_stream(stage: Stage) -> None:
    """`reasoning` of a stream is reasoning."""
    for played in stage.stream(think_in("reasoning")):
        expect_thought(played)


@check(3)
def reasoning_in_a_plain_answer(stage: Stage) -> None:
    """`reasoning` of a plain answer is reasoning."""
    for played in stage.answer(completion(ANSWER, reasoning=THOUGHT)):
        expect_thought(played)


@check(3)
def reasoning_in_both_fields(stage: Stage) -> None:
    """The same text in both fields is never doubled."""
    both = {"reasoning": THOUGHT, "reasoning_content": THOUGHT}
    for played in stage.stream(think_in("reasoning", "reasoning_content")):
        expect_thought(played)
    for played in stage.answer(completion(ANSWER, **both)):
        expect_thought(played)


@check(3)
def reasoning_is_a_content_block(stage: Stage) -> None:
    """`content_blocks` shows one block of reasoning and one of text."""
    everything = [
        *stage.stream(think_in("reasoning_content")),
        *stage.answer(completion(ANSWER, reasoning_content=THOUGHT)),
    ]
    for played in everything:
        blocks: Any = played.message.content_blocks
        kinds = [one["type"] for one in blocks]
        expect_equal(kinds, ["reasoning", "text"], "blocks")
        expect_equal(blocks[0]["reasoning"], THOUGHT, "reasoning")


def think_and_call(field: str) -> Any:
    """Build a plain answer that thinks in a field and calls a tool."""
    one = whole_call("next_prime", '{"after": 17}', call="np1")
    return completion(None, "tool_calls", tool_calls=[one], **{field: THOUGHT})


def send_back(stage: Stage, message: Any) -> Any:
    """Send an answer and the result of its call back; get it as it was sent."""
    history = [
        HumanMessage("Und die nächste?"),
        message,
        ToolMessage("19", tool_call_id="np1"),
    ]
    return stage.send(history)["messages"][1]


@check(3)
def reasoning_content_goes_back(stage: Stage) -> None:
    """`reasoning_content` goes back in history under `reasoning_content`."""
    for played in stage.answer(think_and_call("reasoning_content")):
        sent = send_back(stage, played.message)
        expect_equal(sent.get("reasoning_content"), THOUGHT, "what is sent back")


@check(3)
def reasoning_goes_back(stage: Stage) -> None:
    """`reasoning` goes back in history under `reasoning`, streamed as well."""
    one = piece('{"after": 17}', index=0, call="np1", name="next_prime")
    stream = events(
        role(),
        *(chunk({"reasoning": text}) for text in PIECES),
        chunk({"tool_calls": [one]}),
        chunk(finish="tool_calls"),
    )
    everything = [
        *stage.answer(think_and_call("reasoning")),
        *stage.stream(stream),
    ]
    for played in everything:
        sent = send_back(stage, played.message)
        expect_equal(sent.get("reasoning"), THOUGHT, "what is sent back")


@check(3)
def reasoning_of_another_provider(stage: Stage) -> None:
    """The reasoning of another provider's message is never sent."""
    foreign = "Meine Gedanken gehören anderswohin."
    call = {"name": "next_prime", "args": {}, "id": "np1", "type": "tool_call"}
    others = [
        AIMessage(
            [
                {"type": "reasoning", "reasoning": foreign},
                {"type": "text", "text": "19"},
            ],
            tool_calls=[call],
            response_metadata={"model_provider": "anthropic", "output_version": "v1"},
        ),
        AIMessage(
            "19",
            tool_calls=[call],
            additional_kwargs={"reasoning_content": foreign},
            response_metadata={"model_provider": "xai"},
        ),
    ]
    for message in others:
        sent = send_back(stage, message)
        expect(foreign not in dump(sent), "the reasoning was sent")
        expect("19" in dump(sent), "the text was not sent")


@check(3)
def think_tags_in_a_stream(stage: Stage) -> None:
    """`<think>…</think>` at the start of a stream, split after every letter."""
    tagged = f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}"
    for size in (1, 5):
        texts = [tagged[n : n + size] for n in range(0, len(tagged), size)]
        stream = events(role(), *map(chunk, texts), chunk(finish="stop"))
        for played in stage.stream(stream):
            expect_equal(played.reasoning.strip(), THOUGHT, "reasoning")
            expect_equal(played.text.strip(), ANSWER, "text")


@check(3)
def think_tags_in_a_plain_answer(stage: Stage) -> None:
    """`<think>…</think>` at the start of a plain answer."""
    for played in stage.answer(completion(f"<think>{THOUGHT}</think>{ANSWER}")):
        expect_thought(played)


@check(3)
def think_tag_is_only_closed(stage: Stage) -> None:
    """`</think>` without `<think>`, where the integration was told of tags."""
    tagged = f"{THOUGHT}</think>{ANSWER}"
    texts = [tagged[n : n + 7] for n in range(0, len(tagged), 7)]
    stream = events(role(), *map(chunk, texts), chunk(finish="stop"))
    everything = [
        *stage.stream(stream, think_tags="tags"),
        *stage.answer(completion(tagged), think_tags="tags"),
    ]
    for played in everything:
        expect_thought(played)


@check(3)
def think_tags_left_alone(stage: Stage) -> None:
    """Tags stay text where that was asked for, and where they are only quoted."""
    tagged = f"<think>{THOUGHT}</think>{ANSWER}"
    texts = (tagged[:12], tagged[12:])
    stream = events(role(), *map(chunk, texts), chunk(finish="stop"))
    for played in stage.stream(stream, think_tags="off"):
        expect_equal(played.text, tagged, "text")
    quoted = "Das Element <think> schliesst mit </think>."
    for played in stage.answer(completion(quoted)):
        expect_equal(played.text, quoted, "text")


@check(3)
def closing_while_text_is_held(stage: Stage) -> None:
    """Nothing is yielded while a generator is closed that holds back text."""
    stream = events(
        role(), chunk({"reasoning_content": "Hm."}), chunk("<thi"), chunk("nk>ab</th")
    )
    pieces = split_every(stream, 200)
    with WireServer() as server:
        server.reply(event_stream_reply(*pieces, Pause(5), b"data: [DONE]\n\n"))
        model = stage.build_model(origin=server.origin)
        chunks = model.stream("Los")
        next(chunks)
        chunks.close()
        expect(server.exchanges[0].client_left.wait(3), "the server saw no end")


CALL_ARGUMENTS = {"after": 17}
IN_TURN = events(
    role(),
    *(chunk({"reasoning_content": text}) for text in PIECES),
    chunk("Ich "),
    chunk("rechne."),
    chunk({"tool_calls": [piece('{"after"', index=0, call="np1", name="next_prime")]}),
    chunk({"tool_calls": [piece(": 17}", index=0)]}),
    chunk(finish="tool_calls"),
)
IN_ONE = events(
    role(),
    chunk(
        {
            "reasoning_content": PIECES[0] + PIECES[1],
            "content": "Ich ",
            "tool_calls": [piece('{"aft', index=0, call="np1", name="next_prime")],
        }
    ),
    chunk(
        {
            "reasoning_content": PIECES[2],
            "content": "rechne.",
            "tool_calls": [piece('er": 17}', index=0)],
        }
    ),
    chunk(finish="tool_calls"),
)


def expect_blocks(blocks: Any) -> None:
    """Expect a block of each kind, none of them corrupted."""
    kinds = [one["type"] for one in blocks]
    expect_equal(kinds, ["reasoning", "text", "tool_call"], "blocks")
    expect_equal(blocks[0]["reasoning"], THOUGHT, "reasoning")
    expect_equal(blocks[1]["text"], "Ich rechne.", "text")
    expect_equal(blocks[2]["name"], "next_prime", "name of the call")
    expect_equal(blocks[2]["args"], CALL_ARGUMENTS, "arguments of the call")


@check(3)
def v1_blocks_in_turn(stage: Stage) -> None:
    """`output_version="v1"`: reasoning, text and a call in turn are three blocks."""
    for played in stage.stream(IN_TURN, output_version="v1"):
        expect_blocks(played.message.content_blocks)


@check(3)
def v1_blocks_in_one_chunk(stage: Stage) -> None:
    """`output_version="v1"`: reasoning, text and a call in one chunk likewise."""
    for played in stage.stream(IN_ONE, output_version="v1"):
        expect_blocks(played.message.content_blocks)


@check(3)
def v1_blocks_of_a_plain_answer(stage: Stage) -> None:
    """`output_version="v1"`: a plain answer has the same three blocks."""
    one = whole_call("next_prime", '{"after": 17}', call="np1")
    whole = completion(
        "Ich rechne.", "tool_calls", tool_calls=[one], reasoning_content=THOUGHT
    )
    for played in stage.answer(whole, output_version="v1"):
        expect_blocks(played.message.content)


def stream_events(stage: Stage, stream: bytes) -> Any:
    """Play a stream to the v3 event stream; get the message it ends with."""
    with WireServer() as server:
        server.reply(event_stream_reply(stream))
        model = stage.build_model(origin=server.origin)
        read = model.stream_events("Los", version="v3")
        for _ in read:
            pass
        return read.output


@check(3)
def v3_event_stream(stage: Stage) -> None:
    """The v3 event stream: three blocks, in one chunk or in turn."""
    for stream in (IN_TURN, IN_ONE):
        message = stream_events(stage, stream)
        expect_blocks(message.content_blocks)
