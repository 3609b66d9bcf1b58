"""JSON is found in the text around it, whole or as far as it has come."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st
from langchain_core.messages import AIMessage

from langchain_clarifai._structured.json_in_text import read_json, read_partial_json
from tests.unit.structured.jokes import JOKE, JOKE_TEXT, Joke, parse_as_joke


@pytest.mark.parametrize(
    "text",
    [
        JOKE_TEXT,
        f"\n\n {JOKE_TEXT} \n",
        f"```json\n{JOKE_TEXT}\n```",
        f"```\n{JOKE_TEXT}\n```",
        f"```json\r\n{JOKE_TEXT}```",
        f"```json\n{JOKE_TEXT}",
        f"<think>hm, {{}} or {{a}}?</think>{JOKE_TEXT}",
        f'\n<think>\n{{"setup": 1}}\n</think>\n\n```json\n{JOKE_TEXT}\n```',
        f'so {{"setup": 1}} it is\n</think>\n{JOKE_TEXT}',
        f"Here you go:\n\n{JOKE_TEXT}\n\nI hope that helps {{name}}!",
        f"Not {{}}, but:\n```json\n{JOKE_TEXT}\n```\nas you said.",
        f'Unlike {{"setup": 1}}:\n```json\n{JOKE_TEXT}\n```',
        f"{JOKE_TEXT}\n{JOKE_TEXT}",
        f"{JOKE_TEXT}}}",
    ],
    ids=lambda text: text[:30],
)
def test_json_with_wrapping_is_read(text: str) -> None:
    """Fences, reasoning and prose around one object are left out."""
    assert parse_as_joke(AIMessage(text)) == Joke(**JOKE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "</think> ```x``` <think>"}', {"a": "</think> ```x``` <think>"}),
        ('{"a": "</think>"} as asked', {"a": "</think>"}),
        ('Look: {"a": "```py\\nx\\n```"}', {"a": "```py\nx\n```"}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ('```\nnot json\n```\n```json\n{"a": 1}\n```', {"a": 1}),
        ('```\n1\n``` {"a": 1}', {"a": 1}),
        ('The list: [{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ("5", 5),
        (f'{{"a": {2**80}}}', {"a": 2**80}),
    ],
)
def test_read_json_keeps_what_is_inside_of_strings(text: str, expected: Any) -> None:
    """Marks inside strings are text, and a value is never torn apart."""
    assert read_json(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the answer is empty"),
        ("<think>what if {}", "the answer is empty"),
        ('<think>say {"a": 1}', "the answer is empty"),
        ("I'd rather not.", "there is none"),
        ('{"a": 1} or {"a": 2}', "there are several"),
        ('```\n{"a": 1}\n```\n```\n{"a": 2}\n```', "there are several"),
        ('{"a": {"b": 1}', "Expecting"),
        ('So: {"a": {"b": 1}, "c', "Unterminated"),
        ('{"a": 1} {"a": 2', "Expecting"),
        ("[" * 100_000, "none|too deeply"),
        (f'{{"a": {"1" * 5000}}}', "Exceeds the limit"),
        ('x {"a":' + '[{"a":' * 50_000, "Expecting|too deeply"),
    ],
    ids=lambda text: text[:30],
)
def test_ambiguous_or_cut_json_is_refused(text: str, words: str) -> None:
    """What may not be the answer is not taken for it, and cut JSON is not completed."""
    with pytest.raises(ValueError, match=words):
        read_json(text)


@given(
    st.dictionaries(
        st.text(), st.recursive(st.text() | st.integers(), st.lists, max_leaves=5)
    )
)
def test_any_object_is_read_through_any_wrapping(value: dict[str, Any]) -> None:
    """Whatever the object holds, a fence or reasoning around it changes nothing."""
    text = json.dumps(value, ensure_ascii=False)
    assert read_json(text) == value
    assert read_json(f"<think>hm</think>\n{text}\n") == value
    assert read_json(f"```json\n{text}\n```") == value or "```" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("Sure: {", None),
        ("<think>{", None),
        ("`", None),
        ("```js", None),
        ("```json\n{", {}),
        (' {"a": [1, {"b": "x', {"a": [1, {"b": "x"}]}),
        ('{"a": "two\nlin', {"a": "two\nlin"}),
        ('```json\n{"a": 1}\n```\nbye', {"a": 1}),
        (f'{{"a": {2**80}, "b', {"a": 2**80}),
        (f'{{"a": {"1" * 5000}}}', None),
        ("{]", None),
        ("[" * 100_000, None),
        ('{"a": 1', {}),
        ('{"a": [1, -1.5e', {"a": [1]}),
        ('{"a": 1 ', {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        ('{"a": "in 12', {"a": "in 12"}),
        ('{"a": tru', {}),
        ('{"a": true', {"a": True}),
        ('{"a": "\\ud83d', {"a": ""}),
        ('{"a": "\\', {"a": ""}),
    ],
    ids=lambda text: str(text)[:20],
)
def test_partial_json_is_read_as_far_as_it_goes(text: str, expected: Any) -> None:
    """Half an object is what is certain of it; what is not JSON yet is nothing."""
    assert read_partial_json(text) == expected


def grows(old: Any, new: Any) -> bool:
    """Tell whether a value holds all of an older one, its texts perhaps longer."""
    if isinstance(old, dict):
        return old.keys() <= new.keys() and all(grows(old[k], new[k]) for k in old)
    if isinstance(old, list):
        return len(old) <= len(new) and all(map(grows, old, new))
    return bool(new.startswith(old) if isinstance(old, str) else new == old)


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none()
            | st.booleans()
            | st.text(max_size=9)
            | st.integers()
            # Numbers as JSON knows them.
            | st.floats(allow_nan=False, allow_infinity=False),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
            max_leaves=9,
        ),
    ),
    st.booleans(),
)
def test_partial_json_only_grows(value: dict[str, Any], ensure_ascii: bool) -> None:  # noqa: FBT001
    """Wherever it is cut, what was there stays, and nothing turns out to be wrong."""
    text = json.dumps(value, ensure_ascii=ensure_ascii)
    partials = [read_partial_json(text[:end]) for end in range(1, len(text) + 1)]
    assert partials[0] == {}
    assert partials[-1] == value
    assert all(grows(old, new) for old, new in pairwise(partials))
