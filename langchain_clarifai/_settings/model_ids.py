"""Every spelling of a model → its id and URL."""

from __future__ import annotations

import dataclasses
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from langchain_clarifai._settings import known_names
from langchain_clarifai._settings.credentials import OPENAI_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    _Reader = Callable[[str], "ModelId | None"]

_DEFAULT_ORIGIN = "https://clarifai.com"
_MAX_LENGTH = 512  # known models, with host and version, stay under 130

# Ids are case-sensitive: a lower-cased one is answered with 404
# (https://github.com/BerriAI/litellm/issues/5093).
PART = r"(?!\.+(?:/|$))[A-Za-z0-9._-]{1,128}"
_PATH = re.compile(
    rf"(?P<user_id>{PART})/(?P<app_id>{PART})/models/(?P<model_id>{PART})"
    rf"(?:/versions/(?P<version_id>{PART}))?"
)
_WITH_SCHEME = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]{1,5})?)/(?P<path>.+)",
    re.IGNORECASE,
)
_WITHOUT_SCHEME = re.compile(
    r"(?P<host>(?:[a-z0-9-]+\.)*clarifai\.com)(?:/(?P<path>.+))?", re.IGNORECASE
)
_DOTTED = re.compile(
    r"(?P<user_id>[A-Za-z0-9_-]{1,128})\.(?P<app_id>[A-Za-z0-9_-]{1,128})"
    r"\.(?P<model_id>[A-Za-z0-9_-]{1,128})"
)
# A name with two dots was meant to be in LiteLLM's form, `user.app.model`.
_NAME = re.compile(
    r"(?=.{1,128}$)(?!.*\..*\.)[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?"
)
# From the start of a line only: tried at each letter, it would be quadratic.
_USER_INFO = re.compile("^.*@", re.MULTILINE)

MODEL_FORMS = (
    f"a URL ({_DEFAULT_ORIGIN}/openai/chat-completion/models/gpt-oss-120b), "
    f"a URL with a version ({_DEFAULT_ORIGIN}/openai/chat-completion/models/"
    "gpt-oss-120b/versions/VERSION), "
    "a path (openai/chat-completion/models/gpt-oss-120b), "
    "a path with a version (openai/chat-completion/models/gpt-oss-120b/versions/"
    "VERSION), "
    "LiteLLM's dotted form (openai.chat-completion.gpt-oss-120b), "
    "each also after 'clarifai/' (clarifai/openai.chat-completion.gpt-oss-120b), "
    "or the bare name of a model (gpt-oss-120b)"
)

# Tried from top to bottom on a spelling that no form accepts.
_FAULTS = (
    ("@", "a user name or token does not belong into a model's URL"),
    ("%", "percent-encoded characters are not allowed"),
    (
        "/(?:concepts|datasets|inputs|modules|pipelines|tasks|workflows)(?:/|$)",
        "only models can be called, so the part after the app must be 'models'",
    ),
    ("^/|(?<!:)//|/$", "a part between two slashes is empty"),
    (r"(?:^|/)\.+(?:/|$)", "a part consists of dots"),
    ("[^A-Za-z0-9._/:-]", "ids are made of A-Z, a-z, 0-9, '_', '-' and '.'"),
    (
        "^(?:clarifai/)?[^/]+$",
        "no well-known model has this name, nor any that `list_models` has listed",
    ),
    ("", "it does not name a user, an app and a model, each at its place"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class ModelId:
    """One model on Clarifai, with or without a pinned version."""

    user_id: str
    app_id: str
    model_id: str
    version_id: str | None = None
    origin: str = _DEFAULT_ORIGIN
    """Scheme and host of the URL, as the user wrote them."""

    @property
    def path(self) -> str:
        """Name the model without its host and version."""
        return f"{self.user_id}/{self.app_id}/models/{self.model_id}"

    @property
    def url(self) -> str:
        """Name the model as the endpoint wants it."""
        version = "" if self.version_id is None else f"/versions/{self.version_id}"
        return f"{self.origin}/{self.path}{version}"


def parse_model(model: str) -> ModelId:
    """Read any spelling of a model.

    A prefix (`clarifai/`, or `openai/` before a URL or path) is taken off only when
    the whole has no valid form and the rest has one, since both are user ids too.

    Raises:
        ValueError: If no form fits, or a bare name is not known or not unique.
    """
    text = _clean(model)
    for spelling, readers in _list_spellings(text):
        for read in readers:
            model_id = read(spelling)
            if model_id is not None:
                return model_id
    fault = next(fault for pattern, fault in _FAULTS if re.search(pattern, text))
    raise ValueError(
        f"Cannot read the model {_USER_INFO.sub('…@', text)!r}: {fault}. "
        f"{known_names.suggest(text)}Allowed are {MODEL_FORMS}."
    )


def read_unknown_name(model: str) -> str | None:
    """Read a bare name that is not known here, and is no misspelling of a known one.

    Clarifai's release notes say of 12.2 (2026-03-05) that its OpenAI-compatible API
    finds featured models by their ids alone: the server shall decide.

    Raises:
        ValueError: If several listed models have it.
    """
    name = model.strip().removeprefix("clarifai/")
    if (
        not _NAME.fullmatch(name)
        or _WITHOUT_SCHEME.fullmatch(name)
        or known_names.find_listed(name) is not None
        or known_names.is_near_miss(name)
    ):
        return None
    return name


@lru_cache(maxsize=256)
def is_clarifai_base_url(base_url: str) -> bool:
    """Tell whether a base URL takes Clarifai's model URLs."""
    path = re.split("[?#]", base_url.strip(), maxsplit=1)[0]
    return path.rstrip("/").endswith(OPENAI_PATH)


@lru_cache(maxsize=1024)
def resolve_model(model: str, base_url: str) -> str:
    """Name the model as the server at `base_url` wants it.

    Clarifai gets the full URL, and a bare name that is not known here as it is. Any
    other server gets the name as it was written.

    Raises:
        ValueError: If the name is empty, has control characters, or is none of
            Clarifai's forms where Clarifai is asked.
    """
    if is_clarifai_base_url(base_url):
        return read_unknown_name(model) or parse_model(model).url
    if not model.strip() or not model.isprintable():
        raise ValueError(
            "The model's name is empty or has a control character in it. Give the "
            "name under which the server knows the model."
        )
    return model


@lru_cache(maxsize=256)
def find_path(model: str, base_url: str) -> str | None:
    """Find the path of a model on Clarifai; a name that only the server knows has none.

    Raises:
        ValueError: If Clarifai is asked, and the name is none of its forms.
    """
    if not is_clarifai_base_url(base_url) or read_unknown_name(model):
        return None
    return parse_model(model).path


def name_for_tracing(model: str, base_url: str) -> str:
    """Name a model the same way for each of its spellings: by its path on Clarifai.

    A name that only another server knows stays as it is, and so does one that is
    wrong: building the request tells what is wrong with it.
    """
    try:
        return find_path(model, base_url) or model
    except ValueError:
        return model


def learn_path(path: str) -> None:
    """Know the bare name of a model that the catalogue has listed, from now on."""
    if known_names.learn(path):
        forget_resolved()


def forget_resolved() -> None:
    """Forget what names were resolved to, since other names are known now."""
    for cached in (resolve_model, find_path):
        cached.cache_clear()


def expand_listed_name(model: str, base_url: str) -> str:
    """Write out a bare name that is known only because this process has listed it.

    A pickled model is then understood where nothing was listed, and a later listing
    cannot make it ambiguous.
    """
    path = find_path(model, base_url)
    is_bare = "/" not in model.strip().removeprefix("clarifai/")
    return path if path and known_names.is_listed(path) and is_bare else model


def _clean(model: str) -> str:
    """Take off what may surround an id: blanks, query, fragment, one final slash.

    Raises:
        ValueError: If what is left is empty, too long or unprintable.
    """
    text = model.strip()
    if len(text) > _MAX_LENGTH:
        raise ValueError(
            f"The model's name has {len(text)} characters; at most {_MAX_LENGTH} are "
            f"allowed. Allowed are {MODEL_FORMS}."
        )
    if " " in text or not text.isprintable():
        raise ValueError(
            "The model's name has whitespace or a control character in it. "
            f"Allowed are {MODEL_FORMS}."
        )
    text = re.split("[?#]", text, maxsplit=1)[0].removesuffix("/")
    if not text:
        raise ValueError(f"The model's name is empty. Allowed are {MODEL_FORMS}.")
    return text


def _list_spellings(text: str) -> Iterator[tuple[str, tuple[_Reader, ...]]]:
    """List what may be read as a model: the whole, then the rest after a prefix."""
    yield text, (_read_url, _read_path, _read_dotted, _read_name)
    if text.startswith("clarifai/"):
        rest = text.removeprefix("clarifai/")
        yield rest, (_read_url, _read_path, _read_dotted, _read_name)
    if text.startswith("openai/"):
        yield text.removeprefix("openai/"), (_read_url, _read_path)


def _read_url(text: str) -> ModelId | None:
    """Read a URL; without a scheme it must be one of Clarifai's hosts."""
    match = _WITH_SCHEME.fullmatch(text) or _WITHOUT_SCHEME.fullmatch(text)
    if match is None:
        return None
    path = _PATH.fullmatch(match["path"] or "")
    if path is None:
        return None
    scheme = match.groupdict().get("scheme") or "https"
    origin = f"{scheme}://{match['host']}".lower()
    if origin == "http://clarifai.com":
        origin = _DEFAULT_ORIGIN
    return ModelId(**path.groupdict(), origin=origin)


def _read_path(text: str) -> ModelId | None:
    """Read a path, unless it is a URL without a scheme that lacks a part."""
    match = _PATH.fullmatch(text)
    if match is None or _WITHOUT_SCHEME.fullmatch(text):
        return None
    return ModelId(**match.groupdict())


def _read_dotted(text: str) -> ModelId | None:
    """Read LiteLLM's `user.app.model`, unless it is one of Clarifai's hosts."""
    match = _DOTTED.fullmatch(text)
    if match is None or _WITHOUT_SCHEME.fullmatch(text):
        return None
    return ModelId(**match.groupdict())


def _read_name(text: str) -> ModelId | None:
    """Read the bare name of a model that has a profile, or that was listed."""
    path = known_names.find_listed(text)
    return None if path is None else _read_path(path)
