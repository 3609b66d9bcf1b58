"""`ClarifaiEmbeddings`: texts → vectors, for retrieval and comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from langchain_core.embeddings import Embeddings
from pydantic import Field, PrivateAttr
from typing_extensions import override

from langchain_clarifai._connected_model import ConnectedModel
from langchain_clarifai._embeddings.encodings import EncodingFormat, Encodings
from langchain_clarifai._embeddings.job import Job, check_texts
from langchain_clarifai._embeddings.usage import UsageCounter
from langchain_clarifai._settings.parameters import EMBEDDING_PARAMETERS
from langchain_clarifai._transport.loading import import_in_thread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_core.messages.ai import UsageMetadata

_SENDING: Final = "langchain_clarifai._embeddings.sending"


class ClarifaiEmbeddings(ConnectedModel, Embeddings):
    """Embedding model for every model that Clarifai serves at `/embeddings`.

    Token, server, retries, errors and clients are those of `ChatClarifai`.

    Example:
        ```python
        from langchain_clarifai import ClarifaiEmbeddings

        embeddings = ClarifaiEmbeddings(
            model="openai/embed/models/text-embedding-3-large", dimensions=256
        )
        vectors = embeddings.embed_documents(["A text.", "Another."])
        ```

    Raises:
        pydantic.ValidationError: If an argument is out of range, the model's id is
            malformed, or no token is found. It is a `ValueError`.

    Sources: https://docs.clarifai.com/compute/inference/open-ai
    """

    dimensions: int | None = Field(default=None, ge=1)
    """How many numbers a vector has, where the model leaves the choice. Other models
    ignore or refuse this."""

    chunk_size: int = Field(default=256, ge=1)
    """How many texts go into one request at most; together they have no more than
    250,000 letters. A text that is longer goes alone."""

    max_concurrency: int = Field(default=1, ge=1)
    """How many requests run at once, at most. Vectors keep the order of their texts."""

    encoding_format: EncodingFormat = "base64"
    """How vectors travel. Where a server does not take base64, floats are asked for."""

    show_progress: bool = False
    """Show a bar while many texts are embedded, if tqdm is installed."""

    _parameters: ClassVar[frozenset[str]] = EMBEDDING_PARAMETERS
    _encodings: Encodings = PrivateAttr(default_factory=Encodings)
    _usage: UsageCounter = PrivateAttr(default_factory=UsageCounter)

    @override
    def embed_documents(
        self, texts: list[str], chunk_size: int | None = None
    ) -> list[list[float]]:
        """Embed texts.

        Args:
            texts: The texts; an empty list sends nothing.
            chunk_size: How many texts go into one request at most; default: the field
                of that name.

        Returns:
            A vector for each text, in their order.

        Raises:
            ClarifaiError: If some vectors did not come. `partial_embeddings` has those
                that came, by the index of their text, and `failed_indices` names the
                texts that the server refused.
        """
        job = self._build_job(texts, chunk_size)
        if not job.texts:
            return []
        from langchain_clarifai._embeddings import sending

        return sending.embed(job)

    @override
    def embed_query(self, text: str) -> list[float]:
        """Embed one text.

        Raises:
            ClarifaiError: If its vector did not come.
        """
        return self.embed_documents([text])[0]

    @override
    async def aembed_documents(
        self, texts: list[str], chunk_size: int | None = None
    ) -> list[list[float]]:
        """Embed texts, as `embed_documents` does."""
        job = self._build_job(texts, chunk_size)
        if not job.texts:
            return []
        await import_in_thread(_SENDING)
        from langchain_clarifai._embeddings import sending

        return await sending.aembed(job)

    @override
    async def aembed_query(self, text: str) -> list[float]:
        """Embed one text, as `embed_query` does."""
        vectors = await self.aembed_documents([text])
        return vectors[0]

    @property
    def usage_metadata(self) -> UsageMetadata:
        """The tokens of all answers so far, as the servers reported them.

        LangChain's `get_usage_metadata_callback` counts them, too.
        """
        return self._usage.total

    def _build_job(self, texts: Iterable[str], chunk_size: int | None) -> Job:
        if chunk_size is not None and chunk_size < 1:
            raise ValueError(f"chunk_size={chunk_size} is not allowed. Give 1 or more.")
        return Job(
            texts=check_texts(texts),
            settings=self._build_settings(),
            fields=self._read_body_fields(),
            chunk_size=chunk_size or self.chunk_size,
            max_concurrency=self.max_concurrency,
            encoding_format=self.encoding_format,
            show_progress=self.show_progress,
            encodings=self._encodings,
            usage=self._usage,
        )

    def _read_body_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"model": self.model}
        if self.dimensions is not None:
            fields["dimensions"] = self.dimensions
        if self.extra_body:
            fields["extra_body"] = self.extra_body
        return {**fields, **self.model_kwargs}

    @override
    def __copy__(self) -> Self:
        """Copy shallowly; the copy counts its own tokens, from zero."""
        copied = super().__copy__()
        copied._usage = UsageCounter()  # noqa: SLF001 - a copy is of this class
        return copied
