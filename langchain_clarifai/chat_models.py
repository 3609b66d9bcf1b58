"""`ChatClarifai`: LangChain's hooks → one request, and its answer."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TypeVar

# `with_fallbacks` reads the type hints of public methods at run time.
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import override

from langchain_clarifai._answer import blocks
from langchain_clarifai._answer.llm_outputs import add_llm_output, combine_llm_outputs
from langchain_clarifai._answer.metadata import PROVIDER
from langchain_clarifai._connected_model import ConnectedModel
from langchain_clarifai._request.call_arguments import (
    drop_untraced,
    resolve_call_aliases,
)
from langchain_clarifai._request.counting import replace_media
from langchain_clarifai._request.request import Request, build_request
from langchain_clarifai._request.tools import (
    convert_to_wire_tool_choice,
    convert_to_wire_tools,
)
from langchain_clarifai._settings.arguments import find_known_profile
from langchain_clarifai._settings.model_ids import name_for_tracing
from langchain_clarifai._settings.settings import ReasoningFormat, Settings
from langchain_clarifai._structured.schemas import StructuredOutputMethod
from langchain_clarifai._transport.announcing import announce, import_and_stream
from langchain_clarifai._transport.loading import has_calls, import_calls
from langchain_clarifai.data._profiles import KnownProfile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from langchain_core.callbacks import (
        AsyncCallbackManagerForLLMRun,
        CallbackManagerForLLMRun,
    )
    from langchain_core.language_models import LangSmithParams
    from langchain_core.language_models.model_profile import ModelProfile
    from langchain_core.outputs import ChatGenerationChunk, ChatResult

HookT = TypeVar("HookT", bound=Callable[..., Any])

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


def _keep_signature(hook: HookT) -> HookT:
    """Work out the signature of a hook now; langchain-core asks with each request."""
    vars(hook)["__signature__"] = inspect.signature(hook)
    return hook


class ChatClarifai(ConnectedModel, BaseChatModel):
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
    """Where the model's thoughts are looked for, besides the fields made for them.

    "auto" splits off `<think>…</think>` at the start of an answer; "tags" also where
    the prompt opened the tag and the answer only closes it (text is then held back
    until it does); "off" leaves the content alone.
    """

    stream_idle_timeout: float | None = Field(default=120.0, gt=0)
    """Seconds of silence in a stream until it counts as dead; None for no limit.
    Keep-alive comments are silence too."""

    allow_unfinished_stream: bool = False
    """Take a stream that ends without a finish reason as a complete answer."""

    stream_usage: bool = True
    """Ask for token usage in streams."""

    streaming: bool = False
    """Stream from the server also where a whole answer is asked for."""

    include_response_headers: bool = False
    """Put the response's headers into `response_metadata["headers"]`."""

    # --- Construction -----------------------------------------------------------

    @override
    def _resolve_model_profile(self) -> ModelProfile | None:
        return find_known_profile(self.model, self.base_url)

    @model_validator(mode="after")
    def _check_profile_keys(self) -> Self:
        """Let langchain-core check the keys of a profile, if the user gave it.

        Those of this package need no check, which takes longer than all the rest of
        constructing a model.
        """
        if not isinstance(self.profile, KnownProfile):
            super()._check_profile_keys()  # type: ignore[operator]  # a plain method
        return self

    @override
    def _forget_derived(self, changed: Iterable[str]) -> None:
        super()._forget_derived(changed)
        if {"model", "base_url"}.isdisjoint(changed):
            return
        fields: dict[str, Any] = vars(self)
        if isinstance(fields.get("profile"), KnownProfile | None):
            fields["profile"] = None
            # A malformed model is refused by the next request.
            with suppress(ValueError):
                fields["profile"] = find_known_profile(self.model, self.base_url)

    # --- The four calls ---------------------------------------------------------

    @_keep_signature
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

        return calls.generate(request, run_manager)

    @_keep_signature
    @override
    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self._build_request(messages, stop, kwargs, stream=False)
        await import_calls()
        from langchain_clarifai._transport import calls

        return await calls.agenerate(request, run_manager)

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

        generation_chunks = calls.stream(request, run_manager)
        if run_manager is None:
            return generation_chunks
        return announce(generation_chunks, run_manager)

    @override
    def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        request = self._build_request(messages, stop, kwargs, stream=True)
        if run_manager is None and has_calls():
            from langchain_clarifai._transport import calls

            # A generator of our own in between would make each chunk a tenth dearer.
            return calls.astream(request)
        return import_and_stream(request, run_manager)

    # LangChain's private hooks: nothing else sees a streamed result before callbacks
    # do. If LangChain drops them, only the `llm_output` of such results is missing.

    @override
    def _generate_with_cache(self, *args: Any, **kwargs: Any) -> ChatResult:
        return add_llm_output(super()._generate_with_cache(*args, **kwargs))

    @override
    async def _agenerate_with_cache(self, *args: Any, **kwargs: Any) -> ChatResult:
        return add_llm_output(await super()._agenerate_with_cache(*args, **kwargs))

    @override
    def _combine_llm_outputs(
        self, llm_outputs: Sequence[dict[str, Any] | None]
    ) -> dict[str, Any]:
        return combine_llm_outputs(llm_outputs)

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

    @override
    def _build_settings(self) -> Settings:
        settings = super()._build_settings()
        settings.stream_idle_timeout = self.stream_idle_timeout
        settings.stream_usage = self.stream_usage
        settings.allow_unfinished_stream = self.allow_unfinished_stream
        settings.include_response_headers = self.include_response_headers
        settings.reasoning_format = self.reasoning_format
        settings.image_tool_message = bool(
            (self.profile or {}).get("image_tool_message")
        )
        return settings

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
        # Its parsers are classes of pydantic's, which take time to build.
        from langchain_clarifai._structured.output import build_structured_output

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
        return count_tokens_approximately(replace_media(messages), tools=wire_tools)

    # --- Identity and tracing ---------------------------------------------------

    @property
    def model_name(self) -> str:
        """The model, under the name that some of LangChain's code looks for."""
        return self.model

    def _read_body_fields(self) -> dict[str, Any]:
        """Read the fields that go into every body, as far as the user set them."""
        fields = self.__dict__
        return {name: fields[name] for name in _BODY_FIELDS if fields[name] is not None}

    @override
    def _get_llm_string(self, stop: list[str] | None = None, **kwargs: Any) -> str:
        """Build the key of caches, in which headers and query stand as a hash."""
        addressed = {
            "default_headers": self.default_headers,
            "default_query": self.default_query,
            **{
                name: kwargs.pop(name, None)
                for name in ("extra_headers", "extra_query")
            },
        }
        key = super()._get_llm_string(stop=stop, **kwargs)
        if not any(addressed.values()):
            return key
        canonical = json.dumps(addressed, sort_keys=True, default=str)
        return f"{key}---{hashlib.sha256(canonical.encode()).hexdigest()}"

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
        """Return what traces show of a call: no headers, no queries and no tokens."""
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
        # A model has one name in all traces, however it was spelled: lists of prices
        # and filters compare names.
        if name := ls_params.get("ls_model_name"):
            ls_params["ls_model_name"] = name_for_tracing(name, self.base_url)
        limit = kwargs.get("max_completion_tokens", self.max_completion_tokens)
        if limit is not None:
            ls_params.setdefault("ls_max_tokens", limit)
        return ls_params
