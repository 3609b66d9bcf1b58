"""Clarifai's catalogue, page by page → records of the models that can chat.

The endpoint is `ListModels` of Clarifai's own API, not of the OpenAI-compatible one:
`GET /v2/models`, or `GET /v2/users/{owner}/models`.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack, cast

from langchain_clarifai._catalogue.records import (
    ModelRecord,
    convert_to_record,
    read_key,
)
from langchain_clarifai._request.request import Request
from langchain_clarifai._settings.credentials import (
    OPENAI_PATH,
    find_base_url,
    normalize_base_url,
)
from langchain_clarifai._settings.lease import Lease
from langchain_clarifai._settings.model_ids import learn_path
from langchain_clarifai._settings.secret_arguments import hide_secrets
from langchain_clarifai._settings.timeouts import read_timeouts
from langchain_clarifai._transport.loading import import_in_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from langchain_clarifai._settings.settings import ApiKey

logger = logging.getLogger(__name__)

# The API's own default, so surely allowed.
_PER_PAGE: Final = 128
# How long to wait for a platform that answers 503, in seconds.
_OUTAGE_TIMEOUT: Final = 30.0
# Over a hundred thousand models: a server with more pages never comes to an end.
_MOST_PAGES: Final = 1_000
_ID: Final = re.compile(r"(?!\.+$)[A-Za-z0-9._-]{1,128}")


class Connection(TypedDict, total=False):
    """How to reach the catalogue; everything means what it means for `ChatClarifai`."""

    api_key: ApiKey
    """Personal access token. Default: as for `ChatClarifai`."""

    base_url: str
    """Clarifai's host, or its OpenAI-compatible endpoint. Default: as above."""

    allow_http: bool
    """Allow `http://` to a host that is not this machine."""

    timeout: Any
    """Seconds to wait for each page."""

    max_retries: int
    """How often a failed page is tried again; default 2."""

    http_client: Any
    """The SDK's HTTP client to use in place of the shared one."""


def list_models(
    *,
    owner: str | None = None,
    search: str | None = None,
    text: bool | None = None,
    vision: bool | None = None,
    limit: int | None = None,
    **connection: Unpack[Connection],
) -> list[ModelRecord]:
    """List the models that a token can chat with, the last modified first.

    Without `owner` or `search` the whole catalogue is read, page by page, of which
    only a part can chat: this may take a while.

    `ChatClarifai` takes the bare names of what was listed in this process, where one
    model only has that name. Names that come with this package keep their meaning.

    Args:
        owner: A user or an organization, such as "openai"; "me" is the token's owner.
        search: Words that Clarifai looks for in ids, descriptions and notes.
        text: True for models that are known to take text, False for all others.
        vision: True for models that are known to take images, False for all others.
        limit: Stop at so many models.
        **connection: `api_key`, `base_url`, `allow_http`, `timeout`, `max_retries` and
            `http_client`, as `ChatClarifai` has them.

    Raises:
        ValueError: If an argument is not allowed, or no token is found.
        ClarifaiError: If a page could not be read.
    """
    connection = _hide_token(connection)
    listing = _Listing(owner, search, limit, {"text": text, "image": vision})
    listing.connect(connection)
    from langchain_clarifai._catalogue import pages

    while (request := listing.build_next_request()) is not None:
        listing.read(pages.fetch_page(request))
    return listing.records


async def alist_models(
    *,
    owner: str | None = None,
    search: str | None = None,
    text: bool | None = None,
    vision: bool | None = None,
    limit: int | None = None,
    **connection: Unpack[Connection],
) -> list[ModelRecord]:
    """List the models that a token can chat with, as `list_models` does.

    Here `http_client` is the one for async calls.
    """
    connection = _hide_token(connection)
    listing = _Listing(owner, search, limit, {"text": text, "image": vision})
    # Both read files: the CLI's configuration, and modules.
    await asyncio.to_thread(listing.connect, connection)
    await import_in_thread("langchain_clarifai._catalogue.pages")
    from langchain_clarifai._catalogue import pages

    while (request := listing.build_next_request()) is not None:
        listing.read(await pages.afetch_page(request))
    return listing.records


class _Listing:
    """The state of one listing: what was found, and which page comes next."""

    def __init__(
        self,
        owner: str | None,
        search: str | None,
        limit: int | None,
        inputs: Mapping[str, bool | None],
    ) -> None:
        if owner is not None and not _ID.fullmatch(owner):
            raise ValueError(
                f"owner={owner!r} is no id of a user. Allowed are A-Z, a-z, 0-9, '_', "
                "'-' and '.', at most 128 of them, and 'me' for the token's own."
            )
        if limit is not None and limit < 1:
            raise ValueError(f"limit={limit!r} is not allowed. Give 1 or more.")
        self.records: list[ModelRecord] = []
        self._owner = owner
        self._search = search
        self._limit = limit
        self._inputs = inputs
        self._request: Request | None = None
        self._page = 0
        self._seen: set[tuple[str, ...]] = set()

    def connect(self, connection: Connection) -> None:
        """Take the server and the token that were given, or find them."""
        path = "/models" if self._owner is None else f"/users/{self._owner}/models"
        query = {"search": self._search} if self._search else {}
        self._request = replace(_build_request(connection, path), query=query)

    def build_next_request(self) -> Request | None:
        """Build the request of the next page, if there shall be one."""
        if self._request is None:
            return None
        self._page += 1
        pages = {"page": str(self._page), "per_page": str(_PER_PAGE)}
        return replace(self._request, query={**self._request.query, **pages})

    def read(self, models: Iterable[dict[str, Any]]) -> None:
        """Take the models of a page.

        Its length does not tell whether it is the last: a server may give less than
        it was asked for. The last is empty, or has nothing that was not seen before.
        """
        count = len(self._seen)
        for model in models:
            if (key := read_key(model)) not in self._seen:
                self._seen.add(key)
                self._add(model, key)
        if len(self._seen) == count or len(self.records) == self._limit:
            self._request = None
        elif self._page >= _MOST_PAGES:
            logger.warning("The catalogue was left after %d pages.", self._page)
            self._request = None

    def _add(self, model: dict[str, Any], key: tuple[str, ...]) -> None:
        if self._owner not in (None, "me", key[0]) or len(self.records) == self._limit:
            return
        record = convert_to_record(model)
        if record is not None and _has_inputs(record, self._inputs):
            self.records.append(record)
            learn_path(record.id)


def _hide_token(connection: Connection) -> Connection:
    """Hide the token from tracebacks, which may show the local variables of frames."""
    return cast("Connection", hide_secrets(connection))


def _build_request(connection: Connection, path: str) -> Request:
    if unknown := connection.keys() - Connection.__optional_keys__:
        raise TypeError(
            f"{', '.join(sorted(unknown))}: no argument has this name. Besides the "
            f"filters there are {', '.join(sorted(Connection.__optional_keys__))}."
        )
    root = _find_root(
        connection.get("base_url"), allow_http=connection.get("allow_http", False)
    )
    timeouts, total_timeout = read_timeouts(connection.get("timeout"))
    http_client = connection.get("http_client")
    return Request(
        body=b"",
        model="",
        base_url=f"{root}/v2{path}",
        headers={},
        query={},
        timeouts=timeouts,
        total_timeout=total_timeout,
        max_retries=connection.get("max_retries", 2),
        cold_start_timeout=_OUTAGE_TIMEOUT,
        http_client=http_client,
        http_async_client=http_client,
        lease=Lease(),
        api_key=connection.get("api_key"),
    )


def _find_root(base_url: str | None, *, allow_http: bool) -> str:
    """Find scheme and host of Clarifai, where its own API begins.

    Raises:
        ValueError: If the base URL is another server's.
    """
    if base_url:
        url = normalize_base_url(base_url, append_path=True, allow_http=allow_http)
    else:
        url = find_base_url(allow_http=allow_http)
    if not url.endswith(OPENAI_PATH):
        raise ValueError(
            f"The server at {url} has no catalogue of Clarifai's. Give the host "
            f"(https://api.clarifai.com), or a base URL that ends in {OPENAI_PATH}."
        )
    return url.removesuffix(OPENAI_PATH)


def _has_inputs(record: ModelRecord, inputs: Mapping[str, bool | None]) -> bool:
    return all(
        wanted is None or record.capabilities.get(f"{kind}_inputs", False) is wanted
        for kind, wanted in inputs.items()
    )
