"""`<think>` tags → reasoning and content, apart."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings, strategies as st

from langchain_clarifai._answer.think_tags import ThinkTags, build_think_tags


def split(think_tags: ThinkTags, *texts: str) -> tuple[str, str]:
    """Feed texts; return all of the reasoning and all of the content."""
    pairs = [*(think_tags.feed(text) for text in texts), think_tags.flush()]
    return "".join(pair[0] for pair in pairs), "".join(pair[1] for pair in pairs)


ANSWERS = [
    ("<think>a b</think>\n\nHi", ("a b", "Hi"), ("a b", "Hi")),
    ("\n <think>\na\n\n b \n</think> Hi ", ("a\n\n b", "Hi "), ("a\n\n b", "Hi ")),
    ("<think></think>Hi", ("", "Hi"), ("", "Hi")),
    ("<think>\n\n</think>\n\nHi", ("", "Hi"), ("", "Hi")),
    ("<think>a</think>", ("a", ""), ("a", "")),
    ("<think>a", ("a", ""), ("a", "")),
    ("<think>a </thi", ("a </thi", ""), ("a </thi", "")),
    ("<think>", ("", ""), ("", "")),
    ("<thin", ("", "<thin"), ("", "<thin")),
    ("", ("", ""), ("", "")),
    ("\n\n", ("", "\n\n"), ("", "\n\n")),
    ("Hi", ("", "Hi"), ("", "Hi")),
    ("\n\n Hi", ("", "\n\n Hi"), ("", "\n\n Hi")),
    ("<b>Hi</b>", ("", "<b>Hi</b>"), ("", "<b>Hi</b>")),
    ("Hi <think>a</think>", ("", "Hi <think>a</think>"), ("Hi <think>a", "")),
    ("a b</think>\n\nHi", ("", "a b</think>\n\nHi"), ("a b", "Hi")),
    ("</think>\n\nHi", ("", "</think>\n\nHi"), ("", "Hi")),
    ("\n a </thi </think>Hi", ("", "\n a </thi </think>Hi"), ("a </thi", "Hi")),
    (
        "<think>a <think> b</think> c</think>",
        ("a <think> b", "c</think>"),
        ("a <think> b", "c</think>"),
    ),
    ("<think>a</think>b</think>", ("a", "b</think>"), ("a", "b</think>")),
    (
        "<thinking>a</thinking>",
        ("", "<thinking>a</thinking>"),
        ("", "<thinking>a</thinking>"),
    ),
    ("<think>é\u2028😀</think>ö", ("é\u2028😀", "ö"), ("é\u2028😀", "ö")),
]


@pytest.mark.parametrize(
    ("text", "opened", "may_be_opened"), ANSWERS, ids=[row[0] for row in ANSWERS]
)
def test_a_thought_is_split_off_wherever_the_text_is_cut(
    text: str, opened: tuple[str, str], may_be_opened: tuple[str, str]
) -> None:
    """Every cut into two, and into characters, gives what the whole text gives."""
    for may_open_in_prompt, expected in ((False, opened), (True, may_be_opened)):
        cuts = [[text], list(text)]
        cuts += [[text[:cut], text[cut:]] for cut in range(len(text))]
        for texts in cuts:
            tags = ThinkTags(may_open_in_prompt=may_open_in_prompt)
            assert split(tags, *filter(None, texts)) == expected


PIECES = st.sampled_from(
    ["<think>", "</think>", "<thi", "nk>", "</", "<", " ", "\n\n", "a", "é😀", "b c"]
)


@settings(max_examples=2 * settings().max_examples)
@given(
    pieces=st.lists(PIECES, max_size=12),
    cuts=st.lists(st.integers(0, 60), max_size=8),
    may_open_in_prompt=st.booleans(),
    thought=st.none() | st.lists(PIECES, max_size=3),
)
def test_any_split_gives_what_the_whole_gives(
    pieces: list[str],
    cuts: list[int],
    may_open_in_prompt: bool,  # noqa: FBT001 - drawn
    thought: list[str] | None,
) -> None:
    """Where the network cuts a text does not matter, and only tags and blanks go."""
    text = "".join(pieces)
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    texts = [text[start:end] for start, end in itertools.pairwise(edges)]
    results: list[tuple[str, str]] = []
    for parts in ([text] if text else [], texts):
        tags = ThinkTags(may_open_in_prompt=may_open_in_prompt)
        if thought is not None:
            assert tags.expect_repetition(thought) == ""
        results.append(split(tags, *parts))
    assert results[0] == results[1]
    if thought is None:
        kept = [letter for letter in "".join(results[0]) if letter in "aébc😀"]
        assert kept == [letter for letter in text if letter in "aébc😀"]


def test_a_thought_is_handed_out_while_it_grows() -> None:
    """An opened thought streams; only what could be the end of it is held."""
    tags = ThinkTags(may_open_in_prompt=True)
    assert tags.feed("<think>a b</th") == ("a b", "")
    assert tags.feed("e c </think") == ("</the c", "")
    assert tags.feed(">Hi") == ("", "Hi")
    assert tags.is_done


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("<think>a b</think>\n\nHi", "Hi"),
        ("\n<think>\na b\n</think>Hi", "Hi"),
        ("<think></think>Hi", "Hi"),
        ("<think>other</think>Hi", "<think>other</think>Hi"),
        ("<think> is a tag", "<think> is a tag"),
        ("Hi</think>", "Hi</think>"),
    ],
)
def test_a_thought_that_a_field_brought_is_taken_out_of_the_content(
    text: str, content: str
) -> None:
    """Tags that repeat the field go, and tags that the answer speaks of stay."""
    for texts in ([text], list(text)):
        tags = ThinkTags(may_open_in_prompt=True)
        assert tags.expect_repetition(["a", " b"]) == ""
        assert tags.expect_repetition(["a", " b"]) == ""
        assert split(tags, *texts) == ("", content)
        assert not tags.found


def test_text_that_waited_for_a_tag_is_content_when_a_field_comes() -> None:
    """A server with a field for thoughts leaves none in the content."""
    tags = ThinkTags(may_open_in_prompt=True)
    assert tags.feed("Hi") == ("", "")
    assert tags.expect_repetition(["a"]) == "Hi"
    assert tags.feed(" </think>") == ("", " </think>")


@pytest.mark.parametrize(
    "model",
    [
        "https://clarifai.com/qwen/qwenLM/models/QwQ-32B-AWQ",
        "qwen/qwenLM/models/Qwen3-30B-A3B-Thinking-2507",
        "qwen/qwen3/models/qwen3-next-80B-A3B-Thinking",
        "deepseek-ai/deepseek-chat/models/DeepSeek-R1-0528-Qwen3-8B",
        "minimaxai/chat-completion/models/MiniMax-M2_5-high-throughput",
    ],
)
def test_models_that_only_close_the_tag_are_known(model: str) -> None:
    """With "auto", the models whose prompt opens the tag need no setting."""
    tags = build_think_tags("auto", model)
    assert tags is not None
    assert split(tags, "a</think>b") == ("a", "b")


def test_the_format_decides_which_tags_count() -> None:
    """Other models need "tags" for a thought that is only closed; "off" splits none."""
    model = "openai/chat-completion/models/gpt-oss-120b"
    auto, always = (build_think_tags("auto", model), build_think_tags("tags", model))
    assert auto is not None
    assert always is not None
    assert split(auto, "a</think>b") == ("", "a</think>b")
    assert split(always, "a</think>b") == ("a", "b")
    assert build_think_tags("off", "QwQ") is None


def test_thoughts_of_blank_lines_cost_no_square() -> None:
    """Blanks wait for what follows them, and are not looked at again and again."""
    tags = ThinkTags(may_open_in_prompt=False)
    tags.feed("<think>a")
    start = time.process_time()
    for _ in range(100_000):
        tags.feed("\n")
    assert tags.feed("b</think>c") == ("\n" * 100_000 + "b", "c")
    assert time.process_time() - start < 3
