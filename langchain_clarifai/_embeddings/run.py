"""One call of the user's → which batch is next, what came, what failed.

Nothing here does any I/O: the sync and the async loops share all of it, from as many
threads as they like.

A batch that is refused for what is in it is halved until the text is found that is the
reason: it alone is lost. Everything else that goes wrong ends the run. Either way the
error carries the vectors that came.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from langchain_core.exceptions import ContextOverflowError

from langchain_clarifai._embeddings.batches import cut_into_batches, halve
from langchain_clarifai._embeddings.body import build_request
from langchain_clarifai._embeddings.encodings import is_about_encoding
from langchain_clarifai._embeddings.progress import Progress
from langchain_clarifai._embeddings.usage import UsageCounter, report_usage
from langchain_clarifai._errors.base import ClarifaiError

if TYPE_CHECKING:
    from langchain_clarifai._embeddings.answer import Answer
    from langchain_clarifai._embeddings.job import Job
    from langchain_clarifai._request.request import Request

logger = logging.getLogger("langchain_clarifai")

# After so many refused texts the run ends, as each costs some requests to find. If
# every text so far was refused, it ends sooner: the texts are hardly the reason. But
# bad ones may be neighbours, such as empty lines of a file, so texts from the other end
# are tried before that.
_MOST_REFUSED: Final = 20
_REFUSED_AT_ONE_END: Final = 3
_REFUSED_AT_BOTH_ENDS: Final = 6


@dataclass(slots=True, frozen=True)
class Batch:
    """Texts of one request."""

    places: range
    """Where they are among all texts."""

    encoding_format: str | None
    request: Request
    is_base64: bool
    """Whether the request asks for base64."""


class Run:
    """The state of one call."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._lock = threading.Lock()
        self._vectors: list[list[float] | None] = [None] * len(job.texts)
        self._length: int | None = None
        self._server = (job.settings.base_url, job.fields["model"])
        # Batches that are to be sent; the next one is the last of the list.
        self._waiting = cut_into_batches(job.texts, job.chunk_size)[::-1]
        self._refused: dict[int, ClarifaiError] = {}
        self._failure: Exception | None = None
        self._is_over = False
        self._usage = UsageCounter()
        self._progress = Progress(len(job.texts), is_shown=job.show_progress)
        self.workers = min(job.max_concurrency, len(self._waiting))

    def take_batch(self) -> Batch | None:
        """Take the next batch; there is none when the run is over."""
        with self._lock:
            if self._is_over or not self._waiting:
                return None
            places = self._waiting.pop()
        job = self._job
        encoding_format = job.encodings.choose(self._server, job.encoding_format)
        texts = job.texts[places.start : places.stop]
        built = build_request(job.settings, job.fields, texts, encoding_format)
        return Batch(places, encoding_format, *built)

    def check_length(self, length: int) -> int:
        """Return how long the vectors of this run are, by the first that came."""
        with self._lock:
            if self._length is None:
                self._length = length
                self._compare(length)
            return self._length

    def take_answer(self, batch: Batch, answer: Answer) -> None:
        """Take the vectors of a batch."""
        with self._lock:
            self._vectors[batch.places.start : batch.places.stop] = answer.vectors
            self._progress.advance(len(batch.places))
        self._usage.add(answer.usage)
        self._job.usage.add(answer.usage)

    def take_error(self, batch: Batch, error: ClarifaiError) -> None:
        """Take a batch's failure: ask in another way, or for less, or give up."""
        with self._lock:
            if self._asks_otherwise(batch, error):
                self._waiting.append(batch.places)
            elif not error.blames_content:
                self._end(error)
            elif len(batch.places) > 1:
                first, second = halve(batch.places)
                self._waiting += [second, first]
            else:
                self._refuse(batch.places.start, error)

    def end(self, error: Exception | None = None) -> None:
        """Send no further batch."""
        with self._lock:
            self._end(error)

    def finish(self) -> list[list[float]]:
        """Return all vectors, in the order of the texts.

        Raises:
            ClarifaiError: If some did not come; it has the others.
        """
        self._progress.close()
        report_usage(self._job.fields["model"], self._usage.total)
        refused = self._refused.get(min(self._refused, default=-1))
        failure = self._failure or refused
        if isinstance(failure, ClarifaiError):
            self._complete(failure)
        if failure is not None:
            raise failure
        return [vector for vector in self._vectors if vector is not None]

    def _compare(self, length: int) -> None:
        """Log a warning if the server has ignored `dimensions`, as many do."""
        dimensions = self._job.fields.get("dimensions", length)
        if length != dimensions:
            logger.warning(
                "dimensions=%d was ignored: the vectors have %d numbers.",
                dimensions,
                length,
            )

    def _asks_otherwise(self, batch: Batch, error: ClarifaiError) -> bool:
        """Tell whether the batch can be sent again with another encoding."""
        # Some servers crash on a parameter that they do not know.
        may_refuse = error.blames_content or error.retry_kind == "soon"
        if not may_refuse or not is_about_encoding(str(error)):
            return False
        encodings, wanted = self._job.encodings, self._job.encoding_format
        if encodings.choose(self._server, wanted) != batch.encoding_format:
            return True  # another batch was refused meanwhile
        return encodings.refuse(self._server, batch.encoding_format)

    def _refuse(self, place: int, error: ClarifaiError) -> None:
        self._refused[place] = error
        count, has_some = len(self._refused), self._length is not None
        if count == _REFUSED_AT_ONE_END and not has_some:
            self._waiting.reverse()
        if count >= (_MOST_REFUSED if has_some else _REFUSED_AT_BOTH_ENDS):
            self._is_over = True

    def _end(self, error: Exception | None) -> None:
        self._is_over = True
        self._failure = self._failure or error

    def _complete(self, error: ClarifaiError) -> None:
        """Add to the error which texts it is about, and what came before it."""
        error.partial_embeddings = {
            place: vector
            for place, vector in enumerate(self._vectors)
            if vector is not None
        }
        error.failed_indices = tuple(sorted(self._refused))
        said = [self._describe_refused(), _describe(error)]
        if error.partial_embeddings:
            came = f"{len(error.partial_embeddings):,} of {len(self._vectors):,}"
            said.append(f"{came} vectors came: they are in `partial_embeddings`.")
        error.message = " ".join(filter(None, said))
        error.args = (error.message,)

    def _describe_refused(self) -> str:
        if not self._refused or self._failure is not None:
            return ""
        texts = self._job.texts
        *more, last = (
            f"texts[{place}] ({len(texts[place]):,} letters)"
            for place in sorted(self._refused)
        )
        named = f"{', '.join(more)} and {last}" if more else last
        return f"The server refuses {named}."


def _describe(error: ClarifaiError) -> str:
    said = error.message
    if isinstance(error, ContextOverflowError):
        return said.replace(
            error.advice,
            "Cut long texts before you embed them, with a text splitter for example.",
        )
    return said
