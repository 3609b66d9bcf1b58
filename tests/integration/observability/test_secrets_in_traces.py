"""What no collector may ever get: tokens, and the values of headers and queries.

All bytes that came in are searched, bodies decompressed, for the secrets as they are,
and as URLs, JSON and base64 write them.
"""

from __future__ import annotations

import base64
import json
from typing import Final
from urllib.parse import quote

import pytest

from tests.integration.observability import planted
from tests.integration.observability.planted import find_secrets
from tests.integration.observability.tracing import CALLS, Traced

KINDS: Final = (
    "argument",
    "secretstr",
    "callable",
    "asynccallable",
    "environment",
    "configured",
    "configuredsecretstr",
)
"""How a token can be given."""


@pytest.mark.parametrize("before", ["", "a", "ab", "Bearer ", "user:"])
def test_secret_is_found_in_every_form(before: str) -> None:
    """The search itself works, wherever in a base64 text the secret begins."""
    secret = planted.HEADER
    text = f"{before}{secret}:after"
    encoded = (
        text.encode(),
        quote(text, safe="").encode(),
        json.dumps({"x": text}).encode(),
        base64.b64encode(text.encode()),
        base64.urlsafe_b64encode(text.encode()),
    )
    for content in encoded:
        assert find_secrets((secret, planted.QUERY), [content]) == [secret]


def test_collectors_got_no_secret(by_langsmith: Traced, by_otel: Traced) -> None:
    """Neither tokens, however they are held, nor headers, queries and clients."""
    for traced in (by_langsmith, by_otel):
        assert traced.received
        assert find_secrets(planted.ALWAYS_HIDDEN, traced.received) == []


def test_model_got_all_secrets(by_langsmith: Traced) -> None:
    """They were in use: each of them went to the server of the model."""
    requests = by_langsmith.model_server.requests
    sent = [f"{request.path} {dict(request.headers)}".encode() for request in requests]
    found = find_secrets(planted.ALWAYS_HIDDEN, sent)
    assert found == list(planted.ALWAYS_HIDDEN)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", CALLS)
def test_token_that_the_server_repeats_is_blotted_out_of_the_run(
    by_langsmith: Traced, kind: str, call: str
) -> None:
    """In the error, and in body and headers of the response that LangChain traces."""
    run = by_langsmith.langsmith.find_run(f"repeat-{kind}-{call}")
    assert "Incorrect API key provided: **********" in run["error"]
    [[generation]] = run["outputs"]["generations"]
    metadata = generation["message"]["kwargs"]["response_metadata"]
    assert metadata["status_code"] == 401
    assert metadata["headers"]["x-token"] == "**********"
    assert metadata["headers"]["x-authorization"] == "Bearer **********"


def test_serialized_model_names_the_variable_of_the_token(by_langsmith: Traced) -> None:
    """And leaves out headers, query and clients altogether."""
    run = by_langsmith.langsmith.find_run("hello-argument-invoke")
    fields = run["serialized"]["kwargs"]
    assert fields["api_key"] == {"lc": 1, "type": "secret", "id": ["CLARIFAI_PAT"]}
    assert fields.keys().isdisjoint({"default_headers", "default_query", "http_client"})


# --- What a single call was given -----------------------------------------------------


@pytest.mark.parametrize("secret", [planted.CALL_HEADER, planted.CALL_QUERY])
def test_headers_and_query_of_a_call_are_not_traced(
    by_both: Traced, secret: str
) -> None:
    """`extra_headers` and `extra_query` may hold keys of a gateway."""
    assert find_secrets((secret,), by_both.received) == []


@pytest.mark.parametrize("secret", [planted.CALL_TOKEN, planted.CALL_DEFAULT_HEADER])
def test_refused_arguments_of_a_call_are_not_traced(
    by_both: Traced, secret: str
) -> None:
    """The refused call is traced, and they are left out of it."""
    assert find_secrets((secret,), by_both.received) == []


@pytest.mark.parametrize("call", CALLS)
def test_token_for_a_single_call_is_refused(by_both: Traced, call: str) -> None:
    """With the reason."""
    error = by_both.errors[f"refused-api_key-{call}"]
    assert "the arguments of a call are traced" in error


def test_headers_that_the_server_repeats_are_not_traced(by_batches: Traced) -> None:
    """As a proxy that is set to debugging does."""
    assert find_secrets((planted.HEADER,), by_batches.received) == []
