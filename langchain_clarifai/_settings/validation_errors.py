"""pydantic's errors → errors that say what is allowed, and hold nothing of the input.

The token is part of the input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from langchain_clarifai._settings.model_ids import MODEL_FORMS

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODEL: Final = (
    f"{MODEL_FORMS}; or, with a `base_url` that is not Clarifai's, the name that its "
    "server has for the model"
)
_POSITIVE_INTEGER: Final = "an integer from 1 up"
_TRUE_OR_FALSE: Final = "True or False"
ALLOWED: Final[Mapping[str, str]] = {
    "allow_http": _TRUE_OR_FALSE,
    "allow_unfinished_stream": _TRUE_OR_FALSE,
    "api_key": "a string, a SecretStr, or a sync or async function that returns one",
    "base_url": "the URL of an API, like https://api.clarifai.com/v2/ext/openai/v1",
    "chunk_size": _POSITIVE_INTEGER,
    "cold_start_timeout": "a number of seconds from 0 up",
    "default_headers": "a dict of strings by header name",
    "default_query": "a dict of values by parameter name",
    "dimensions": _POSITIVE_INTEGER,
    "encoding_format": "'base64' or 'float'",
    "extra_body": "a dict of further keys of the request's body",
    "frequency_penalty": "a number from -2 to 2",
    "include_response_headers": _TRUE_OR_FALSE,
    "logit_bias": "a dict of numbers from -100 to 100 by token id",
    "logprobs": _TRUE_OR_FALSE,
    "max_concurrency": _POSITIVE_INTEGER,
    "max_completion_tokens": _POSITIVE_INTEGER,
    "max_retries": "an integer from 0 up",
    "max_tokens": _POSITIVE_INTEGER,
    "model": _MODEL,
    "model_kwargs": "a dict of further parameters of the model",
    "n": _POSITIVE_INTEGER,
    "presence_penalty": "a number from -2 to 2",
    "reasoning_effort": "a word that the model knows, mostly 'low', 'medium' or 'high'",
    "seed": "an integer",
    "show_progress": _TRUE_OR_FALSE,
    "stop": "a string or a list of strings",
    "stream_idle_timeout": "a number of seconds above 0, or None for no limit",
    "stream_usage": _TRUE_OR_FALSE,
    "streaming": _TRUE_OR_FALSE,
    "temperature": "a number from 0 to 2",
    "top_logprobs": "an integer from 0 to 20",
    "top_p": "a number from 0 to 1",
}
"""What is allowed, by name of argument, where pydantic's own words do not say it."""


def build_validation_error(title: str, error: ValueError) -> ValidationError:
    """Build an error that says what is allowed, and holds nothing of the input."""
    messages: dict[tuple[int | str, ...], tuple[Any, str]]
    if isinstance(error, ValidationError):
        # A union reports each of its members; the first report of a field will do.
        messages = {
            details["loc"][:1]: (details["type"], _describe(details))
            for details in reversed(error.errors(include_url=False))
        }
    else:
        messages = {(): ("value_error", str(error))}
    return ValidationError.from_exception_data(
        title,
        [
            InitErrorDetails(
                type=PydanticCustomError(error_type, "{message}", {"message": message}),
                loc=place,
                input=None,
            )
            for place, (error_type, message) in reversed(messages.items())
        ],
        hide_input=True,
    )


def _describe(details: Any) -> str:
    message: str = details["msg"].removeprefix("Value error, ").rstrip(".")
    field_name = str(details["loc"][0]) if details["loc"] else ""
    if field_name not in ALLOWED:
        return f"{message}."
    return f"{message}. Allowed: {ALLOWED[field_name]}."
