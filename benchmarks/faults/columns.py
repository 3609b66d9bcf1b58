"""An integration and what a check asks of it → a model that talks to loopback.

A check speaks of options in common words; each integration gets them under its own
names, and what it has no word for is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "sk-0d1f-this-is-not-a-token-77aa"
MODEL = "openai/gpt-oss-120b"
CLARIFAI_MODEL = "https://clarifai.com/openai/chat-completion/models/gpt-oss-120b"
LITELLM_MODEL = "clarifai/openai.chat-completion.gpt-oss-120b"
OPENAI_PATH = "/v2/ext/openai/v1"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a check asks for; `None` leaves it to the integration."""

    origin: str = "http://127.0.0.1:9"
    key: str | None = KEY
    retries: int | None = 0
    """0 also turns off all waiting for models that start."""
    idle: float | None = None
    """Seconds of silence in a stream that are too many."""
    allow_unfinished: bool | None = None
    think_tags: str | None = None
    """"tags" or "off", where the integration can be told."""
    response_headers: bool | None = None
    max_tokens: int | None = None
    extra_body: dict[str, Any] | None = None
    """Keys for the backend, unknown to OpenAI's API."""
    output_version: str | None = None
    headers: dict[str, str] | None = None
    """Sent with each request, where the integration can be told."""
    path_after: str = ""
    """What a user wrote after the base URL."""


@dataclass(frozen=True)
class Column:
    """One integration: where it is, how it is built, and its words for things."""

    name: str
    environment: str
    build: Callable[[Options], Any]
    model: str = MODEL
    base_url_field: str = "openai_api_base"
    path: str = OPENAI_PATH


def given(**arguments: Any) -> dict[str, Any]:
    """Leave out what was not asked for."""
    return {name: value for name, value in arguments.items() if value is not None}


def get_class(module: str, name: str) -> Any:
    """Import an integration's class."""
    return getattr(import_module(module), name)


def build_chat_openai(options: Options) -> Any:
    """Build a `ChatOpenAI`."""
    return get_class("langchain_openai", "ChatOpenAI")(
        model=MODEL,
        base_url=options.origin + OPENAI_PATH + options.path_after,
        **given(
            api_key=options.key,
            max_retries=options.retries,
            timeout=options.idle,
            stream_chunk_timeout=options.idle,
            include_response_headers=options.response_headers,
            max_tokens=options.max_tokens,
            extra_body=options.extra_body,
            output_version=options.output_version,
            default_headers=options.headers,
        ),
    )


def build_chat_deepseek(options: Options) -> Any:
    """Build a `ChatDeepSeek`."""
    return get_class("langchain_deepseek", "ChatDeepSeek")(
        model=MODEL,
        api_base=options.origin + OPENAI_PATH + options.path_after,
        **given(
            api_key=options.key,
            max_retries=options.retries,
            timeout=options.idle,
            stream_chunk_timeout=options.idle,
            include_response_headers=options.response_headers,
            max_tokens=options.max_tokens,
            extra_body=options.extra_body,
            output_version=options.output_version,
            default_headers=options.headers,
        ),
    )


def build_chat_groq(options: Options) -> Any:
    """Build a `ChatGroq`."""
    model_kwargs = {"extra_body": options.extra_body} if options.extra_body else None
    return get_class("langchain_groq", "ChatGroq")(
        model=MODEL,
        base_url=options.origin + options.path_after,
        **given(
            api_key=options.key,
            max_retries=options.retries,
            timeout=options.idle,
            max_tokens=options.max_tokens,
            model_kwargs=model_kwargs,
            output_version=options.output_version,
            default_headers=options.headers,
        ),
    )


def build_chat_openrouter(options: Options) -> Any:
    """Build a `ChatOpenRouter`; its timeout is in milliseconds."""
    return get_class("langchain_openrouter", "ChatOpenRouter")(
        model=MODEL,
        base_url=options.origin + OPENAI_PATH + options.path_after,
        **given(
            api_key=options.key,
            max_retries=options.retries,
            timeout=options.idle and int(options.idle * 1000),
            max_tokens=options.max_tokens,
            model_kwargs=options.extra_body,
            output_version=options.output_version,
        ),
    )


def build_chat_litellm(options: Options) -> Any:
    """Build a `ChatLiteLLM`."""
    model_kwargs = {"extra_body": options.extra_body} if options.extra_body else None
    return get_class("langchain_litellm", "ChatLiteLLM")(
        model=LITELLM_MODEL,
        api_base=options.origin + OPENAI_PATH + options.path_after,
        **given(
            api_key=options.key,
            max_retries=options.retries,
            request_timeout=options.idle,
            max_tokens=options.max_tokens,
            model_kwargs=model_kwargs,
            output_version=options.output_version,
            extra_headers=options.headers,
        ),
    )


def build_chat_clarifai(options: Options) -> Any:
    """Build a `ChatClarifai`."""
    return get_class("langchain_clarifai", "ChatClarifai")(
        model=CLARIFAI_MODEL,
        base_url=options.origin + OPENAI_PATH + options.path_after,
        **given(
            api_key=options.key,
            max_retries=options.retries,
            cold_start_timeout=0 if options.retries == 0 else None,
            stream_idle_timeout=options.idle,
            allow_unfinished_stream=options.allow_unfinished,
            reasoning_format=options.think_tags,
            include_response_headers=options.response_headers,
            max_tokens=options.max_tokens,
            extra_body=options.extra_body,
            output_version=options.output_version,
            default_headers=options.headers,
        ),
    )


COLUMNS = {
    column.name.lower(): column
    for column in (
        Column("ChatOpenAI", "others", build_chat_openai),
        Column("ChatGroq", "others", build_chat_groq, base_url_field="groq_api_base"),
        Column(
            "ChatDeepSeek", "others", build_chat_deepseek, base_url_field="api_base"
        ),
        Column(
            "ChatOpenRouter",
            "others",
            build_chat_openrouter,
            base_url_field="openrouter_api_base",
        ),
        Column(
            "ChatLiteLLM",
            "litellm",
            build_chat_litellm,
            LITELLM_MODEL,
            base_url_field="api_base",
        ),
        Column(
            "ChatClarifai",
            "others",
            build_chat_clarifai,
            CLARIFAI_MODEL,
            base_url_field="base_url",
        ),
    )
}
