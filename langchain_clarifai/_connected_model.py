"""What `ChatClarifai` and `ClarifaiEmbeddings` share: model, token, server, life."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from inspect import iscoroutinefunction
from typing import Annotated, Any, ClassVar, Self

from langchain_core.load.serializable import Serializable
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

from langchain_clarifai._settings.arguments import (
    resolve_arguments,
    warn_of_lone_client,
)
from langchain_clarifai._settings.credentials import normalize_base_url
from langchain_clarifai._settings.headers import check_headers
from langchain_clarifai._settings.lease import Lease
from langchain_clarifai._settings.parameters import CHAT_PARAMETERS
from langchain_clarifai._settings.queries import check_query
from langchain_clarifai._settings.secret_arguments import hide_secrets
from langchain_clarifai._settings.settings import Settings
from langchain_clarifai._settings.timeouts import read_timeouts
from langchain_clarifai._settings.validation_errors import build_validation_error
from langchain_clarifai._transport.loading import import_calls
from langchain_clarifai._version import __version__


def _hide_token(api_key: Any) -> Any:
    return SecretStr(api_key) if isinstance(api_key, str) else api_key


def _check_timeout(timeout: Any) -> Any:
    read_timeouts(timeout)
    return timeout


def _check_client(client: Any) -> Any:
    """Refuse a client for async calls, whose answers no sync call could await."""
    if iscoroutinefunction(getattr(client, "send", None)):
        raise ValueError(
            "`http_client` is for sync calls, and this is a client for async ones: "
            "give it as `http_async_client`."
        )
    return client


def _check_async_client(client: Any) -> Any:
    """Refuse a client for sync calls, which would block the event loop."""
    send = getattr(client, "send", None)
    if send is not None and not iscoroutinefunction(send):
        raise ValueError(
            "`http_async_client` is for async calls, and this is a client for sync "
            "ones: give it as `http_client`."
        )
    return client


def _check_headers(headers: Mapping[str, str] | None) -> Mapping[str, str] | None:
    return headers and check_headers(headers)


def _check_query(query: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return query and check_query(query)


class ConnectedModel(Serializable):
    """A model on a server: how it is named and reached, copied, pickled and closed."""

    model_config = ConfigDict(
        arbitrary_types_allowed=True,
        # Otherwise an error would show its input, and with it the token.
        hide_input_in_errors=True,
        protected_namespaces=(),
    )

    model: str = Field(min_length=1)
    """The model, as the user wrote it; each request names it as its server does."""

    timeout: Annotated[Any, AfterValidator(_check_timeout)] = None
    """Seconds to wait for the server: a number; or connect, read, write and pool, as
    a mapping, a tuple or an `openai.Timeout`. Default: 5 s to connect, 600 s to read.
    A number also limits all waiting between attempts. Alias: `request_timeout`."""

    max_retries: int = Field(default=2, ge=0)
    """How often a failed request is tried again, before the first chunk only."""

    cold_start_timeout: float = Field(default=600.0, ge=0)
    """Seconds to wait for a model that is starting or busy."""

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

    default_query: Annotated[dict[str, Any] | None, AfterValidator(_check_query)] = (
        Field(default=None, exclude=True, repr=False)
    )
    """Query parameters of every request; kept out of repr and serialization. Alias:
    `extra_query`."""

    http_client: Annotated[Any, AfterValidator(_check_client)] = Field(
        default=None, exclude=True, repr=False
    )
    """An `openai.DefaultHttpxClient` for sync calls, in place of the shared one, with a
    proxy or certificates of its own, say."""

    http_async_client: Annotated[Any, AfterValidator(_check_async_client)] = Field(
        default=None, exclude=True, repr=False
    )
    """An `openai.DefaultAsyncHttpxClient` for async calls, in place of shared ones."""

    extra_body: dict[str, Any] | None = None
    """Further keys of the body. Those that Clarifai's runner does not know are sent
    inside an `extra_body`, which the runner unfolds for the backend."""

    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further parameters of the model; unknown arguments land here, with a warning."""

    _parameters: ClassVar[frozenset[str]] = CHAT_PARAMETERS
    """Parameters of the endpoint without a field; they are sent without a warning."""

    _lease: Lease = PrivateAttr(default_factory=Lease)

    # --- Construction -----------------------------------------------------------

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs = hide_secrets(kwargs)
        super().__init__(*args, **kwargs)

    @model_validator(mode="wrap")
    @classmethod
    def _resolve_arguments(cls, arguments: Any, build: Callable[[Any], Self]) -> Self:
        """Resolve aliases, token, base URL and profile; say what is allowed."""
        if not isinstance(arguments, dict):
            return build(arguments)
        try:
            values, found = resolve_arguments(arguments, cls, cls._parameters)
            model = build(values)
        except ValueError as error:
            # pydantic's own error holds its input, and with it the token.
            raise build_validation_error(cls.__name__, error) from None
        warn_of_lone_client(values)
        # pydantic notes which fields were given; these were found: see `__getstate__`.
        model.__pydantic_fields_set__.difference_update(found)
        # The hook is LangChain's, for its own packages; nothing breaks without it.
        with suppress(AttributeError):
            model._add_version("langchain-clarifai", __version__)  # type: ignore[attr-defined]  # noqa: SLF001 - chat models have it
        return model

    @override
    def model_post_init(self, context: Any, /) -> None:
        """Let langchain-core note its version, for traces.

        pydantic gives a class with private attributes a hook of this name, which does
        not call those of the other parents of a class. This one does.
        """
        super().model_post_init(context)

    @override
    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        self._forget_derived((name,))

    @override
    def model_copy(
        self, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Self:
        copied = super().model_copy(update=update, deep=deep)
        copied._forget_derived(update or ())  # noqa: SLF001 - a copy is of this class
        return copied

    def _forget_derived(self, changed: Iterable[str]) -> None:
        """Drop what was derived from fields that have changed."""
        del changed
        # What langchain-core dumped, for traces and for the keys of caches.
        vars(self).pop("_serialized", None)

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
            http_client=self.http_client,
            http_async_client=self.http_async_client,
            lease=self._lease,
        )

    # --- Life -------------------------------------------------------------------

    def close(self) -> None:
        """Give back the connections of sync calls; the last model to do so closes them.

        The model stays usable: the next call connects anew. What you passed in as
        `http_client` is yours to close.
        """
        from langchain_clarifai._connections import pools

        pools.close(self._lease)

    async def aclose(self) -> None:
        """Give back the connections of this event loop, and those of sync calls."""
        await import_calls()
        from langchain_clarifai._connections import loop_pools

        await loop_pools.close(self._lease)

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
        """Leave out what was found in the environment, and what cannot be pickled."""
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

    # --- Serialization ----------------------------------------------------------

    @property
    @override
    def lc_secrets(self) -> dict[str, str]:
        return {"api_key": "CLARIFAI_PAT"}

    @classmethod
    @override
    def is_lc_serializable(cls) -> bool:
        return True
