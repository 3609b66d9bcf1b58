"""The base of our exceptions; modules that send requests catch it without the SDK."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from langchain_core.exceptions import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_core.messages import AIMessage

RetryKind = Literal["never", "soon", "throttled", "cold_start"]


class ClarifaiError(ModelError):
    """Base of every error that a request can end with.

    Attributes:
        code: Clarifai's status code as a number, or the provider's own code as it
            came; None where there was none.
        request_id: The id by which support finds the request, where it is known.
        body: The error as it came, decoded from JSON where it was JSON. If it has
            OpenAI's form `{"error": …}`, this is the inner object, as in the SDK. If a
            success held no JSON, these are its first 200 characters.
        partial_message: What had arrived of the answer before it broke, if anything.
        partial_embeddings: The vectors that came, by the index of their text, where
            texts were embedded; else empty.
        failed_indices: The indices of the texts that the server refused to embed.
        is_retryable: Whether the same request may succeed later. LangChain's retry
            middleware reads it.
    """

    message: str
    code: Any
    request_id: str | None
    body: object | None
    response: Any
    partial_message: AIMessage | None = None
    partial_embeddings: Mapping[int, list[float]] = MappingProxyType({})
    failed_indices: tuple[int, ...] = ()
    retry_kind: ClassVar[RetryKind] = "never"
    advice: ClassVar[str] = ""
    blames_content: ClassVar[bool] = False
    """Whether the content sent may be the reason, so that a part of it may succeed."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the error as it is, without calling the constructor.

        The constructors of the SDK's exceptions ask for more than `args` hold, so an
        error that was pickled in the default way could not be loaded.
        """
        return _rebuild, (type(self), self.args, self.__dict__.copy())


def _rebuild(
    error_class: type[ClarifaiError], arguments: tuple[Any, ...], state: dict[str, Any]
) -> ClarifaiError:
    """Build an error that was pickled or copied."""
    error = error_class.__new__(error_class, *arguments)
    error.__dict__.update(state)
    return error
