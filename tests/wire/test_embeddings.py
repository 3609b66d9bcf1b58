"""Texts over a real socket → their vectors, or an error that has those that came."""

from __future__ import annotations

import asyncio
import enum
import json
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest
from langchain_core.exceptions import ContextOverflowError
from pydantic import SecretStr

from langchain_clarifai import (
    ClarifaiAuthenticationError,
    ClarifaiBadRequestError,
    ClarifaiContextOverflowError,
    ClarifaiEmbeddings,
    ClarifaiError,
    ClarifaiInternalServerError,
    ClarifaiMalformedResponseError,
)
from langchain_clarifai._embeddings.run import Run
from tests.servers.embedding import (
    answer_embeddings,
    build_embeddings,
    embed,
    write_base64,
)
from tests.servers.openai_wire import openai_error, platform_error, runner_error
from tests.servers.wire import Pause, Reply, Request, WireServer, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TOKEN: Final = "sk-the-token-that-nobody-may-see"
MODEL: Final = "openai/embed/models/text-embedding-3-large"
URL: Final = f"https://clarifai.com/{MODEL}"
TOO_LONG: Final = "This model's maximum context length is 8192 tokens."


class Way(enum.Enum):
    """How a model is called."""

    SYNC = "sync"
    ASYNC = "async"


both_ways = pytest.mark.parametrize("way", list(Way), ids=lambda way: way.value)


def build(server: WireServer, **settings: Any) -> ClarifaiEmbeddings:
    """Build a model that does not wait, unless a test says so."""
    fields: dict[str, Any] = {
        "model": MODEL,
        "api_key": SecretStr(TOKEN),
        "base_url": server.url,
        "max_retries": 0,
        "cold_start_timeout": 0,
        "timeout": 20,
    }
    return ClarifaiEmbeddings(**{**fields, **settings})


def run(model: ClarifaiEmbeddings, texts: Sequence[Any], way: Way) -> list[list[float]]:
    """Embed texts one way or the other, and leave nothing open."""
    if way is Way.SYNC:
        with model:
            return model.embed_documents(list(texts))

    async def embed_and_close() -> list[list[float]]:
        async with model:
            return await model.aembed_documents(list(texts))

    return asyncio.run(embed_and_close())


def fail(model: ClarifaiEmbeddings, texts: Sequence[Any], way: Way) -> ClarifaiError:
    """Embed texts in vain."""
    with pytest.raises(ClarifaiError) as caught:
        run(model, texts, way)
    assert TOKEN not in repr(caught.value)
    return caught.value


def serve(
    refuse: Callable[[dict[str, Any]], Reply | None] = lambda _: None,
) -> WireServer:
    """Serve a model that behaves, but for what is refused."""

    def handle(request: Request) -> Reply:
        return refuse(request.json) or json_reply(answer_embeddings(request.json))

    return WireServer(handle)


def list_inputs(server: WireServer) -> list[list[str]]:
    """List the texts of each request."""
    return [request.json["input"] for request in server.requests]


# --- What goes out ----------------------------------------------------------------


@both_ways
def test_request_holds_what_the_user_set_and_nothing_else(
    wire: WireServer, way: Way
) -> None:
    """The body is the model, the texts and how vectors travel."""
    wire.reply(json_reply(build_embeddings([[0.5, -1.0], [2.0, 0.25]])))
    assert run(build(wire), ["a", "b"], way) == [[0.5, -1.0], [2.0, 0.25]]
    request = wire.last_request
    assert (request.method, request.path) == ("POST", "/v2/ext/openai/v1/embeddings")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.json == {
        "model": URL,
        "input": ["a", "b"],
        "encoding_format": "base64",
    }


def test_fields_go_into_every_body(wire: WireServer) -> None:
    """What the runner knows is at the top, and what it lacks is nested."""
    wire.reply(json_reply(build_embeddings([[1.0]])))
    model = build(
        wire,
        dimensions=256,
        encoding_format="float",
        extra_body={"input_type": "query"},
        model_kwargs={"user": "me"},
        default_headers={"x-team": "search"},
        default_query={"region": "eu"},
    )
    model.embed_query("a")
    request = wire.last_request
    assert request.json == {
        "model": URL,
        "input": ["a"],
        "dimensions": 256,
        "encoding_format": "float",
        "user": "me",
        "extra_body": {"input_type": "query"},
    }
    assert request.headers["x-team"] == "search"
    assert request.path.endswith("/embeddings?region=eu")


def test_other_servers_get_their_own_names_and_no_nesting(wire: WireServer) -> None:
    """A server that is not Clarifai's reads its own keys at the top."""
    wire.reply(json_reply(build_embeddings([[1.0]])))
    extra_body = {"input_type": "query", "encoding_format": "float"}
    base_url = f"{wire.origin}/v1"
    build(wire, model="bge-m3", base_url=base_url, extra_body=extra_body).embed_query(
        "ä\u2028😀"
    )
    assert wire.last_request.path == "/v1/embeddings"
    assert wire.last_request.json == {
        "model": "bge-m3",
        "input": ["ä\u2028😀"],
        "input_type": "query",
        "encoding_format": "float",
    }


@both_ways
def test_no_texts_send_nothing(wire: WireServer, way: Way) -> None:
    """Without a text there is no vector, and no request."""
    assert run(build(wire), [], way) == []
    assert wire.requests == []


@both_ways
def test_empty_text_goes_out(way: Way) -> None:
    """An empty text is the user's business."""
    with serve() as server:
        assert len(run(build(server), [""], way)) == 1
        assert list_inputs(server) == [[""]]


@both_ways
@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["a", None], r"texts\[1\] is a NoneType"),
        ([["a"]], r"texts\[0\] is a list"),
        ([b"a"], r"texts\[0\] is a bytes"),
    ],
)
def test_what_is_no_text_is_refused_before_any_request(
    wire: WireServer, texts: list[Any], said: str, way: Way
) -> None:
    """The error says which one it is."""
    with pytest.raises(ValueError, match=said):
        run(build(wire), texts, way)
    assert wire.requests == []


def test_one_text_for_many_is_refused(wire: WireServer) -> None:
    """A string is a sequence of letters, which nobody means."""
    with pytest.raises(ValueError, match="embed_query"):
        build(wire).embed_documents("a text")  # type: ignore[arg-type]  # on purpose
    assert wire.requests == []


# --- Batches ----------------------------------------------------------------------


@both_ways
def test_batches_are_bounded_in_texts(way: Way) -> None:
    """Seven texts by three are three requests, in their order."""
    with serve() as server:
        texts = [f"text number {number}" for number in range(7)]
        vectors = run(build(server, chunk_size=3), texts, way)
        assert vectors == [embed(text) for text in texts]
        assert list_inputs(server) == [texts[:3], texts[3:6], texts[6:]]


def test_batches_are_bounded_in_letters() -> None:
    """A request stays under 250,000 letters; a text that is longer goes alone."""
    with serve() as server:
        texts = ["a" * 100_000] * 5 + ["b" * 300_000, "c"]
        assert len(build(server).embed_documents(texts)) == 7
        sizes = [[len(text) for text in batch] for batch in list_inputs(server)]
    assert sizes == [[100_000] * 2, [100_000] * 2, [100_000], [300_000], [1]]


def test_chunk_size_of_a_call_wins() -> None:
    """As with OpenAI's embeddings."""
    with serve() as server:
        model = build(server, chunk_size=3)
        model.embed_documents(["a", "b"], chunk_size=1)
        assert list_inputs(server) == [["a"], ["b"]]
        with pytest.raises(ValueError, match="chunk_size=0"):
            model.embed_documents(["a"], chunk_size=0)


@both_ways
def test_requests_are_out_at_once_and_vectors_in_order(way: Way) -> None:
    """Four requests meet at the server; the first one's answer is the last to come."""
    meeting = threading.Barrier(4)

    def handle(request: Request) -> Reply:
        number = int(request.json["input"][0])
        if number < 4:
            meeting.wait(10)
        pause = [Pause(0.3 * (number == 0))]
        reply = json_reply(build_embeddings([[float(number)]]))
        return Reply(
            body=reply.body,
            headers=reply.headers,
            framing=reply.framing,
            before=pause,
        )

    with WireServer(handle) as server:
        texts = [str(number) for number in range(12)]
        model = build(server, chunk_size=1, max_concurrency=4)
        assert run(model, texts, way) == [[float(number)] for number in range(12)]
        assert server.connections == 4


def test_one_request_at_a_time_by_default() -> None:
    """One connection does it all."""
    with serve() as server:
        build(server, chunk_size=1).embed_documents(["a", "b", "c"])
        assert server.connections == 1


# --- Encodings --------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("encoding_format", ["base64", "float"])
def test_vectors_are_lists_of_floats_however_they_travel(
    encoding_format: str, way: Way
) -> None:
    """Base64 and JSON give the same."""
    with serve() as server:
        [vector] = run(build(server, encoding_format=encoding_format), ["word"], way)
        assert vector == embed("word")
        assert type(vector) is list
        assert {type(number) for number in vector} == {float}


REFUSALS: Final = {
    "openai": json_reply(
        openai_error("Invalid value for 'encoding_format'."), status=400
    ),
    "fastapi": json_reply(
        {"detail": [{"loc": ["body", "encoding_format"], "msg": "not 'float'"}]},
        status=422,
    ),
    "runner": json_reply(runner_error("Error code: 400 - base64 is not supported")),
    "clarifai": json_reply(
        platform_error(11100, "Invalid request", "base64 is not supported"), status=400
    ),
    "crash": json_reply(openai_error("cannot encode as base64"), status=500),
}


@both_ways
@pytest.mark.parametrize("name", REFUSALS)
def test_server_that_refuses_base64_is_asked_for_floats(name: str, way: Way) -> None:
    """The model remembers: later requests ask for floats at once."""

    def refuse(body: dict[str, Any]) -> Reply | None:
        return REFUSALS[name] if body.get("encoding_format") == "base64" else None

    with serve(refuse) as server:
        model = build(server, chunk_size=1)
        assert run(model, ["one", "three"], way) == [embed("one"), embed("three")]
        run(model, ["four"], way)
        formats = [request.json["encoding_format"] for request in server.requests]
        assert formats == ["base64", "float", "float", "float"]


def test_server_that_refuses_the_parameter_is_asked_without() -> None:
    """When floats are refused as well, nothing is said about it."""

    def refuse(body: dict[str, Any]) -> Reply | None:
        unknown = openai_error("Unknown parameter: encoding_format")
        return json_reply(unknown, status=400) if "encoding_format" in body else None

    with serve(refuse) as server:
        assert build(server).embed_query("four") == embed("four")
        formats = [request.json.get("encoding_format") for request in server.requests]
        assert formats == ["base64", "float", None]


def test_server_that_refuses_all_of_them_is_believed() -> None:
    """There is an end to it."""
    refusal = json_reply(openai_error("No encoding_format will do."), status=400)
    with serve(lambda _: refusal) as server:
        error = fail(build(server), ["a"], Way.SYNC)
        assert isinstance(error, ClarifaiBadRequestError)
        assert len(server.requests) == 3


def test_server_that_ignores_base64_is_understood(wire: WireServer) -> None:
    """Lists of numbers are taken whatever was asked; whole numbers become floats."""
    wire.reply(json_reply(build_embeddings([[1, 0.5, -2]])))
    vector = build(wire).embed_query("a")
    assert vector == [1.0, 0.5, -2.0]
    assert {type(number) for number in vector} == {float}


# --- Answers that are none --------------------------------------------------------


def entry(index: Any, embedding: Any) -> dict[str, Any]:
    return {"object": "embedding", "index": index, "embedding": embedding}


NAN: Final = float("nan")
IS_TRUE: Final = True
FAULTS: Final[dict[str, tuple[Any, str]]] = {
    "missing": ([entry(0, [1.0])], "missing, for the text at 1"),
    "missing in the middle": (
        [entry(0, [1.0]), entry(2, [1.0])],
        "the index 2, for 2 texts",
    ),
    "too many": ([entry(i, [1.0]) for i in range(3)], "the index 2, for 2 texts"),
    "too many without index": ([{"embedding": [1.0]}] * 3, "for 2 texts"),
    "doubled": ([entry(0, [1.0]), entry(0, [1.0])], "twice, for the text at 0"),
    "index negative": ([entry(0, [1.0]), entry(-1, [1.0])], "the index -1"),
    "index a bool": ([entry(0, [1.0]), entry(IS_TRUE, [1.0])], "the index True"),
    "index a text": ([entry(0, [1.0]), entry("1", [1.0])], "the index 1"),
    "index of one only": ([entry(0, [1.0]), entry(None, [1.0])], "the index None"),
    "unequal": ([entry(0, [1.0]), entry(1, [1.0, 2.0])], "length: 1, 2 numbers"),
    "unequal base64": (
        [entry(0, write_base64([1.0])), entry(1, write_base64([1.0, 2.0]))],
        "length: 1, 2 numbers",
    ),
    "nan": ([entry(0, [1.0]), entry(1, [NAN])], "not finite"),
    "nan in base64": (
        [entry(0, write_base64([1.0])), entry(1, write_base64([NAN]))],
        "not finite",
    ),
    "infinity in base64": (
        [entry(0, write_base64([1.0])), entry(1, write_base64([float("-inf")]))],
        "not finite",
    ),
    "null for nan": ([entry(0, [1.0]), entry(1, [None])], "no number (NoneType)"),
    "numbers as texts": ([entry(0, [1.0]), entry(1, ["1.0"])], "no number (str)"),
    "bools": ([entry(0, [1.0]), entry(1, [True])], "no number (bool)"),
    "nested": ([entry(0, [1.0]), entry(1, [[1.0]])], "no number (list)"),
    "a text that is no base64": ([entry(0, "0.1,0.2"), entry(1, [1.0])], "no base64"),
    "a text with umlauts": ([entry(0, "äää="), entry(1, [1.0])], "no base64"),
    "base64 of three bytes": ([entry(0, "AAAA"), entry(1, [1.0])], "float32"),
    "empty": ([entry(0, []), entry(1, [])], "is empty"),
    "empty base64": ([entry(0, ""), entry(1, "")], "is empty"),
    "null": ([entry(0, None), entry(1, [1.0])], "NoneType"),
    "no objects": ([[1.0], [1.0]], "object of its own"),
    "data null": (None, "no list of vectors"),
    "data empty": ([], "missing"),
    "too large": ([entry(0, [10**400]), entry(1, [1.0])], "beyond all floats"),
}


@both_ways
@pytest.mark.parametrize("name", FAULTS)
def test_answer_that_is_not_a_vector_for_each_text_is_refused(
    wire: WireServer, name: str, way: Way
) -> None:
    """Each fault is named, with status and request id, and nothing is tried again."""
    entries, said = FAULTS[name]
    answer = {**build_embeddings([]), "data": entries}
    wire.reply(json_reply(answer, headers={"x-request-id": "req-7"}))
    error = fail(build(wire, max_retries=2), ["a", "b"], way)
    assert isinstance(error, ClarifaiMalformedResponseError)
    assert said in str(error)
    assert "HTTP 200, request id req-7" in str(error)
    assert error.request_id == "req-7"
    assert len(wire.requests) == 1


@both_ways
def test_vectors_out_of_order_are_put_in_order(wire: WireServer, way: Way) -> None:
    """The index counts, not the place."""
    entries = [entry(2, [3.0]), entry(0, write_base64([1.0])), entry(1, [2.0])]
    wire.reply(json_reply({**build_embeddings([]), "data": entries}))
    assert run(build(wire), ["a", "b", "c"], way) == [[1.0], [2.0], [3.0]]


def test_vectors_without_any_index_came_in_order(wire: WireServer) -> None:
    """A server that counts nothing is taken at its order."""
    entries = [{"embedding": [1.0]}, {"embedding": [2.0]}]
    wire.reply(json_reply({"data": entries}))
    assert build(wire).embed_documents(["a", "b"]) == [[1.0], [2.0]]


@both_ways
def test_batches_that_differ_in_length_are_refused(wire: WireServer, way: Way) -> None:
    """A model has one length; the vectors that came before are kept."""
    wire.reply(
        json_reply(build_embeddings([[1.0, 2.0]])),
        json_reply(build_embeddings([[1.0]])),
    )
    error = fail(build(wire, chunk_size=1), ["a", "b", "c"], way)
    assert isinstance(error, ClarifaiMalformedResponseError)
    assert "length: 2, and now 1 numbers" in str(error)
    assert error.partial_embeddings == {0: [1.0, 2.0]}


@pytest.mark.parametrize(
    ("reply", "error_class"),
    [
        (json_reply(runner_error("boom")), ClarifaiError),
        (json_reply(platform_error(11001, "Bad token")), ClarifaiAuthenticationError),
        (Reply(body=[b"<html>"]), ClarifaiMalformedResponseError),
        (json_reply([]), ClarifaiMalformedResponseError),
        (json_reply({"object": "list"}), ClarifaiMalformedResponseError),
    ],
)
def test_errors_in_a_success_are_errors(
    wire: WireServer, reply: Reply, error_class: type[ClarifaiError]
) -> None:
    """A 200 is no promise."""
    wire.reply(reply)
    assert isinstance(fail(build(wire), ["a"], Way.SYNC), error_class)


# --- Texts that are refused -------------------------------------------------------


def refuse_words(*words: str) -> Callable[[dict[str, Any]], Reply | None]:
    """Refuse a batch that has one of these texts, without a word about which."""

    def refuse(body: dict[str, Any]) -> Reply | None:
        if set(words).isdisjoint(body["input"]):
            return None
        return json_reply(openai_error(TOO_LONG), status=400)

    return refuse


@both_ways
@pytest.mark.parametrize("concurrency", [1, 4])
def test_one_bad_text_of_ten_thousand_costs_only_itself(
    way: Way, concurrency: int
) -> None:
    """The error names it and has all the other vectors, by index."""
    texts = [f"text {number}" for number in range(10_000)]
    with serve(refuse_words(texts[6789])) as server:
        model = build(server, max_concurrency=concurrency, dimensions=3)
        error = fail(model, texts, way)
        assert len(server.requests) < 40 + 2 * 8 + 2
    assert isinstance(error, ClarifaiContextOverflowError)
    assert isinstance(error, ContextOverflowError)
    assert "texts[6789] (9 letters)" in str(error)
    assert "9,999 of 10,000 vectors came" in str(error)
    assert TOO_LONG in str(error)
    assert "text splitter" in str(error)
    assert error.failed_indices == (6789,)
    assert len(error.partial_embeddings) == 9_999
    assert 6789 not in error.partial_embeddings
    assert all(
        error.partial_embeddings[place] == embed(texts[place], 3)
        for place in range(0, 10_000, 1_111)
    )


@both_ways
@pytest.mark.parametrize("bad", [(0,), (1, 2), (0, 6), (3, 4, 5)])
def test_each_bad_text_is_named(bad: tuple[int, ...], way: Way) -> None:
    """Wherever they are, the others come."""
    texts = list("abcdefg")
    with serve(refuse_words(*(texts[place] for place in bad))) as server:
        error = fail(build(server, chunk_size=4), texts, way)
    assert error.failed_indices == bad
    assert error.partial_embeddings.keys() == set(range(7)) - set(bad)
    assert all(f"texts[{place}]" in str(error) for place in bad)


# As the servers of embeddings say it, or their documentation does.
OVERFLOWS: Final[dict[str, tuple[int, Any]]] = {
    "openai": (400, openai_error(TOO_LONG)),
    "vllm": (
        400,
        openai_error(
            "This model's maximum context length is 512 tokens. However, you requested "
            "600 tokens in the input for embedding generation."
        ),
    ),
    "text-embeddings-inference": (
        413,
        {
            "error": "Input validation error: `inputs` must have less than 512 tokens. "
            "Given: 600",
            "error_type": "Validation",
        },
    ),
    "llama.cpp": (
        500,
        openai_error("input (1001 tokens) is too large to process. increase the size"),
    ),
    "ollama": (400, openai_error("the input length exceeds the context length")),
    "mistral": (400, {"message": "Too many tokens in batch. Max is 16384 got 20000"}),
    "jina": (422, {"detail": "Input text exceeds maximum length of 8194 tokens"}),
}


@pytest.mark.parametrize("name", OVERFLOWS)
def test_query_that_is_too_long_says_so(wire: WireServer, name: str) -> None:
    """One text, one request, whichever status and words the server has for it."""
    status, body = OVERFLOWS[name]
    wire.reply(json_reply(body, status=status))
    with pytest.raises(ClarifaiContextOverflowError, match=r"texts\[0\] \(6 letters\)"):
        build(wire).embed_query("letter")
    assert len(wire.requests) == 1


def test_request_that_is_refused_for_its_size_is_halved() -> None:
    """What fits in smaller requests comes, and there is no error."""

    def refuse(body: dict[str, Any]) -> Reply | None:
        too_many = len(body["input"]) > 2
        return json_reply(openai_error("Too large"), status=413) if too_many else None

    with serve(refuse) as server:
        texts = [f"word{number}" for number in range(8)]
        assert build(server).embed_documents(texts) == [embed(text) for text in texts]
        assert [len(batch) for batch in list_inputs(server)] == [8, 4, 2, 2, 4, 2, 2]


@both_ways
def test_refusal_that_is_not_for_the_texts_is_soon_believed(way: Way) -> None:
    """When nothing comes, a thousand texts are not tried one by one."""
    with serve(lambda _: json_reply(openai_error("No."), status=400)) as server:
        error = fail(build(server), [str(n) for n in range(1_000)], way)
        assert len(server.requests) < 32
    assert error.partial_embeddings == {}
    assert len(error.failed_indices) == 6


@both_ways
def test_bad_texts_at_the_beginning_are_no_reason_to_give_up(way: Way) -> None:
    """The other end is asked before it is believed that nothing will come."""
    texts = [str(number) for number in range(600)]
    with serve(refuse_words(*texts[:10])) as server:
        error = fail(build(server), texts, way)
    assert error.failed_indices == tuple(range(10))
    assert error.partial_embeddings.keys() == set(range(10, 600))


def test_dimensions_that_are_ignored_are_told(
    wire: WireServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Once for a run; the vectors are what the server gives."""
    wire.reply(*[json_reply(build_embeddings([[1.0, 2.0]]))] * 2)
    model = build(wire, dimensions=256, chunk_size=1)
    assert model.embed_documents(["a", "b"]) == [[1.0, 2.0]] * 2
    ours = [r.getMessage() for r in caplog.records if r.name == "langchain_clarifai"]
    assert ours == ["dimensions=256 was ignored: the vectors have 2 numbers."]


@both_ways
def test_bar_shows_how_many_texts_are_done(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tqdm's, counts texts, and is closed when the run has failed, too."""
    told: list[Any] = []

    def build_bar(**settings: Any) -> Any:
        told.append(settings["total"])
        return SimpleNamespace(update=told.append, close=lambda: told.append("closed"))

    monkeypatch.setitem(sys.modules, "tqdm.auto", SimpleNamespace(tqdm=build_bar))
    with serve(refuse_words("bad")) as server:
        model = build(server, chunk_size=2, show_progress=True)
        run(model, ["a", "b", "c"], way)
        fail(model, ["a", "bad"], way)
    assert told == [3, 2, 1, "closed", 2, 1, "closed"]


def test_run_with_many_bad_texts_ends() -> None:
    """After twenty of them no more are looked for; what came is kept."""

    def refuse(body: dict[str, Any]) -> Reply | None:
        bad = any(int(text) % 2 for text in body["input"])
        return json_reply(openai_error("Odd."), status=422) if bad else None

    with serve(refuse) as server:
        error = fail(build(server), [str(n) for n in range(1_000)], Way.SYNC)
        assert len(server.requests) < 120
    assert len(error.failed_indices) == 20
    assert len(error.partial_embeddings) >= 19


@both_ways
def test_failure_that_is_for_no_text_ends_the_run(wire: WireServer, way: Way) -> None:
    """What came before is kept, nothing is halved, nothing further is sent."""
    wire.reply(
        json_reply(build_embeddings([[1.0]])),
        json_reply(openai_error("boom"), status=500),
    )
    error = fail(build(wire, chunk_size=1), ["a", "b", "c"], way)
    assert isinstance(error, ClarifaiInternalServerError)
    assert error.partial_embeddings == {0: [1.0]}
    assert error.failed_indices == ()
    assert "1 of 3 vectors came" in str(error)
    assert len(wire.requests) == 2


# --- Life -------------------------------------------------------------------------


@both_ways
def test_failed_requests_are_tried_again(wire: WireServer, way: Way) -> None:
    """As with the chat model."""
    throttled = json_reply({}, status=429, headers={"retry-after-ms": "1"})
    wire.reply(throttled, json_reply(build_embeddings([[1.0]])))
    assert run(build(wire, max_retries=1), ["a"], way) == [[1.0]]


@both_ways
def test_cold_start_is_waited_for(wire: WireServer, way: Way) -> None:
    """A model that is loading answers later."""
    loading = platform_error(21355, "Model loading")
    headers = {"retry-after-ms": "1"}
    wire.reply(
        json_reply(loading, status=503, headers=headers),
        json_reply(build_embeddings([[1.0]])),
    )
    assert run(build(wire, cold_start_timeout=5), ["a"], way) == [[1.0]]


@both_ways
def test_token_may_come_from_a_function(wire: WireServer, way: Way) -> None:
    """It is asked for each request; what it raises is raised as it is."""
    wire.reply(json_reply(build_embeddings([[1.0]])))
    run(build(wire, api_key=lambda: "sk-of-the-moment"), ["a"], way)
    assert wire.last_request.headers["authorization"] == "Bearer sk-of-the-moment"

    def refuse() -> str:
        raise LookupError("no vault")

    with pytest.raises(LookupError, match="no vault"):
        run(build(wire, api_key=refuse), ["a"], way)
    assert len(wire.requests) == 1


async def test_cancelled_call_closes_its_connections() -> None:
    """The server sees it, so that nothing is paid for that nobody waits for."""
    asked = threading.Semaphore(0)

    def handle(_: Request) -> Reply:
        asked.release()
        return Reply(body=[b"{", Pause(10)])

    with WireServer(handle) as server:
        async with build(server, chunk_size=1, max_concurrency=2) as model:
            task = asyncio.create_task(model.aembed_documents(["a", "b", "c"]))
            for _ in range(2):
                await asyncio.to_thread(asked.acquire, timeout=10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            for exchange in server.exchanges:
                assert await asyncio.to_thread(exchange.client_left.wait, 5)
        assert len(server.requests) == 2


def test_interrupted_threads_send_nothing_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is out is waited for, what is left is not."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "take_answer", interrupt)
    with serve() as server, build(server, chunk_size=1, max_concurrency=2) as model:
        with pytest.raises(KeyboardInterrupt):
            model.embed_documents([str(number) for number in range(100)])
        assert len(server.requests) <= 4


@both_ways
def test_usage_is_counted(way: Way) -> None:
    """What all answers report is added up, also when the run failed in the end."""
    with serve(refuse_words("bad")) as server:
        model = build(server, chunk_size=2, max_concurrency=2)
        run(model, ["a", "b", "c"], way)
        assert model.usage_metadata["input_tokens"] == 3
        fail(model, ["a", "bad"], way)
        assert model.usage_metadata == {
            "input_tokens": 4,
            "output_tokens": 0,
            "total_tokens": 4,
        }


def test_secrets_are_in_no_error(wire: WireServer) -> None:
    """A server that repeats the token is blotted out, in every attribute."""
    body = openai_error(f"Bad token {TOKEN}")
    wire.reply(json_reply(body, status=401))
    error = fail(build(wire), ["a"], Way.SYNC)
    assert TOKEN not in str(error)
    assert TOKEN not in json.dumps(error.body)


@pytest.fixture(autouse=True)
def _nothing_unforeseen(wire: WireServer) -> Iterator[None]:
    yield
    assert wire.failures == []
