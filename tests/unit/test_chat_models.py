"""What `ChatClarifai` keeps, gives away, copies and counts, without a request."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
import sys
import threading
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import cloudpickle  # type: ignore[import-untyped]  # it has no types
import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    BaseCallbackHandler,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.load import dumps, loads
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import ConfigurableField
from langchain_core.tools import tool
from pydantic import BaseModel, SecretStr
from typing_extensions import override

from langchain_clarifai import ChatClarifai, _transport
from langchain_clarifai._transport import calls
from langchain_clarifai._transport.announcing import import_and_stream
from langchain_clarifai._transport.loading import import_calls
from langchain_clarifai.data._profiles import PROFILES
from tests.servers.openai_wire import choice, completion, sse, text_chunks
from tests.servers.wire import WireServer, event_stream_reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.outputs import ChatResult

MODEL = "openai/chat-completion/models/gpt-oss-20b"
OTHER = "clarifai/main/models/mm-poly-8b"
SECRET = "a-secret"


def build(**arguments: Any) -> ChatClarifai:
    given = {"model": MODEL, "api_key": SECRET, **arguments}
    return ChatClarifai(**given)


class Witness(BaseCallbackHandler):
    def __init__(self) -> None:
        self.tokens: list[str] = []

    @override
    def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self.tokens.append(token)


class Joke(BaseModel):
    setup: str


@tool
def look(place: str) -> str:
    """Look somewhere."""
    return place


# --- The token stays where it belongs -----------------------------------------------


def get_secret(secret: str) -> str:
    return secret


SHOWN: list[Any] = [
    pytest.param(repr, id="repr"),
    pytest.param(str, id="str"),
    pytest.param(dumps, id="dumps"),
    pytest.param(lambda model: repr(model._identifying_params), id="identity"),
    pytest.param(lambda model: repr(model._get_invocation_params()), id="invocation"),
    pytest.param(lambda model: repr(model._get_ls_params()), id="ls_params"),
    pytest.param(lambda model: model._get_llm_string(), id="cache-key"),
    pytest.param(lambda model: repr(model._serialized), id="serialized"),
    pytest.param(lambda model: repr(model.bind_tools([look])), id="bound"),
    pytest.param(lambda model: repr(model._build_settings()), id="settings"),
]


@pytest.mark.parametrize("show", SHOWN)
@pytest.mark.parametrize(
    "api_key",
    [SECRET, functools.partial(get_secret, SECRET)],
    ids=["string", "function"],
)
def test_no_text_shows_token_headers_or_query(
    show: Callable[[ChatClarifai], str], api_key: Any
) -> None:
    """They may all be secrets; the query may be one where a gateway takes keys so."""
    model = build(
        api_key=api_key,
        default_headers={"X-Key": SECRET},
        default_query={"key": SECRET},
    )
    assert SECRET not in show(model)


def test_dumped_fields_show_no_token() -> None:
    """The dump of pydantic masks it, and leaves headers and query out."""
    model = build(default_headers={"X-Key": SECRET}, default_query={"key": SECRET})
    assert SECRET not in repr(model.model_dump()) + model.model_dump_json()


def build_chains(model: ChatClarifai) -> dict[str, Any]:
    prompt = ChatPromptTemplate.from_messages([("user", "{x}")])
    return {
        "model": model,
        "copy": model.model_copy(update={"temperature": 0.5}),
        "tools": model.bind_tools([look]),
        "structured": model.with_structured_output(Joke, include_raw=True),
        "chain": prompt | model | StrOutputParser(),
        "retry": model.with_retry(),
        "fallbacks": model.with_fallbacks([model]),
    }


@pytest.mark.parametrize("kind", build_chains(build()))
@pytest.mark.parametrize("dump", [pickle.dumps, cloudpickle.dumps])
def test_token_of_the_environment_does_not_travel(
    monkeypatch: pytest.MonkeyPatch, kind: str, dump: Callable[[Any], bytes]
) -> None:
    """A pickle holds a token only where the user wrote it into the code."""
    monkeypatch.setenv("CLARIFAI_PAT", SECRET)
    chain = build_chains(ChatClarifai(model=MODEL))[kind]
    assert SECRET.encode() not in dump(chain)
    assert pickle.loads(dump(chain)) is not None  # noqa: S301 - our own bytes
    assert SECRET.encode() in dump(build())


def test_pickled_model_is_the_same_and_finds_its_token(
    monkeypatch: pytest.MonkeyPatch, wire: WireServer
) -> None:
    """In another process it looks into that one's environment."""
    monkeypatch.setenv("CLARIFAI_PAT", "here")
    model = ChatClarifai(model=MODEL, base_url=wire.url, temperature=0.5)
    travelled = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own bytes
    monkeypatch.setenv("CLARIFAI_PAT", "there")
    wire.reply(json_reply(completion()), json_reply(completion()))
    model.invoke("hi")
    travelled.invoke("hi")
    here, there = wire.requests
    assert here.json == there.json
    assert here.headers["authorization"] == "Bearer here"
    assert there.headers["authorization"] == "Bearer there"


def test_http_clients_stay_behind_in_pickles_and_along_in_copies() -> None:
    """They hold sockets, so a pickle leaves them out, and a copy shares them."""
    client = object()
    model = build(http_client=client, http_async_client=client)
    travelled = pickle.loads(pickle.dumps(build()))  # noqa: S301 - our own bytes
    assert travelled.http_client is None
    for copied in (copy.deepcopy(model), copy.copy(model), model.model_copy()):
        assert copied.http_client is client
        assert copied.http_async_client is client
        assert copied.api_key == SecretStr(SECRET)


@pytest.mark.filterwarnings("ignore:The function `loads?` is in beta")
def test_dump_is_loaded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """All parameters survive, and the token comes from the environment."""
    monkeypatch.setenv("CLARIFAI_PAT", "new")
    model = build(
        temperature=0.5,
        stop=["x"],
        timeout=3,
        logit_bias={"5": 1},
        extra_body={"a": 1},
        max_completion_tokens=7,
    )
    loaded = loads(
        dumps(model),
        allowed_objects=[ChatClarifai],
        valid_namespaces=["langchain_clarifai"],
        secrets_from_env=True,
    )
    assert loaded.asdict() == model.asdict()
    assert (loaded.timeout, loaded.api_key) == (3, SecretStr("new"))


# --- Profiles -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "model", [MODEL, "gpt-oss-20b", f"https://clarifai.com/{MODEL}/versions/a1"]
)
def test_profile_of_a_known_model_is_there(model: str) -> None:
    """However the model is spelled, and with the base URL that is the default."""
    assert build(model=model).profile == PROFILES[MODEL]


def test_model_of_another_server_has_no_profile() -> None:
    """Its name says nothing about what it can do."""
    assert build(model="gpt-oss-20b", base_url="https://a.b/v1").profile is None
    assert build(model="some/where/models/else").profile is None


def test_users_profile_is_laid_over_what_is_known() -> None:
    """It may be partial, and stands alone where nothing is known."""
    given: dict[str, Any] = {"max_input_tokens": 9}
    assert build(profile=given).profile == {**PROFILES[MODEL], "max_input_tokens": 9}
    assert build(model="a/b/models/c", profile=given).profile == given


def test_unknown_key_of_a_users_profile_is_warned_of() -> None:
    """As langchain-core does with any model's."""
    with pytest.warns(UserWarning, match="Unrecognized keys in model profile"):
        build(profile={"no_such_key": 1})


def test_profile_belongs_to_its_model() -> None:
    """A copy, an assignment or a configurable field with another model gets its own."""
    model = build()
    configurable: Any = model.configurable_fields(model=ConfigurableField("model"))
    configured, _ = configurable._prepare({"configurable": {"model": OTHER}})
    copied = model.model_copy(update={"model": OTHER})
    model.model = OTHER
    assert copied.profile == configured.profile == model.profile == PROFILES[OTHER]
    model.model = "no model"
    assert model.profile is None
    model.model = MODEL
    assert model.profile == PROFILES[MODEL]


def test_users_profile_stays_with_another_model() -> None:
    """What the user said is not taken back."""
    given: dict[str, Any] = {"max_input_tokens": 9}
    model = build(model="a/b/models/c", profile=given)
    assert model.model_copy(update={"model": MODEL}).profile == given
    assert model.model_copy(update={"profile": None}).profile is None


# --- Caching ------------------------------------------------------------------------


def test_cache_answers_equal_requests_alone(wire: WireServer) -> None:
    """Another argument, an assignment or a copy with a change is another request."""
    wire.reply(*[json_reply(completion(choice(str(turn)))) for turn in range(7)])
    cache = InMemoryCache()
    model = build(base_url=wire.url, cache=cache)
    texts = [model.invoke("q").text, model.invoke("q").text]
    texts.append(model.invoke("q", temperature=0.1).text)
    texts.append(model.model_copy(update={"temperature": 0.2}).invoke("q").text)
    model.temperature = 0.3
    texts.append(model.invoke("q").text)
    for change in ({"model": OTHER}, {"extra_body": {"top_k": 1}}, {"stop": ["x"]}):
        other_model = build(base_url=wire.url, cache=cache, **change)
        texts += [other_model.invoke("q").text]
    assert texts == ["0", "0", "1", "2", "3", "4", "5", "6"]


# --- Answers of several prompts -----------------------------------------------------


def test_counts_of_several_prompts_add_up(wire: WireServer) -> None:
    """`generate` sums what the backend counted; a cached answer counts nothing."""
    wire.reply(*[json_reply(completion())] * 2)
    result = build(base_url=wire.url).generate([[HumanMessage("a")]] * 2)
    assert result.llm_output == {
        "model_name": MODEL,
        "token_usage": {
            "prompt_tokens": 14,
            "completion_tokens": 10,
            "total_tokens": 24,
        },
    }
    combine = build()._combine_llm_outputs
    assert combine([None, {}]) == {}
    odd = {"token_usage": {"a": 1, "b": None, "c": {"d": 1}}}
    assert combine([odd, None, odd, {"token_usage": None}]) == {
        "token_usage": {"a": 2, "c": {"d": 2}}
    }
    assert odd == {"token_usage": {"a": 1, "b": None, "c": {"d": 1}}}
    mixed: list[Any] = [
        {"token_usage": {"a": 1}},
        {"token_usage": {"a": {"d": 1}, "e": {}}},
    ]
    assert combine(mixed) == {"token_usage": {"a": 1, "e": {}}}


def test_several_answers_to_one_prompt_are_several_generations(
    wire: WireServer,
) -> None:
    """`n` gives as many messages."""
    choices = [choice("a"), choice("b", index=1)]
    wire.reply(json_reply(completion(*choices)))
    result = build(base_url=wire.url, n=2).generate([[HumanMessage("q")]])
    assert [generation.text for generation in result.generations[0]] == ["a", "b"]


def test_streaming_model_streams_under_the_hood(wire: WireServer) -> None:
    """`streaming=True` gives a whole answer out of a stream."""
    wire.reply(event_stream_reply(sse(*text_chunks("a", "b"))))
    message = build(base_url=wire.url, streaming=True).invoke("q")
    assert (type(message), message.text) == (AIMessage, "ab")
    assert wire.last_request.json["stream"] is True


async def test_run_manager_that_is_passed_hears_of_every_chunk(
    wire: WireServer,
) -> None:
    """Core passes none where it calls the callbacks itself."""
    wire.reply(*[event_stream_reply(sse(*text_chunks("a", "b")))] * 3)
    model = build(base_url=wire.url)
    messages: list[BaseMessage] = [HumanMessage("q")]
    witness = Witness()
    manager: dict[str, Any] = {
        "run_id": uuid4(),
        "handlers": [witness],
        "inheritable_handlers": [],
    }
    for_sync = CallbackManagerForLLMRun(**manager)
    for_async = AsyncCallbackManagerForLLMRun(**manager)
    list(model._stream(messages, run_manager=for_sync))
    stream = model._astream(messages, run_manager=for_async)
    assert [chunk.text async for chunk in stream][:2] == ["a", "b"]
    assert "".join(witness.tokens) == "abab"
    # The first stream of a process imports the SDK in a thread.
    stream = import_and_stream(
        model._build_request(messages, None, {}, stream=True), None
    )
    assert "".join([chunk.text async for chunk in stream]) == "ab"


@pytest.mark.parametrize("name", ["_generate", "_agenerate"])
def test_signature_that_is_kept_is_that_of_the_hook(name: str) -> None:
    """langchain-core reads it with each request; a subclass's hook has its own."""
    kept = inspect.signature(getattr(ChatClarifai, name))
    assert kept is getattr(ChatClarifai, name).__signature__
    assert [*kept.parameters] == [
        *inspect.signature(getattr(BaseChatModel, name)).parameters
    ]

    class Mine(ChatClarifai):
        @override
        def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
            return super()._generate(*args, **kwargs)

    assert [*inspect.signature(Mine._generate).parameters] == ["self", "args", "kwargs"]


async def test_first_async_request_imports_in_a_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reading the SDK's files would block the loop."""
    monkeypatch.setattr(_transport, "calls", calls)
    monkeypatch.delitem(sys.modules, calls.__name__)
    threads: set[int] = set()

    def import_module(name: str) -> object:
        threads.add(threading.get_ident())
        return name

    monkeypatch.setattr("langchain_clarifai._importing.import_module", import_module)
    await import_calls()
    assert threads.isdisjoint({threading.get_ident()})
    assert len(threads) == 1


# --- Counting tokens ----------------------------------------------------------------


def test_tokens_are_estimated_without_the_network() -> None:
    """Tools count as well."""
    model = build()
    messages: list[BaseMessage] = [HumanMessage("Tell me a joke.")]
    plain = model.get_num_tokens_from_messages(messages)
    assert 0 < model.get_num_tokens("Tell me a joke.") <= plain
    assert model.get_num_tokens_from_messages(messages, tools=[look, Joke]) > plain


def test_tokenizer_of_the_user_counts() -> None:
    """`custom_get_token_ids` is LangChain's field for it."""
    model = build(custom_get_token_ids=lambda text: [1] * len(text))
    assert model.get_num_tokens("abc") == 3


# --- Life ---------------------------------------------------------------------------


def test_model_is_usable_after_it_was_closed(wire: WireServer) -> None:
    """Closing gives connections back, and the next call connects anew."""
    wire.reply(json_reply(completion()), json_reply(completion()))
    with build(base_url=wire.url) as model:
        model.invoke("hi")
    assert model.invoke("hi").text == "Hello!"


async def test_model_is_usable_after_it_was_closed_asynchronously(
    wire: WireServer,
) -> None:
    """It is likewise in a loop."""
    wire.reply(json_reply(completion()), json_reply(completion()))
    async with build(base_url=wire.url) as model:
        await model.ainvoke("hi")
    assert (await model.ainvoke("hi")).text == "Hello!"
    await model.aclose()
