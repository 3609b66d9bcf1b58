"""What callbacks and traces get to see of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler
from pydantic import BaseModel, SecretStr
from typing_extensions import override

from langchain_clarifai import ChatClarifai, __version__
from tests.servers.openai_wire import completion, sse, text_chunks, usage
from tests.servers.wire import WireServer, event_stream_reply, json_reply

if TYPE_CHECKING:
    from uuid import UUID

MODEL = "openai/chat-completion/models/gpt-oss-120b"
SECRET = "a-secret"


class Witness(BaseCallbackHandler):
    """Keeps what `on_chat_model_start` and `on_llm_new_token` are called with."""

    def __init__(self) -> None:
        self.start: dict[str, Any] = {}
        self.tokens: list[str] = []

    @override
    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[Any]],
        *,
        run_id: UUID,
        **kwargs: Any,
    ) -> None:
        self.start = {"serialized": serialized, "messages": messages, **kwargs}

    @override
    def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self.tokens.append(token)


class Joke(BaseModel):
    setup: str


def build(wire: WireServer, **arguments: Any) -> ChatClarifai:
    return ChatClarifai(
        model=MODEL, api_key=SecretStr(SECRET), base_url=wire.url, **arguments
    )


def test_trace_names_provider_model_and_parameters(wire: WireServer) -> None:
    """The model is named by its path, and versions stand in the metadata."""
    wire.reply(json_reply(completion()))
    witness = Witness()
    model = build(wire, temperature=0.5, max_tokens=7, stop=["x"])
    model.invoke("hi", {"callbacks": [witness]})
    metadata = witness.start["metadata"]
    versions = metadata.pop("lc_versions")
    assert versions["langchain-clarifai"] == __version__
    assert "langchain-core" in versions
    assert metadata == {
        "ls_provider": "clarifai",
        "ls_model_type": "chat",
        "ls_model_name": MODEL,
        "ls_temperature": 0.5,
        "ls_max_tokens": 7,
        "ls_stop": ["x"],
        "ls_integration": "langchain_chat_model",
    }
    assert witness.start["invocation_params"] == {
        "_type": "clarifai-chat",
        "model": MODEL,
        "temperature": 0.5,
        "max_tokens": 7,
        "stop": ["x"],
    }


def test_arguments_of_a_call_are_traced_in_place_of_the_models(
    wire: WireServer,
) -> None:
    """Under any of their names."""
    params = build(wire, temperature=0.5)._get_ls_params(
        stop_sequences=["y"],
        model_name="gpt-5",
        temperature=0.1,
        max_completion_tokens=9,
    )
    assert params == {
        "ls_provider": "clarifai",
        "ls_model_type": "chat",
        "ls_model_name": "openai/chat-completion/models/gpt-5",
        "ls_temperature": 0.1,
        "ls_max_tokens": 9,
        "ls_stop": ["y"],
    }


def test_limit_under_its_new_name_is_traced(wire: WireServer) -> None:
    """`max_completion_tokens` is the same limit."""
    params = build(wire, max_completion_tokens=9)._get_ls_params()
    assert params.get("ls_max_tokens") == 9


def test_stop_of_the_call_is_traced_first(wire: WireServer) -> None:
    """It replaces the model's."""
    assert build(wire, stop=["x"])._get_ls_params(stop=["y"]).get("ls_stop") == ["y"]
    assert build(wire, stop=["x"])._get_ls_params().get("ls_stop") == ["x"]


def test_identity_is_what_was_set(wire: WireServer) -> None:
    """Unknown arguments are part of it, and settings of the transport are not."""
    model = build(wire, seed=1, model_kwargs={"user": "me"}, timeout=3)
    assert model._identifying_params == {"model": MODEL, "seed": 1, "user": "me"}
    assert model.lc_secrets == {"api_key": "CLARIFAI_PAT"}
    assert model.is_lc_serializable()
    assert model.model_name == MODEL


@pytest.mark.parametrize("stream", [False, True])
async def test_no_trace_holds_token_or_headers(
    wire: WireServer, *, stream: bool
) -> None:
    """Neither callbacks nor runs see them, plain or streamed, sync or async."""
    reply = json_reply(completion())
    if stream:
        reply = event_stream_reply(sse(*text_chunks("a", "b")))
    wire.reply(reply, reply)
    witness, runs = Witness(), RunCollectorCallbackHandler()
    model = build(
        wire, default_headers={"X-Key": SECRET}, default_query={"key": SECRET}
    )
    model.invoke("hi", {"callbacks": [witness, runs]}, stream=stream)
    await model.ainvoke("hi", {"callbacks": [witness, runs]}, stream=stream)
    assert len(runs.traced_runs) == 2
    for run in runs.traced_runs:
        assert SECRET not in repr(vars(run))
    assert SECRET not in repr(witness.start)
    assert "".join(witness.tokens) == ("ab" * 2 if stream else "")


def test_schema_of_structured_output_is_traced_and_not_sent(wire: WireServer) -> None:
    """LangSmith reads it from the options."""
    wire.reply(json_reply(completion()))
    witness = Witness()
    chain = build(wire).with_structured_output(
        Joke, method="json_schema", include_raw=True
    )
    chain.invoke("hi", {"callbacks": [witness]})
    asked = witness.start["options"]["ls_structured_output_format"]
    assert asked["kwargs"] == {"method": "json_schema"}
    assert asked["schema"]["title"] == "Joke"
    assert wire.last_request.json.keys() == {"model", "messages", "response_format"}


@pytest.mark.parametrize(
    "spelling",
    [
        MODEL,
        f"https://clarifai.com/{MODEL}",
        f"https://clarifai.com/{MODEL}/versions/1a2b",
        f"clarifai/{MODEL}",
        "openai.chat-completion.gpt-oss-120b",
        "gpt-oss-120b",
    ],
)
def test_each_spelling_of_a_model_is_traced_as_one(
    wire: WireServer, spelling: str
) -> None:
    """Set on the model or given to a call; the answer keeps the user's spelling."""
    wire.reply(json_reply(completion()))
    model = build(wire)
    assert model._get_ls_params(model=spelling).get("ls_model_name") == MODEL
    model = model.model_copy(update={"model": spelling})
    assert model._get_ls_params().get("ls_model_name") == MODEL
    answer = model.invoke("hi")
    assert answer.response_metadata["model_name"] == spelling


@pytest.mark.parametrize("name", ["no/such", "user/app/datasets/x", "a b"])
def test_wrong_name_is_traced_as_it_is(wire: WireServer, name: str) -> None:
    """The request is what reports it."""
    assert build(wire)._get_ls_params(model=name).get("ls_model_name") == name


def test_name_on_another_server_is_traced_as_it_is() -> None:
    """There are no paths."""
    model = ChatClarifai(
        model="gpt-oss-120b", api_key=SecretStr("x"), base_url="https://example.com/v1"
    )
    assert model._get_ls_params().get("ls_model_name") == "gpt-oss-120b"


class Ends(BaseCallbackHandler):
    """Keeps the `llm_output` of each answer."""

    def __init__(self) -> None:
        self.outputs: list[Any] = []

    @override
    def on_llm_end(self, response: Any, **kwargs: Any) -> None:
        self.outputs.append(response.llm_output)


USAGE = usage(
    7, 5, prompt_tokens_details={"cached_tokens": 2}, cost=0.5, service="standard"
)


@pytest.mark.parametrize("streaming", [False, True])
async def test_llm_output_is_the_same_streamed_and_plain(
    wire: WireServer, *, streaming: bool
) -> None:
    """For callbacks and in the result, nested counts added up; sync and async."""
    reply = json_reply(completion(usage=USAGE))
    if streaming:
        reply = event_stream_reply(sse(*text_chunks("a", "b", counts=USAGE)))
    model = build(wire, streaming=streaming)
    prompts: list[list[BaseMessage]] = [[HumanMessage("a")], [HumanMessage("b")]]
    one = {"model_name": MODEL, "token_usage": USAGE}
    both = {
        "model_name": MODEL,
        "token_usage": {
            "prompt_tokens": 14,
            "completion_tokens": 10,
            "total_tokens": 24,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }
    ends = Ends()
    wire.reply(reply, reply, reply, reply)
    result = model.generate(prompts, callbacks=[ends])
    assert result.llm_output == both
    result = await model.agenerate(prompts, callbacks=[ends])
    assert result.llm_output == both
    assert ends.outputs == [one] * 4


@pytest.mark.parametrize("streaming", [False, True])
def test_cached_answer_counts_no_tokens(wire: WireServer, *, streaming: bool) -> None:
    """It has no `llm_output`, streamed or not."""
    reply = json_reply(completion(usage=USAGE))
    if streaming:
        reply = event_stream_reply(sse(*text_chunks("a", "b", counts=USAGE)))
    wire.reply(reply)
    model = build(wire, streaming=streaming, cache=InMemoryCache())
    ends = Ends()
    for _ in range(2):
        model.invoke("hi", {"callbacks": [ends]})
    assert ends.outputs == [{"model_name": MODEL, "token_usage": USAGE}, None]
