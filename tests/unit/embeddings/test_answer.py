"""The body of an answer → its vectors, in the order of the texts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from langchain_clarifai._answer.faults import ErrorBody, MalformedAnswer
from langchain_clarifai._embeddings.answer import convert_to_answer
from tests.servers.embedding import build_embeddings, write_base64


@given(st.permutations(range(7)), st.lists(st.booleans(), min_size=7, max_size=7))
def test_any_order_of_an_answer_gives_the_same(
    order: list[int], encoded: list[bool]
) -> None:
    """The index decides, and each vector may come in either form."""
    vectors = [[float(number), 0.5] for number in range(7)]
    written = [
        write_base64(vector) if is_encoded else vector
        for vector, is_encoded in zip(vectors, encoded, strict=True)
    ]
    answer = build_embeddings(written)
    answer["data"] = [answer["data"][place] for place in order]
    body = json.dumps(answer).encode()
    assert convert_to_answer(body, 7, is_base64=True).vectors == vectors


@given(st.lists(st.integers(-1, 4), max_size=5))
def test_indices_that_are_no_order_are_refused(indices: list[int]) -> None:
    """One vector for each text, or none at all."""
    entries = [{"index": index, "embedding": [float(index)]} for index in indices]
    body = json.dumps({"data": entries}).encode()
    if sorted(indices) == [0, 1, 2]:
        answer = convert_to_answer(body, 3, is_base64=False)
        assert answer.vectors == [[0.0], [1.0], [2.0]]
    else:
        with pytest.raises(MalformedAnswer, match="A vector"):
            convert_to_answer(body, 3, is_base64=False)


USAGES: list[tuple[Any, int]] = [
    ({"prompt_tokens": 7, "total_tokens": 7}, 7),
    ({"input_tokens": 7}, 7),
    ({"prompt_tokens": "7"}, 7),
    ({"total_tokens": 7}, 0),
    ({}, 0),
    (None, 0),
    ([1], 0),
]


@pytest.mark.parametrize(("usage", "input_tokens"), USAGES)
def test_usage_is_read_as_that_of_chat(usage: Any, input_tokens: int) -> None:
    """In any spelling; what is not reported counts as nothing."""
    body = json.dumps(build_embeddings([[1.0]], usage=usage)).encode()
    answer = convert_to_answer(body, 1, is_base64=False)
    assert answer.usage["input_tokens"] == input_tokens
    assert answer.usage["output_tokens"] == 0


def test_nan_as_python_writes_it_is_refused() -> None:
    """Some servers write JSON that is none."""
    with pytest.raises(MalformedAnswer, match="not finite"):
        convert_to_answer(b'{"data": [{"embedding": [NaN]}]}', 1, is_base64=False)


def test_error_in_a_success_is_one() -> None:
    """In every shape that the chat model knows."""
    with pytest.raises(ErrorBody):
        convert_to_answer(b'{"error": {"message": "No."}}', 1, is_base64=False)
