"""Headers as users give them → headers that may be sent."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_clarifai._settings.headers import check_headers, merge_headers


def test_headers_are_sent_as_text() -> None:
    """Numbers of a call's headers become text."""
    assert check_headers({"X-A": 1}) == {"X-A": "1"}


@pytest.mark.parametrize(
    "headers",
    [
        {"a": "x\r\nb: y"},
        {"a\n": "x"},
        {"a:": "x"},
        {"": "x"},
        {"a": "ä"},
        {"ä": "x"},
        {"a": " x"},
        {"a": "x "},
        {"a": "x\t"},
        {"a b": "x"},
        {" a": "x"},
        {"a ": "x"},
        {"a(b)": "x"},
        {"a": "x\x00"},
        {"a": "\ud83d"},
        {"a": b"x"},
        {b"a": "x"},
        {1: "x"},
    ],
    ids=repr,
)
def test_header_that_could_begin_another_is_refused_unseen(
    headers: dict[Any, Any],
) -> None:
    """The value may be a secret, so it is not shown."""
    with pytest.raises(ValueError, match="cannot be sent") as caught:
        check_headers(headers)
    assert not any(value in str(caught.value) for value in ("b: y", "'x'"))


@pytest.mark.parametrize(
    "name",
    ["Content-Length", "transfer-ENCODING", "Expect", "TE", "Trailer", "Upgrade"],
)
def test_header_that_changes_the_framing_is_refused_with_the_reason(name: str) -> None:
    """In any case of its name; its value is not shown."""
    with pytest.raises(
        ValueError, match=f"'{name}' cannot be sent.*Leave it"
    ) as caught:
        check_headers({name: "secret"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["Host", "Connection", "Authorization", "Cookie"])
def test_header_that_leaves_the_framing_alone_is_accepted(name: str) -> None:
    """A gateway may ask for them."""
    assert check_headers({name: "close"}) == {name: "close"}


def test_last_spelling_of_a_name_counts() -> None:
    """Names of headers do not differ by case."""
    assert check_headers({"X-A": "1", "x-b": "2", "x-a": "3"}) == {
        "x-a": "3",
        "x-b": "2",
    }


def test_headers_are_laid_over_others_whatever_their_case() -> None:
    """And `None` removes one."""
    headers = {"X-A": "1", "X-B": "2", "X-C": "3"}
    merged = merge_headers(headers, {"x-a": "4", "x-b": None})
    assert merged == {"X-C": "3", "x-a": "4"}
