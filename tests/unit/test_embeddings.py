"""`ClarifaiEmbeddings` as an object: arguments, copies, pickles, dumps, the suite."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import cloudpickle  # type: ignore[import-untyped]  # it has no types
import pytest
from blockbuster import blockbuster_ctx
from langchain_core.load import dumpd, dumps, loads
from pydantic import SecretStr, ValidationError

from langchain_clarifai import ClarifaiEmbeddings
from tests.servers.embedding import embed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.scripted import ScriptedServer

MODEL = "openai/embed/models/text-embedding-3-large"

# langchain-core says so of all loading; it is how LangChain's own hub loads models.
pytestmark = pytest.mark.filterwarnings("ignore:The function `loads?` is in beta")


def build(**settings: Any) -> ClarifaiEmbeddings:
    return ClarifaiEmbeddings(
        **{"model": MODEL, "api_key": SecretStr("a-secret"), **settings}
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"dimensions": 0}, "an integer from 1 up"),
        ({"chunk_size": 0}, "an integer from 1 up"),
        ({"max_concurrency": 0}, "an integer from 1 up"),
        ({"encoding_format": "int8"}, "'base64' or 'float'"),
        ({"model": ""}, "`model` is missing"),
        ({"model": "user/app/mod"}, "Cannot read the model"),
        ({"base_url": "http://example.com/v1"}, "plain http"),
        ({"timeout": -1}, "positive"),
        ({"model_kwargs": {"dimensions": 3}}, "arguments of ClarifaiEmbeddings itself"),
        ({"openai_api_key": "sk-1"}, "looks like a secret"),
    ],
)
def test_bad_arguments_are_refused_with_what_is_allowed(
    arguments: dict[str, Any], said: str
) -> None:
    """Before any request, and without a word of the token."""
    with pytest.raises(ValidationError, match=said) as caught:
        build(**arguments)
    assert "a-secret" not in str(caught.value)
    assert "ClarifaiEmbeddings" in str(caught.value)


def test_unknown_argument_is_sent_with_a_warning() -> None:
    """As with the chat model."""
    with pytest.warns(UserWarning, match="not an argument of ClarifaiEmbeddings"):
        model = build(input_type="query")
    assert model.model_kwargs == {"input_type": "query"}


def test_parameters_of_chat_are_none_of_embeddings() -> None:
    """What only the other endpoint has is warned of; its own `user` is not."""
    with pytest.warns(UserWarning, match="`temperature` is not an argument"):
        build(temperature=0)
    assert build(user="me").model_kwargs == {"user": "me"}
    with pytest.warns(UserWarning, match="did you mean `dimensions`"):
        build(dimension=3)


def test_other_spellings_are_taken() -> None:
    """Those of LangChain's packages, and of the older integrations."""
    model = ClarifaiEmbeddings(
        model_name=MODEL, pat="x", request_timeout=3, api_base="https://example.com/v1"
    )  # type: ignore[call-arg]  # spellings that type checkers do not know
    assert (model.model, model.timeout) == (MODEL, 3)
    parts = ClarifaiEmbeddings(
        user_id="openai", app_id="embed", model_id="text-embedding-ada-002", api_key="x"
    )  # type: ignore[call-arg]  # likewise
    assert parts.model.endswith("openai/embed/models/text-embedding-ada-002")


def test_token_is_in_no_text() -> None:
    """Neither in the repr nor in a dump."""
    model = build(default_headers={"x-key": "another-secret"})
    for text in (repr(model), str(model), dumps(model), str(dumpd(model))):
        assert "a-secret" not in text
        assert "another-secret" not in text


def test_dumped_model_is_loaded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model survives a dump, and its key stays out of the dump."""
    monkeypatch.setenv("CLARIFAI_PAT", "pat-of-the-environment")
    model = build(dimensions=256, chunk_size=7, max_concurrency=3)
    loaded = loads(
        dumps(model),
        allowed_objects=[ClarifaiEmbeddings],
        valid_namespaces=["langchain_clarifai"],
        secrets_from_env=True,
    )
    assert isinstance(loaded, ClarifaiEmbeddings)
    assert loaded.lc_secrets == {"api_key": "CLARIFAI_PAT"}
    assert loaded.api_key == SecretStr("pat-of-the-environment")
    assert loaded.model_dump(exclude={"api_key"}) == model.model_dump(
        exclude={"api_key"}
    )


def through_pickle(model: ClarifaiEmbeddings) -> Any:
    return pickle.loads(pickle.dumps(model))  # noqa: S301 - our own


def through_cloudpickle(model: ClarifaiEmbeddings) -> Any:
    return pickle.loads(cloudpickle.dumps(model))  # noqa: S301 - our own


@pytest.mark.parametrize(
    "copied_by",
    [
        through_pickle,
        through_cloudpickle,
        copy.copy,
        copy.deepcopy,
        lambda model: model.model_copy(update={"chunk_size": 5}),
    ],
    ids=["pickle", "cloudpickle", "copy", "deepcopy", "model_copy"],
)
def test_copies_work_and_count_for_themselves(
    copied_by: Callable[[ClarifaiEmbeddings], Any], scripted: ScriptedServer
) -> None:
    """Each embeds, begins to count at zero, and closes nothing of the other's."""
    with build(base_url=scripted.url) as model:
        model.embed_query("a")
        with copied_by(model) as copied:
            assert copied.embed_query("word") == embed("word")
            assert copied.usage_metadata["total_tokens"] == 1
        assert model.embed_query("word") == embed("word")
        assert model.usage_metadata["total_tokens"] == 2


def test_token_that_was_found_does_not_travel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pickle finds that of the place where it is opened."""
    monkeypatch.setenv("CLARIFAI_PAT", "of-this-machine")
    assert b"of-this-machine" not in pickle.dumps(ClarifaiEmbeddings(model=MODEL))


def test_changed_fields_are_used(scripted: ScriptedServer) -> None:
    """The next request has them."""
    with build(base_url=scripted.url) as model:
        model.embed_query("a")
        model.dimensions = 8
        assert len(model.embed_query("a")) == 8
        assert len(model.model_copy(update={"dimensions": 9}).embed_query("a")) == 9


async def test_first_async_call_does_not_block_the_loop(
    scripted: ScriptedServer,
) -> None:
    """Modules, certificates and the bar are read in threads."""
    with blockbuster_ctx():
        async with build(base_url=scripted.url) as model:
            assert await model.aembed_query("word") == embed("word")


@pytest.mark.slow
def test_import_and_construction_need_nothing_heavy() -> None:
    """The SDK waits for the first request, and the chat model imports no embeddings."""
    code = (
        "import sys, langchain_core.callbacks\n"
        "import langchain_core.language_models.chat_models\n"
        "before = set(sys.modules)\n"
        "from langchain_clarifai import ChatClarifai\n"
        "assert 'langchain_clarifai.embeddings' not in sys.modules\n"
        "from langchain_clarifai import ClarifaiEmbeddings\n"
        "ClarifaiEmbeddings(model='bge-m3', api_key='x')\n"
        "heavy = {'openai', 'aiohttp', 'yaml', 'langchain', 'numpy', 'tqdm'}\n"
        "print(sorted(heavy & (sys.modules.keys() - before)))"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (run.stdout, run.stderr) == ("[]\n", "")


@pytest.mark.slow
def test_memory_beyond_vectors_does_not_grow_with_texts(
    scripted: ScriptedServer,
) -> None:
    """Twenty times the texts need about the same, besides what they give back."""
    peaks: list[int] = []
    with build(base_url=scripted.url, dimensions=4, chunk_size=100) as model:
        model.embed_query("warm")
        for count in (1_000, 20_000):
            texts = ["some words"] * count
            tracemalloc.start()
            vectors = model.embed_documents(texts)
            kept, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert len(vectors) == count
            peaks.append(peak - kept)
            # The server is in this process: what it remembers is not the model's.
            scripted.exchanges.clear()
    assert peaks[1] < peaks[0] + 2_000_000
