"""Any cut and any failure → the same vectors, or those that came."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import given, strategies as st

from langchain_clarifai import (
    ClarifaiBadRequestError,
    ClarifaiConnectionError,
    ClarifaiError,
)
from langchain_clarifai._embeddings import batches
from tests.unit.embeddings.runs import RESPONSE, answer, build_run, refuse

if TYPE_CHECKING:
    from langchain_clarifai._embeddings.run import Batch


@given(st.data())
def test_any_cut_and_any_order_of_answers_gives_the_same(data: st.DataObject) -> None:
    """Several batches are out at once, and come back in any order."""
    count = data.draw(st.integers(1, 30))
    texts = [str(number) for number in range(count)]
    most = data.draw(st.integers(2, 9))
    with patch.object(batches, "MAX_LETTERS", most):
        run = build_run(texts, chunk_size=data.draw(st.integers(1, 9)))
    out: list[Batch] = []
    while True:
        batch = run.take_batch() if data.draw(st.booleans()) or not out else None
        if batch is not None:
            out.append(batch)
        elif out:
            answer(run, out.pop(data.draw(st.integers(0, len(out) - 1))), texts)
        else:
            break
    assert run.finish() == [[float(number)] for number in range(count)]


@given(st.data())
def test_bad_texts_are_found_and_all_others_come(data: st.DataObject) -> None:
    """However batches are cut, only they are lost, and the error names them."""
    count = data.draw(st.integers(1, 60))
    bad = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=19))
    texts = [str(number) for number in range(count)]
    run = build_run(texts, chunk_size=data.draw(st.integers(1, 60)))
    run.check_length(1)  # something came before
    while (batch := run.take_batch()) is not None:
        if bad.isdisjoint(batch.places):
            answer(run, batch, texts)
        else:
            refuse(run, batch)
    with pytest.raises(ClarifaiBadRequestError) as caught:
        run.finish()
    assert set(caught.value.failed_indices) == bad
    expected = {n: [float(n)] for n in range(count) if n not in bad}
    assert caught.value.partial_embeddings == expected


def test_failure_of_the_network_keeps_what_came_and_what_is_out() -> None:
    """Answers to requests that were out still count; no further one is sent."""
    texts = ["1", "2", "3", "4"]
    run = build_run(texts, chunk_size=1)
    first, second, third = (run.take_batch() for _ in range(3))
    assert first
    assert second
    assert third
    answer(run, first, texts)
    lost = ClarifaiConnectionError(message="Gone.", request=None)  # type: ignore[arg-type]  # there was none
    run.take_error(second, lost)
    assert run.take_batch() is None
    answer(run, third, texts)
    with pytest.raises(ClarifaiError, match=r"Gone\. 2 of 4 vectors came") as caught:
        run.finish()
    assert caught.value is lost
    assert lost.partial_embeddings == {0: [1.0], 2: [3.0]}


def test_batches_that_were_out_when_an_encoding_was_refused_are_sent_again() -> None:
    """Each is refused by itself, and the next encoding is tried once."""
    texts = ["1", "2"]
    run = build_run(texts, chunk_size=1)
    first, second = run.take_batch(), run.take_batch()
    assert first
    assert second
    for refused in (first, second):
        said = ClarifaiBadRequestError("No base64.", response=RESPONSE, body=None)
        run.take_error(refused, said)
    while (batch := run.take_batch()) is not None:
        assert batch.encoding_format == "float"
        answer(run, batch, texts)
    assert run.finish() == [[1.0], [2.0]]


def test_errors_of_other_requests_carry_no_vectors() -> None:
    """The attributes are there for every error, and empty."""
    error = ClarifaiConnectionError(message="Gone.", request=None)  # type: ignore[arg-type]  # there was none
    assert error.partial_embeddings == {}
    assert error.failed_indices == ()
