"""`ChatClarifai`: LangChain's hooks → one request, and its answer."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import (
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing, closing, suppress
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from langchain_core.language_models import BaseChatModel
from langchain_core.messages.utils import count_tokens_approximately
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    model_validator,
)
from typing_extensions import override

from langchain_clarifai._answer import blocks
from langchain_clarifai._answer.metadata import PROVIDER
from langchain_clarifai._request.request import (
    Request,
    build_request,
    drop_untraced,
    resolve_call_aliases,
)
from langchain_clarifai._request.tools import (
    convert_to_wire_tool_choice,
    convert_to_wire_tools,
)
from langchain_clarifai._settings.arguments import (
    build_validation_error,
    find_known_profile,
    get_field_names,
    resolve_arguments,
)
from langchain_clarifai._settings.credentials import normalize_base_url
from langchain_clarifai._settings.headers import check_headers
from langchain_clarifai._settings.settings import ReasoningFormat, Settings
from langchain_clarifai._settings.timeouts import read_timeouts
from langchain_clarifai._structured.output import (
    StructuredOutputMethod,
    build_structured_output,
)
from langchain_clarifai._transport.lease import Lease
from langchain_clarifai._version import __version__
from langchain_clarifai.data._profiles import KnownProfile

if TYPE_CHECKING:
    from langchain_core.callbacks import (
        AsyncCallbackManagerForLLMRun,
        CallbackManagerForLLMRun,
    )
    from langchain_core.language_models import LangSmithParams, LanguageModelInput
    from langchain_core.language_models.model_profile import ModelProfile
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_core.outputs import ChatGenerationChunk, ChatResult
    from langchain_core.runnables import Runnable
    from langchain_core.tools import BaseTool

blocks.register()

# Fields that go into the body under their own name.
_BODY_FIELDS: Final = (
    "model",
    "temperature",
    "max_tokens",
    "max_completion_tokens",
    "top_p",
    "stop",
    "seed",
    "n",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "reasoning_effort",
    "extra_body",
)


def _split_stop(stop: Any) -> Any:
    return [stop] if isinstance(stop, str) else stop


def _hide_token(api_key: Any) -> Any:
    return SecretStr(api_key) if isinstance(api_key, str) else api_key


def _check_timeout(timeout: Any) -> Any:
    read_timeouts(timeout)
    return timeout


def _check_headers(headers: Mapping[str, str] | None) -> Mapping[str, str] | None:
    return headers and check_headers(headers)


class ChatClarifai(BaseChatModel):
    """Chat model for every LLM that Clarifai serves, behind one key.

    Setup: install the package and set a personal access token (PAT), which
    https://clarifai.com/settings/security makes:

        pip install langchain-clarifai
        export CLARIFAI_PAT="…"

    Example:
        ```python
        from langchain_clarifai import ChatClarifai

        model = ChatClarifai(model="openai/chat-completion/models/gpt-oss-120b")
        print(model.invoke("Tell me a joke about physics.").text)
        ```

    `model` is a URL of Clarifai's, `user/app/models/model`, LiteLLM's dotted form, or
    a well-known name (`gpt-oss-120b`). Against a `base_url` that is not Clarifai's, it
    is whatever that server calls its model.

    Raises:
        pydantic.ValidationError: If an argument is out of range, the model's id is
            malformed, or no token is found. It is a `ValueError`.

    Sources: https://docs.clarifai.com/compute/inference/open-ai
    """

    model_config = ConfigDict(
        arbitrary_types_allowed=True,
        # An error would show its input, and with it the token.
        hide_input_in_errors=True,
        protected_namespaces=(),
    )

    model: str = Field(min_length=1)
    """The model, as the user wrote it; it is resolved for each request."""

    temperature: float | None = Field(default=None, ge=0, le=2)
    """Randomness, 0 to 2."""

    max_tokens: int | None = Field(default=None, ge=1)
    """Longest answer, in tokens."""

    max_completion_tokens: int | None = Field(default=None, ge=1)
    """The same under the name that some backends want. Clarifai takes either."""

    top_p: float | None = Field(default=None, ge=0, le=1)
    """Share of the probability mass that tokens are drawn from, 0 to 1."""

    stop: Annotated[list[str] | str | None, BeforeValidator(_split_stop)] = None
    """Texts that end the answer. Alias: `stop_sequences`."""

    seed: int | None = None
    """Seed of the backend's random numbers, for answers that can be repeated."""

    n: int | None = Field(default=None, ge=1)
    """Number of answers to one prompt. Streams are limited to one."""

    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    """Penalty on tokens that have occurred, -2 to 2."""

    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    """Penalty on tokens by how often they have occurred, -2 to 2."""

    logit_bias: dict[int | str, Annotated[float, Field(ge=-100, le=100)]] | None = None
    """Bias by token id, -100 to 100."""

    logprobs: bool | None = None
    """Whether to return log probabilities, in `response_metadata["logprobs"]`."""

    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    """Number of likeliest tokens to return for each position, 0 to 20."""

    reasoning_effort: str | None = Field(default=None, min_length=1)
    """How hard a reasoning model thinks: usually "low", "medium" or "high"."""

    reasoning_format: ReasoningFormat = "auto"
    """Where the model's thoughts are, besides the fields made for them.

    "auto" splits off `<think>…</think>` at the start of an answer; "tags" also where
    the prompt opened the tag and the answer only closes it (text is then held back
    until it does); "off" leaves the content alone.
    """

    timeout: Annotated[Any, AfterValidator(_check_timeout)] = None
    """Seconds to wait for the server: a number; or connect, read, write and pool, as
    a mapping, a tuple or an `openai.Timeout`. Default: 5 s to connect, 600 s to read.
    A number also limits all waiting between attempts. Alias: `request_timeout`."""

    stream_idle_timeout: float | None = Field(default=120.0, gt=0)
    """Seconds of silence in a stream until it counts as dead; None for ever.
    Keep-alive comments are silence too."""

    max_retries: int = Field(default=2, ge=0)
    """How often a failed request is tried again, before the first chunk only."""

    cold_start_timeout: float = Field(default=600.0, ge=0)
    """Seconds to wait for a model that is starting or busy."""

    allow_unfinished_stream: bool = False
    """Take a stream that ends without a finish reason as a complete answer."""

    api_key: Annotated[
        SecretStr | str | Callable[[], Any] | None, BeforeValidator(_hide_token)
    ] = Field(default=None, repr=False)
    """Personal access token: a string, a `SecretStr`, or a sync or async function that
    returns one. Default: `CLARIFAI_PAT`, `CLARIFAI_API_KEY`, or the current context of
    the Clarifai CLI. Alias: `pat`. A token given here travels in pickles of the model;
    one from the environment does not."""

    base_url: str = ""
    """Base URL of the API. Default: `CLARIFAI_API_BASE` (a host), the CLI's context, or
    `https://api.clarifai.com/v2/ext/openai/v1`."""

    allow_http: bool = False
    """Allow `http://` to a host that is not this machine. The token is then readable
    for everyone on the way."""

    default_headers: Annotated[
        dict[str, str] | None, AfterValidator(_check_headers)
    ] = Field(default=None, exclude=True, repr=False)
    """Headers of every request; kept out of repr and serialization. Alias:
    `extra_headers`."""

    default_query: dict[str, Any] | None = Field(default=None, exclude=True, repr=False)
    """Query parameters of every request; kept out of repr and serialization. Alias:
    `extra_query`."""

    http_client: Any = Field(default=None, exclude=True, repr=False)
    """An `openai.DefaultHttpxClient` for sync calls, in place of the shared one."""

    http_async_client: Any = Field(default=None, exclude=True, repr=False)
    """An `openai.DefaultAsyncHttpxClient` for async calls, likewise."""

    extra_body: dict[str, Any] | None = None
    """Further keys of the body. What Clarifai's runner does not know is nested, so
    that it reaches the backend."""

    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further parameters of the model; unknown arguments land here, with a warning."""

    stream_usage: bool = True
    """Ask for token usage in streams."""

    streaming: bool = False
    """Stream under the hood, also where a whole answer is asked for."""

    include_response_headers: bool = False
    """Put the response's headers into `response_metadata["headers"]`."""

    _lease: Lease = PrivateAttr(default_factory=Lease)

    # --- Construction -----------------------------------------------------------

    @model_validator(mode="wrap")
    @classmethod
    def _resolve_arguments(cls, arguments: Any, build: Callable[[Any], Self]) -> Self:
        """Resolve aliases, token, base URL and profile; say what is allowed."""
        if not isinstance(arguments, dict):
            return build(arguments)
        try:
            values, found = resolve_arguments(arguments, get_field_names(cls))
            model = build(values)
        except ValueError as error:
            # pydantic's own error holds its input, and with it the token.
            raise build_validation_error(cls.__name__, error) from None
        # What marks them as found, not given: see `__getstate__`.
        model.__pydantic_fields_set__.difference_update(found)
        # The hook is LangChain's, for its own packages; nothing breaks without it.
        with suppress(AttributeError):
            model._add_version("langchain-clarifai", __version__)  # noqa: SLF001 - ours
        return model

    @override
    def _resolve_model_profile(self) -> ModelProfile | None:
        return find_known_profile(self.model, self.base_url)

    @model_validator(mode="after")
    def _check_profile_keys(self) -> Self:
        """Check a profile that the user gave, as langchain-core does with each.

        Reading the names of the keys takes longer than all the rest of constructing.
        """
        if not isinstance(self.profile, KnownProfile):
            super()._check_profile_keys()  # type: ignore[operator]  # a plain method
        return self

    @override
    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        _forget_derived(self, (name,))

    @override
    def model_copy(
        self, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Self:
        copied = super().model_copy(update=update, deep=deep)
        _forget_derived(copied, update or ())
        return copied

    # --- The four calls ---------------------------------------------------------

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self._build_request(messages, stop, kwargs, stream=False)
        from langchain_clarifai._transport import calls

        return calls.generate(request)

    @override
    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self._build_request(messages, stop, kwargs, stream=False)
        await _import_calls()
        from langchain_clarifai._transport import calls

        return await calls.agenerate(request)

    @override
    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = self._build_request(messages, stop, kwargs, stream=True)
        from langchain_clarifai._transport import calls

        generation_chunks = calls.stream(request)
        if run_manager is None:
            return generation_chunks
        return _announce(generation_chunks, run_manager)

    @override
    def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        request = self._build_request(messages, stop, kwargs, stream=True)
        if run_manager is None and _CALLS in sys.modules:
            from langchain_clarifai._transport import calls

            # No generator of our own in between: it would cost a tenth of a chunk.
            return calls.astream(request)
        return _announce_async(request, run_manager)

    @override
    def _combine_llm_outputs(
        self, llm_outputs: Sequence[dict[str, Any] | None]
    ) -> dict[str, Any]:
        return _combine_llm_outputs(llm_outputs)

    def _build_request(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        call_arguments: dict[str, Any],
        *,
        stream: bool,
    ) -> Request:
        if self.model_kwargs:
            call_arguments = {**self.model_kwargs, **call_arguments}
        if stop is not None:
            call_arguments = {**call_arguments, "stop": stop}
        return build_request(
            self._build_settings(),
            self._read_body_fields(),
            messages,
            call_arguments,
            stream=stream,
        )

    def _build_settings(self) -> Settings:
        """Read the fields anew for each request, so that changes are honoured."""
        return Settings(
            base_url=normalize_base_url(self.base_url, allow_http=self.allow_http),
            api_key=self.api_key,
            headers=self.default_headers or {},
            query=self.default_query or {},
            timeout=self.timeout,
            max_retries=self.max_retries,
            cold_start_timeout=self.cold_start_timeout,
            stream_idle_timeout=self.stream_idle_timeout,
            stream_usage=self.stream_usage,
            allow_unfinished_stream=self.allow_unfinished_stream,
            include_response_headers=self.include_response_headers,
            reasoning_format=self.reasoning_format,
            image_tool_message=bool((self.profile or {}).get("image_tool_message")),
            http_client=self.http_client,
            http_async_client=self.http_async_client,
            lease=self._lease,
        )

    # --- Tools and structured output --------------------------------------------

    @override
    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: dict[str, Any] | str | bool | None = None,
        strict: bool | None = None,
        parallel_tool_calls: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools; they are converted here, once, and not for each request.

        Args:
            tools: Functions, pydantic models, TypedDicts, JSON schemas, LangChain
                tools or dicts in OpenAI's format.
            tool_choice: "auto", "none", "any" or "required" or True (call some tool),
                the name of a tool, or a dict in OpenAI's format.
            strict: Whether arguments must fit the schema exactly, where the backend
                can enforce that.
            parallel_tool_calls: False for one call at a time, where the backend can.
            **kwargs: Further arguments of each call, such as `response_format`.

        Raises:
            ValueError: If `tool_choice` names a tool that is not among `tools`.
        """
        wire_tools = convert_to_wire_tools(tools, strict=strict)
        wire_tool_choice = convert_to_wire_tool_choice(tool_choice, wire_tools)
        if wire_tool_choice is not None:
            kwargs["tool_choice"] = wire_tool_choice
        if parallel_tool_calls is not None:
            kwargs["parallel_tool_calls"] = parallel_tool_calls
        return self.bind(tools=wire_tools, **kwargs)

    @override
    def with_structured_output(
        self,
        schema: dict[str, Any] | type | None = None,
        *,
        method: StructuredOutputMethod = "function_calling",
        include_raw: bool = False,
        strict: bool | None = None,
        tools: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Return a runnable that answers with an object of the schema.

        Args:
            schema: A pydantic model, TypedDict, JSON schema, tool or function. Only
                "json_mode" does without.
            method: "function_calling" works with every model that has tools;
                "json_schema" lets the backend enforce the schema; "json_mode" asks
                for JSON, of which your prompt describes the form.
            include_raw: Answer with a dict of `raw`, `parsed` and `parsing_error`, and
                raise nothing when parsing fails.
            strict: Whether the backend shall enforce the schema exactly.
            tools: Tools that the model may call as well ("json_schema" only).
            **kwargs: Further arguments of each call.

        Raises:
            ValueError: If the arguments do not go together.
        """
        return build_structured_output(
            self,
            schema,
            method=method,
            include_raw=include_raw,
            strict=strict,
            tools=tools,
            **kwargs,
        )

    # --- Counting tokens --------------------------------------------------------

    @override
    def get_num_tokens(self, text: str) -> int:
        """Estimate the tokens of a text, without the network."""
        if self.custom_get_token_ids is not None:
            return super().get_num_tokens(text)
        return count_tokens_approximately([text], extra_tokens_per_message=0.0)

    @override
    def get_num_tokens_from_messages(
        self,
        messages: list[BaseMessage],
        tools: Sequence[Any] | None = None,
    ) -> int:
        """Estimate the tokens of messages and tools, without the network."""
        wire_tools: list[Any] | None = convert_to_wire_tools(tools) if tools else None
        return count_tokens_approximately(messages, tools=wire_tools)

    # --- Life -------------------------------------------------------------------

    def close(self) -> None:
        """Give back the connections of sync calls; the last model to do so closes them.

        The model stays usable: the next call connects anew. What you passed in as
        `http_client` is yours to close.
        """
        from langchain_clarifai._transport import pools

        pools.close(self._lease)

    async def aclose(self) -> None:
        """Give back the connections of this event loop, and those of sync calls."""
        await _import_calls()
        from langchain_clarifai._transport import pools

        await pools.aclose(self._lease)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __copy__(self) -> Self:
        """Copy shallowly; closing the copy must not close what the model uses."""
        copied = super().__copy__()
        copied._lease = Lease()  # noqa: SLF001 - a copy is of this class
        return copied

    def __getstate__(self) -> dict[Any, Any]:
        """Leave out what was found in the environment, and what cannot travel."""
        state = super().__getstate__()
        fields = {**state["__dict__"], "http_client": None, "http_async_client": None}
        fields.pop("_serialized", None)
        if "api_key" not in self.__pydantic_fields_set__:
            fields["api_key"] = None
        return {**state, "__dict__": fields}

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Copy everything but the HTTP clients of the user, which cannot be copied."""
        memo = {} if memo is None else memo
        for client in (self.http_client, self.http_async_client):
            memo[id(client)] = client
        return super().__deepcopy__(memo)

    # --- Identity, tracing, serialization ---------------------------------------

    @property
    def model_name(self) -> str:
        """The model, under the name that some of LangChain's code looks for."""
        return self.model

    def _read_body_fields(self) -> dict[str, Any]:
        """Read what the user set, as it goes into every body."""
        fields = self.__dict__
        return {name: fields[name] for name in _BODY_FIELDS if fields[name] is not None}

    @property
    @override
    def _llm_type(self) -> str:
        return "clarifai-chat"

    @property
    @override
    def _identifying_params(self) -> dict[str, Any]:
        return {**self._read_body_fields(), **self.model_kwargs}

    @override
    def _get_invocation_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Say what is traced of a call: headers, queries and tokens are not."""
        return super()._get_invocation_params(
            stop=stop or _split_stop(self.stop), **drop_untraced(kwargs)
        )

    @override
    def _get_ls_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> LangSmithParams:
        kwargs = resolve_call_aliases(kwargs)
        stop = stop or kwargs.pop("stop", None) or _split_stop(self.stop) or None
        ls_params = super()._get_ls_params(stop=stop, **kwargs)
        ls_params["ls_provider"] = PROVIDER
        limit = kwargs.get("max_completion_tokens", self.max_completion_tokens)
        if limit is not None:
            ls_params.setdefault("ls_max_tokens", limit)
        return ls_params

    @property
    @override
    def lc_secrets(self) -> dict[str, str]:
        return {"api_key": "CLARIFAI_PAT"}

    @classmethod
    @override
    def is_lc_serializable(cls) -> bool:
        return True


def _forget_derived(model: ChatClarifai, changed: Iterable[str]) -> None:
    """Drop what was derived from fields that have changed."""
    fields: dict[str, Any] = vars(model)
    # What langchain-core dumped, for traces and for the keys of caches.
    fields.pop("_serialized", None)
    if {"model", "base_url"}.isdisjoint(changed):
        return
    if isinstance(fields.get("profile"), KnownProfile | None):
        fields["profile"] = None
        # A malformed model is refused by the next request.
        with suppress(ValueError):
            fields["profile"] = find_known_profile(model.model, model.base_url)


def _combine_llm_outputs(
    llm_outputs: Sequence[dict[str, Any] | None],
) -> dict[str, Any]:
    """Add up the token counts of several answers, of which cached ones have none."""
    combined: dict[str, Any] = {}
    for llm_output in filter(None, llm_outputs):
        counts = combined.pop("token_usage", {})
        combined |= llm_output
        for name, count in (llm_output.get("token_usage") or {}).items():
            if isinstance(count, int):
                counts[name] = counts.get(name, 0) + count
        combined["token_usage"] = counts
    return combined


def _announce(
    generation_chunks: Generator[ChatGenerationChunk],
    run_manager: CallbackManagerForLLMRun,
) -> Iterator[ChatGenerationChunk]:
    # langchain-core passes a run manager where it leaves the callback to us.
    with closing(generation_chunks):
        for generation_chunk in generation_chunks:
            run_manager.on_llm_new_token(generation_chunk.text, chunk=generation_chunk)
            yield generation_chunk


async def _announce_async(
    request: Request, run_manager: AsyncCallbackManagerForLLMRun | None
) -> AsyncIterator[ChatGenerationChunk]:
    await _import_calls()
    from langchain_clarifai._transport import calls

    async with aclosing(calls.astream(request)) as generation_chunks:
        async for generation_chunk in generation_chunks:
            if run_manager is not None:
                await run_manager.on_llm_new_token(
                    generation_chunk.text, chunk=generation_chunk
                )
            yield generation_chunk


_CALLS: Final = "langchain_clarifai._transport.calls"


async def _import_calls() -> None:
    """Import what sends requests, once, in a thread: reading files blocks the loop."""
    if _CALLS not in sys.modules:
        await asyncio.to_thread(importlib.import_module, _CALLS)
