"""What is known of a request and its answer shows no secret of theirs."""

from __future__ import annotations

from langchain_clarifai._errors.exchange import Exchange

TOKEN = "sk-a-token-that-stays"
HEADER = "a-header-that-is-secret"


def test_exchange_shows_neither_token_nor_headers() -> None:
    """Tracebacks with local variables print it."""
    shown = repr(Exchange(token=TOKEN, headers={"x-key": HEADER}, model="m"))
    assert TOKEN not in shown
    assert HEADER not in shown


def test_values_of_headers_are_blotted_out_like_the_token() -> None:
    """A gateway's own key is often sent in a header, and repeated in its errors."""
    exchange = Exchange(token=TOKEN, headers={"x-key": HEADER})
    text = exchange.redaction.redact(f"no {TOKEN}, no {HEADER}")
    assert text == "no **********, no **********"
